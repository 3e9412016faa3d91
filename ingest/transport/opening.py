"""Which transport a location needs."""

from dataclasses import replace
from pathlib import Path

from ingest.transport.http import HttpSource
from ingest.transport.interface import Source, TransportSettings
from ingest.transport.local import LocalSource
from ingest.transport.s3 import S3Source
from store.failures import CommandError

DEFAULTS = TransportSettings()


def open_source(location: str, settings: TransportSettings = DEFAULTS) -> Source:
    """Return the source behind a path or URL.

    Raises
    ------
    CommandError
        When there is no such path, or no transport for the URL.
    """
    if location.startswith(("http://", "https://")):
        return HttpSource(location, settings)
    if location.startswith("s3://"):
        return S3Source(location, settings)
    if "://" in location:
        scheme = location.partition("://")[0]
        raise CommandError(f"{scheme}:// is not known: give a path, http(s):// or s3://")
    if not Path(location).is_dir():
        raise CommandError(
            f"{location} is no folder: give the survey's root with --source or DHS_SURVEY, or "
            "make a small one with 'python -m ingest mock'"
        )
    # a local file that is broken is as broken when it is read again
    return LocalSource(location, replace(settings, n_tries=1))
