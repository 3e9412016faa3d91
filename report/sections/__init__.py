"""One module per section of the report; each turns published tables into blocks."""
