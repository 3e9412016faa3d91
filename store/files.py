"""Files that DuckLake does not write itself, local or in an object store: whole or not there.

A file gets its name once all its bytes are on the disk, so a run that is killed, or a power cut,
leaves the old file, the new one or none under a name, and never a part of one. What may be left is a
temporary file, whose name starts with a dot; ``remove_leftovers`` takes it away.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import S3Store

from store import lake

TEMPORARY_ENDING = ".partial"


def folder_names(location: str) -> list[str]:
    """Return the sorted names of the files in a folder; none without it."""
    if lake.is_remote(location):
        listing = obstore.list_with_delimiter(_store(location))
        return sorted(entry["path"].rsplit("/", 1)[-1] for entry in listing["objects"])
    folder = Path(location)
    return (
        sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    )


def exists(location: str) -> bool:
    """Tell whether a file is there."""
    if not lake.is_remote(location):
        return Path(location).exists()
    folder, _, name = location.rpartition("/")
    try:
        obstore.head(_store(folder), name)
    except (NotFoundError, FileNotFoundError):
        return False
    return True


@contextmanager
def written_whole(location: str | Path) -> Iterator[Path]:
    """Give a temporary path to write to; at the end it becomes the file.

    Parameters
    ----------
    location : str or Path
        Where the file is to be; of a URL the temporary file is in the local cache.

    Yields
    ------
    Path
        In a folder that exists. When the block raises, what was written to it is removed.
    """
    temporary = temporary_path(location)
    try:
        yield temporary
        publish(temporary, location)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> Path:
    """Write a local file so that it is whole or not there; return its path."""
    with written_whole(path) as temporary:
        temporary.write_bytes(content)
    return path


def temporary_path(location: str | Path) -> Path:
    """Return a new path for a file until it is published; make its folder."""
    folder, _, name = str(location).rpartition("/")
    local = upload_folder() if lake.is_remote(folder) else Path(location).parent
    local.mkdir(parents=True, exist_ok=True)
    return local / f".{name}.{uuid.uuid4().hex}{TEMPORARY_ENDING}"


def upload_folder() -> Path:
    """Return the local folder of files on their way into an object store."""
    return lake.cache_root() / "incoming"


def publish(finished: Path, location: str | Path) -> None:
    """Give a finished local file its place: there whole, or not at all.

    Its bytes are on the disk before its name is. The name itself may be lost in a power cut: then
    the file is absent, and whoever needs it makes it again.
    """
    if lake.is_remote(str(location)):
        _upload(finished, str(location))
        finished.unlink()
        return
    sync(finished)
    finished.replace(location)


def sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of killed runs from a folder and below.

    Only for whoever has the folder for itself: a file that another process is writing goes too.
    """
    for leftover in folder.rglob(f".*{TEMPORARY_ENDING}"):
        leftover.unlink(missing_ok=True)


def in_lake(path: str) -> str:
    """Return where the lake has a part file that was written locally.

    That is its own path, or, for a lake in an object store, the address of a copy there, which is
    uploaded once: the name of a part file changes with its content.
    """
    if lake.is_remote(path) or not lake.is_remote(lake.lake_root()):
        return path
    relative = Path(path).relative_to(lake.parts_root())
    location = lake.lake_path(*relative.parts)
    if not exists(location):
        _upload(Path(path), location)
    return location


def remove(location: str) -> None:
    """Remove a file; nothing happens when it is not there."""
    if not lake.is_remote(location):
        Path(location).unlink(missing_ok=True)
        return
    folder, _, name = location.rpartition("/")
    obstore.delete(_store(folder), name)


def _upload(path: Path, location: str) -> None:
    folder, _, name = location.rpartition("/")
    obstore.put(_store(folder), name, path)


def _store(folder: str) -> S3Store:
    return S3Store.from_url(folder, client_options={"allow_http": True})
