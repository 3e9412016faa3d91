"""Which transport a location needs."""

from pathlib import Path

from ingest.failures import CommandError
from ingest.transport.interface import Source
from ingest.transport.local import LocalSource


def open_source(location: str) -> Source:
    """The source behind a path or URL.

    Raises
    ------
    CommandError
        When there is no such path, or no transport for the URL.
    """
    if "://" not in location:
        if not Path(location).exists():
            raise CommandError(
                f"{location} does not exist: give the survey's root with --source or DHS_SURVEY, or "
                "make a small one with 'python -m ingest mock'"
            )
        return LocalSource(location)
    scheme = location.partition("://")[0]
    raise CommandError(f"sources by {scheme}:// are not known: give a path, http(s):// or s3://")
