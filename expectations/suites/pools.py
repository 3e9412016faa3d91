"""Suites of the stage `pools`: positives, negatives, training sample.

What they are made from is described by `expectations.suites.pool_steps`.
"""

import math

from expectations.independent.sky import ROUNDING_ARCSEC, near_pairs, pairs_across_splits
from expectations.seeds import reason_codes, seed_rows
from expectations.suite import (
    Check,
    Suite,
    always,
    among,
    equal,
    holds,
    no_rows,
    present,
    same_rows,
)
from expectations.suites.pool_steps import rule_set_limit, steps
from expectations.suites.rules import SPLITS, all_splits_have_members, brick_name, sky_position
from store.project import Settings

EXTENDED_TYPES = ("REX", "EXP", "DEV", "SER")
STAMP_PIX = 101  # Inchausti et al. 2025
# What the original pipeline's candidates had, under our names.
ORIGINAL_COLUMNS = (
    *("brickname", "ra", "dec", "type", "type_bin", "nobs_g", "nobs_r", "nobs_z", "nobs_z_bin"),
    *("flux_g", "flux_r", "flux_z", "flux_w1", "gmag", "rmag", "zmag", "w1mag", "gr", "rz", "zw1"),
    *("shape_r", "shape_e1", "shape_e2", "sersic", "psfsize_g", "psfsize_r", "psfsize_z"),
    *("psfdepth_g", "psfdepth_r", "psfdepth_z", "galdepth_g", "galdepth_r", "galdepth_z"),
    *("ebv", "maskbits", "fitbits"),
    *("mw_transmission_g", "mw_transmission_r", "mw_transmission_z"),
    *("healpix_64", "healpix_128", "split", "pool", "confuser_category", "sweep_file", "row_index"),
)


def suites(settings: Settings) -> tuple[Suite, ...]:
    """Return one suite per table of the stage."""
    return (
        *steps(settings),
        _positives(settings),
        _negative_candidates(settings),
        _negative_funnel(),
        _training_strata(settings),
        _training_sample(settings),
        _sham_hosts(settings),
    )


def _has_split_column() -> Check:
    return among("split", (*SPLITS, "buffer"))


def _positives(settings: Settings) -> Suite:
    radius = settings["pool_match_radius_arcsec"]
    return Suite(
        table="positives",
        grain="One row per known lens, matched or not.",
        key=("known_lens_id",),
        columns=("pos_name", "tier", "weight", "separation_arcsec", "healpix_64", "healpix_128"),
        checks=(
            *present("is_matched", "is_positive"),
            *present("tier", "sample_weight", when="is_positive"),
            _has_split_column(),
            always("reason_where_no_positive", "is_positive = (reason_code is null)"),
            among("reason_code", reason_codes(), when="reason_code is not null"),
            always(
                "only_lens_lists_give_positives",
                f"not is_cluster_list or {settings['pool_cluster_lists']}",
                when="is_positive",
                why="What only catalogues of clusters know is no lens of the scale of a galaxy.",
            ),
            always("positive_is_matched", "is_matched", when="is_positive"),
            always(
                "match_is_within_the_radius",
                f"separation_arcsec between 0 and {radius}",
                when="is_matched",
                why=f"At most {radius} arcsec.",
            ),
            no_rows(
                "source_is_matched_once",
                "select brickid, objid from {batch} where is_matched group by all having count(*) > 1",
                why="One lens, one source.",
            ),
            equal(
                "every_known_lens_is_there",
                "select count(*) from {batch}",
                "select count(*) from stg_known_lenses",
            ),
            _nearest_source_is_matched(radius),
            _no_near_source_is_overlooked(radius),
        ),
    )


def _lens_source_pairs(radius: float) -> str:
    """Return a query for the lenses and sources within the radius, by cubes."""
    return near_pairs(
        "select known_lens_id, ra, dec from stg_known_lenses",
        "select brickid, objid, ra, dec from stg_sources"
        " where ra between 0 and 360 and dec between -90 and 90",
        radius,
        "true",
    )


def _nearest_source_is_matched(radius: float) -> Check:
    chord = "sqrt(pow(left_x - right_x, 2) + pow(left_y - right_y, 2) + pow(left_z - right_z, 2))"
    return no_rows(
        "nearest_source_is_matched",
        f"with pairs as (select left_known_lens_id as known_lens_id,"
        f" 3600 * degrees(2 * asin({chord} / 2)) as other_arcsec"
        f" from ({_lens_source_pairs(radius)}))"
        " select {key}, separation_arcsec, other_arcsec"
        " from {batch} inner join pairs using (known_lens_id)"
        f" where is_matched and other_arcsec < separation_arcsec - {ROUNDING_ARCSEC}",
        why="No other source is nearer to the lens.",
    )


