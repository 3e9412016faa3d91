"""Suites of the steps of the stage `pools`, up to its candidates."""

from expectations.independent.sky import (
    ROUNDING_ARCSEC,
    chord_arcsec,
    lens_separations_off,
    near_pairs,
)
from expectations.seeds import seed_rows
from expectations.suite import (
    Check,
    Suite,
    always,
    among,
    between,
    equal,
    no_rows,
    present,
    same_rows,
)
from store.project import Settings

N_SEARCHED_BRICKS = 20  # of which partners are looked for once more


def steps(settings: Settings) -> tuple[Suite, ...]:
    """Return one suite per table, in the order in which they are made."""
    return (
        _pool_rules(settings),
        _brick_cells(settings),
        _sources_near_lenses(settings),
        _cut_combinations(settings),
        _merger_partners(settings),
        _candidate_pools(settings),
        _lens_matches(settings),
    )


def rule_set_limit(settings: Settings, name: str) -> float:
    """Return a limit of the chosen rule set, from the seed."""
    return _limits(settings)[name]


def _limits(settings: Settings) -> dict[str, float]:
    return {
        row["limit_name"]: float(row["limit_value"])
        for row in seed_rows("pool_limits")
        if row["rule_set"] == settings["pool_rule_set"]
    }


def _pool_rules(settings: Settings) -> Suite:
    limits = _limits(settings)
    as_in_seed = " and ".join(f"{name} = {value!r}" for name, value in limits.items())
    flux_of_limit = f"pow(10, 0.4 * ({settings['ab_zp_nmgy']} - z_mag_max))"
    return Suite(
        table="pool_rules",
        grain="One row, the chosen rule set.",
        key=("rule_set",),
        columns=tuple(limits),
        checks=(
            among("rule_set", [settings["pool_rule_set"]]),
            among("confuser_rule_set", [settings["confuser_rule_set"]]),
            always("limits_are_those_of_the_seed", as_in_seed),
            always(
                "faintest_flux_is_that_of_the_limit",
                f"abs(flux_z_min_nmgy / {flux_of_limit} - 1) < 1e-12",
                column="flux_z_min_nmgy",
            ),
            always(
                "n1_types_are_some_of_the_types",
                "len(n1_types) > 0 and list_has_all(types, n1_types)",
            ),
        ),
    )


def _brick_cells(settings: Settings) -> Suite:
    last = 12 * settings["split_nside"] ** 2 - 1
    return Suite(
        table="brick_cells",
        grain="One row per brick.",
        key=("brickid",),
        columns=("cell",),
        checks=(
            same_rows(
                "bricks_are_those_of_the_survey", "brickid", "select brickid from stg_bricks"
            ),
            between("cell", 0, last, when="cell is not null"),
        ),
    )


def _sources_near_lenses(settings: Settings) -> Suite:
    radius = max(settings["pool_match_radius_arcsec"], settings["pool_widest_exclusion_arcsec"])
    return Suite(
        table="sources_near_lenses",
        grain="One row per source and known lens near it.",
        key=("brickid", "objid", "known_lens_id"),
        checks=(
            between("separation_arcsec", 0, radius),
            no_rows(
                "separation_is_that_on_the_sky",
                lens_separations_off(),
                why="Source and lens are in their tables, as far apart as the row says.",
            ),
        ),
    )


