"""The numbers that suites compare with: the dbt vars, from their one home."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

PROJECT_FILE = Path(__file__).resolve().parent.parent / "dbt_project.yml"

Settings = Mapping[str, Any]


class SettingsError(ValueError):
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
