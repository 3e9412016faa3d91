"""The stratified sample: who is taken, in which order, and what leaks would look like."""

import hashlib
import json

import duckdb
import pytest

from expectations.suites.pools import suites
from store.project import settings
from tests.models.pools.conftest import dbt


def draw(key, stream, seed=13):
    digest = hashlib.md5(f"{seed}|{key}|{stream}".encode()).hexdigest()
    return int(digest[:13], 16) / 2**52


def test_negatives_are_the_first_of_their_stratum_in_the_keyed_order(paper_iv):
    taken = {
        row[0] for row in paper_iv.rows("select galaxy_id from training_sample where not is_lens")
    }
    assert taken
    for stratum, n1, n2 in paper_iv.rows(
        "select stratum, n1, n2 from training_strata where n_positives > 0"
    ):
        for pool, n in (("N1", n1), ("N2", n2)):
            members = paper_iv.rows(
                "select brickid || '/' || objid, galaxy_id from pool_members"
                f" where stratum = '{stratum}' and pool = '{pool}' and split <> 'buffer'"
                " and not is_for_inspection"
            )
            members.sort(key=lambda member: draw(member[0], "negative_order"))
            assert {galaxy_id for _, galaxy_id in members} & taken == {
                galaxy_id for _, galaxy_id in members[:n]
            }


def test_negatives_that_an_earlier_finder_takes_for_lenses_are_marked_and_not_sampled(paper_iv):
    marked = paper_iv.rows(
        "select is_for_inspection, objid % 10 = 3, count(*) from negative_candidates group by all"
    )
    assert {row[:2] for row in marked} == {(True, True), (False, False)}
    ((n_sampled,),) = paper_iv.rows(
        "select count(*) from training_sample where not is_lens and objid % 10 = 3"
    )
    assert n_sampled == 0
    ((n_in_strata, n_marked),) = paper_iv.rows(
        "select (select sum(n_for_inspection) from training_strata), (select count(*) from"
        " pool_members where is_for_inspection and stratum in (select stratum from training_strata))"
    )
    assert n_in_strata == n_marked > 0


def test_hosts_of_the_sham_are_the_first_negatives_in_bricks_with_tasks(paper_iv):
    negatives = paper_iv.rows(
        "select brickid || '/' || objid, galaxy_id from training_sample"
        " where not is_lens and brickname not in ('1000m000', '1003m003')"
    )
    negatives.sort(key=lambda negative: draw(negative[0], "sham"))
    rows = paper_iv.rows("select galaxy_id, host_rank, is_fetched from sham_hosts order by 2")
    assert [row[:2] for row in rows] == [
        (galaxy_id, rank) for rank, (_, galaxy_id) in enumerate(negatives, 1)
    ]
    n_fetched = 1.5 * settings()["sham_objects"]
    assert [row[2] for row in rows] == [rank <= n_fetched for _, rank, _ in rows]
    assert rows


def test_buffer_objects_are_in_no_class(paper_iv):
    assert paper_iv.rows("select count(*) from training_sample where split = 'buffer'") == [(0,)]
    assert paper_iv.rows("select count(*) > 0 from pool_members where split = 'buffer'") == [
        (True,)
    ]


def test_positives_keep_the_weight_of_their_tier_and_negatives_have_one(original):
    rows = original.rows(
        "select distinct pool, tier, sample_weight from training_sample order by all"
    )
    assert set(rows) == {
        ("N1", None, 1.0),
        ("N2", None, 1.0),
        ("positive", "A", 1.0),
        ("positive", "B", 0.5),
    }


@pytest.mark.parametrize(
    ("settings_given", "message"),
    [
        ({"pool_rule_set": "orginal"}, "orginal"),
        ({"pool_earlier_finder": "scores_of_nobody"}, "scores_of_nobody"),
    ],
)
def test_choices_that_do_not_exist_are_refused_by_name(tmp_path, settings_given, message):
    run = dbt(["compile", "--select", "pools"], tmp_path, settings_given)
    assert run.returncode != 0
    assert message in run.stdout
    assert "Traceback" not in run.stdout


def check_named(name):
    chosen = settings(json.dumps({"pool_negatives_per_positive": 5}))
    for suite in suites(chosen):
        for check in suite.all_checks():
            if suite.table == "training_sample" and check.name == name:
                return suite.query(check).replace("{batch}", suite.table)
    raise AssertionError(f"no check called {name}")


# One leak each, planted into a copy of the sample.
LEAKS = {
    "object_stands_once": "insert into training_sample by name"
    " select * replace ('again' as galaxy_id, 'test' as split) from training_sample limit 1",
    "no_negative_near_a_known_lens": "update training_sample set ra = lens.ra, dec = lens.dec from"
    " (select ra, dec from stg_known_lenses limit 1) as lens where galaxy_id ="
    " (select galaxy_id from training_sample where not is_lens limit 1)",
    "no_positive_is_an_injected_host": "insert into sampled_galaxies"
    " select brickid, objid from training_sample where is_lens limit 1",
    "no_pair_across_splits": "insert into training_sample by name select * replace"
    " ('near' as galaxy_id, 'test' as split, dec + 20 / 3600e0 as dec)"
    " from training_sample where split = 'train' limit 1",
}


@pytest.fixture
def sample_copy(paper_iv):
    """What the leak checks look at, copied where it may be spoilt."""
    connection = duckdb.connect()
    for table in ("training_sample", "stg_known_lenses"):
        rows = paper_iv.lake.execute(f"select * from {table}").to_arrow_table()
        connection.register("rows", rows)
        connection.execute(f"create table {table} as select * from rows")
    connection.execute("create table sampled_galaxies as select 1 as brickid, -1 as objid")
    return connection


@pytest.mark.parametrize("name", LEAKS)
def test_leak_is_found(sample_copy, name):
    assert sample_copy.execute(check_named(name)).fetchall() == []
    sample_copy.execute(LEAKS[name])
    assert sample_copy.execute(check_named(name)).fetchall() != []


def test_leak_checks_do_not_pass_without_anything_to_compare_with(sample_copy):
    sample_copy.execute("delete from sampled_galaxies; delete from stg_known_lenses")
    for name in ("no_positive_is_an_injected_host", "no_negative_near_a_known_lens"):
        assert sample_copy.execute(check_named(name)).fetchall() != []
