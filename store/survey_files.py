"""The survey's names of bricks and of their coadd files."""

import re

# A regular expression for SQL and Python. RRRr[mp]DDd: right ascension and declination in tenths
# of a degree.
BRICK_NAME = "[0-9]{4}[mp][0-9]{3}"
BRICK_CARDS = ("BRICK", "BRICKNAM")  # of FITS headers; the second in releases before DR8
# The pipeline (LEGPIPEV) in headers of the embedded survey.
EMBEDDED_PIPELINE = "EMBEDDED"

_BRICK_NAME = re.compile(BRICK_NAME)


def is_brick_name(name: object) -> bool:
    """Tell whether a name has the survey's form, so that it is safe in a path."""
    return isinstance(name, str) and _BRICK_NAME.fullmatch(name) is not None


def brick_path(brickname: str) -> str:
    """Return a brick's folder below that of all coadds: ``<AAA>/<brick>``.

    Raises
    ------
    ValueError
        When it is not a brick name.
    """
    if not is_brick_name(brickname):
        raise ValueError(f"{brickname!r} is no brick name (like 0001m002)")
    return f"{brickname[:3]}/{brickname}"


def coadd_name(brickname: str, product: str, band: str | None = None) -> str:
    """Return the survey's name of a coadd file.

    Parameters
    ----------
    brickname : str
    product : str
        image, invvar, psfsize or maskbits.
    band : str, optional
        None for maskbits, which holds all bands.
    """
    ending = f"{product}-{band}" if band else product
    return f"legacysurvey-{brickname}-{ending}.fits.fz"


def coadd_checksum_list(brickname: str) -> str:
    """Return the survey's name of the checksum list of a brick's coadds."""
    return f"legacysurvey_dr10_south_coadd_{brickname[:3]}_{brickname}.sha256sum"
