"""Scores of finders: taken whole, or refused with the row that is wrong."""

import duckdb
import pytest

from ingest.catalogues.score_file import KINDS, earlier_form
from ingest.catalogues.scores import forget_scores, ingest_scores, move_earlier_tables
from ingest.raw_tables import make_raw_tables
from store import lake
from store.failures import CommandError

GOOD = ["task,a,net,0.9", "task,b,net,0.2", "task,c,net,0.1"]
OF_RENDERS = ["render,host1/1,net,0.9", "render,host1/c,net,0.2", "render,host2/c,net,0.1"]


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
        connection.execute("create table training_sample as select '0001p000_2' as galaxy_id")
        make_raw_tables(connection)
        yield connection


@pytest.fixture
def scores_file(tmp_path):
    def write(lines, header="object_kind,object_id,finder,score", name="scores.csv"):
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    return write


def counts(connection):
    """Return how many scores of each finder and kind the lake has."""
    rows = connection.execute(
        "select finder, object_kind, count(*) from raw_finder_scores group by all"
    )
    return {row[:2]: row[2] for row in rows.fetchall()}


def test_scores_are_taken_and_replace_those_of_the_same_finder(bare_lake, scores_file):
    assert ingest_scores(bare_lake, scores_file(GOOD)) == (3, ["net"], ["task"])
    other = [line.replace("net", "vit") for line in GOOD]
    ingest_scores(bare_lake, scores_file(other))
    ingest_scores(bare_lake, scores_file(["task,a,net,0.5", *GOOD[1:]]))
    rows = bare_lake.execute(
        "select finder, sum(score) from raw_finder_scores group by 1 order by 1"
    )
    assert rows.fetchall() == [("net", pytest.approx(0.8)), ("vit", pytest.approx(1.2))]


def test_each_row_says_which_file_it_is_from(bare_lake, scores_file):
    file = scores_file(GOOD)
    ingest_scores(bare_lake, file)
    rows = bare_lake.execute("select distinct source_file from raw_finder_scores").fetchall()
    assert rows == [(str(file),)]


def test_a_file_may_hold_every_kind_of_object(bare_lake, scores_file):
    lines = [*GOOD, "galaxy,0001p000_1,net,0.1", "cutout,0001p000_2,net,0.7"]
    taken = ingest_scores(bare_lake, scores_file(lines))
    assert taken == (5, ["net"], ["cutout", "galaxy", "task"])
    ingest_scores(bare_lake, scores_file(["cutout,0001p000_2,net,0.6"]))
    assert counts(bare_lake) == {("net", "task"): 3, ("net", "galaxy"): 1, ("net", "cutout"): 1}


def test_scores_of_renders_take_the_place_of_those_of_tasks(bare_lake, scores_file):
    ingest_scores(bare_lake, scores_file(GOOD))
    assert ingest_scores(bare_lake, scores_file(OF_RENDERS)) == (3, ["net"], ["render"])
    assert counts(bare_lake) == {("net", "render"): 3}
    ingest_scores(bare_lake, scores_file(GOOD))
    assert counts(bare_lake) == {("net", "task"): 3}


