"""The injection stage: simulated lenses in the pixels of real galaxies."""
