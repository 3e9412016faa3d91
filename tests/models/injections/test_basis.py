"""Measurements are joined to the systems that were measured, and to no others."""

import duckdb
import pytest

from store import lake
from tests.models.catalogue.rendering import macros


@pytest.fixture
def connection(own_lake):
    """A lake with a table of systems, and a view that needs the measured ones."""
    module = macros("injection_basis.sql", target={"database": "lake", "schema": "main"})
    session = lake.connect()
    session.execute("create table systems as select 1 as render_id")
    session.execute(module.remember_systems())
    session.execute(
        "create view measured as select render_id from systems"
        f" inner join ({module.measured_systems_are_current()}) as manifest on manifest.is_current"
    )
    with session:
        yield session


def test_the_systems_that_were_measured_are_shown(connection):
    assert connection.sql("from measured").fetchall() == [(1,)]


def test_systems_that_were_built_anew_are_an_error_that_says_what_to_run(connection):
    connection.execute("create or replace table systems as select 1 as render_id")
    with pytest.raises(duckdb.Error, match="run dbt build --select coadds injections"):
        connection.sql("select count(*) from measured").fetchall()


def test_a_reader_without_dbt_gets_the_same_answers(connection, own_lake):
    with lake.connect(read_only=True) as reader:
        assert reader.sql("select count(*) from measured").fetchall() == [(1,)]
    connection.execute("drop table systems")
    connection.execute("create table systems as select 2 as render_id")
    with lake.connect(read_only=True) as reader, pytest.raises(duckdb.Error, match="changed"):
        reader.sql("from measured").fetchall()
