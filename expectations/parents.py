"""Suites of the stage `parents`: the galaxies that arcs can be painted on, and the funnel to them."""

import itertools

from expectations.rules import (
    SPLITS,
    all_splits_have_members,
    brick_name,
    sky_position,
    sql_list,
)
from expectations.seeds import seed_rows
from expectations.settings import Settings
from expectations.sky import near_pairs, pairs_across_splits
from expectations.suite import Check, Suite, always, among, equal, no_rows, present

# The variants of the original, each inside the next; their cuts need only what is stored.
NESTED = (
    "v1_pure_massive",
    "v2_baseline_dr10",
    "v3_color_relaxed",
    "v4_mag_relaxed",
    "v5_very_relaxed",
)
COLOURS = {"rz": "rmag - zmag", "zw1": "zmag - w1mag"}
COLOURS |= {"rz_mw": "rmag_mw - zmag_mw", "zw1_mw": "zmag_mw - w1mag_mw"}


def suites(settings: Settings) -> tuple[Suite, ...]:
    """One suite per table of the stage."""
    return (_parent_galaxies(settings), _parent_funnel(settings))


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
            *(_flag_follows_its_cuts(variant, settings) for variant in NESTED),
            *_flags_are_nested(),
            *(_colour_is_a_difference(name, rule) for name, rule in COLOURS.items()),
            always("gmag_valid_says_so", "gmag_valid = (gmag is not null)", column="gmag_valid"),
            *_places(),
            *_split(settings),
            _no_unmarked_host_of_a_known_lens(settings),
        ),
    )


def _flag_follows_its_cuts(variant: str, settings: Settings) -> Check:
    """The flag agrees with the seed's cuts, evaluated on the stored magnitudes."""
    cuts = [row["expression"] for row in seed_rows("lrg_cuts") if row["variant"] == variant]
    rule = " and ".join(f"({cut})" for cut in cuts)
    suffix = "mag_mw" if _magnitudes_of(variant, settings) == "dereddened" else "mag"
    for band in ("g", "r", "z", "w1"):
        rule = rule.replace(f"{{{band}}}", f"{band}{suffix}")
    return always(f"is_{variant}_follows_its_cuts", f"is_{variant} = coalesce({rule}, false)")


def _magnitudes_of(variant: str, settings: Settings) -> str:
    if settings["lrg_magnitudes"] != "seed":
        return str(settings["lrg_magnitudes"])
    (row,) = (row for row in seed_rows("lrg_variants") if row["variant"] == variant)
    return row["magnitudes"]


def _flags_are_nested() -> tuple[Check, ...]:
    return tuple(
        always(f"{inner}_lies_in_{outer}", f"not is_{inner} or is_{outer}")
        for inner, outer in itertools.pairwise(NESTED)
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
    """Splits whose share of the galaxies is off by more than the tolerance.

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
