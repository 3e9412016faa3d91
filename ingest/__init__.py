"""Ingest: survey files and scores into the raw tables, caches and cutouts."""
