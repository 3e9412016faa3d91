"""survey-bricks-dr10-south: one row per brick, in the survey's columns."""

import gzip
import io

import numpy as np
from astropy.io import fits

from ingest.embedded.exposures import BANDS, brick_exposure_means
from ingest.embedded.layout import Site
from ingest.embedded.measurements import galaxy_depth, point_depth
from ingest.embedded.sweep_format import EXTINCTION
from store.survey_files import EMBEDDED_PIPELINE

BRICK_BANDS = ("g", "r", "i", "z")
NEXP_HIST_BINS = 11


def _per_band(name: str, *form: object) -> list[tuple]:
    """List the fields of one quantity, one per band."""
    return [(f"{name}_{band}", *form) for band in BRICK_BANDS]


BRICK_ROW = np.dtype(
    [
        ("brickname", "S8"), ("ra", ">f8"), ("dec", ">f8"),
        *_per_band("nexp", ">i2"), *_per_band("nexphist", ">i4", (NEXP_HIST_BINS,)),
        *[(f"n{kind}", ">i4") for kind in
          ("objs", "psf", "simp", "rex", "exp", "dev", "comp", "ser", "dup")],
        *_per_band("psfsize", ">f4"), *_per_band("psfdepth", ">f4"), *_per_band("galdepth", ">f4"),
        ("ebv", ">f4"), *_per_band("trans", ">f4"), *_per_band("cosky", ">f4"),
        *_per_band("ext", ">f4"), ("wise_nobs", ">i2", (4,)), ("trans_wise", ">f4", (4,)),
        *[(f"ext_w{band}", ">f4") for band in (1, 2, 3, 4)],
        ("brickid", ">i4"), ("ra1", ">f8"), ("ra2", ">f8"), ("dec1", ">f8"), ("dec2", ">f8"),
        ("area", ">f4"), ("survey_primary", "?"), ("in_desi", "?"),
    ]
)  # fmt: skip
TYPES = ("PSF", "REX", "EXP", "DEV", "SER", "DUP")


def brick_table(sites: list[Site], sources: np.ndarray) -> np.ndarray:
    """Return the brick table, in the order of the sites.

    Parameters
    ----------
    sites : list of Site
    sources : (n,) SWEEP
        Every row of every sweep; of a source in two releases only the newer row counts.

    Returns
    -------
    (n_sites,) BRICK_ROW
    """
    table = np.zeros(len(sites), BRICK_ROW)
    newest = sources[np.argsort(sources["RELEASE"], kind="stable")[::-1]]
    _, first = np.unique(newest[["BRICKID", "OBJID"]], return_index=True)
    counted = newest[np.sort(first)]
    for index, site in enumerate(sites):
        row = table[index]
        fill_place(row, site)
        fill_counts(row, counted[counted["BRICKID"] == site.brick.brickid])
        for band in BANDS:
            fill_conditions(row, site, band)
    return table


def fill_place(row: np.ndarray, site: Site) -> None:
    """Fill in the name, centre and limits.

    Parameters
    ----------
    row : () BRICK_ROW
    site : Site
    """
    brick = site.brick
    row["brickname"], row["brickid"] = brick.name.encode(), brick.brickid
    for name in ("ra", "dec", "ra1", "ra2", "dec1", "dec2"):
        row[name] = getattr(brick, name)
    row["area"] = brick.area_deg2
    row["survey_primary"] = row["in_desi"] = True


def fill_counts(row: np.ndarray, sources: np.ndarray) -> None:
    """Fill in sources by type, and all that depends on the mean reddening.

    Parameters
    ----------
    row : () BRICK_ROW
    sources : (n,) SWEEP
        Those of the brick.
    """
    row["nobjs"] = len(sources)
    for kind in TYPES:
        row[f"n{kind.lower()}"] = int((sources["TYPE"] == kind.encode()).sum())
    row["ebv"] = sources["EBV"].astype(float).mean()
    row["wise_nobs"] = [140, 140, 16, 16]
    for band in BRICK_BANDS:
        row[f"ext_{band}"] = EXTINCTION[band.upper()] * row["ebv"]
        row[f"trans_{band}"] = 10 ** (-0.4 * row[f"ext_{band}"])
    for index in range(4):
        row[f"ext_w{index + 1}"] = EXTINCTION[f"W{index + 1}"] * row["ebv"]
        row["trans_wise"][index] = 10 ** (-0.4 * row[f"ext_w{index + 1}"])
    seen_in_i = sources["NOBS_I"] > 0
    if seen_in_i.any():
        row["nexp_i"] = int(np.median(sources["NOBS_I"][seen_in_i]))
        row["psfsize_i"] = np.median(sources["PSFSIZE_I"][seen_in_i])
        row["psfdepth_i"] = depth_magnitude(np.median(sources["PSFDEPTH_I"][seen_in_i]))
        row["galdepth_i"] = depth_magnitude(np.median(sources["GALDEPTH_I"][seen_in_i]))


def fill_conditions(row: np.ndarray, site: Site, band: str) -> None:
    """Fill in exposures, seeing and 5-sigma depth of one band.

    Parameters
    ----------
    row : () BRICK_ROW
    site : Site
    band : str
    """
    n_exposures, sky_invvar, psfsize = brick_exposure_means(site, band)
    row[f"nexp_{band}"] = n_exposures
    row[f"nexphist_{band}"][min(n_exposures, NEXP_HIST_BINS - 1)] = 3600 * 3600
    row[f"psfsize_{band}"] = psfsize
    if n_exposures:
        seen = np.array([sky_invvar]), np.array([psfsize])
        row[f"psfdepth_{band}"] = depth_magnitude(float(point_depth(*seen)[0]))
        row[f"galdepth_{band}"] = depth_magnitude(float(galaxy_depth(*seen)[0]))


def depth_magnitude(ivar: float) -> float:
    """Return the 5-sigma AB magnitude of an inverse variance of flux."""
    return float(22.5 - 2.5 * np.log10(5 / np.sqrt(ivar)))


def table_bytes(table: np.ndarray) -> bytes:
    """Return the table as a gzipped FITS file without time stamps.

    Its header says that the survey is synthetic, as those of the images do.

    Parameters
    ----------
    table : (n,) BRICK_ROW
    """
    primary = fits.PrimaryHDU()
    primary.header["LEGPIPEV"] = (EMBEDDED_PIPELINE, "synthetic bricks: not survey data")
    buffer = io.BytesIO()
    fits.HDUList([primary, fits.BinTableHDU(data=table)]).writeto(buffer)
    return gzip.compress(buffer.getvalue(), mtime=0)
