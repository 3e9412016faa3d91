"""Positions on the sky for SQL: HEALPix cells, groups of neighbours.

ICRS degrees everywhere.
"""
