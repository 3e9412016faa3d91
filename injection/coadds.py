"""Where the cached coadds of the lake are."""

from ingest.lake import cache_root

COADDS_FOLDER = "coadds"


def coadd_root() -> str:
    """Root of the coadd cache, ``<AAA>/<brick>/`` below it."""
    return str(cache_root() / COADDS_FOLDER)
