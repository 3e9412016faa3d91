"""The project: its vars from their one home, and the version of its code."""

import json
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import VARCHAR

from store.failures import CommandError

PROJECT = Path(__file__).resolve().parent.parent
PROJECT_FILE = PROJECT / "dbt_project.yml"

Settings = Mapping[str, Any]


class SettingsError(CommandError):
    """The vars cannot be understood; the message says what was expected."""


def settings(overrides: str = "") -> Settings:
    """The dbt vars of the project, with overrides written as for ``dbt --vars``.

    Raises
    ------
    SettingsError
        When the overrides are no YAML mapping, name a var that the project does not have, or a survey
        size without limits.
    """
    defaults = yaml.safe_load(PROJECT_FILE.read_text(encoding="utf-8"))["vars"]
    chosen = _mapping(overrides)
    unknown = sorted(map(str, chosen.keys() - defaults.keys()))
    if unknown:
        raise SettingsError(f"no var {unknown[0]}: {PROJECT_FILE.name} lists what can be set")
    _check_survey_size({**defaults, **chosen}, defaults["survey_size"])
    return {**defaults, **chosen}


def _check_survey_size(chosen: Settings, default: str) -> None:
    """Limits that depend on the survey's size must have the one that is chosen."""
    size = chosen["survey_size"]
    for name, limits in chosen.items():
        if isinstance(limits, dict) and default in limits and size not in limits:
            raise SettingsError(
                f"var survey_size: there is no {size!r}, only {', '.join(limits)} in {name}"
            )


def _mapping(text: str) -> dict[str, Any]:
    try:
        chosen = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise SettingsError(f"--vars is not YAML: {text!r}") from error
    if not isinstance(chosen, dict):
        raise SettingsError(f"--vars must be a mapping like '{{seed: 14}}', not {text!r}")
    return chosen


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
    project = yaml.safe_load(PROJECT_FILE.read_text(encoding="utf-8"))
    return json.dumps(project["vars"], sort_keys=True)


def register(connection: DuckDBPyConnection) -> None:
    """Give SQL ``code_version()`` and ``project_vars()``."""
    connection.create_function("code_version", code_version, [], VARCHAR)
    connection.create_function("project_vars", project_vars, [], VARCHAR)
