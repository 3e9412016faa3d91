"""The batch renderer: single-precision kernels and their loop.

`loop.inject_all` is what Python calls; `udfs.batch` prepares its arguments.
"""
