"""Every suite of `pools`: met by what dbt makes of the small catalogue, failed by each break of it."""

import dataclasses
import re

import duckdb
import pytest

from expectations.suites.pools import suites
from store.project import settings

SUITES = {suite.table: suite for suite in suites(settings("{pool_negatives_per_positive: 5}"))}
BY_COLUMN = [
    (table, check)
    for table, suite in SUITES.items()
    for check in suite.checks
    if check.column and check.when != f"{check.column} is not null"
]
A_POSITIVE = "where known_lens_id = (select min(known_lens_id) from positives where is_positive)"
A_MATCH = "where known_lens_id = (select min(known_lens_id) from positives where is_matched)"
A_NEGATIVE = "(select min(galaxy_id) from training_sample where not is_lens)"
A_LENS = "(select min(galaxy_id) from training_sample where is_lens)"
A_CONFUSER = "(select min(galaxy_id) from negative_candidates where pool = 'N2')"
ON_A_LENS = (
    "set ra = lens.ra, dec = lens.dec from (select ra, dec from stg_known_lenses"
    " order by known_lens_id limit 1) as lens where galaxy_id ="
)
A_BRICK = "where brickid = (select min(brickid) from brick_cells)"
A_REPRESENTATIVE = (
    "where (brickid, objid) = (select min((brickid, objid)) from candidate_pools where pool = 'N1')"
)
# {table: {check: change}}; a tuple also names the other checks that the change must break.
CHANGES = {
    "pool_rules": {
        "limits_are_those_of_the_seed": "ebv_max_mag = 0.3",
        "n1_types_are_some_of_the_types": "n1_types = ['REX', 'PSF']",
    },
    "brick_cells": {
        "bricks_are_those_of_the_survey": f"delete from brick_cells {A_BRICK}",
        "cell_in_range": f"cell = 768 {A_BRICK}",
    },
    "sources_near_lenses": {
        "separation_is_that_on_the_sky": "separation_arcsec = separation_arcsec / 2",
    },
    "cut_combinations": {
        "first_failed_cut_is_known": (
            "first_failed_cut = 'colour' where first_failed_cut = 'mask'",
            "options_are_judged_where_the_rest_is_passed",
        ),
        "options_are_judged_where_the_rest_is_passed": (
            "fails_latitude = null where rowid = (select min(rowid) from cut_combinations"
            " where first_failed_cut is null)"
        ),
        "every_source_is_in_one": "n_sources = n_sources + 1 where first_failed_cut is null",
    },
    "merger_partners": {
        "partner_is_another_source_as_the_rule_says": (
            "partner_separation_arcsec = partner_separation_arcsec / 2"
        ),
        "no_nearer_partner_is_overlooked": (
            "delete from merger_partners",
            "has_rows_where_called_for",
        ),
    },
    "candidate_pools": {
        "pool_is_known": f"pool = 'N3' {A_REPRESENTATIVE}",
        "confuser_has_a_category": ("pool = 'N1' where pool = 'N2' and type = 'REX'",),
        "confuser_category_is_known": (
            "confuser_category = 'odd', confuser_category_shape_aware = 'odd' where pool = 'N2'"
        ),
        "category_is_that_of_the_rule_set": "confuser_category_shape_aware = null where pool = 'N2'",
        "partner_is_another_galaxy_within_the_radius": "partner_separation_arcsec = 6",
        "partner_is_a_source": "partner_objid = -7 where partner_objid is not null",
        "type_of_n1_may_be_representative": f"type = 'PSF' {A_REPRESENTATIVE}",
        "every_source_that_passes_is_there": f"delete from candidate_pools {A_REPRESENTATIVE}",
    },
    "lens_matches": {
        "lenses_are_those_known": "delete from lens_matches where claimed_objid is null",
        "match_is_a_claim": (
            "claimed_objid = null where is_matched",
            "source_is_held_by_one_lens",
        ),
        "claim_is_to_the_nearest_source": "separation_arcsec = 0.5 where is_matched",
        "source_is_held_by_one_lens": "is_matched = false where is_matched",
    },
    "positives": {
        "reason_where_no_positive": f"reason_code = 'near_lens' {A_POSITIVE}",
        "reason_code_is_known": "reason_code = 'because' where reason_code is not null",
        "only_lens_lists_give_positives": f"is_cluster_list = true {A_POSITIVE}",
        "positive_is_matched": f"is_matched = false {A_POSITIVE}",
        "match_is_within_the_radius": (
            f"separation_arcsec = 5.1 {A_MATCH}",
            "nearest_source_is_matched",
        ),
        "source_is_matched_once": "brickid = 1000, objid = 1 where is_matched",
        "every_known_lens_is_there": f"delete from positives {A_MATCH}",
        "nearest_source_is_matched": f"separation_arcsec = separation_arcsec + 1e-3 {A_MATCH}",
        "no_near_source_is_overlooked": (
            "is_matched = false, is_positive = false, reason_code = 'no_source_in_radius'"
            f" {A_POSITIVE}"
        ),
    },
    "negative_candidates": {
        "confuser_has_a_category": f"confuser_category = null where galaxy_id = {A_CONFUSER}",
        "confuser_category_is_known": f"confuser_category = 'odd' where galaxy_id = {A_CONFUSER}",
        "zmag_is_within_the_limit": "zmag = 20.1",
        "no_negative_near_a_known_lens": (
            f"update negative_candidates {ON_A_LENS} (select min(galaxy_id) from negative_candidates)"
        ),
    },
    "negative_funnel": {
        "in_is_rejected_and_out": (
            "n_in = n_in + 1 where cut_name = 'latitude'",
            "out_goes_into_the_next_cut",
        ),
        "only_applied_cuts_reject": (
            "is_applied = false, n_lost_if_applied = 0 where cut_name = 'mask'"
        ),
        "bands_have_their_failing": "n_failing = null where is_diagnostic",
        "options_have_their_loss": "n_lost_if_applied = null",
        "every_source_goes_in": (
            "delete from stg_sources where objid = 1",
            "rejected_and_candidates_are_all_sources",
        ),
        "every_candidate_comes_out": (
            "delete from negative_candidates where objid % 2 = 0",
            "rejected_and_candidates_are_all_sources",
        ),
        "rejected_and_candidates_are_all_sources": (
            "n_rejected = n_rejected + 1, n_in = n_in + 1 where cut_name = 'mask'",
            "out_goes_into_the_next_cut",
        ),
        "out_goes_into_the_next_cut": (
            "n_in = n_in - 1, n_out = n_out - 1 where cut_name = 'mask'"
        ),
    },
    "training_strata": {
        "target_follows_positives": (
            "n_positives = n_positives + 1",
            "every_positive_is_in_a_stratum",
        ),
        "target_is_two_parts": "n1_target = n1_target + 1",
        "taken_and_short_are_the_target": (
            "n_short = n_short + 1",
            "short_only_without_supply",
            "reason_where_short",
        ),
        "taken_is_available": "n2_available = n2 - 1 where n2 > 0",
        "short_only_without_supply": (
            "n1 = n1 - 1, n_short = 1, reason_code = 'short_supply' where n_short = 0"
        ),
        "reason_where_short": "reason_code = 'short_supply' where n_short = 0",
        "reason_code_is_known": ("reason_code = 'because'", "reason_where_short"),
        "every_positive_is_in_a_stratum": "n_positives_in_buffer = n_positives_in_buffer + 1",
    },
    "training_sample": {
        "every_split_has_members": "split = 'train'",
        "label_follows_pool": "label = 1 - label",
        "weight_is_positive": f"sample_weight = 0 where galaxy_id = {A_LENS}",
        "sham_u1_is_a_draw": "sham_u1 = 1",
        "both_classes_are_there": ("label = 0", "label_follows_pool"),
        "object_stands_once": (
            "insert into training_sample by name select * replace ('again' as galaxy_id)"
            f" from training_sample where galaxy_id = {A_NEGATIVE}",
            "negatives_are_those_of_the_stratum",
        ),
        "no_negative_near_a_known_lens": f"update training_sample {ON_A_LENS} {A_NEGATIVE}",
        "no_positive_is_an_injected_host": (
            "insert into sampled_galaxies select brickid, objid from training_sample"
            f" where galaxy_id = {A_LENS}"
        ),
        "no_pair_across_splits": "split = ['train', 'val', 'test'][objid % 3 + 1]",
        "negatives_are_those_of_the_stratum": (
            f"delete from training_sample where galaxy_id = {A_NEGATIVE}"
        ),
        "every_positive_outside_the_buffer_is_there": (
            f"delete from training_sample where galaxy_id = {A_LENS}"
        ),
    },
    "sham_hosts": {
        "hosts_are_the_negatives_in_bricks_with_tasks": (
            "delete from sham_hosts",
            "has_rows_where_called_for",
        ),
        "ranks_go_from_one_to_the_last": (
            "host_rank = host_rank + 1 where host_rank = (select max(host_rank) from sham_hosts)"
        ),
        "hosts_are_in_the_keyed_order": "host_rank = 3 - host_rank where host_rank <= 2",
    },
}
BY_CHANGE = [(table, name) for table, changes in CHANGES.items() for name in changes]
TABLES = (
    *SUITES,
    "task_bricks",
    "stg_bricks",
    "stg_known_lenses",
    "stg_sources",
    "sampled_galaxies",
)