def _no_near_source_is_overlooked(radius: float) -> Check:
    return no_rows(
        "no_near_source_is_overlooked",
        f"with pairs as ({_lens_source_pairs(radius)})"
        " select {key} from {batch}"
        " where reason_code in ('no_source_in_radius', 'outside_bricks')"
        " and known_lens_id in (select left_known_lens_id from pairs)",
        why="A lens without a match has no source within the radius.",
    )


def _negative_candidates(settings: Settings) -> Suite:
    return Suite(
        table="negative_candidates",
        grain="One row per galaxy that may be a negative.",
        key=("galaxy_id",),
        columns=("brickid", "objid", *ORIGINAL_COLUMNS),
        checks=(
            *sky_position(),
            brick_name(),
            _has_split_column(),
            among("pool", ("N1", "N2")),
            among("type", EXTENDED_TYPES),
            always("confuser_has_a_category", "(pool = 'N2') = (confuser_category is not null)"),
            among(
                "confuser_category",
                {row["category"] for row in seed_rows("confuser_rules")},
                when="confuser_category is not null",
            ),
            *_brighter_than_the_limit(settings),
            _no_negative_near_a_lens("select {key}, ra, dec from {batch}", settings),
        ),
    )


def _brighter_than_the_limit(settings: Settings) -> tuple[Check, ...]:
    limit = rule_set_limit(settings, "z_mag_max")
    brighter = always("zmag_is_within_the_limit", f"zmag < {limit}", when="zmag is not null")
    if not rule_set_limit(settings, "is_positive_flux_required"):
        return (brighter,)
    return (brighter, *present("zmag"))


def _no_negative_near_a_lens(negatives: str, settings: Settings) -> Check:
    radius = rule_set_limit(settings, "exclusion_radius_arcsec")
    lenses = "select known_lens_id, ra, dec from stg_known_lenses"
    pairs = near_pairs(lenses, negatives, radius, "true")
    return no_rows(
        "no_negative_near_a_known_lens",
        f"select left_known_lens_id, right_galaxy_id from ({pairs})"
        " union all select null, 'there are no known lenses'"
        " where (select count(*) from stg_known_lenses) = 0",
        why=f"Known lenses are more than {radius} arcsec away.",
    )


def _negative_funnel() -> Suite:
    standing = "is_applied and not is_diagnostic"
    return Suite(
        table="negative_funnel",
        grain="One row per cut, and per band beside the cut on exposures.",
        key=("cut_name",),
        columns=("rule_set", "n_failing", "n_lost_if_applied"),
        checks=(
            *present("cut_order", "is_applied", "is_diagnostic", "n_in", "n_rejected", "n_out"),
            among("cut_name", [row["cut_name"] for row in seed_rows("pool_cuts")], when=standing),
            always("in_is_rejected_and_out", "n_in = n_rejected + n_out and n_rejected >= 0"),
            always("only_applied_cuts_reject", "n_rejected = 0", when="not is_applied"),
            always(
                "bands_have_their_failing",
                "n_failing between 0 and (select max(n_in) from {batch})",
                when="is_diagnostic",
            ),
            always(
                "options_have_their_loss",
                "n_lost_if_applied >= 0",
                when="not is_applied and not is_diagnostic",
            ),
            equal(
                "every_source_goes_in",
                "select n_in from {batch} where cut_order = 1",
                "select count(*) from stg_sources",
            ),
            equal(
                "every_candidate_comes_out",
                "select min(n_out) from {batch}",
                "select count(*) from negative_candidates",
            ),
            equal(
                "rejected_and_candidates_are_all_sources",
                "select (sum(n_rejected) + (select count(*) from negative_candidates))::bigint"
                " from {batch}",
                "select count(*) from stg_sources",
            ),
            no_rows(
                "out_goes_into_the_next_cut",
                "select cut_name from (select *, lag(n_out) over (order by cut_order) as before"
                " from {batch} where not is_diagnostic)"
                " where cut_order > 1 and n_in is distinct from before",
            ),
        ),
    )


def _training_strata(settings: Settings) -> Suite:
    ratio = settings["pool_negatives_per_positive"]
    return Suite(
        table="training_strata",
        grain="One row per stratum with a positive.",
        key=("stratum",),
        columns=("n_positives", "n1_available", "n2_available", "n_for_inspection"),
        checks=(
            always("target_follows_positives", f"n_target = {ratio} * n_positives"),
            always("target_is_two_parts", "n_target = n1_target + n2_target"),
            always("taken_and_short_are_the_target", "n1 + n2 + n_short = n_target"),
            always("taken_is_available", "n1 <= n1_available and n2 <= n2_available"),
            always(
                "short_only_without_supply",
                "n1 = n1_available",
                when="n_short > 0",
                why="Nothing is left in a pool that is short.",
            ),
            always(
                "reason_where_short",
                "(n_short > 0 or n_positives = 0) = (reason_code is not null)",
            ),
            among("reason_code", reason_codes(), when="reason_code is not null"),
            equal(
                "every_positive_is_in_a_stratum",
                "select sum(n_positives + n_positives_in_buffer)::bigint from {batch}",
                "select count(*) from positives where is_positive",
            ),
        ),
    )


