"""Suites of the stage `parents`: galaxies to paint arcs on, their funnel."""

import itertools

from expectations.independent.sky import lens_separations_off, near_pairs, pairs_across_splits
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
from expectations.suites.rules import (
    SPLITS,
    all_splits_have_members,
    brick_name,
    sky_position,
    sql_list,
)
from expectations.suites.variants import cuts_of, nested_variants, variants
from store.project import Settings

COLOURS = {"rz": "rmag - zmag", "zw1": "zmag - w1mag"}
COLOURS |= {"rz_mw": "rmag_mw - zmag_mw", "zw1_mw": "zmag_mw - w1mag_mw"}


def suites(settings: Settings) -> tuple[Suite, ...]:
    """Return one suite per table of the stage."""
    return (
        _brick_selections(settings),
        _parent_sources(settings),
        _border_splits(settings),
        _lens_neighbours(settings),
        _parent_galaxies(settings),
        _parent_funnel(settings),
    )


SELECTED_BRICKS = (
    "select brickid from bricks_with_region"
    " where region_id in (select region_id from region_selections)"
)


def _brick_selections(settings: Settings) -> Suite:
    rule = cuts_of(settings["parent_variant"], settings)
    return Suite(
        table="brick_selections",
        grain="One row per brick and first cut that its sources fail.",
        key=("brickid", "failed_cut"),
        columns=("n_sources", "passed"),
        checks=(
            always("a_row_counts_sources", "n_sources > 0"),
            always(
                "passed_sources_are_listed_and_no_others",
                "case failed_cut when 0 then len(passed) = n_sources else passed is null end",
            ),
            equal(
                "every_source_is_judged_once",
                "select sum(n_sources)::bigint from {batch}",
                "select count(*) from stg_sources",
            ),
            equal(
                "sources_that_pass_are_those_of_the_seed",
                "select sum(n_sources)::bigint from {batch} where failed_cut = 0",
                f"select count(*) from stg_sources where {rule}",
                why="The cuts are those of the seed, put together again.",
            ),
        ),
    )


def _parent_sources(settings: Settings) -> Suite:
    rule = cuts_of(settings["parent_variant"], settings)
    return Suite(
        table="parent_sources",
        grain="One row per source that passes every cut.",
        key=("brickid", "objid"),
        columns=("ra", "dec"),
        checks=(
            same_rows(
                "every_source_that_passes_is_there_and_no_other",
                "brickid, objid",
                f"select brickid, objid from stg_sources where {rule}"
                f" and brickid in ({SELECTED_BRICKS})",
                why="The cuts are those of the seed, put together again.",
            ),
            no_rows(
                "position_is_that_of_the_source",
                "select {key} from {batch} as parents inner join stg_sources using (brickid, objid)"
                " where (parents.ra, parents.dec) is distinct from (stg_sources.ra, stg_sources.dec)",
            ),
        ),
    )


def _border_splits(settings: Settings) -> Suite:
    return Suite(
        table="border_splits",
        grain="One row per parent galaxy of a brick that may touch a border of cells.",
        key=("brickid", "objid"),
        columns=("region_split",),
        checks=(
            among("region_split", (*SPLITS, "buffer")),
            no_rows(
                "galaxy_is_a_source",
                "select {key} from {batch} anti join stg_sources using (brickid, objid)",
            ),
            no_rows(
                "brick_is_at_a_border",
                "select {key} from {batch} anti join "
                f"({_bricks_at_borders(settings)}) as bricks using (brickid)",
                why="A usable brick of a selected region that does not lie in one cell whole.",
            ),
            no_rows(
                "every_galaxy_of_a_border_brick_is_there",
                f"{_galaxies_at_borders(settings)} anti join {{batch}} using (brickid, objid)",
            ),
        ),
        empty_unless=_galaxies_at_borders(settings),
    )


def _bricks_at_borders(settings: Settings) -> str:
    is_at_border = "not is_inside_cell" if settings["regions_cut_by_cell"] else "false"
    return f"{SELECTED_BRICKS} and {is_at_border}"


