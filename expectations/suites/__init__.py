"""The suites of the published tables, a module per stage or part of one."""
