"""Scores of finders: taken whole, or refused with the row that is wrong."""

import duckdb
import pytest

from ingest.catalogues.scores import OF_NEGATIVES, OF_TASKS, forget_scores, ingest_scores
from store import lake
from store.failures import CommandError

GOOD = ["a,net,0.9", "b,net,0.2", "c,net,0.1"]


@pytest.fixture
def bare_lake():
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table injections as
            from (values
                ('a', 'e', 'host1/1', false, true),
                ('b', 'e', 'host1/c', true, true),
                ('b2', 'e', 'host1/c', true, true),
                ('c', 'e', 'host2/c', true, true),
                ('d', 'e', 'host3/c', true, false),
                ('x', 'f', 'host4/1', false, true)
            ) as t(task_id, experiment_id, render_id, is_control, cutout_ok)
            """
        )
        connection.execute("create table negative_candidates as select '0001p000_1' as galaxy_id")
        yield connection


@pytest.fixture
def scores_file(tmp_path):
    def write(lines, header="task_id,finder,score", name="scores.csv"):
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    return write


def test_scores_are_taken_and_replace_those_of_the_same_finder(bare_lake, scores_file):
    assert ingest_scores(bare_lake, scores_file(GOOD), OF_TASKS) == (3, ["net"])
    other = [line.replace("net", "vit") for line in GOOD]
    ingest_scores(bare_lake, scores_file(other), OF_TASKS)
    ingest_scores(bare_lake, scores_file(["a,net,0.5", *GOOD[1:]]), OF_TASKS)
    rows = bare_lake.execute("select finder, sum(score) from finder_scores group by 1 order by 1")
    assert rows.fetchall() == [("net", pytest.approx(0.8)), ("vit", pytest.approx(1.2))]


def test_parquet_is_read_too(bare_lake, tmp_path):
    path = tmp_path / "scores.parquet"
    bare_lake.execute(
        "copy (select task_id, 'net' as finder, 0.5 as score from injections "
        f"where experiment_id = 'e') to '{path}'"
    )
    assert ingest_scores(bare_lake, path, OF_TASKS) == (5, ["net"])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([*GOOD, "z,net,0.1"], "row 4: z is not a task_id of injections"),
        ([*GOOD, "z,net,0.1", "y,net,0.1"], "(2 such rows)"),
        ([*GOOD, "a,net,0.3"], "row 4: a by net has a score already, in row 1"),
        (["a,net,nan", *GOOD[1:]], "row 1: the score of a by net is nan"),
        (["a,net,inf", *GOOD[1:]], "row 1: the score of a by net is inf"),
        (["a,net,high", *GOOD[1:]], "row 1: the score of a by net is high"),
        (["a,net,", *GOOD[1:]], "row 1: the score of a by net is None"),
        (["a,,0.4", *GOOD[1:]], "row 1: finder is empty"),
        ([",net,0.4", *GOOD[1:]], "row 1: task_id is empty"),
        (GOOD[:2], "net scored 1 of the 2 usable controls of e"),
        (GOOD[:2], "without a score is task c"),
        ([*GOOD, "x,net,0.4"], "net scored tasks of f, which has no usable control"),
        ([], "no rows"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_taken(bare_lake, scores_file, lines, said):
    with pytest.raises(CommandError) as refused:
        ingest_scores(bare_lake, scores_file(lines), OF_TASKS)
    assert said in str(refused.value)
    tables = {row[0] for row in bare_lake.execute("show tables").fetchall()}
    assert "finder_scores" not in tables


def test_a_missing_column_is_named(bare_lake, scores_file):
    file = scores_file(GOOD, header="task_id,model,score")
    with pytest.raises(CommandError, match="no column 'finder'"):
        ingest_scores(bare_lake, file, OF_TASKS)


@pytest.mark.parametrize("name", ["absent.csv", "scores.fits"])
def test_a_file_that_cannot_be_read_is_refused(bare_lake, scores_file, tmp_path, name):
    scores_file(GOOD, name="scores.fits")
    with pytest.raises(CommandError, match=name):
        ingest_scores(bare_lake, tmp_path / name, OF_TASKS)


def test_a_file_that_is_no_parquet_is_refused(bare_lake, scores_file):
    with pytest.raises(CommandError, match="cannot be read"):
        ingest_scores(bare_lake, scores_file(GOOD, name="scores.parquet"), OF_TASKS)


def test_negatives_must_be_candidates(bare_lake, scores_file):
    header = "galaxy_id,finder,score"
    file = scores_file(["0001p000_1,net,0.1"], header=header)
    assert ingest_scores(bare_lake, file, OF_NEGATIVES) == (1, ["net"])
    with pytest.raises(CommandError, match="is not a galaxy_id of negative_candidates"):
        ingest_scores(bare_lake, scores_file(["0001p000_2,net,0.1"], header=header), OF_NEGATIVES)


def test_the_stage_that_has_to_run_first_is_named(scores_file):
    with duckdb.connect() as empty, pytest.raises(CommandError, match="dbt build --select injec"):
        ingest_scores(empty, scores_file(GOOD), OF_TASKS)


def test_scores_of_one_finder_are_forgotten_and_others_stay(bare_lake, scores_file):
    both = GOOD + [line.replace("net", "vit") for line in GOOD]
    ingest_scores(bare_lake, scores_file(both), OF_TASKS)
    assert forget_scores(bare_lake, "net", OF_TASKS) == 3
    rows = bare_lake.execute("select finder, count(*) from finder_scores group by 1").fetchall()
    assert rows == [("vit", 3)]


def test_scores_of_negatives_are_forgotten_apart_from_those_of_tasks(bare_lake, scores_file):
    ingest_scores(bare_lake, scores_file(GOOD), OF_TASKS)
    file = scores_file(["0001p000_1,net,0.1"], header="galaxy_id,finder,score")
    ingest_scores(bare_lake, file, OF_NEGATIVES)
    assert forget_scores(bare_lake, "net", OF_NEGATIVES) == 1
    assert bare_lake.execute("select count(*) from finder_scores").fetchall() == [(3,)]
    assert bare_lake.execute("select count(*) from negative_scores").fetchall() == [(0,)]


def test_a_finder_without_scores_is_told_with_those_that_have(bare_lake, scores_file):
    with pytest.raises(CommandError, match="no scores of 'net', nor of any other finder"):
        forget_scores(bare_lake, "net", OF_TASKS)
    ingest_scores(bare_lake, scores_file(GOOD), OF_TASKS)
    with pytest.raises(CommandError, match="finder_scores has no scores of 'nat', only of net"):
        forget_scores(bare_lake, "nat", OF_TASKS)


@pytest.mark.parametrize("arguments", [(), ("scores.csv", "--forget", "net")])
def test_scores_are_either_taken_or_forgotten(run, capsys, arguments):
    assert run("scores", *arguments) == 1
    assert "error: scores takes either a FILE or --forget FINDER" in capsys.readouterr().err


def test_the_command_forgets_in_the_lake(run, capsys, query, scores_file):
    with lake.connect() as connection:
        connection.execute("create table negative_candidates as select 'g' as galaxy_id")
    file = scores_file(["g,blind_snr,0.1"], header="galaxy_id,finder,score")
    assert run("scores", file, "--negatives") == 0
    assert run("scores", "--forget", "blind_snr") == 1
    assert "finder_scores has no scores of 'blind_snr'" in capsys.readouterr().err
    assert run("scores", "--forget", "blind_snr", "--negatives") == 0
    assert "scores: 1 of blind_snr removed" in capsys.readouterr().out
    assert query("select count(*) from negative_scores") == [(0,)]