def _cut_combinations(settings: Settings) -> Suite:
    bands = settings["bands"]
    cuts = seed_rows("pool_cuts")
    flags = (
        *(f"fails_exposures_{band}" for band in bands),
        *(f"fails_{row['cut_name']}" for row in cuts if _is_option(row)),
    )
    standing = [row["cut_name"] for row in cuts if not _is_option(row)]
    of_standing = ", ".join(f"'{name}'" for name in standing)
    options = ", ".join(flags[len(bands) :])
    return Suite(
        table="cut_combinations",
        grain="One row per first failing cut, bands with few exposures and options failed.",
        key=("first_failed_cut", *flags),
        nullable_key=("first_failed_cut", *flags),
        columns=("n_sources",),
        checks=(
            always("sources_are_counted", "n_sources > 0", column="n_sources"),
            among(
                "first_failed_cut",
                [row["cut_name"] for row in cuts],
                when="first_failed_cut is not null",
            ),
            always(
                "options_are_judged_where_the_rest_is_passed",
                f"len(list_filter([{options}], option -> option is null))"
                f" = if(coalesce(first_failed_cut in ({of_standing}), false), len([{options}]), 0)",
            ),
            equal(
                "every_source_is_in_one",
                "select sum(n_sources)::bigint from {batch}",
                "select count(*) from stg_sources",
            ),
        ),
    )


def _is_option(cut: object) -> bool:
    return cut["is_optional"] == "true" and cut["cut_name"] != "n1_type"  # type: ignore[index]


def _merger_partners(settings: Settings) -> Suite:
    radius = settings["pool_merger_radius_arcsec"]
    found = _nearest_in_some_bricks(settings)
    return Suite(
        table="merger_partners",
        grain="One row per galaxy with another of like colour near it.",
        key=("brickid", "objid"),
        columns=("partner_brickid", "partner_objid", "partner_separation_arcsec"),
        empty_unless=found,
        checks=(
            *present("partner_brickid", "partner_objid"),
            between("partner_separation_arcsec", 0, radius),
            no_rows(
                "partner_is_another_source_as_the_rule_says",
                f"""
                select {{key}}, partner_brickid, partner_objid
                from {{batch}} as partners
                left join stg_sources as galaxy using (brickid, objid)
                left join stg_sources as partner
                    on partners.partner_brickid = partner.brickid
                    and partners.partner_objid = partner.objid
                where ({_are_alike(settings, "galaxy.", "partner.")}
                    and abs(partner_separation_arcsec - {chord_arcsec("galaxy", "partner")})
                        < {ROUNDING_ARCSEC}) is not true
                """,
                why="Of like colour and bright enough, as far away on the sky as the row says.",
            ),
            no_rows(
                "no_nearer_partner_is_overlooked",
                f"""
                select {{key}}, partner_separation_arcsec, nearest_arcsec
                from ({found}) left join {{batch}} using ({{key}})
                where (partner_separation_arcsec <= nearest_arcsec + {ROUNDING_ARCSEC}) is not true
                """,
                why=f"In {N_SEARCHED_BRICKS} bricks, always the same, that are searched again.",
            ),
        ),
    )


def _are_alike(settings: Settings, galaxy: str, partner: str) -> str:
    """Return the rule for partners as SQL on two prefixes of columns."""
    colour = "abs({1}{2}mag_mw - {1}{3}mag_mw - ({0}{2}mag_mw - {0}{3}mag_mw)) <= {4}"
    most = settings["pool_merger_max_colour_difference_mag"]
    return (
        f"({galaxy}brickid, {galaxy}objid) <> ({partner}brickid, {partner}objid)"
        f" and {colour.format(galaxy, partner, 'g', 'r', most)}"
        f" and {colour.format(galaxy, partner, 'r', 'z', most)}"
        f" and {partner}flux_z >= {settings['pool_merger_min_flux_ratio']} * {galaxy}flux_z"
    )


def _nearest_in_some_bricks(settings: Settings) -> str:
    """Return a query for the nearest partners in some bricks, by cubes."""
    galaxies = (
        "select brickid, objid, ra, dec, flux_z, gmag_mw, rmag_mw, zmag_mw"
        " from stg_sources semi join (select distinct brickid from stg_sources"
        f" order by md5(brickid::varchar) limit {N_SEARCHED_BRICKS}) using (brickid)"
        " cross join pool_rules"
        " where list_contains(types, type) and isfinite(flux_z)"
        f" and flux_z > {settings['pool_merger_min_flux_ratio']} * flux_z_min_nmgy"
        " and ra between 0 and 360 and dec between -90 and 90"
    )
    alike = _are_alike(settings, "left_spread.", "right_objects.")
    pairs = near_pairs(galaxies, galaxies, settings["pool_merger_radius_arcsec"], alike)
    chord = "sqrt(pow(left_x - right_x, 2) + pow(left_y - right_y, 2) + pow(left_z - right_z, 2))"
    return (
        "select left_brickid as brickid, left_objid as objid,"
        f" min(3600e0 * degrees(2e0 * asin({chord} / 2e0))) as nearest_arcsec"
        f" from ({pairs}) group by all"
    )


