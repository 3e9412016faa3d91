"""Catalogue files into raw tables: sweeps, bricks, known lenses, scores."""
