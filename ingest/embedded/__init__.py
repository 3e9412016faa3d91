"""The embedded survey: a small sky with the files of DR10, some broken.

Everything is a pure function of the place: `draws` keys a counter-based generator by brick and
purpose. `layout` holds where the survey looks and which fault is where, `exposures` and `masks`
make the conditions, `populations` and `lenses` the scene, `rendering` and `stamps` draw it,
`pixels` adds noise, `measurements` and `field` write the catalogue, `sweep_format`, `coadd_format`
and `brick_table` the files, and `build` puts them on disk. `troubles` lists the faults.
"""
