"""Open the transport that a location needs; split off a file's name."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from ingest.transport.http import HttpSource
from ingest.transport.interface import Source, TransportSettings
from ingest.transport.local import LocalSource
from ingest.transport.s3 import S3Source
from store.failures import CommandError

DEFAULTS = TransportSettings()


def split_file(location: str, endings: tuple[str, ...]) -> tuple[str, str] | None:
    """Split the location of one file into its folder and its name.

    A link as browsers copy it counts as the file that its path names: its query (a token, or
    ``?download=1``) stays with the folder, and an encoded name is decoded.

    Parameters
    ----------
    location : str
        A path or a URL.
    endings : tuple of str
        Endings of names of files, in lower case.

    Returns
    -------
    (str, str) or None
        None when the location names no such file, and so is a folder.
    """
    if not location.startswith(("http://", "https://")):
        folder, _, name = location.rpartition("/")
        is_root = location.startswith("/") and not folder
        return ("/" if is_root else folder or ".", name) if _ends(name, endings) else None
    parts = urlsplit(location)
    folder, _, name = parts.path.rpartition("/")
    if not _ends(unquote(name), endings):
        return None
    root = urlunsplit((parts.scheme, parts.netloc, folder, parts.query, ""))
    return root, unquote(name)


def _ends(name: str, endings: tuple[str, ...]) -> bool:
    """Tell whether a name has one of the endings, in any case."""
    return name.lower().endswith(endings)


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
        raise CommandError(f"{scheme}:// is not supported: give a path, http(s):// or s3://")
    if not Path(location).is_dir():
        raise CommandError(
            f"{location} is not a folder: give the survey's root with --source or DHS_SURVEY, or "
            "make a small one with 'python -m ingest mock'"
        )
    # a broken local file does not improve when it is read again
    return LocalSource(location, replace(settings, n_tries=1))
