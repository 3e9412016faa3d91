"""Files of the lake that DuckLake does not write itself: part files, local or in an object store."""

import os
from pathlib import Path

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import S3Store

from store import lake


def folder_names(location: str) -> list[str]:
    """Names of the files in a folder of the lake, sorted; none when it is not there."""
    if lake.is_remote(location):
        listing = obstore.list_with_delimiter(_store(location))
        return sorted(entry["path"].rsplit("/", 1)[-1] for entry in listing["objects"])
    folder = Path(location)
    return (
        sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    )


def exists(location: str) -> bool:
    """Whether a file is there."""
    if not lake.is_remote(location):
        return Path(location).exists()
    folder, _, name = location.rpartition("/")
    try:
        obstore.head(_store(folder), name)
    except (NotFoundError, FileNotFoundError):
        return False
    return True


def publish(finished: Path, location: str) -> None:
    """Give a finished local file its place in the lake: there whole, or not at all."""
    with finished.open("rb") as file:
        os.fsync(file.fileno())
        if lake.is_remote(location):
            folder, _, name = location.rpartition("/")
            obstore.put(_store(folder), name, file)
            finished.unlink()
            return
    Path(location).parent.mkdir(parents=True, exist_ok=True)
    finished.rename(location)


def in_lake(path: str) -> str:
    """Where a part file is that was written under the local folder of the lake.

    Its own path; of a lake in an object store the address of its copy there, made when it is not
    there yet. The name of a part file changes with its content.
    """
    if lake.is_remote(path) or not lake.is_remote(lake.lake_root()):
        return path
    relative = Path(path).relative_to(lake.parts_root())
    location = lake.lake_path(*relative.parts)
    if not exists(location):
        folder, _, name = location.rpartition("/")
        obstore.put(_store(folder), name, Path(path))
    return location


def remove(location: str) -> None:
    """Remove a file; nothing happens when it is not there."""
    if not lake.is_remote(location):
        Path(location).unlink(missing_ok=True)
        return
    folder, _, name = location.rpartition("/")
    obstore.delete(_store(folder), name)


def scratch_file(name: str, location: str) -> Path:
    """Where to write a file before it is published: beside its place, or in the local cache."""
    folder = lake.cache_root() / "incoming" if lake.is_remote(location) else Path(location).parent
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f".{name}.{os.getpid()}.partial"


def _store(folder: str) -> S3Store:
    return S3Store.from_url(folder, client_options={"allow_http": True})
