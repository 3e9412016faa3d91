"""Cutouts for training samples, from coadds or the cutout service."""
