"""Batches of injections: tasks and pixels in, stamps and metrics out.

Also the reasons not to inject, the flags of a row, and a search that knows pixels alone.
"""
