"""Small FITS files laid out like the survey's, written by astropy."""

from pathlib import Path

import numpy as np
from astropy.io import fits

BANDS = "griz"
ALL_BANDS = ("g", "r", "i", "z", "w1", "w2", "w3", "w4")

# (prefix, FITS format, suffixes) in the order of the DR10 sweeps, less columns nobody reads
SWEEP_LAYOUT = [
    ("RELEASE", "I", ()),
    ("BRICKID", "J", ()),
    ("BRICKNAME", "8A", ()),
    ("OBJID", "J", ()),
    ("TYPE", "3A", ()),
    ("RA", "D", ()),
    ("DEC", "D", ()),
    ("DCHISQ", "5E", ()),
    ("EBV", "E", ()),
    ("FLUX", "E", ALL_BANDS),
    ("FLUX_IVAR", "E", ALL_BANDS),
    ("MW_TRANSMISSION", "E", ALL_BANDS),
    ("NOBS", "I", ALL_BANDS),
    ("RCHISQ", "E", ALL_BANDS),
    ("FRACFLUX", "E", ALL_BANDS),
    ("FRACMASKED", "E", BANDS),
    ("FRACIN", "E", BANDS),
    ("ANYMASK", "I", BANDS),
    ("ALLMASK", "I", BANDS),
    ("PSFSIZE", "E", BANDS),
    ("PSFDEPTH", "E", BANDS),
    ("GALDEPTH", "E", BANDS),
    ("SHAPE_R", "E", ()),
    ("SHAPE_R_IVAR", "E", ()),
    ("SHAPE_E1", "E", ()),
    ("SHAPE_E2", "E", ()),
    ("FIBERFLUX", "E", BANDS),
    ("FIBERTOTFLUX", "E", BANDS),
    ("REF_CAT", "2A", ()),
    ("GAIA_PHOT_G_MEAN_MAG", "E", ()),
    ("MASKBITS", "J", ()),
    ("FITBITS", "I", ()),
    ("SERSIC", "E", ()),
]


def sweep_columns(n_rows: int, release: int = 10000, without: tuple[str, ...] = ()) -> fits.ColDefs:
    """Columns of a sweep with random values in them."""
    rng = np.random.default_rng(n_rows + release)
    columns = []
    for prefix, form, suffixes in SWEEP_LAYOUT:
        for name in [f"{prefix}_{s.upper()}" for s in suffixes] or [prefix]:
            if name in without or any(name.endswith(end) for end in without if end[0] == "_"):
                continue
            columns.append(fits.Column(name, form, array=_values(rng, name, form, n_rows, release)))
    return fits.ColDefs(columns)


def _values(
    rng: np.random.Generator, name: str, form: str, n_rows: int, release: int
) -> np.ndarray | list[str]:
    fixed = {
        "RELEASE": np.full(n_rows, release),
        "BRICKNAME": ["0001m002"] * n_rows,
        "TYPE": [("REX", "PSF", "DUP")[i % 3] for i in range(n_rows)],
        "REF_CAT": ["G2" if i % 2 else "" for i in range(n_rows)],
    }
    if name in fixed:
        return fixed[name]
    if form in ("I", "J"):
        return rng.integers(0, 2**15 if form == "I" else 2**17, n_rows)
    shape = (n_rows, 5) if form == "5E" else n_rows
    values = rng.normal(size=shape)
    if n_rows:
        values.flat[0] = np.nan
    return values


def write_sweep(
    path: Path, n_rows: int = 7, release: int = 10000, without: tuple[str, ...] = ()
) -> Path:
    """A sweep file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = fits.BinTableHDU.from_columns(sweep_columns(n_rows, release, without), name="SWEEP")
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path, overwrite=True)
    return path


def write_bricks(path: Path, names: list[str]) -> Path:
    """A gzipped brick table with the columns of survey-bricks-dr10-south that must be there."""
    n = len(names)
    floats = [f"{stem}_{band}" for stem in ("psfsize", "psfdepth", "galdepth") for band in "griz"]
    columns = [
        fits.Column("brickname", "8A", array=names),
        *(fits.Column(c, "D", array=np.arange(n)) for c in ("ra", "dec")),
        *(fits.Column(f"nexp_{band}", "I", array=np.arange(n)) for band in "griz"),
        fits.Column("nexphist_r", "11J", array=np.arange(11 * n).reshape(n, 11)),
        fits.Column("nexp", "J", array=1000 + np.arange(n)),
        *(fits.Column(c, "E", array=np.arange(n)) for c in [*floats, "ebv"]),
        fits.Column("brickid", "J", array=np.arange(n)),
        *(fits.Column(c, "D", array=np.arange(n)) for c in ("ra1", "ra2", "dec1", "dec2", "area")),
        fits.Column("survey_primary", "L", array=np.arange(n) % 2 == 0),
        fits.Column("in_desi", "L", array=np.ones(n, bool)),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]).writeto(path)
    return path
