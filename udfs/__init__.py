"""Kernels: lensing, sources, PSFs, photometry, noise and metrics.

One unit system everywhere: arcsec, radian, nanomaggy (AB zeropoint 22.5), pixel. Images are indexed
[y, x], pixel centres are whole numbers counted from 0, x runs to the right and y upwards, and angles
are measured from +x towards +y. Nothing in here reads a file or knows dbt, but `dbt_plugin`.
`python -m udfs` compiles all kernels, those of `pixels` and `injection` too.
"""
