"""The yardstick: plain versions that the batch renderer is tested with.

Called by tests, benchmarks and the embedded survey only; no number of a stage comes from here.
"""
