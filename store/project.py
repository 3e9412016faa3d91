"""The project: its vars as ``dbt_project.yml`` has them, its code version."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Set
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import VARCHAR

from store.failures import CommandError
from store.vars import BY_BAND, BY_SIZE, CHOICES, IN_ORDER, rule_of

PROJECT = Path(__file__).resolve().parent.parent
PROJECT_FILE = PROJECT / "dbt_project.yml"

Settings = Mapping[str, Any]


class SettingsError(CommandError):
    """The vars are not valid; the message tells what was expected."""


def settings(overrides: str = "") -> Settings:
    """Return the project's dbt vars, some overridden as by ``dbt --vars``.

    Raises
    ------
    SettingsError
        When the overrides are not a YAML mapping, or vars are wrong; it lists every problem.
    """
    chosen = _mapping(overrides)
    if found := problems(chosen):
        raise SettingsError("; ".join(found))
    return {**_defaults(), **chosen}


def problems(chosen: Settings) -> list[str]:
    """Return every problem of a choice of vars, a sentence each.

    Parameters
    ----------
    chosen : mapping
        The vars that differ from ``dbt_project.yml``.

    Returns
    -------
    list of str
        Empty when all is well.
    """
    defaults = _defaults()
    unknown = sorted(map(str, chosen.keys() - defaults.keys()))
    values = {**defaults, **{name: chosen[name] for name in chosen.keys() & defaults.keys()}}
    wrong = {
        name: sentence
        for name, value in values.items()
        if (sentence := _problem(name, value, defaults[name]))
    }
    return [
        *(f"no var {name}: {PROJECT_FILE.name} lists what can be set" for name in unknown),
        *wrong.values(),
        *_contradictions(values, wrong.keys()),
    ]


def _problem(name: str, value: object, default: object) -> str:
    """Return the problem of one var as a sentence; empty when it has none."""
    if name in CHOICES:
        allowed = CHOICES[name]()
        if isinstance(default, list) and not isinstance(value, list):
            return _must_be(name, value, f"a list of {', '.join(allowed)}")
        given = value if isinstance(value, list) else [value]
        if strange := [choice for choice in given if choice not in allowed]:
            return f"var {name}: there is no {strange[0]!r}, only {', '.join(allowed)}"
        return ""
    rule = rule_of(name, default)
    return "" if rule.is_met(value) else _must_be(name, value, rule.words)


def _must_be(name: str, value: object, words: str) -> str:
    """Return the sentence for a var with a wrong value."""
    return f"var {name} is {value}: it must be {words}"


def _contradictions(values: Settings, wrong: Set[str]) -> Iterator[str]:
    """Yield the contradictions between vars that are each valid."""
    for low, high in IN_ORDER:
        if low not in wrong and high not in wrong and values[low] > values[high]:
            yield _must_be(low, values[low], f"at most {high}, {values[high]}")
    if not {"split_train_fraction", "split_val_fraction"} & wrong:
        train, val = values["split_train_fraction"], values["split_val_fraction"]
        if train + val > 1:
            yield _must_be("split_val_fraction", val, f"at most 1 - split_train_fraction, {train}")
    if "bands" not in wrong:
        yield from _lacking_bands(values, wrong)
    if "survey_size" not in wrong:
        yield from _lacking_sizes(values, wrong)


def _lacking_bands(values: Settings, wrong: Set[str]) -> Iterator[str]:
    """Yield the problems of vars that must agree with ``bands``."""
    bands = values["bands"]
    named = {"detection_band": [values["detection_band"]], "bandsets": values["bandsets"]}
    for name, bandsets in named.items():
        if name not in wrong and (strange := sorted(set("".join(bandsets)) - set(bands))):
            yield f"var {name} names band {strange[0]!r}: bands has only {', '.join(bands)}"
    for name in BY_BAND:
        if name not in wrong and (missing := [band for band in bands if band not in values[name]]):
            yield f"var {name} has no value for band {missing[0]!r}"


def _lacking_sizes(values: Settings, wrong: Set[str]) -> Iterator[str]:
    """Yield the vars that have no value for the chosen size of the survey."""
    size = values["survey_size"]
    for name in BY_SIZE:
        if name not in wrong and size not in values[name]:
            known = ", ".join(map(str, values[name]))
            yield f"var {name} has no value for survey_size {size!r}, only for {known}"


@cache
def _defaults() -> Settings:
    """Return the vars as ``dbt_project.yml`` has them."""
    return MappingProxyType(yaml.safe_load(PROJECT_FILE.read_text(encoding="utf-8"))["vars"])


def _mapping(text: str) -> dict[str, Any]:
    """Parse vars in YAML; refuse anything but a mapping."""
    try:
        chosen = yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"--vars is not YAML: {text!r}") from error
    if not isinstance(chosen, dict):
        raise SettingsError(f"--vars must be a mapping like '{{seed: 14}}', not {text!r}")
    return chosen


@cache
def code_version() -> str:
    """Return the commit of the code; 'unknown' outside a clone."""
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()


@cache
def project_vars() -> str:
    """Return the vars of ``dbt_project.yml`` as JSON, without overrides."""
    return json.dumps(dict(_defaults()), sort_keys=True)


def var_problems(overrides: str) -> list[str]:
    """Return the problems of the vars of a command line, given as JSON."""
    return problems(json.loads(overrides))


def register(connection: DuckDBPyConnection) -> None:
    """Register SQL functions for the code version and the vars."""
    connection.create_function("code_version", code_version, [], VARCHAR)
    connection.create_function("project_vars", project_vars, [], VARCHAR)
    connection.create_function("var_problems", var_problems, [VARCHAR], f"{VARCHAR}[]")
