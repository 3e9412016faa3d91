"""What made a run, for the table ``runs`` and for deciding whether a model has to be built again."""

import hashlib
import json
import subprocess
from functools import cache
from pathlib import Path

import yaml
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import VARCHAR

from udfs import components, healpix, normal

PROJECT = Path(__file__).resolve().parent.parent


@cache
def code_version() -> str:
    """The commit of the code, marked where files differ from it; 'unknown' outside a clone."""
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()


@cache
def project_vars() -> str:
    """The vars of ``dbt_project.yml`` as JSON; those of the command line stand in their own column."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    return json.dumps(project["vars"], sort_keys=True)


def python_digest(sql: str) -> str:
    """Digest of the code of the Python functions that a statement calls."""
    digest = hashlib.md5(usedforsecurity=False)
    for module in (components, healpix, normal):
        if any(name in sql for name in module.SQL_FUNCTIONS):
            digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def register(connection: DuckDBPyConnection) -> None:
    """Give SQL ``code_version()``, ``project_vars()`` and ``python_digest(sql)``."""
    connection.create_function("code_version", code_version, [], VARCHAR)
    connection.create_function("project_vars", project_vars, [], VARCHAR)
    connection.create_function("python_digest", python_digest, [VARCHAR], VARCHAR)
