"""Where the cached coadds of the lake are."""

from ingest.lake import lake_path

COADDS_FOLDER = "coadds"


def coadd_root() -> str:
    """Root of the coadd cache, ``<AAA>/<brick>/`` below it."""
    return lake_path(COADDS_FOLDER)
