"""The lake and the ground that every stage shares: files, vars, failures."""
