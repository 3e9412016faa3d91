"""The plan of the completeness stage: rules, axes and cubes of its seeds.

Rows are those of the seeds as text, empty where a value is missing, as ``csv.DictReader`` reads them.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from duckdb import DuckDBPyConnection
from duckdb.sqltypes import VARCHAR

Row = Mapping[str, str | None]
FUNCTION = "completeness_plan"
RULE_KINDS = ("detectability", "blind", "finder")
AXIS_KINDS = ("binned", "category")
COMBINATIONS = ("crossed", "observed")
NUMBER_TYPES = ("integer", "double")
# What the stage derives from the columns of a task; a rule or an axis may name these too.
DERIVED_COLUMNS = ("psf_fwhm_arcsec", "theta_over_psf", "surface_psf_bin", "surface_depth_bin")


@dataclass(frozen=True)
class Seeds:
    """What the plan is made from.

    Parameters
    ----------
    recovery_rules, completeness_axes, completeness_edges, completeness_cubes
        The rows of the seeds.
    columns
        Names of the columns of injections.
    chosen_cubes
        Cubes to be made; all of them when empty.
    """

    recovery_rules: Sequence[Row]
    completeness_axes: Sequence[Row]
    completeness_edges: Sequence[Row]
    completeness_cubes: Sequence[Row]
    columns: Sequence[str]
    chosen_cubes: Sequence[str] = ()

    @property
    def task_columns(self) -> set[str]:
        """Return the names that a rule or an axis may use."""
        return {*self.columns, *DERIVED_COLUMNS}


def problems(seeds: Seeds) -> list[str]:
    """Return a sentence for each choice in the seeds that makes no sense."""
    return [
        *_unnamed("recovery_rules", "rule", seeds.recovery_rules),
        *_unnamed("completeness_axes", "axis", seeds.completeness_axes),
        *(problem for rule in seeds.recovery_rules for problem in _problems_of_rule(rule, seeds)),
        *(
            problem
            for axis in seeds.completeness_axes
            for problem in _problems_of_axis(axis, seeds)
        ),
        *_problems_of_edges(seeds),
        *_problems_of_cubes(seeds),
    ]


def plan(seeds: Seeds) -> dict[str, Any]:
    """Return rules, axes and cubes as the models loop over them.

    The seeds must have no problems.

    Rules are those on a column, in the order in which a task's outcome lists them. Axes have their
    edges. A cube has its axes by name, which of them are observed and which crossed, whether it
    counts each render once, and the cube under whose name its controls are counted. `cell_axes` and
    `control_axes` are all axes, and those that tell controls apart, in the order of a cell's key.
    """
    return {
        "rules": [_planned_rule(rule) for rule in _column_rules(seeds)],
        "axes": [_planned_axis(axis, seeds) for axis in _ordered(seeds.completeness_axes)],
        "cubes": _planned_cubes(seeds),
        "cell_axes": sorted(axis["axis"] or "" for axis in seeds.completeness_axes),
        "control_axes": sorted(_known_for_controls(seeds)),
    }


def _unnamed(seed: str, key: str, rows: Sequence[Row]) -> Iterator[str]:
    names = [row[key] or "" for row in rows]
    for name in sorted({name for name in names if names.count(name) > 1 or not name}):
        yield (
            f"{seed}: {key} '{name}' is given {names.count(name)} times"
            if name
            else (f"{seed}: a row has no {key}")
        )


def _problems_of_rule(rule: Row, seeds: Seeds) -> Iterator[str]:
    where = f"recovery_rules: rule '{rule['rule']}'"
    if rule["rule_kind"] not in RULE_KINDS:
        yield f"{where} has the rule_kind '{rule['rule_kind']}', not one of {', '.join(RULE_KINDS)}"
    if bool(rule["minimum"]) == bool(rule["false_positive_rate"]):
        yield f"{where} must have either a minimum or a false_positive_rate"
    for name in ("minimum", "theta_over_psf_minimum"):
        if rule[name] and not math.isfinite(_number(rule[name])):
            yield f"{where} has the {name} {rule[name]}, which is no finite number"
    if rule["false_positive_rate"] and not 0 < _number(rule["false_positive_rate"]) < 1:
        yield (
            f"{where} has the false_positive_rate {rule['false_positive_rate']}, "
            "which is not between 0 and 1"
        )
    if rule["rule_kind"] != "finder" and rule["statistic"] not in seeds.task_columns:
        yield f"{where} names the column '{rule['statistic']}', which injections does not have"


def _problems_of_axis(axis: Row, seeds: Seeds) -> Iterator[str]:
    where = f"completeness_axes: axis '{axis['axis']}'"
    if axis["axis_kind"] not in AXIS_KINDS:
        yield f"{where} has the axis_kind '{axis['axis_kind']}', not one of {', '.join(AXIS_KINDS)}"
    if axis["column_name"] not in seeds.task_columns:
        yield f"{where} names the column '{axis['column_name']}', which injections does not have"
    if axis["axis_kind"] == "binned" and len(_edges(axis["axis"], seeds)) < 2:
        yield f"completeness_edges: binned axis '{axis['axis']}' needs two edges or more"


def _problems_of_edges(seeds: Seeds) -> Iterator[str]:
    known = {axis["axis"] for axis in seeds.completeness_axes if axis["axis_kind"] == "binned"}
    for axis in sorted({row["axis"] or "" for row in seeds.completeness_edges}):
        if axis not in known:
            yield f"completeness_edges: '{axis}' is no binned axis of completeness_axes"
        for before, row in pairwise(_edge_rows(axis, seeds)):
            low, high = _number(before["edge"]), _number(row["edge"])
            if not low < high:  # so that NaN is refused too
                yield (
                    f"completeness_edges: axis '{axis}' has edge {high} (edge_number "
                    f"{row['edge_number']}) after {low}: edges must increase"
                )


def _problems_of_cubes(seeds: Seeds) -> Iterator[str]:
    axes = {axis["axis"] for axis in seeds.completeness_axes}
    marginals = {cube for cube, _ in _marginal_cubes(seeds)}
    for row in seeds.completeness_cubes:
        where = f"completeness_cubes: cube '{row['cube']}'"
        if row["axis"] and row["axis"] not in axes:
            yield f"{where} names the axis '{row['axis']}', which completeness_axes does not have"
        if row["axis"] and row["combination"] not in COMBINATIONS:
            yield f"{where} has the combination '{row['combination']}', not one of " + ", ".join(
                COMBINATIONS
            )
    by_cube = _rows_by_cube(seeds)
    for cube, rows in by_cube.items():
        where = f"completeness_cubes: cube '{cube}'"
        if not cube.isidentifier():
            yield f"{where} is no name of letters, digits and underscores"
        if cube in marginals:
            yield f"{where} has the name of the marginal that its axis brings along"
        if len({row["axis"] for row in rows}) < len(rows):
            yield f"{where} names an axis twice"
        if len({row["only_rule_kind"] or "" for row in rows}) > 1:
            yield f"{where} has more than one only_rule_kind"
        kind = rows[0]["only_rule_kind"]
        if kind and kind not in RULE_KINDS:
            yield f"{where} has the only_rule_kind '{kind}', not one of {', '.join(RULE_KINDS)}"
    there_are = {**dict.fromkeys(marginals), **by_cube}
    for cube in seeds.chosen_cubes:
        if cube not in there_are:
            yield f"var completeness_cubes names '{cube}': there are {', '.join(there_are)}"


def _number(text: str | None) -> float:
    """Return the number that a text says, NaN where it says none."""
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def _ordered(axes: Iterable[Row]) -> list[Row]:
    return sorted(axes, key=lambda axis: _number(axis["axis_order"]))


def _edge_rows(axis: str | None, seeds: Seeds) -> list[Row]:
    rows = [row for row in seeds.completeness_edges if row["axis"] == axis]
    return sorted(rows, key=lambda row: _number(row["edge_number"]))


def _edges(axis: str | None, seeds: Seeds) -> list[str]:
    """Return the edges of an axis as texts that SQL can cast."""
    return [str(_number(row["edge"])) for row in _edge_rows(axis, seeds)]


def _column_rules(seeds: Seeds) -> list[Row]:
    rules = [rule for rule in seeds.recovery_rules if rule["rule_kind"] != "finder"]
    return sorted(rules, key=lambda rule: _number(rule["rule_number"]))


def _planned_rule(rule: Row) -> dict[str, Any]:
    names = ("rule", "statistic", "minimum", "false_positive_rate", "theta_over_psf_minimum")
    return {name: rule[name] or None for name in names}


def _planned_axis(axis: Row, seeds: Seeds) -> dict[str, Any]:
    return {
        "axis": axis["axis"],
        "column_name": axis["column_name"],
        "is_binned": axis["axis_kind"] == "binned",
        "sql_type": axis["sql_type"],
        "is_number": axis["sql_type"] in NUMBER_TYPES,
        "is_continuous": axis["sql_type"] == "double",
        "edges": _edges(axis["axis"], seeds),
    }


def _is_true(text: str | None) -> bool:
    return (text or "").lower() in ("true", "t", "1")


def _known_for_controls(seeds: Seeds) -> set[str]:
    axes = seeds.completeness_axes
    return {axis["axis"] or "" for axis in axes if _is_true(axis["is_known_for_controls"])}


def _marginal_cubes(seeds: Seeds) -> Iterator[tuple[str, list[Row]]]:
    """Yield a cube ``by_<axis>`` for each axis with a marginal, in order."""
    for axis in _ordered(seeds.completeness_axes):
        if _is_true(axis["has_marginal"]):
            combination = "crossed" if axis["axis_kind"] == "binned" else "observed"
            row = {"axis": axis["axis"], "combination": combination, "only_rule_kind": None}
            yield f"by_{axis['axis']}", [row]


def _rows_by_cube(seeds: Seeds) -> dict[str, list[Row]]:
    by_cube: dict[str, list[Row]] = {}
    for row in sorted(
        seeds.completeness_cubes, key=lambda row: (row["cube"] or "", row["axis"] or "")
    ):
        by_cube.setdefault(row["cube"] or "", []).append(row)
    return by_cube


def _planned_cubes(seeds: Seeds) -> list[dict[str, Any]]:
    known = _known_for_controls(seeds)
    cubes = []
    for cube, rows in (*_marginal_cubes(seeds), *_rows_by_cube(seeds).items()):
        if not seeds.chosen_cubes or cube in seeds.chosen_cubes:
            cubes.append(_planned_cube(cube, rows, known))
    # Cubes that tell controls apart along the same axes have the same controls: they are counted
    # under the name of the first one.
    first: dict[tuple[Any, ...], str] = {}
    for planned in cubes:
        alike = (planned["only_rule_kind"], *planned["control_axes"], planned["is_render_once"])
        planned["control_cube"] = first.setdefault(alike, planned["cube"])
    return cubes


def _planned_cube(cube: str, rows: Sequence[Row], known_for_controls: set[str]) -> dict[str, Any]:
    axes = [row["axis"] for row in rows if row["axis"]]
    return {
        "cube": cube,
        "only_rule_kind": rows[0]["only_rule_kind"] or None,
        "axes": axes,
        "crossed": [row["axis"] for row in rows if row["combination"] == "crossed"],
        "control_axes": [axis for axis in axes if axis in known_for_controls],
        "is_render_once": "selection_set_id" not in axes,
    }


def sql_plan(seeds: str) -> str:
    """Return the plan of seeds, or their problems; JSON in, JSON out."""
    given = Seeds(**json.loads(seeds))
    found = problems(given)
    return json.dumps({"problems": found} if found else {"problems": [], **plan(given)})


def register(connection: DuckDBPyConnection) -> None:
    """Give SQL ``completeness_plan(seeds)``, from JSON to JSON."""
    connection.create_function(FUNCTION, sql_plan, [VARCHAR], VARCHAR)
