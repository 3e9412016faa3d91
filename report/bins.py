"""Bins of the completeness axes: their labels, and where they are drawn."""

import math

import duckdb

from store.project import settings

# Explained once, where the page first uses it.
PSFSIZE = (
    "psfsize is the survey's measure of PSF width: the FWHM of the Gaussian with the same noise-equivalent area. The Moffat PSF of the "
    "injections has that area too, and hence a narrower FWHM."
)
AXIS_TITLES = {
    "theta_e_arcsec": "Einstein radius (arcsec)",
    "theta_over_psf": "Einstein radius / psfsize in r",
    "src_r_mag": "unlensed source, r (AB mag)",
    "arc_snr_matched": "matched S/N of the arc, all bands",
    "psf_fwhm_arcsec": "psfsize in r (arcsec)",
    "psfdepth_r_mag": "5-sigma point-source depth in r (AB mag)",
    "lens_z_mag": "lens galaxy, z (AB mag)",
}


def bin_label(low: float | None, high: float | None) -> str:
    """Return a bin in words: an open end as a comparison, no bin as 'outside'."""
    if low is None or high is None:
        return "outside"
    if math.isinf(low):
        return f"< {high:g}"
    if math.isinf(high):
        return f"\u2265 {low:g}"
    return f"{low:g}\u2013{high:g}"


def drawn_ends(low: float, high: float, width: float) -> tuple[float, float]:
    """Return the drawn ends of a bin; an open bin is drawn `width` wide."""
    if math.isinf(low):
        return high - width, high
    if math.isinf(high):
        return low, low + width
    return low, high


def interval_level(lake: duckdb.DuckDBPyConnection) -> str:
    """Return what the intervals of the lake hold, such as ``95 %``.

    The table says it, since it may have been built with another var than the project's.
    """
    level = settings()["interval_level"]
    is_there = lake.execute(
        "select 1 from duckdb_columns() where table_name = 'completeness_intervals'"
        " and column_name = 'interval_level'"
    ).fetchone()
    if is_there:
        [(found,)] = lake.execute(
            "select any_value(interval_level) from completeness_intervals"
        ).fetchall()
        level = level if found is None else found
    return f"{100 * level:g} %"
