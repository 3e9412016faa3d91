"""Every suite: met by the small lake, failed by an empty table and by a break of each of its rules."""

import dataclasses
import re
from pathlib import Path

import duckdb
import pytest
import yaml
from duckdb.sqltypes import BIGINT, FLOAT, VARCHAR

from expectations import runner
from expectations.independent import coadd_pixels, raytrace
from expectations.registry import STAGES, suites_of
from expectations.seeds import SEED_FOLDER
from store.project import settings
from tests.expectations.mutations import ALL as MUTATIONS
from tests.places import PROJECT

HERE = (
    "staging",
    "regions",
    "parents",
    "manifests",
    "coadds",
    "injections",
    "completeness",
    "cutouts",
    "finder",
)
# What the small lake is asked for, where the demo asks for more.
SMALL = """
    tiers: [grid, train]
    stamp_sizes: [64, 96]
    min_tasks_per_tier_and_split: 20
    min_psf_source_fraction: 0.7
    n_raytraced_systems: 5
    n_checked_renders: 1000
"""
SUITES = {suite.table: suite for _, suite in suites_of(HERE, settings(SMALL))}
# A rule about the rows that have a value is broken by another value, not by null.
BY_COLUMN = [
    (table, check)
    for table, suite in SUITES.items()
    for check in suite.checks
    if check.column and check.when != f"{check.column} is not null"
]
BY_CHANGE = [(table, name) for table, changes in MUTATIONS.items() for name in changes]
# Rules that the small lake is too small for, with the test that breaks them.
TESTED_APART = {("parent_galaxies", "split_fractions_are_as_asked"): "test_split_fractions"}
NO_TABLE = re.compile(r"materialized\s*=\s*['\"](view|ephemeral)")
A_REASON = "psf_out_of_range"
FIRST = "(select min(rowid) from {})"


@pytest.fixture(scope="module")
def small_lake():
    """A lake of hand-made tables that meet every suite, with a copy of each to restore it."""
    connection = duckdb.connect(config={"threads": 1})  # of a few rows: threads would only wait
    raytrace.register(connection)
    hosts = [VARCHAR, VARCHAR, BIGINT, BIGINT, BIGINT]
    connection.create_function(coadd_pixels.FUNCTION, flat_host, hosts, f"{FLOAT}[]")
    connection.execute("attach ':memory:' as lake")
    connection.execute("use lake")
    for script in sorted((Path(__file__).parent / "small_lake").glob("*.sql")):
        text = script.read_text().replace("{seeds}", str(SEED_FOLDER))
        connection.execute(text.replace("{a_reason_code}", A_REASON))
    connection.execute("create schema pristine")
    for table in SUITES:
        connection.execute(f"create table pristine.{table} as from main.{table}")
    yield connection
    connection.close()


def flat_host(brickname, bandset, x0_pix, y0_pix, size):
    """Stands in for the coadds, which the small lake does not have."""
    return [0.1] * (len(bandset) * size * size)


@pytest.fixture
def changed(small_lake):
    """Change a table for the length of a test."""
    tables = []

    def change(table, statement):
        tables.append(table)
        small_lake.execute(statement)

    yield change
    for table in tables:
        small_lake.execute(f"create or replace table main.{table} as from pristine.{table}")


def failed_expectations(connection, suite):
    """What Great Expectations finds wrong with a table, with what it observed."""
    (result,) = runner.validate(connection, [("stage", suite)])
    return {outcome.expectation: outcome.observed for outcome in result.failed}


def failed_basics(connection, table):
    """The same of columns, rows and key alone."""
    return failed_expectations(connection, dataclasses.replace(SUITES[table], checks=()))


def broken_rules(connection, table):
    """Rules whose query returns rows, or cannot be run: what the suite fails, but much faster."""
    suite = SUITES[table]
    queries = {check.name: suite.query(check) for check in suite.all_checks()}
    return {name for name, query in queries.items() if returns_rows(connection, query)}


def returns_rows(connection, query):
    return connection.execute(f"select count(*) from ({query})").fetchone()[0] > 0


@pytest.mark.parametrize("table", SUITES)
def test_a_good_table_meets_its_suite(small_lake, table):
    assert failed_expectations(small_lake, SUITES[table]) == {}


@pytest.mark.parametrize("table", SUITES)
def test_an_empty_table_fails(small_lake, changed, table):
    changed(table, f"delete from {table}")
    failed = failed_basics(small_lake, table)
    assert failed.keys() & {"has_rows", "has_rows_where_called_for"}


@pytest.mark.parametrize("table", SUITES)
def test_a_row_that_stands_twice_fails(small_lake, changed, table):
    changed(table, f"insert into {table} from {table} limit 1")
    assert "key_is_unique" in failed_basics(small_lake, table)


