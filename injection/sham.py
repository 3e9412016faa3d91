"""Sham injection: a whole injection into real hosts that adds no light.

What it leaves on the pixels is what a network could learn instead of arcs.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
import pyarrow as pa

from injection.brick_job import inject_brick
from injection.settings import StageSettings
from udfs.cutouts.features import FEATURES, cutout_features


def sham_stamps(
    renders: pl.DataFrame, settings: StageSettings, size: int
) -> Iterator[tuple[list[str], np.ndarray, list[float]]]:
    """Yield the stamps of renders, brick by brick.

    Parameters
    ----------
    renders : polars.DataFrame
        Truth of the renders, in the columns of the tasks.
    settings : StageSettings
        Of the injection stage; only the stamp size is changed.
    size : int, pixel

    Yields
    ------
    render_id : list of str
        Renders whose stamp is whole.
    (n, n_band, size, size) float32, nanomaggy
    list of float
        ``blind_snr`` of the same renders; NaN where it could not be measured.
    """
    settings = replace(settings, kernel=replace(settings.kernel, stamp_sizes=(size,)))
    for _, of_brick in renders.group_by("brickname", maintain_order=True):
        for batch in inject_brick(of_brick, settings):
            is_ok = batch.rows["cutout_ok"].to_numpy()
            if is_ok.any():
                blind_snr = batch.rows["blind_snr"].filter(is_ok).fill_null(math.nan).to_list()
                render_ids = batch.renders["render_id"].filter(is_ok).to_list()
                yield render_ids, batch.stamps[size][is_ok], blind_snr


def sham_comparison(
    renders: pl.DataFrame, untouched: dict[str, np.ndarray], settings: StageSettings, size: int
) -> pa.Table:
    """Compare hosts after a sham injection with the same hosts untouched.

    The features are measured on the pixels after the injection.

    Parameters
    ----------
    renders : polars.DataFrame
        One per object, ``render_id`` being its key in `untouched`.
    untouched : dict of str to (n_band * size * size,) float32, nanomaggy
        Pixels of the same objects that never met the injection.
    settings : StageSettings
    size : int, pixel

    Returns
    -------
    pyarrow.Table
        One row per object: ``galaxy_id``, ``max_abs_difference_nmgy``, ``blind_snr`` and the
        features.
    """
    rows: list[dict[str, object]] = []
    for keys, stamps, blind_snrs in sham_stamps(renders, settings, size):
        features = cutout_features(stamps)
        for key, stamp, snr, values in zip(keys, stamps, blind_snrs, features, strict=True):
            difference = np.abs(stamp.ravel() - untouched[key])
            found = {
                "galaxy_id": key,
                "max_abs_difference_nmgy": float(np.nanmax(difference)),
                "blind_snr": snr if math.isfinite(snr) else None,
            }
            rows.append(found | dict(zip(FEATURES, values.tolist(), strict=True)))
    return pa.Table.from_pylist(rows, schema=_schema())


def _schema() -> pa.Schema:
    """Return the columns of a comparison and their types."""
    numbers = [(name, pa.float64()) for name in ("max_abs_difference_nmgy", "blind_snr", *FEATURES)]
    return pa.schema([("galaxy_id", pa.string()), *numbers])
