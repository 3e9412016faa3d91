"""Which run made the tables that are in the lake now, stage by stage."""

import datetime

import duckdb

from report.blocks import Table
from report.stages import STAGES, stage_of_tables

HEADINGS = ["stage", "tables", "run ended at", "asked for", "vars of the command line", "outcome", "code"]  # fmt: skip
# A rebuilt table gets a new entry in the catalogue, with the snapshot that published it. The entry
# remains when old snapshots expire.
BUILDS = """
with stages as (
    select unnest($names) as table_name, unnest($stages) as stage
),

tables as (
    select stage, table_name, begin_snapshot
    from __ducklake_metadata_{catalog}.ducklake_table
    inner join stages using (table_name)
    where end_snapshot is null
),

made as (
    select tables.*, runs.*
    from tables
    left join runs on begin_snapshot between first_snapshot_id and last_snapshot_id
    qualify row_number() over (partition by table_name order by first_snapshot_id desc) = 1
)

select stage, count(*) as n_tables, finished_at, any_value(command) as command, any_value(selected) as selected,
    any_value(command_line_vars) as vars, any_value(n_failed) as n_failed, any_value(code_version) as code_version
from made
group by stage, invocation_id, finished_at
order by list_position($order, stage), finished_at desc
"""


def builds(lake: duckdb.DuckDBPyConnection) -> Table:
    """Return one row per stage and run that built tables now in the lake.

    Later runs that left those tables alone do not count.
    """
    [(catalog,)] = lake.sql("select current_database()").fetchall()
    known = stage_of_tables()
    rows = lake.execute(
        BUILDS.format(catalog=catalog),
        {"names": list(known), "stages": list(known.values()), "order": list(STAGES)},
    ).fetchall()
    return Table(
        "The runs behind this report: for each stage, the run that built the tables now in the lake, even if others ran later. Tables that "
        "were left alone keep the run that built them, so a stage can have several. A run that failed can still have built some tables. "
        "The table runs holds every run with all its settings.",
        HEADINGS,
        [build_row(*row) for row in rows],
    )


def build_row(
    stage: str,
    n_tables: int,
    finished_at: datetime.datetime | None,
    command: str | None,
    selected: list[str] | None,
    variables: str | None,
    n_failed: int | None,
    code: str | None,
) -> list:
    """Return a build as a row of the table.

    A build without a run is of one that was killed before it could record itself.
    """
    if command is None:
        return [stage, n_tables, None, None, None, "never ended", None]
    asked = f"dbt {command} {' '.join(selected) if selected else 'everything'}"
    given = None if variables in (None, "{}") else variables
    return [stage, n_tables, finished_at, asked, given or "none", outcome(n_failed), code]


def outcome(n_failed: int | None) -> str:
    """Say how a run went."""
    return f"failed: {n_failed} models or checks" if n_failed else "succeeded"