@pytest.fixture(scope="module")
def copies(paper_iv):
    """Copy what the suites look at, to be spoilt."""
    connection = duckdb.connect()
    for table in TABLES:
        connection.register("rows", paper_iv.lake.execute(f"from {table}").to_arrow_table())
        connection.execute(f"create table {table} as from rows")
    connection.execute("insert into sampled_galaxies values (1, -1)")
    return connection


@pytest.fixture
def spoilt(copies):
    """Give the copies in a transaction that is rolled back."""
    copies.execute("begin")
    yield copies
    copies.execute("rollback")


def broken(connection, table):
    """Return the names of the rules that a table breaks."""
    return broken_of(connection, SUITES[table])


@pytest.mark.parametrize("table", SUITES)
def test_tables_meet_their_suite(copies, table):
    assert broken(copies, table) == set()


@pytest.mark.parametrize(("table", "name"), BY_CHANGE)
def test_a_change_fails_the_rule_that_it_breaks(spoilt, table, name):
    change = CHANGES[table][name]
    statement, *also = (change,) if isinstance(change, str) else change
    if not re.match(r"(insert|delete|update) ", statement):
        statement = f"update {table} set {statement}"
    spoilt.execute(statement)
    assert broken(spoilt, table) == {name, *also}


def broken_basics(connection, table):
    """Return the same of columns and key alone."""
    return broken_of(connection, dataclasses.replace(SUITES[table], checks=()))


