"""The coadd cache: the survey's pixels of bricks, fetched and checked."""
