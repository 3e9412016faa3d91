"""The reader of survey files: headers, tables, tiles, coordinates.

Only the bytes that are asked for are read and decoded.
"""