@pytest.mark.parametrize("table", SUITES)
def test_a_null_in_the_key_fails(small_lake, changed, table):
    not_null = [c for c in SUITES[table].key if c not in SUITES[table].nullable_key]
    for column in not_null:
        changed(table, f"update {table} set {column} = null where rowid = {FIRST.format(table)}")
    nulls = {f"{column}_is_not_null" for column in not_null}
    assert nulls <= failed_basics(small_lake, table).keys()


@pytest.mark.parametrize("table", SUITES)
def test_a_missing_column_fails(small_lake, changed, table):
    column = [*SUITES[table].key, *SUITES[table].columns][-1]
    changed(table, f"alter table {table} drop column {column}")
    assert "has_columns" in failed_basics(small_lake, table)


@pytest.mark.parametrize(("table", "check"), BY_COLUMN, ids=lambda v: getattr(v, "name", v))
def test_a_null_fails_the_rule_about_its_column(small_lake, changed, table, check):
    first = FIRST.format(f"{table} where {check.when or 'true'}")
    changed(table, f"update {table} set {check.column} = null where rowid = {first}")
    broken = broken_rules(small_lake, table)
    assert check.name in broken
    queries = {other.name: other.query for other in SUITES[table].all_checks()}
    assert all(re.search(rf"\b{check.column}\b", queries[name]) for name in broken)


@pytest.mark.parametrize(("table", "name"), BY_CHANGE)
def test_a_change_fails_the_rule_that_it_breaks(small_lake, changed, table, name):
    change = MUTATIONS[table][name]
    statement, *also = (change,) if isinstance(change, str) else change
    if not re.match(r"(insert|delete|update|create|alter) ", statement):
        statement = f"update {table} set {statement}"
    changed(re.search(r"(?:update|table|into|from) (\w+)", statement)[1], statement)
    assert broken_rules(small_lake, table) == {name, *also}


def test_without_bricks_at_borders_no_border_galaxy_is_missed(small_lake, changed):
    changed("bricks_with_region", "update bricks_with_region set is_inside_cell = true")
    changed("border_splits", "delete from border_splits")
    assert broken_rules(small_lake, "border_splits") == set()


def test_without_a_lens_near_a_parent_no_neighbour_is_missed(small_lake, changed):
    changed("stg_known_lenses", "update stg_known_lenses set dec = dec + 10")
    changed("lens_neighbours", "delete from lens_neighbours")
    assert broken_rules(small_lake, "lens_neighbours") == set()


@pytest.mark.parametrize(
    ("overrides", "broken"),
    [
        ("parent_variant: desi_lrg_south", set()),  # no brick counts it, the rest holds
        (
            "regions_cut_by_cell: false",  # the original's regions give each brick one split
            {"brick_is_at_a_border"},
        ),
    ],
)
def test_the_suite_of_border_splits_follows_the_vars(small_lake, overrides, broken):
    ((_, suite),) = [
        found
        for found in suites_of(["parents"], settings(overrides))
        if found[1].table == "border_splits"
    ]
    queries = {check.name: suite.query(check) for check in suite.all_checks()}
    assert {name for name, query in queries.items() if returns_rows(small_lake, query)} == broken


def test_every_rule_is_broken_once():
    rules = {(table, check.name) for table, suite in SUITES.items() for check in suite.checks}
    rules |= {(t, "has_rows_where_called_for") for t, suite in SUITES.items() if suite.empty_unless}
    by_column = {(table, check.name) for table, check in BY_COLUMN}
    assert rules - by_column - set(BY_CHANGE) == set(TESTED_APART)
    assert set(BY_CHANGE) <= rules


def models_of(stage):
    """What the stage's yml says of each model."""
    return yaml.safe_load((PROJECT / f"models/{stage}/_{stage}__models.yml").read_text())["models"]


@pytest.mark.parametrize("stage", STAGES)
def test_every_table_of_a_stage_has_a_suite(stage):
    files = [p for p in (PROJECT / "models" / stage).iterdir() if p.suffix in (".sql", ".py")]
    tables = {path.stem for path in files if not NO_TABLE.search(path.read_text())}
    views = {
        model["name"]
        for model in models_of(stage)
        if model.get("config", {}).get("materialized") == "view"
    }
    with_suite = {suite.table for suite in STAGES[stage](settings())}
    assert tables - views - with_suite == set()


@pytest.mark.parametrize("stage", STAGES)
def test_every_suite_runs_in_dbt_build(stage):
    tested = {
        model["name"] for model in models_of(stage) if "passes_suite" in model.get("data_tests", [])
    }
    assert tested == {suite.table for suite in STAGES[stage](settings())}


def test_a_table_has_one_suite():
    tables = [suite.table for stage in STAGES for suite in STAGES[stage](settings())]
    assert sorted(tables) == sorted(set(tables))