def _galaxies_at_borders(settings: Settings) -> str:
    return (
        "select brickid, objid from parent_sources"
        f" semi join ({_bricks_at_borders(settings)}) as bricks using (brickid)"
    )


def _lens_neighbours(settings: Settings) -> Suite:
    radius = settings["known_lens_radius_arcsec"]
    return Suite(
        table="lens_neighbours",
        grain="One row per known lens and parent galaxy near it.",
        key=("brickid", "objid", "known_lens_id"),
        columns=("separation_arcsec",),
        checks=(
            between("separation_arcsec", 0, radius),
            no_rows(
                "lens_is_known",
                "select {key} from {batch} anti join stg_known_lenses using (known_lens_id)",
            ),
            no_rows("separation_is_that_on_the_sky", lens_separations_off()),
            no_rows(
                "brick_is_in_a_selected_region",
                "select {key} from {batch} left join bricks_with_region using (brickid)"
                " where (region_id in (select region_id from region_selections)) is not true",
            ),
        ),
        empty_unless=near_pairs(
            "select known_lens_id, ra, dec from stg_known_lenses",
            "select brickid, ra, dec from parent_sources",
            radius,
            "true",
        ),
    )


def _parent_galaxies(settings: Settings) -> Suite:
    return Suite(
        table="parent_galaxies",
        grain="One row per galaxy of the parent variant.",
        key=("brickid", "objid"),
        columns=("brickname", "region_id", "rmag", "zmag", "w1mag", "maskbits", "type"),
        checks=(
            *sky_position(),
            brick_name(),
            *present("region_id", "rmag", "zmag", "w1mag", "is_near_known_lens"),
            always("galaxy_is_no_point", "type not in ('PSF', 'DUP')", column="type"),
            always("galaxy_is_of_the_parent_variant", f"is_{settings['parent_variant']}"),
            _flags_follow_their_cuts(settings),
            *_flags_are_nested(),
            *(_colour_is_a_difference(name, rule) for name, rule in COLOURS.items()),
            always("gmag_valid_says_so", "gmag_valid = (gmag is not null)", column="gmag_valid"),
            *_places(),
            *_split(settings),
            _no_unmarked_host_of_a_known_lens(settings),
            no_rows(
                "marked_galaxies_are_the_neighbours",
                "select brickid, objid, is_near_known_lens"
                " from {batch} full join (select distinct brickid, objid, true as is_neighbour"
                " from lens_neighbours) using (brickid, objid)"
                " where is_near_known_lens is distinct from coalesce(is_neighbour, false)",
            ),
        ),
    )


def _flags_follow_their_cuts(settings: Settings) -> Check:
    """Compare every flag with the seed's cuts, evaluated on its source."""
    judged = ", ".join(
        f"struct_pack(variant := '{variant}', flag := is_{variant},"
        f" expected := coalesce({cuts_of(variant, settings)}, false))"
        for variant in variants()
    )
    return no_rows(
        "flags_follow_their_cuts",
        f"""
        select {{key}}, variant
        from (
            select brickid, objid, unnest([{judged}], recursive := true)
            from stg_sources
            inner join (select brickid, objid, columns('is_.*') from {{batch}}) as galaxies
                using (brickid, objid)
        )
        where flag is distinct from expected
        """,
        why="The cuts are those of the seed, put together again.",
    )


def _flags_are_nested() -> tuple[Check, ...]:
    return tuple(
        always(f"{inner}_lies_in_{outer}", f"not is_{inner} or is_{outer}")
        for inner, outer in itertools.pairwise(nested_variants())
    )


def _colour_is_a_difference(name: str, rule: str) -> Check:
    return always(
        f"{name}_is_a_difference",
        f"case when {rule} is null then {name} is null else abs({name} - ({rule})) < 1e-9 end",
        why=f"{name} = {rule}",
    )


def _places() -> tuple[Check, ...]:
    return (
        no_rows(
            "galaxy_is_in_the_region_of_its_brick",
            "select {key}, galaxies.region_id from {batch} as galaxies"
            " left join bricks_with_region using (brickid)"
            " where galaxies.region_id is distinct from bricks_with_region.region_id",
        ),
        no_rows(
            "region_is_selected",
            "select {key}, region_id from {batch}"
            " where region_id not in (select region_id from region_selections)",
        ),
    )


