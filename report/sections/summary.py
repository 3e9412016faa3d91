"""The run in numbers, and the answer that it gives."""

import duckdb

from report.bins import interval_level
from report.blocks import Block, Note, Section, Table
from report.sections.builds import builds
from report.sections.completeness import labels, shown_rule, widest_experiment
from report.sections.injected import CONTROL_GALAXIES, INJECTED_SYSTEMS

SETTINGS = (
    *("experiment_id", "sampling", "n_configs", "n_replicates", "control_pairing"),
    *("control_frac", "bandset", "lrg_magnitudes", "seed", "pipeline_version"),
)
SPLITS = ("train", "val", "test")
NOTHING_GOT = [(0, 0)] * len(SPLITS)
# Selection sets and splits without a galaxy are rows too.
GALAXIES_GOT = """
with wanted as (
    select experiment_id, unnest(selection_set_ids) as selection_set_id, split
    from stage_config, unnest($splits) as splits(split)
),

got as (
    select experiment_id, selection_set_id, region_split as split, count(*) as n_galaxies
    from sampled_galaxies
    group by all
),

counts as (
    select experiment_id, split, coalesce(n_galaxies, 0) as n_galaxies
    from wanted left join got using (experiment_id, selection_set_id, split)
)

select experiment_id, split, min(n_galaxies) as fewest, max(n_galaxies) as most
from counts
group by experiment_id, split
order by experiment_id, list_position($splits, split)
"""
RESULT = """
select
    cells.rule_kind, completeness_valid as completeness, wilson_low, wilson_high, n_valid, n_hosts,
    false_positive_rate, n_false_positives,
    recovery_thresholds.n_controls + n_negatives as n_without_arc, chance_fraction, chance_corrected,
    chance_corrected_low, chance_corrected_high
from completeness_cells as cells inner join recovery_thresholds using (experiment_id, rule)
where cube = 'overall' and experiment_id = ? and rule = ? and quality = 'all'
"""
COUNTS = {
    "catalogue sources": "select count(*) from stg_sources",
    "bricks": "select count(*) from stg_bricks",
    "bricks that pass the cuts": "select count(*) from bricks_with_region",
    "their area (deg\u00b2)": "select sum(area_deg2) from bricks_with_region",
    "regions": "select count(*) from region_metrics",
    "parent galaxies": "select count(*) from parent_galaxies",
    "tasks": "select count(*) from injection_tasks",
    "tasks whose brick is cached": "select count(*) from runnable_tasks",
    "injected systems with metrics": INJECTED_SYSTEMS,
    "control galaxies with metrics": CONTROL_GALAXIES,
}


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """Return the main result, the counts, the runs and the experiments."""
    return Section(
        anchor="summary",
        title="Summary",
        lead="What went in, what came out, which runs made it, and the settings of each experiment.",
        blocks=[result(lake), counts(lake), builds(lake), experiments(lake)],
    )


def result(lake: duckdb.DuckDBPyConnection) -> Block:
    """Return the completeness of the shown rule, and its price."""
    experiment = widest_experiment(lake)
    rule = shown_rule(lake, experiment)
    found = lake.execute(RESULT, [experiment, rule])
    names = [name for name, *_ in found.description or []]
    [row] = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    row["interval_level"] = interval_level(lake)
    name = labels(lake)[experiment]
    if not row["n_valid"]:
        return Note(f"No injection of {name} can be judged by {rule} yet.")
    return Note(
        f"Rule {rule} ({row['rule_kind']}) {what_it_costs(row)}recovers {shown_range(row, 'completeness', 'wilson_low', 'wilson_high')} of "
        f"{row['n_valid']:,} usable injections into {row['n_hosts']:,} galaxies of {name}, averaged over everything that was injected{beyond_chance(row)}. "
        "A completeness holds for the population that was injected; docs/completeness_questions.md shows how to ask about another one."
    )


def what_it_costs(row: dict) -> str:
    """Return how often a rule takes a galaxy without an arc for a lens.

    A completeness means nothing without it.
    """
    if row["false_positive_rate"] is None:
        return "looks at the injected truth, so it has no false positives; it "
    measured = f"{row['n_false_positives']:,} of {row['n_without_arc']:,} galaxies without an arc"
    return f"at {100 * row['false_positive_rate']:g} % false positives (measured: {measured}) "


def beyond_chance(row: dict) -> str:
    """Return what is left once chance detections are subtracted, if known."""
    if row["chance_corrected"] is None:
        return ""
    left = shown_range(row, "chance_corrected", "chance_corrected_low", "chance_corrected_high")
    return f". It takes {100 * row['chance_fraction']:.1f} % of the controls for lenses as well; beyond that chance, {left} is left"


def shown_range(row: dict, value: str, low: str, high: str) -> str:
    """Return a share with its interval."""
    return f"{row[value]:.3f} ({row[low]:.3f} to {row[high]:.3f}, {row['interval_level']})"


def counts(lake: duckdb.DuckDBPyConnection) -> Table:
    """Return the main counts along the pipeline."""
    rows = [[name, lake.sql(query).fetchall()[0][0]] for name, query in COUNTS.items()]
    return Table("Rows along the way.", ["", "number"], rows)


def experiments(lake: duckdb.DuckDBPyConnection) -> Table:
    """Return one row per experiment: settings, galaxies asked for and got."""
    there = {name for (name, *_) in lake.execute("describe stage_config").fetchall()}
    columns = [name for name in SETTINGS if name in there]
    rows = lake.sql(f"select {', '.join(columns)} from stage_config order by 1").fetchall()
    names, got = labels(lake), galaxies_got(lake)
    asked = dict(lake.sql("select experiment_id, n_galaxies from stage_config").fetchall())
    short = [
        names[key] for key, counts in got.items() if min(low for low, _ in counts) < asked[key]
    ]
    return Table(
        "Experiments; every setting is a column of the table experiments. Galaxies are counted per selection set and split: those asked for, "
        "then those that were got in train, val and test (from the set with the fewest to the one with the most)."
        + fell_short(short),
        [
            "experiment",
            "galaxies asked for",
            *(f"got, {split}" for split in SPLITS),
            *columns[1:],
        ],
        [
            [
                names[key],
                asked[key],
                *(range_text(*counts) for counts in got.get(key, NOTHING_GOT)),
                *row,
            ]
            for key, *row in rows
        ],
    )


def galaxies_got(lake: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[int, int]]]:
    """Return the fewest and most galaxies of any selection set, by split."""
    rows = lake.execute(GALAXIES_GOT, {"splits": list(SPLITS)}).fetchall()
    got: dict[str, list[tuple[int, int]]] = {}
    for experiment, _, fewest, most in rows:
        got.setdefault(experiment, []).append((fewest, most))
    return got


def range_text(low: int, high: int) -> int | str:
    """Return fewest and most as a range, or as one number if equal."""
    return low if low == high else f"{low:,}\u2013{high:,}"


def fell_short(experiments: list[str]) -> str:
    """Return a sentence on experiments that have too few galaxies."""
    if not experiments:
        return ""
    return f" Fewer than asked for, because the regions or their bins of seeing and depth hold too few: {'; '.join(experiments)}."