def broken_of(connection, suite):
    return {
        check.name
        for check in suite.all_checks()
        if connection.execute(f"from ({suite.query(check)}) limit 1").fetchone()
    }


@pytest.mark.parametrize("table", SUITES)
def test_a_null_in_the_key_fails(spoilt, table):
    not_null = [c for c in SUITES[table].key if c not in SUITES[table].nullable_key]
    for column in not_null:
        spoilt.execute(f"update {table} set {column} = null where rowid = 0")
    assert {f"{column}_is_not_null" for column in not_null} <= broken_basics(spoilt, table)


@pytest.mark.parametrize("table", SUITES)
def test_a_row_that_stands_twice_fails(spoilt, table):
    spoilt.execute(f"insert into {table} from {table} limit 1")
    assert "key_is_unique" in broken_basics(spoilt, table)


@pytest.mark.parametrize(("table", "check"), BY_COLUMN, ids=lambda v: getattr(v, "name", v))
def test_a_null_fails_the_rule_about_its_column(spoilt, table, check):
    spoilt.execute(f"update {table} set {check.column} = null where {check.when or 'true'}")
    assert check.name in broken(spoilt, table)


def test_every_rule_is_broken_once():
    rules = {(table, check.name) for table, suite in SUITES.items() for check in suite.checks}
    assert rules - {(table, check.name) for table, check in BY_COLUMN} == set(BY_CHANGE)