def _split(settings: Settings) -> tuple[Check, ...]:
    in_use = sql_list(SPLITS)
    radius = settings["split_buffer_arcsec"]
    checks: tuple[Check, ...] = (
        among("region_split", (*SPLITS, "buffer")),
        all_splits_have_members("region_split"),
        no_rows("split_fractions_are_as_asked", _split_fractions(settings)),
    )
    if not settings["regions_cut_by_cell"]:  # the original's regions touch, and have no buffer
        return checks
    objects = (
        "select {key}, ra, dec, region_split as split from {batch}"
        f" where region_split in ({in_use})"
    )
    pairs = no_rows(
        "no_pair_across_splits",
        pairs_across_splits(objects, radius),
        why=f"Galaxies of different splits are more than {radius} arcsec apart.",
    )
    return (*checks, pairs)


def _split_fractions(settings: Settings) -> str:
    """Return the query for splits whose share of the galaxies is off.

    A cell goes to a split whole, so with few cells the shares scatter; then four standard
    deviations of that scatter are allowed, sqrt(f (1 - f) sum of squared shares of the cells).
    """
    train, val = settings["split_train_fraction"], settings["split_val_fraction"]
    wanted = f"('train', {train}), ('val', {val}), ('test', {1 - train - val!r})"
    return f"""
        with cells as (
            select cell, region_split, count(*) as n_galaxies
            from {{batch}} inner join bricks_with_region using (brickid)
            where region_split in ({sql_list(SPLITS)})
            group by all
        ),
        cell_shares as (
            select cell, sum(n_galaxies) / sum(sum(n_galaxies)) over () as share
            from cells group by cell
        ),
        scatter as (
            select sqrt(sum(share * share)) as scatter, count(*) as n_cells from cell_shares
        ),
        shares as (
            select split, fraction, coalesce(sum(n_galaxies), 0)
                / sum(coalesce(sum(n_galaxies), 0)) over () as share
            from (values {wanted}) as wanted(split, fraction)
            left join cells on cells.region_split = wanted.split
            group by split, fraction
        )
        select split, fraction, share
        from shares cross join scatter
        where (
            abs(share - fraction) <= {settings["split_fraction_tolerance"]}
            or n_cells < {settings["split_fraction_min_cells"]}
            and abs(share - fraction) <= 4 * scatter * sqrt(fraction * (1 - fraction))
        ) is not true
    """


def _no_unmarked_host_of_a_known_lens(settings: Settings) -> Check:
    return no_rows(
        "galaxy_near_a_known_lens_is_marked",
        near_pairs(
            "select known_lens_id, ra, dec from stg_known_lenses",
            "select {key}, ra, dec, is_near_known_lens from {batch}",
            settings["known_lens_radius_arcsec"],
            "(right_objects.is_near_known_lens) is not true",
        ),
        why="Known lenses are no injection hosts.",
    )


def _parent_funnel(settings: Settings) -> Suite:
    variant = settings["parent_variant"]
    return Suite(
        table="parent_funnel",
        grain="One row per cut and group of bricks.",
        key=("brick_group", "cut_order"),
        columns=("parent_variant", "cut_name"),
        checks=(
            among("parent_variant", [variant]),
            *present("cut_name"),
            always("in_is_cut_and_out", "n_in = n_cut + n_out and n_cut >= 0 and n_out >= 0"),
            no_rows(
                "out_goes_into_the_next_cut",
                """
                select brick_group, cut_order
                from (
                    select *, lag(n_out) over (
                        partition by brick_group order by cut_order
                    ) as n_out_before
                    from {batch}
                )
                where cut_order > 1 and n_in is distinct from n_out_before
                """,
            ),
            equal(
                "every_source_goes_in",
                "select sum(n_in)::bigint from {batch} where cut_order = 1",
                "select count(*) from stg_sources",
            ),
            equal(
                "every_parent_comes_out",
                "select sum(n_out)::bigint from {batch}"
                " where cut_order = (select max(cut_order) from {batch})",
                "select count(*) from parent_galaxies",
            ),
        ),
    )
