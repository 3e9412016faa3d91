"""How many work at a time: one reading of ``DHS_WORKERS`` for all who ask."""

import os
import subprocess
import sys

import duckdb
import pytest

from ingest.embedded.build import write_survey
from ingest.transport import TransportSettings, open_source
from ingest.transport.network import n_workers
from store.dbt_plugin import limit_resources
from store.failures import CommandError
from store.workers import WORKERS_VARIABLE, chosen_workers, local_workers
from tests.places import PROJECT

SENTENCE = "DHS_WORKERS={}: give a whole number above 0"


def of_a_local_source(folder):
    return n_workers(open_source(str(folder), TransportSettings()))


def of_the_embedded_survey(folder):
    write_survey(folder / "survey", progress=False)


def of_dbt(folder):
    with duckdb.connect() as connection:
        limit_resources(connection)


@pytest.mark.parametrize("text", ["0", "many", "-1", "1.5", " ", "²"])
@pytest.mark.parametrize("ask", [of_a_local_source, of_the_embedded_survey, of_dbt])
def test_a_number_of_workers_that_is_none_is_said_in_the_same_words(
    tmp_path, monkeypatch, ask, text
):
    monkeypatch.setenv(WORKERS_VARIABLE, text)
    with pytest.raises(CommandError) as refused:
        ask(tmp_path)
    assert str(refused.value) == SENTENCE.format(text)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", None])
def test_without_a_number_there_are_as_many_as_cores(monkeypatch, text):
    monkeypatch.delenv(WORKERS_VARIABLE, raising=False)
    if text is not None:
        monkeypatch.setenv(WORKERS_VARIABLE, text)
    assert chosen_workers() is None
    assert 1 <= local_workers() <= os.cpu_count()


def test_a_number_is_taken_as_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv(WORKERS_VARIABLE, "7")
    assert chosen_workers() == local_workers() == of_a_local_source(tmp_path) == 7


def test_worker_processes_load_no_command_line_for_it():
    """The injection stage starts processes that import what they read the variable with."""
    code = "import sys; import store.workers; print('typer' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "False"