def _training_sample(settings: Settings) -> Suite:
    negatives = "select {key}, ra, dec from {batch} where not is_lens"
    return Suite(
        table="training_sample",
        grain="One row per object.",
        key=("galaxy_id",),
        columns=("label", "sample_weight", "stratum", "sample_rank", "psf_bin", "depth_bin"),
        checks=(
            *sky_position(),
            brick_name(),
            among("split", SPLITS),
            all_splits_have_members("split"),
            among("pool", ("positive", "N1", "N2")),
            always("label_follows_pool", "label = (pool = 'positive')::integer"),
            always("sham_u1_is_a_draw", "sham_u1 > 0 and sham_u1 < 1"),
            always("weight_is_positive", "sample_weight > 0 and sample_weight <= 1"),
            holds("both_classes_are_there", "(select count(distinct label) from {batch}) = 2"),
            no_rows(
                "object_stands_once",
                "select brickid, objid from {batch} group by all having count(*) > 1",
                why="By catalogue key too: no object is in two splits or in both classes.",
            ),
            _no_negative_near_a_lens(negatives, settings),
            _no_positive_is_a_host(),
            *_no_pair_across_splits(settings),
            no_rows(
                "negatives_are_those_of_the_stratum",
                "select stratum from training_strata left join ("
                "select stratum, count(*) as n_taken from {batch} where not is_lens group by all)"
                " using (stratum)"
                " where coalesce(n_taken, 0) <> n1 + n2 and n_positives > 0",
            ),
            equal(
                "every_positive_outside_the_buffer_is_there",
                "select count(*) from {batch} where is_lens",
                "select count(*) from positives where is_positive and split <> 'buffer'",
            ),
        ),
    )


def _sham_hosts(settings: Settings) -> Suite:
    n_fetched = math.ceil((1 + settings["sham_spare_fraction"]) * settings["sham_objects"])
    hosts = (
        "select galaxy_id, sham_u1 from training_sample"
        " semi join task_bricks using (brickname) where not is_lens"
    )
    return Suite(
        table="sham_hosts",
        grain="One row per negative that the sham injection may use.",
        key=("galaxy_id",),
        columns=("brickname", "host_rank", "is_fetched", "size_pix"),
        empty_unless=hosts,
        checks=(
            *sky_position(),
            brick_name(),
            same_rows("hosts_are_the_negatives_in_bricks_with_tasks", "galaxy_id", hosts),
            equal(
                "ranks_go_from_one_to_the_last",
                "select coalesce(sum(host_rank), 0)::bigint from {batch}",
                "select coalesce(sum(range), 0)::bigint"
                " from range(1, (select count(*) + 1 from {batch}))",
            ),
            no_rows(
                "hosts_are_in_the_keyed_order",
                "select {key} from (select *, lag(sham_u1) over (order by host_rank) as before"
                f" from {{batch}} inner join ({hosts}) using (galaxy_id)) where before > sham_u1",
            ),
            always(
                "as_many_are_fetched_as_asked_for",
                f"is_fetched = (host_rank <= {n_fetched})",
                column="host_rank",
                why="As many as sham_objects and a few more, since some cutouts are not usable.",
            ),
            always(
                "square_is_that_of_a_cutout",
                f"size_pix = {settings['cutout_size_pix']}",
                column="size_pix",
            ),
        ),
    )


def _no_positive_is_a_host() -> Check:
    return no_rows(
        "no_positive_is_an_injected_host",
        "select {key} from {batch} semi join sampled_galaxies using (brickid, objid) where is_lens"
        " union all select 'there are no hosts to compare with'"
        " where (select count(*) from sampled_galaxies) = 0",
        why="A lens with an arc painted onto it is in neither class.",
    )


def _no_pair_across_splits(settings: Settings) -> tuple[Check, ...]:
    if settings["pool_rule_set"] == "original":  # its cells touch, and have no buffer
        return ()
    width = STAMP_PIX * settings["pixel_scale_arcsec"]
    return (
        no_rows(
            "no_pair_across_splits",
            pairs_across_splits("select {key}, ra, dec, split from {batch}", width),
            why=f"Objects of different splits are more than a stamp ({width:.1f} arcsec) apart.",
        ),
    )
