"""The embedded survey: a small sky with the files of DR10, some of them broken on purpose.

Everything is a pure function of the place: `draws` keys a counter-based generator by brick and
purpose. `layout` says where the survey looks and what is wrong where, `exposures` and `masks` make
the conditions, `populations` and `lenses` the scene, `rendering` and `stamps` draw it, `pixels` adds
noise, `measurements` and `field` write the catalogue, `sweep_format`, `coadd_format` and
`brick_table` the files, and `build` puts them on disk. `troubles` lists what is wrong.
"""