def _candidate_pools(settings: Settings) -> Suite:
    radius = settings["pool_merger_radius_arcsec"]
    return Suite(
        table="candidate_pools",
        grain="One row per source that passes every applied cut.",
        key=("brickid", "objid"),
        columns=("type", "pool", "confuser_category", "partner_objid"),
        checks=(
            among("pool", ("N1", "N2"), when="pool is not null"),
            always(
                "confuser_has_a_category",
                "coalesce(pool = 'N2', false) = (confuser_category is not null)",
            ),
            among(
                "confuser_category",
                [row["category"] for row in seed_rows("confuser_rules")],
                when="confuser_category is not null",
            ),
            always(
                "category_is_that_of_the_rule_set",
                "confuser_category is not distinct from"
                f" confuser_category_{settings['confuser_rule_set']}",
            ),
            *_partners(radius),
            no_rows(
                "type_of_n1_may_be_representative",
                "select {key}, type from {batch} cross join pool_rules"
                " where pool = 'N1' and list_contains(n1_types, type) is not true",
            ),
            equal(
                "every_source_that_passes_is_there",
                "select count(*) from {batch}",
                "select sum(n_sources)::bigint from cut_combinations where first_failed_cut is null",
            ),
        ),
    )


def _partners(radius: float) -> tuple[Check, ...]:
    there = "partner_objid is not null"
    return (
        always(
            "partner_is_another_galaxy_within_the_radius",
            f"partner_separation_arcsec between 0 and {radius}"
            " and (partner_brickid, partner_objid) <> (brickid, objid)",
            when=there,
        ),
        no_rows(
            "partner_is_a_source",
            "select {key}, partner_brickid, partner_objid from {batch} as galaxies"
            " anti join stg_sources as partners on galaxies.partner_brickid = partners.brickid"
            f" and galaxies.partner_objid = partners.objid where {there}",
        ),
    )


def _lens_matches(settings: Settings) -> Suite:
    radius = settings["pool_match_radius_arcsec"]
    return Suite(
        table="lens_matches",
        grain="One row per known lens.",
        key=("known_lens_id",),
        columns=("claimed_brickid", "claimed_objid", "separation_arcsec", "tier", "sample_weight"),
        checks=(
            *present("is_matched", "can_claim"),
            same_rows(
                "lenses_are_those_known",
                "known_lens_id",
                "select known_lens_id from stg_known_lenses",
            ),
            always("match_is_a_claim", "claimed_objid is not null", when="is_matched"),
            no_rows(
                "claim_is_to_the_nearest_source",
                f"""
                with nearest as (
                    select known_lens_id, min(separation_arcsec) as nearest_arcsec
                    from sources_near_lenses where separation_arcsec <= {radius} group by all
                )
                select {{key}}, separation_arcsec, nearest_arcsec
                from {{batch}} left join nearest using (known_lens_id)
                where separation_arcsec is distinct from if(can_claim, nearest_arcsec, null)
                """,
                why=f"Within {radius} arcsec, and none where there is none or the lens may not.",
            ),
            no_rows(
                "source_is_held_by_one_lens",
                "select claimed_brickid, claimed_objid from {batch} where claimed_objid is not null"
                " group by all having count_if(is_matched) <> 1",
                why="Of the lenses that claim it.",
            ),
        ),
    )
