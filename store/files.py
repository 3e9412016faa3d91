"""Files that DuckLake does not write itself: each is whole or not there.

They are local or in an object store. A file gets its name once all its bytes are on the disk, so a
killed run or a power cut leaves the old file, the new one or none under that name, never a part of
one. A temporary file may be left, whose name starts with a dot; ``remove_leftovers`` removes it.
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
    """Return the sorted names of the files in a folder, if it exists."""
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
    """Give a temporary path to write to; publish it at the end.

    Parameters
    ----------
    location : str or Path
        Final place of the file; for a URL the temporary file is in the local cache.

    Yields
    ------
    Path
        In a folder that exists. When the block raises, the file is removed.
    """
    temporary = temporary_path(location)
    try:
        yield temporary
        publish(temporary, location)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> Path:
    """Write a local file whole or not at all; return its path."""
    with written_whole(path) as temporary:
        temporary.write_bytes(content)
    return path


def temporary_path(location: str | Path) -> Path:
    """Return a temporary path for a file; make its folder."""
    folder, _, name = str(location).rpartition("/")
    local = upload_folder() if lake.is_remote(folder) else Path(location).parent
    local.mkdir(parents=True, exist_ok=True)
    return local / f".{name}.{uuid.uuid4().hex}{TEMPORARY_ENDING}"


def upload_folder() -> Path:
    """Return the local folder of files on their way into an object store."""
    return lake.cache_root() / "incoming"


def publish(finished: Path, location: str | Path) -> None:
    """Move a finished local file to its place, whole or not at all.

    Its bytes reach the disk before its name does. A power cut may lose the name: then the file is
    absent, and the next run makes it again.
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

    Only for a folder that no other process writes to: its unfinished files would go too.
    """
    for leftover in folder.rglob(f".*{TEMPORARY_ENDING}"):
        leftover.unlink(missing_ok=True)


def in_lake(path: str) -> str:
    """Return the lake's location of a part file that was written locally.

    That is its own path or, for a lake in an object store, the address of a copy there. The copy is
    uploaded once, since the name of a part file changes with its content.
    """
    if lake.is_remote(path) or not lake.is_remote(lake.lake_root()):
        return path
    relative = Path(path).relative_to(lake.parts_root())
    location = lake.lake_path(*relative.parts)
    if not exists(location):
        _upload(Path(path), location)
    return location


def remove(location: str) -> None:
    """Remove a file, if it is there."""
    if not lake.is_remote(location):
        Path(location).unlink(missing_ok=True)
        return
    folder, _, name = location.rpartition("/")
    obstore.delete(_store(folder), name)


def _upload(path: Path, location: str) -> None:
    """Upload a local file to an object store."""
    folder, _, name = location.rpartition("/")
    obstore.put(_store(folder), name, path)


def _store(folder: str) -> S3Store:
    """Open the object store at a URL."""
    return S3Store.from_url(folder, client_options={"allow_http": True})
