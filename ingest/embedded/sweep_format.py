"""Sweep files of DR10, as legacypipe writes them: 130 columns, 505 bytes."""

import io

import numpy as np
from astropy.io import fits

OPTICAL = ("G", "R", "I", "Z")
WISE = ("W1", "W2", "W3", "W4")
ALL_BANDS = OPTICAL + WISE
# A / E(B-V) of the survey (legacysurvey.org/dr10/catalogs).
EXTINCTION = {
    "G": 3.214, "R": 2.165, "I": 1.592, "Z": 1.211, "W1": 0.184, "W2": 0.113, "W3": 0.0241, "W4": 0.0091,
}  # fmt: skip
BOX_DEG = 5


def _per_band(name: str, bands: tuple[str, ...], form: str) -> list[tuple[str, str]]:
    """List the fields of one quantity, one per band."""
    return [(f"{name}_{band}", form) for band in bands]


def _floats(names: str) -> list[tuple[str, str]]:
    """List fields of single precision."""
    return [(name, ">f4") for name in names.split()]


SWEEP = np.dtype(
    [
        ("RELEASE", ">i2"), ("BRICKID", ">i4"), ("BRICKNAME", "S8"), ("OBJID", ">i4"),
        ("TYPE", "S3"), ("RA", ">f8"), ("DEC", ">f8"), ("RA_IVAR", ">f4"), ("DEC_IVAR", ">f4"),
        ("DCHISQ", ">f4", (5,)), ("EBV", ">f4"),
        *_per_band("FLUX", ALL_BANDS, ">f4"),
        *_per_band("FLUX_IVAR", ALL_BANDS, ">f4"),
        *_per_band("MW_TRANSMISSION", ALL_BANDS, ">f4"),
        *_per_band("NOBS", ALL_BANDS, ">i2"),
        *_per_band("RCHISQ", ALL_BANDS, ">f4"),
        *_per_band("FRACFLUX", ALL_BANDS, ">f4"),
        *_per_band("FRACMASKED", OPTICAL, ">f4"),
        *_per_band("FRACIN", OPTICAL, ">f4"),
        *_per_band("ANYMASK", OPTICAL, ">i2"),
        *_per_band("ALLMASK", OPTICAL, ">i2"),
        ("WISEMASK_W1", "u1"), ("WISEMASK_W2", "u1"),
        *_per_band("PSFSIZE", OPTICAL, ">f4"),
        *_per_band("PSFDEPTH", OPTICAL, ">f4"),
        *_per_band("GALDEPTH", OPTICAL, ">f4"),
        *_per_band("PSFDEPTH", ("W1", "W2"), ">f4"),
        ("WISE_COADD_ID", "S8"),
        *_floats("SHAPE_R SHAPE_R_IVAR SHAPE_E1 SHAPE_E1_IVAR SHAPE_E2 SHAPE_E2_IVAR"),
        *_per_band("FIBERFLUX", OPTICAL, ">f4"),
        *_per_band("FIBERTOTFLUX", OPTICAL, ">f4"),
        ("REF_CAT", "S2"), ("REF_ID", ">i8"), ("REF_EPOCH", ">f4"),
        *_floats(
            "GAIA_PHOT_G_MEAN_MAG GAIA_PHOT_G_MEAN_FLUX_OVER_ERROR "
            "GAIA_PHOT_BP_MEAN_MAG GAIA_PHOT_BP_MEAN_FLUX_OVER_ERROR "
            "GAIA_PHOT_RP_MEAN_MAG GAIA_PHOT_RP_MEAN_FLUX_OVER_ERROR "
            "GAIA_ASTROMETRIC_EXCESS_NOISE"
        ),
        ("GAIA_DUPLICATED_SOURCE", "?"),
        *_floats("GAIA_PHOT_BP_RP_EXCESS_FACTOR GAIA_ASTROMETRIC_SIGMA5D_MAX"),
        ("GAIA_ASTROMETRIC_PARAMS_SOLVED", "u1"),
        *_floats("PARALLAX PARALLAX_IVAR PMRA PMRA_IVAR PMDEC PMDEC_IVAR"),
        ("MASKBITS", ">i4"), ("FITBITS", ">i2"), *_floats("SERSIC SERSIC_IVAR"),
    ]
)  # fmt: skip


def sweep_box(ra: float, dec: float) -> tuple[int, int]:
    """Return the south-west corner of the box of a position, degrees."""
    return int(ra // BOX_DEG) * BOX_DEG, int(dec // BOX_DEG) * BOX_DEG


def sweep_name(ra_min: int, dec_min: int) -> str:
    """Return the file name of a box; the upper RA is written 360, never 000."""
    corners = [(ra_min, dec_min), (ra_min + BOX_DEG, dec_min + BOX_DEG)]
    texts = [f"{ra:03d}{'m' if dec < 0 else 'p'}{abs(dec):03d}" for ra, dec in corners]
    return f"sweep-{texts[0]}-{texts[1]}.fits"


def sweep_bytes(rows: np.ndarray, ra_min: int, dec_min: int) -> bytes:
    """Return a sweep file: empty HDU 0 with the box, HDU 1 the table.

    Parameters
    ----------
    rows : (n,) SWEEP
    ra_min : int, degree
    dec_min : int, degree
    """
    primary = fits.PrimaryHDU()
    limits = {
        "RAMIN": ra_min,
        "RAMAX": ra_min + BOX_DEG,
        "DECMIN": dec_min,
        "DECMAX": dec_min + BOX_DEG,
    }
    for name, value in limits.items():
        primary.header[name] = float(value)
    primary.header["DRVERSIO"] = 10000
    primary.header["LSDR"] = "DR10"
    table = fits.BinTableHDU(data=rows, name="SWEEP")
    buffer = io.BytesIO()
    fits.HDUList([primary, table]).writeto(buffer)
    return buffer.getvalue()


def by_box(rows: np.ndarray) -> dict[tuple[int, int], np.ndarray]:
    """Return rows by the box they are in: ra1 <= RA < ra2, dec1 <= Dec < dec2.

    Parameters
    ----------
    rows : (n,) SWEEP

    Returns
    -------
    dict of (int, int) to (n,) SWEEP
        By the south-west corner of the box, degrees.
    """
    corner_ra = (rows["RA"] // BOX_DEG).astype(int) * BOX_DEG
    corner_dec = (rows["DEC"] // BOX_DEG).astype(int) * BOX_DEG
    corners = sorted(set(zip(corner_ra.tolist(), corner_dec.tolist(), strict=True)))
    return {
        corner: rows[(corner_ra == corner[0]) & (corner_dec == corner[1])] for corner in corners
    }
