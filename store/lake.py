"""Where the lake is and how to open it: the one place that knows.

The lake is a DuckLake: Parquet data files under a catalogue that gives atomic publication,
snapshots and time travel. The catalogue is a SQLite file in the lake's folder, unless
``DHS_CATALOG`` names another one (``postgres:dbname=... host=...``).
"""

import importlib.resources
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from store.failures import CommandError

LAKE_VARIABLE = "DHS_LAKE"
CATALOG_VARIABLE = "DHS_CATALOG"
CACHE_VARIABLE = "DHS_CACHE"
CATALOG_FILE = "catalog.sqlite"
COADDS_FOLDER = "coadds"
BUSY_TIMEOUT_MS = 60_000  # SQLite's own default gives up at once
EXTENSIONS = ("ducklake", "sqlite_scanner")
_PASSWORD = re.compile(
    r"\b(?:ssl)?password\s*=\s*(?:'(?:\\.|[^'\\])*'|[^\s&]+)(?:&|\s*)", re.IGNORECASE
)
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^:/@\s]*):[^@\s]*@")


class LakeError(CommandError):
    """The lake cannot be opened; the message says what to do."""


def lake_root() -> str:
    """Root of the lake: an absolute local path, or a URL (``s3://...``), no slash at the end."""
    root = os.environ.get(LAKE_VARIABLE, "lake").rstrip("/")
    return root if "://" in root else str(Path(root).resolve())


def is_remote(location: str) -> bool:
    """Whether a location is a URL and not a path."""
    return "://" in location


def lake_path(*parts: str) -> str:
    """A location inside the lake, in the form (path or URL) that the root has."""
    return "/".join((lake_root(), *parts))


def cache_root() -> Path:
    """Local folder of what is fetched: the lake's own, or ``DHS_CACHE`` (needed for a lake on s3).

    The coadd cache is ``coadds/`` in it.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).resolve()
    if is_remote(lake_root()):
        raise LakeError(
            f"{LAKE_VARIABLE}={lake_root()} is not a local folder: say with {CACHE_VARIABLE} in "
            "which local folder survey files are kept"
        )
    return Path(lake_root())


def coadd_root() -> Path:
    """Return the local folder of the coadd cache: `<AAA>/<brick>/` below it."""
    return cache_root() / COADDS_FOLDER


def parts_root() -> Path:
    """Local folder under which part files are written: the lake's own; of a lake in an object store
    the cache, from where they are copied there."""
    return cache_root() if is_remote(lake_root()) else Path(lake_root())


def catalog() -> str:
    """What DuckLake keeps its catalogue in, as it stands after ``ducklake:``."""
    chosen = os.environ.get(CATALOG_VARIABLE)
    if chosen:
        return chosen
    if is_remote(lake_root()):
        raise LakeError(
            f"{LAKE_VARIABLE}={lake_root()} is not a local folder: say where its catalogue is with "
            f"{CATALOG_VARIABLE}, e.g. sqlite:/data/catalog.sqlite or postgres:dbname=lake"
        )
    return f"sqlite:{lake_path(CATALOG_FILE)}"


def extension_file(name: str) -> Path:
    """The DuckDB extension file that its wheel brought along."""
    package = importlib.resources.files(f"duckdb_extension_{name}")
    folder = Path(str(package)) / "extensions" / f"v{duckdb.__version__}"
    return folder / f"{name}.duckdb_extension"


def needed_extensions() -> list[str]:
    """The extensions that this lake needs; loading one takes some 50 ms."""
    names = list(EXTENSIONS)
    if catalog().startswith("postgres"):
        names.append("postgres_scanner")
    if is_remote(lake_root()):
        names.append("httpfs")
    return names


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the extensions from their wheels: no network, nothing written to the home folder."""
    for name in needed_extensions():
        connection.execute(f"load {sql_text(str(extension_file(name)))}")
    if is_remote(lake_root()):
        set_endpoint(connection)


