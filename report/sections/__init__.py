"""One module per section of the report.

Each turns published tables into blocks.
"""
