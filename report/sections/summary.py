"""The run in numbers, and the answer it gives."""

import duckdb

from report.blocks import Block, Note, Section, Table
from report.sections.builds import builds
from report.sections.completeness import labels, shown_rule, widest_experiment

SETTINGS = (
    *("experiment_id", "sampling", "n_configs", "n_replicates", "n_galaxies", "control_pairing"),
    *("control_frac", "stamp_size", "bandset", "lrg_magnitudes", "seed", "pipeline_version"),
)
COUNTS = {
    "catalogue sources": "select count(*) from stg_sources",
    "bricks": "select count(*) from stg_bricks",
    "bricks that pass the cuts": "select count(*) from bricks_with_region",
    "their area (deg\u00b2)": "select sum(area_deg2) from bricks_with_region",
    "regions": "select count(*) from region_metrics",
    "parent galaxies": "select count(*) from parent_galaxies",
    "tasks": "select count(*) from injection_tasks",
    "tasks whose brick is cached": "select count(*) from runnable_tasks",
    "injected systems with metrics": "select count(distinct (experiment_id, render_id)) from injections where metrics_ok and not is_control",
    "controls with metrics": "select count(distinct (experiment_id, render_id)) from injections where metrics_ok and is_control",
}


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """The main result, how much of everything there is, the run and the settings of each experiment."""
    return Section(
        anchor="summary",
        title="Summary",
        lead="What went in, what came out, which runs made it, and the settings of each experiment.",
        blocks=[result(lake), counts(lake), builds(lake), experiments(lake)],
    )


def result(lake: duckdb.DuckDBPyConnection) -> Block:
    """One sentence with the completeness of the rule that is shown throughout."""
    experiment = widest_experiment(lake)
    rule = shown_rule(lake, experiment)
    share, low, high, n_valid, n_hosts, kind = lake.execute(
        """
        select completeness_valid_all, wilson_low_all, wilson_high_all, n_valid_all, n_hosts_all, rule_kind
        from completeness_cells where cube = 'overall' and experiment_id = ? and rule = ?
        """,
        [experiment, rule],
    ).fetchone()
    if not n_valid:
        return Note(f"No injection of {labels(lake)[experiment]} can be judged by {rule} yet.")
    return Note(
        f"Rule {rule} ({kind}) recovers {share:.3f} ({low:.3f} to {high:.3f}, 95 %) of {n_valid:,} usable injections into "
        f"{n_hosts:,} galaxies of {labels(lake)[experiment]}, averaged over all that was injected. A completeness holds for the population that was "
        "injected: docs/completeness_questions.md says how to ask for another one."
    )


def counts(lake: duckdb.DuckDBPyConnection) -> Table:
    """The main counts along the pipeline."""
    rows = [[name, lake.sql(query).fetchone()[0]] for name, query in COUNTS.items()]
    return Table("Rows along the way.", ["", "number"], rows)


def experiments(lake: duckdb.DuckDBPyConnection) -> Table:
    """One row per experiment with what made it."""
    there = {name for (name, *_) in lake.execute("describe stage_config").fetchall()}
    columns = [name for name in SETTINGS if name in there]
    rows = lake.sql(f"select {', '.join(columns)} from stage_config order by 1").fetchall()
    names = labels(lake)
    return Table(
        "Experiments; every setting is a column of stage_config.",
        ["experiment", *columns[1:]],
        [[names[experiment], *row] for experiment, *row in rows],
    )