def test_parquet_is_read_too(bare_lake, tmp_path):
    path = tmp_path / "scores.parquet"
    bare_lake.execute(
        "copy (select task_id as object_id, 'net' as finder, 0.5 as score from injections "
        f"where experiment_id = 'e') to '{path}'"
    )
    assert ingest_scores(bare_lake, path, "task") == (5, ["net"], ["task"])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([*GOOD, "task,z,net,0.1"], "row 4: z is not a task_id of injections"),
        ([*GOOD, "task,z,net,0.1", "task,y,net,0.1"], "(2 such rows)"),
        ([*GOOD, "task,a,net,0.3"], "row 4: a by net has a score already, in row 1"),
        ([*GOOD, "stamp,a,net,0.3"], "row 4: object_kind is stamp: it must be task, render, gal"),
        ([*GOOD, ",a,net,0.3"], "row 4: object_kind is None: it must be task, render, galaxy or c"),
        ([*GOOD, "render,host4/2,vit,0.3"], "row 4: host4/2 is not a render_id of injections"),
        ([*GOOD, "render,host1/1,net,0.3"], "net scored tasks and renders: give one of the two"),
        ([*GOOD, "galaxy,0001p000_2,net,0.3"], "is not a galaxy_id of negative_candidates"),
        ([*GOOD, "cutout,0001p000_1,net,0.3"], "is not a galaxy_id of training_sample"),
        (["task,a,net,nan", *GOOD[1:]], "row 1: the score of a by net is nan"),
        (["task,a,net,inf", *GOOD[1:]], "row 1: the score of a by net is inf"),
        (["task,a,net,high", *GOOD[1:]], "row 1: the score of a by net is high"),
        (["task,a,net,", *GOOD[1:]], "row 1: the score of a by net is None"),
        (["task,a,,0.4", *GOOD[1:]], "row 1: finder is empty"),
        (["task,,net,0.4", *GOOD[1:]], "row 1: the object's id is empty"),
        (GOOD[:2], "net scored 1 of the 2 usable controls of e"),
        (GOOD[:2], "without a score is task c"),
        (OF_RENDERS[:2], "net scored 1 of the 2 usable controls of e"),
        ([*GOOD, "task,x,net,0.4"], "net scored tasks of f, which has no usable control"),
        ([], "no rows"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_taken(bare_lake, scores_file, lines, said):
    with pytest.raises(CommandError) as refused:
        ingest_scores(bare_lake, scores_file(lines))
    assert said in str(refused.value)
    assert counts(bare_lake) == {}


@pytest.mark.parametrize(
    ("header", "missing"),
    [("task_id,model,score", "finder"), ("object_id,finder,score", "object_kind")],
)
def test_a_missing_column_is_named(bare_lake, scores_file, header, missing):
    file = scores_file(["a,net,0.9"], header=header)
    with pytest.raises(CommandError, match=f"no column '{missing}'"):
        ingest_scores(bare_lake, file)


@pytest.mark.parametrize("name", ["absent.csv", "scores.fits"])
def test_a_file_that_cannot_be_read_is_refused(bare_lake, scores_file, tmp_path, name):
    scores_file(GOOD, name="scores.fits")
    with pytest.raises(CommandError, match=name):
        ingest_scores(bare_lake, tmp_path / name)


def test_a_file_that_is_no_parquet_is_refused(bare_lake, scores_file):
    with pytest.raises(CommandError, match="cannot be read"):
        ingest_scores(bare_lake, scores_file(GOOD, name="scores.parquet"))


@pytest.mark.parametrize(
    ("header", "line", "kind"),
    [("task_id", None, "task"), ("galaxy_id", "0001p000_1,net,0.1", "galaxy")],
)
def test_files_of_earlier_versions_are_read(bare_lake, scores_file, header, line, kind):
    lines = [line] if line else [one.removeprefix("task,") for one in GOOD]
    file = scores_file(lines, header=f"{header},finder,score")
    assert earlier_form(bare_lake, file) == header
    assert ingest_scores(bare_lake, file) == (len(lines), ["net"], [kind])


def test_a_file_of_today_has_no_earlier_form(bare_lake, scores_file):
    assert earlier_form(bare_lake, scores_file(GOOD)) is None


def test_tables_of_earlier_versions_are_moved(bare_lake):
    bare_lake.execute(
        "create table finder_scores as select 'a' as task_id, 'net' as finder, 0.5e0 as score"
    )
    bare_lake.execute(
        "create table negative_scores as select 'g' as galaxy_id, 'net' as finder, 0.1e0 as score"
    )
    assert len(move_earlier_tables(bare_lake)) == 2
    assert counts(bare_lake) == {("net", "task"): 1, ("net", "galaxy"): 1}
    assert move_earlier_tables(bare_lake) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_stage_that_has_to_run_first_is_named(scores_file, kind):
    said = f"dbt build --select {KINDS[kind].made_by}"
    with duckdb.connect() as empty, pytest.raises(CommandError, match=said):
        ingest_scores(empty, scores_file([f"{kind},a,net,0.9"]))


def test_scores_of_one_finder_are_forgotten_and_others_stay(bare_lake, scores_file):
    both = GOOD + [line.replace("net", "vit") for line in GOOD]
    ingest_scores(bare_lake, scores_file(both))
    assert forget_scores(bare_lake, "net") == 3
    assert counts(bare_lake) == {("vit", "task"): 3}


def test_scores_of_one_kind_are_forgotten_and_others_stay(bare_lake, scores_file):
    ingest_scores(bare_lake, scores_file([*GOOD, "galaxy,0001p000_1,net,0.1"]))
    assert forget_scores(bare_lake, "net", "galaxy") == 1
    assert counts(bare_lake) == {("net", "task"): 3}
    with pytest.raises(CommandError, match="no scores of kind galaxy of 'net'"):
        forget_scores(bare_lake, "net", "galaxy")


def test_a_finder_without_scores_is_told_with_those_that_have(bare_lake, scores_file):
    with pytest.raises(CommandError, match="no scores of 'net', nor of any other finder"):
        forget_scores(bare_lake, "net")
    ingest_scores(bare_lake, scores_file(GOOD))
    with pytest.raises(CommandError, match="raw_finder_scores has no scores of 'nat', only of net"):
        forget_scores(bare_lake, "nat")


def test_scores_are_either_taken_or_forgotten(run, capsys):
    assert run("scores", "scores.csv", "--forget", "net") == 1
    assert "error: scores takes either a FILE or --forget FINDER" in capsys.readouterr().err


def test_a_kind_that_there_is_not_is_refused(run, capsys):
    assert run("scores", "scores.csv", "--kind", "stamp") == 1
    assert "--kind stamp: it must be task, render, galaxy or cutout" in capsys.readouterr().err


def test_the_command_takes_lists_and_forgets(run, capsys, query, scores_file):
    with lake.connect() as connection:
        connection.execute("create table negative_candidates as select 'g' as galaxy_id")
    assert run("scores") == 0
    assert "scores: none in the lake yet" in capsys.readouterr().out
    file = scores_file(["g,blind_snr,0.1"], header="galaxy_id,finder,score")
    assert run("scores", file, "--negatives") == 0
    said = capsys.readouterr().out
    assert "has the form of earlier versions (galaxy_id, finder, score): read as object_" in said
    assert "scores: 1 of blind_snr (galaxy); dbt build --select completeness uses them" in said
    assert run("scores") == 0
    assert "scores: blind_snr has 1 of kind galaxy" in capsys.readouterr().out
    assert run("scores", "--forget", "blind_snr", "--kind", "task") == 1
    assert run("scores", "--forget", "blind_snr") == 0
    assert "scores: 1 of blind_snr removed" in capsys.readouterr().out
    assert query("select count(*) from raw_finder_scores") == [(0,)]


def test_a_file_of_today_is_read_without_a_remark(run, capsys, scores_file):
    with lake.connect() as connection:
        connection.execute("create table training_sample as select 'g' as galaxy_id")
    assert run("scores", scores_file(["cutout,g,net,0.1"])) == 0
    assert "earlier versions" not in capsys.readouterr().out