def set_endpoint(connection: duckdb.DuckDBPyConnection) -> None:
    """Tell DuckDB of another endpoint than Amazon's, as ``AWS_ENDPOINT_URL`` names it.

    Keys and region httpfs takes from ``AWS_ACCESS_KEY_ID`` and its kin by itself when it is loaded;
    they are never part of a statement. Global, because cursors have settings of their own.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return
    scheme, _, host = endpoint.rstrip("/").partition("://")
    connection.execute(f"set global s3_endpoint = {sql_text(host)}")
    connection.execute(f"set global s3_use_ssl = {scheme == 'https'}")
    connection.execute("set global s3_url_style = 'path'")


def sql_text(value: str) -> str:
    """A string as a SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def attach_statement(read_only: bool, *, must_exist: bool = False, place: str = "") -> str:
    """The statement that attaches the lake as ``lake``, its data path resolved where it is now.

    The catalogue is at `place`, where that is not the one of the environment.
    """
    options = [f"data_path {sql_text(lake_path('data') + '/')}", "override_data_path true"]
    if catalog().startswith("sqlite:"):
        options += [f"meta_busy_timeout {BUSY_TIMEOUT_MS}"]
        # In SQLite's default mode a reader's open query makes every commit fail meanwhile.
        options += [] if read_only else ["meta_journal_mode 'WAL'"]
    if read_only:
        options.append("read_only")
    elif must_exist:
        options.append("create_if_not_exists false")
    return f"attach {sql_text('ducklake:' + (place or catalog()))} as lake ({', '.join(options)})"


def attach(
    connection: duckdb.DuckDBPyConnection, *, read_only: bool = False, must_exist: bool = False
) -> None:
    """Attach the lake as ``lake`` to a connection, and make it when it is not there.

    Parameters
    ----------
    connection : DuckDBPyConnection
    read_only : bool
        Write nothing; the lake must exist.
    must_exist : bool
        Make no lake: one that is not there is an error.

    Raises
    ------
    LakeError
        When there is no lake where one must be, or its folder cannot be made.
    """
    load_extensions(connection)
    must_exist = must_exist or read_only
    if not must_exist:
        _make_folders()
    elif not _is_there():
        raise _no_lake()
    try:
        connection.execute(attach_statement(read_only, must_exist=must_exist))
    except duckdb.InvalidInputException as error:
        if must_exist and "does not exist" in str(error):  # a catalogue without a lake in it
            raise _no_lake() from error
        raise


def _catalog_file() -> Path | None:
    """The catalogue where it is a file."""
    backend, _, location = catalog().partition(":")
    return Path(location) if backend == "sqlite" else None


def _is_there() -> bool:
    """Whether the disk holds what a lake has on it: its folder, its catalogue."""
    file = _catalog_file()
    has_folder = is_remote(lake_root()) or Path(lake_root()).is_dir()
    return has_folder and (file is None or file.exists())


def _make_folders() -> None:
    """Make the lake's folder, and the one of its catalogue."""
    folders = [] if is_remote(lake_root()) else [Path(lake_root())]
    if file := _catalog_file():
        folders.append(file.parent)
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LakeError(f"cannot make the lake's folder {folder}: {error}") from error


def _no_lake() -> LakeError:
    """That there is no lake, with the variables that say where it is."""
    chosen = os.environ.get(CATALOG_VARIABLE, "")
    # Of another catalogue than a file the name may hold a password.
    where = f" with its catalogue at {chosen}" if chosen.startswith("sqlite:") else ""
    variables = f"{LAKE_VARIABLE} and {CATALOG_VARIABLE}" if chosen else LAKE_VARIABLE
    return LakeError(
        f"no lake at {lake_root()}{where}: run 'make demo', or set {variables} to where it is"
    )


def connect(*, read_only: bool = False, must_exist: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection of its own with the lake attached and in use; see ``attach``."""
    # A table that is not there must be an error, not a Python object of the same name.
    connection = duckdb.connect(config={"python_enable_replacements": False})
    attach(connection, read_only=read_only, must_exist=must_exist)
    connection.execute("use lake")
    return connection


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block does, or roll all of it back if it raises."""
    connection.execute("begin")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def write_open_sql() -> Path:
    """Write ``open.sql``, which opens the lake read-only from any folder; returns its path.

    A password of the catalogue is left out: Postgres takes it from PGPASSWORD or ~/.pgpass.
    """
    path = Path(lake_path("open.sql"))
    loads = [f"load {sql_text(str(extension_file(name)))};" for name in needed_extensions()]
    attach_it = attach_statement(read_only=True, place=without_password(catalog()))
    path.write_text("\n".join([*loads, attach_it + ";", "use lake;"]) + "\n")
    return path


def without_password(place: str) -> str:
    """Where a catalogue is, for others to read: Postgres' `password=` and that of a URL left out."""
    if not place.startswith("postgres"):
        return place
    return _PASSWORD_IN_URL.sub(r"\1@", _PASSWORD.sub("", place))
