"""Locate and open the lake; no other module knows where it is.

The lake is a DuckLake: Parquet data files under a catalogue that gives atomic publication,
snapshots and time travel. The catalogue is a SQLite file in the lake's folder, unless
``DHS_CATALOG`` names another (``postgres:dbname=... host=...``).
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
    """The lake cannot be opened; the message tells what to do."""


def lake_root() -> str:
    """Return the lake's root, an absolute path or a URL, no trailing slash."""
    root = os.environ.get(LAKE_VARIABLE, "lake").rstrip("/")
    return root if "://" in root else str(Path(root).resolve())


def is_remote(location: str) -> bool:
    """Tell whether a location is a URL rather than a path."""
    return "://" in location


def lake_path(*parts: str) -> str:
    """Return a location inside the lake: a path or a URL, like the root."""
    return "/".join((lake_root(), *parts))


def cache_root() -> Path:
    """Return the local folder of fetched files: ``DHS_CACHE``, else the lake.

    A lake in an object store needs the variable. The coadd cache is ``coadds/`` in the folder.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).resolve()
    if is_remote(lake_root()):
        raise LakeError(
            f"{LAKE_VARIABLE}={lake_root()} is not a local folder: set {CACHE_VARIABLE} to a local "
            "folder for survey files"
        )
    return Path(lake_root())


def coadd_root() -> Path:
    """Return the local folder of the coadd cache: `<AAA>/<brick>/` below it."""
    return cache_root() / COADDS_FOLDER


def parts_root() -> Path:
    """Return the local folder under which part files are written.

    That is the lake's own or, for a lake in an object store, the cache, from where they are sent.
    """
    return cache_root() if is_remote(lake_root()) else Path(lake_root())


def catalog() -> str:
    """Return the place of DuckLake's catalogue, without ``ducklake:``."""
    chosen = os.environ.get(CATALOG_VARIABLE)
    if chosen:
        return chosen
    if is_remote(lake_root()):
        raise LakeError(
            f"{LAKE_VARIABLE}={lake_root()} is not a local folder: set {CATALOG_VARIABLE} to where "
            f"its catalogue is, e.g. sqlite:/data/catalog.sqlite or postgres:dbname=lake"
        )
    return f"sqlite:{lake_path(CATALOG_FILE)}"


def extension_file(name: str) -> Path:
    """Return the path of a DuckDB extension, as its wheel installs it."""
    package = importlib.resources.files(f"duckdb_extension_{name}")
    folder = Path(str(package)) / "extensions" / f"v{duckdb.__version__}"
    return folder / f"{name}.duckdb_extension"


def needed_extensions() -> list[str]:
    """Return the extensions that this lake needs."""
    names = list(EXTENSIONS)
    if catalog().startswith("postgres"):
        names.append("postgres_scanner")
    if is_remote(lake_root()):
        names.append("httpfs")
    return names


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the extensions from their wheels, without the network."""
    for name in needed_extensions():
        connection.execute(f"load {sql_text(str(extension_file(name)))}")
    if is_remote(lake_root()):
        set_endpoint(connection)


def set_endpoint(connection: duckdb.DuckDBPyConnection) -> None:
    """Set an S3 endpoint other than Amazon's in DuckDB.

    httpfs itself takes keys and region from ``AWS_ACCESS_KEY_ID`` and the like when it is loaded;
    they are never part of a statement. The settings are global, because cursors have their own.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return
    scheme, _, host = endpoint.rstrip("/").partition("://")
    connection.execute(f"set global s3_endpoint = {sql_text(host)}")
    connection.execute(f"set global s3_use_ssl = {scheme == 'https'}")
    connection.execute("set global s3_url_style = 'path'")


def sql_text(value: str) -> str:
    """Return a string as a SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def attach_statement(read_only: bool, *, must_exist: bool = False, place: str = "") -> str:
    """Return the statement that attaches the lake as ``lake``.

    The catalogue is at `place`, if given, else where the environment puts it.
    """
    options = [f"data_path {sql_text(lake_path('data') + '/')}", "override_data_path true"]
    if catalog().startswith("sqlite:"):
        options += [f"meta_busy_timeout {BUSY_TIMEOUT_MS}"]
        # In SQLite's default mode every commit fails while a reader has an open query.
        options += [] if read_only else ["meta_journal_mode 'WAL'"]
    if read_only:
        options.append("read_only")
    elif must_exist:
        options.append("create_if_not_exists false")
    return f"attach {sql_text('ducklake:' + (place or catalog()))} as lake ({', '.join(options)})"


def attach(
    connection: duckdb.DuckDBPyConnection, *, read_only: bool = False, must_exist: bool = False
) -> None:
    """Attach the lake as ``lake`` to a connection; make it if needed.

    Parameters
    ----------
    connection : DuckDBPyConnection
    read_only : bool
        Write nothing; the lake must exist.
    must_exist : bool
        Make no lake: a missing one is an error.

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
    """Return the path of the catalogue, if it is a file."""
    backend, _, location = catalog().partition(":")
    return Path(location) if backend == "sqlite" else None


def _is_there() -> bool:
    """Tell whether the lake's folder and catalogue exist."""
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
    """Return the error that there is no lake, naming the variables to set."""
    chosen = os.environ.get(CATALOG_VARIABLE, "")
    # The name of a catalogue that is not a file may hold a password.
    where = f" with its catalogue at {chosen}" if chosen.startswith("sqlite:") else ""
    variables = f"{LAKE_VARIABLE} and {CATALOG_VARIABLE}" if chosen else LAKE_VARIABLE
    return LakeError(
        f"no lake at {lake_root()}{where}: run 'make demo', or set {variables} to where it is"
    )


def connect(*, read_only: bool = False, must_exist: bool = False) -> duckdb.DuckDBPyConnection:
    """Return a new connection with the lake attached and in use."""
    # A table that is not there must be an error, not a Python object of the same name.
    connection = duckdb.connect(config={"python_enable_replacements": False})
    attach(connection, read_only=read_only, must_exist=must_exist)
    connection.execute("use lake")
    return connection


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Run the block in one transaction; roll it back if it raises."""
    connection.execute("begin")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def write_open_sql() -> Path:
    """Write ``open.sql``, which opens the lake read-only; return its path.

    A password of the catalogue is left out: Postgres takes it from PGPASSWORD or ~/.pgpass.
    """
    path = Path(lake_path("open.sql"))
    loads = [f"load {sql_text(str(extension_file(name)))};" for name in needed_extensions()]
    attach_it = attach_statement(read_only=True, place=without_password(catalog()))
    path.write_text("\n".join([*loads, attach_it + ";", "use lake;"]) + "\n")
    return path


def how_to_look(query: str) -> str:
    """Return a command's last line: how to see its results in the lake."""
    if is_remote(lake_root()):
        return f"look: {query}"
    return f'look: duckdb -init {lake_path("open.sql")} -c "{query}"'


def without_password(place: str) -> str:
    """Return the catalogue's address without its password."""
    if not place.startswith("postgres"):
        return place
    return _PASSWORD_IN_URL.sub(r"\1@", _PASSWORD.sub("", place))
