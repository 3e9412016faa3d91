"""The run in numbers."""

import duckdb

from report.blocks import Section, Table


def section(lake: duckdb.DuckDBPyConnection) -> Section:
    """How much of everything there is, and the settings of each experiment."""
    return Section(
        anchor="summary",
        title="Summary",
        lead="What went in, what came out, and the settings of each experiment.",
        blocks=[counts(lake), experiments(lake)],
    )


def counts(lake: duckdb.DuckDBPyConnection) -> Table:
    """The main counts along the pipeline."""
    queries = {
        "catalogue sources": "select count(*) from stg_sources",
        "bricks": "select count(*) from stg_bricks",
        "bricks that pass the cuts": "select count(*) from bricks_with_region",
        "regions": "select count(*) from region_metrics",
        "parent galaxies": "select count(*) from parent_galaxies",
        "tasks": "select count(*) from injection_tasks",
        "tasks whose brick is cached": "select count(*) from runnable_tasks",
        "injected systems with metrics": "select count(distinct render_id) from injections where metrics_ok and not is_control",
        "controls": "select count(distinct render_id) from injections where metrics_ok and is_control",
    }
    rows = [[name, f"{lake.sql(query).fetchone()[0]:,}"] for name, query in queries.items()]
    return Table("Rows along the way.", ["", "number"], rows)


def experiments(lake: duckdb.DuckDBPyConnection) -> Table:
    """One row per experiment with what made it."""
    wanted = [
        "experiment_id",
        "tier",
        "grid",
        "n_configs",
        "n_galaxies",
        "control_frac",
        "control_pairing",
        "stamp_size",
        "bandset",
        "seed",
    ]
    there = {name for (name, *_) in lake.execute("describe stage_config").fetchall()}
    columns = [name for name in wanted if name in there]
    rows = lake.sql(f"select {', '.join(columns)} from stage_config order by 1").fetchall()
    return Table(
        "Experiments; every setting is a column of stage_config.",
        columns,
        [list(row) for row in rows],
    )
