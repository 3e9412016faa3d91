"""What the seeds of the completeness stage ask for: rules, axes and cubes."""
