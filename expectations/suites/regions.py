"""Suites of the stage `regions`: split cells, bricks, regions, selections."""

import itertools

from expectations.seeds import seed_rows
from expectations.suite import (
    Check,
    Suite,
    always,
    among,
    between,
    equal,
    no_rows,
    same_rows,
)
from expectations.suites.rules import (
    SPLITS,
    all_splits_have_members,
    brick_name,
    sky_position,
    sql_list,
)
from expectations.suites.variants import counted_as, nested_counts
from store.project import Settings

VARIANT_COUNTS = tuple(f"n_lrg_{name}" for name in counted_as())
NESTED_COUNTS = tuple(f"n_lrg_{name}" for name in nested_counts())
SCORES = ("density", "n_lrg", "area_weighted", "psf_weighted")
WEIGHTS = ("w_psf", "w_depth", "w_ebv")


def suites(settings: Settings) -> tuple[Suite, ...]:
    """Return one suite per table of the stage."""
    return (
        _split_cells(settings),
        _brick_counts(),
        _bricks_with_region(settings),
        _region_metrics(settings),
        _region_selections(),
    )


def _split_cells(settings: Settings) -> Suite:
    n_cells = 12 * settings["split_nside"] ** 2
    return Suite(
        table="split_cells",
        grain="One row per HEALPix nested cell of the sky.",
        key=("cell",),
        columns=("split_u", "split"),
        checks=(
            same_rows("sky_is_covered_once", "cell", f"select range as cell from range({n_cells})"),
            always("split_u_is_a_draw", "split_u >= 0 and split_u < 1", column="split_u"),
            _split_follows_its_draw("split", settings),
            all_splits_have_members("split"),
            no_rows("blocks_have_the_shares_asked_for", _blocks_off_their_shares(settings)),
        ),
    )


def _blocks_off_their_shares(settings: Settings) -> str:
    """Return the query for blocks of cells whose splits are off their shares."""
    train, val = settings["split_train_fraction"], settings["split_val_fraction"]
    wanted = f"('train', {train}), ('val', {val}), ('test', {1 - train - val!r})"
    return f"""
        with blocks as (
            select cell // {settings["split_block_cells"]} as block, count(*) as n_cells,
                histogram(split) as n_of_split
            from {{batch}} group by block
        )
        select block, wanted.split, n_of_split[wanted.split] as observed
        from blocks cross join (values {wanted}) as wanted(split, fraction)
        where (abs(coalesce(observed, 0) - fraction * n_cells) < 1 + 1e-9) is not true
    """


def _split_follows_its_draw(column: str, settings: Settings) -> Check:
    train = settings["split_train_fraction"]
    not_test = train + settings["split_val_fraction"]
    return always(
        "split_follows_its_draw",
        f"{column} = case when split_u < {train} then 'train'"
        f" when split_u < {not_test!r} then 'val' else 'test' end",
        why="The one split: train, val, test by the draw of the cell.",
    )


def _brick_counts() -> Suite:
    return Suite(
        table="brick_counts",
        grain="One row per brick with sources.",
        key=("brickid",),
        columns=("n_sources", "n_gal", *VARIANT_COUNTS),
        checks=(
            _variants_are_nested("n_sources"),
            no_rows(
                "every_source_is_counted_in_its_brick",
                """
                select brickid, counted.n_sources, sources.n_sources as expected
                from {batch} as counted
                full join (
                    select brickid, count(*) as n_sources from stg_sources group by brickid
                ) as sources using (brickid)
                where counted.n_sources is distinct from sources.n_sources
                """,
            ),
        ),
    )


def _variants_are_nested(*others: str) -> Check:
    nested = " and ".join(
        f"{inner} <= {outer}"
        for inner, outer in itertools.pairwise((*NESTED_COUNTS, "n_gal", *others))
    )
    return always(
        "variants_are_nested",
        f"{NESTED_COUNTS[0]} >= 0 and {nested}",
        why="Each variant of the original lies in the next, the last one in the galaxies.",
    )


def _usable(settings: Settings) -> str:
    return (
        f"ebv <= {settings['brick_max_ebv_mag']}"
        f" and psfsize_r <= {settings['brick_max_psfsize_r_arcsec']}"
        f" and psfdepth_r >= {settings['brick_min_psfdepth_r_mag']}"
    )


def _bricks_with_region(settings: Settings) -> Suite:
    return Suite(
        table="bricks_with_region",
        grain="One row per usable brick.",
        key=("brickid",),
        columns=("brickname", "region_id", "brick_degree", "area_deg2", *VARIANT_COUNTS),
        checks=(
            *sky_position(),
            brick_name(),
            always("region_id_is_a_number", "region_id >= 0", column="region_id"),
            between("brick_degree", 0, 12),
            always("brick_passes_the_cuts", _usable(settings), why=_usable(settings)),
            _variants_are_nested(),
            always(
                "density_is_count_over_area",
                "abs(lrg_density_v3 * area_deg2 - n_lrg_v3) <= 1e-9 * greatest(n_lrg_v3, 1)",
            ),
            equal(
                "every_usable_brick_with_sources_is_there",
                "select count(*) from {batch}",
                f"select count(*) from stg_bricks where {_usable(settings)}"
                " and brickid in (select brickid from stg_sources)",
            ),
            *_one_cell_per_region(settings),
        ),
    )


def _one_cell_per_region(settings: Settings) -> tuple[Check, ...]:
    if not settings["regions_cut_by_cell"]:
        return ()
    query = "select region_id from {batch} group by all having count(distinct cell) <> 1"
    return (no_rows("region_lies_in_one_cell", query, why="So that it has one split."),)


def _region_metrics(settings: Settings) -> Suite:
    summed = {"n_bricks": "count(*)", "area_deg2": "sum(area_deg2)"}
    summed |= {f"{name}_total": f"sum({name})" for name in ("n_gal", *VARIANT_COUNTS)}
    return Suite(
        table="region_metrics",
        grain="One row per region.",
        key=("region_id",),
        columns=("region_split", "split_u", "compactness", *(f"score_{name}" for name in SCORES)),
        checks=(
            *(_sum_agrees(name, of_bricks) for name, of_bricks in summed.items()),
            *(between(weight, 0, 1) for weight in WEIGHTS),
            *(
                always(
                    f"score_{name}_is_a_number",
                    f"isfinite(score_{name}) and score_{name} >= 0",
                    column=f"score_{name}",
                )
                for name in SCORES
            ),
            among("region_split", SPLITS),
            _split_follows_its_draw("region_split", settings),
            all_splits_have_members("region_split"),
            *_one_split_per_cell(settings),
        ),
    )


def _sum_agrees(column: str, of_bricks: str) -> Check:
    return no_rows(
        f"{column}_is_that_of_the_bricks",
        f"""
        select region_id, regions.{column}, bricks.expected
        from {{batch}} as regions
        full join (
            select region_id, {of_bricks} as expected from bricks_with_region group by region_id
        ) as bricks using (region_id)
        where (abs(regions.{column} - bricks.expected) <= 1e-9 * bricks.expected) is not true
        """,
    )


def _one_split_per_cell(settings: Settings) -> tuple[Check, ...]:
    if not settings["regions_cut_by_cell"]:
        return ()
    query = "select cell from {batch} group by all having count(distinct region_split) <> 1"
    return (no_rows("cell_has_one_split", query),)


def _region_selections() -> Suite:
    sets = seed_rows("selection_sets")
    known = sql_list(row["selection_set_id"] for row in sets)
    return Suite(
        table="region_selections",
        grain="One row per selection set and region.",
        key=("selection_set_id", "region_id"),
        columns=("selection_strategy", "ranking_mode", "region_split", "region_rank"),
        checks=(
            among("selection_set_id", [row["selection_set_id"] for row in sets]),
            no_rows(
                "every_set_has_every_split",
                f"""
                select wanted.selection_set_id, wanted.split
                from (
                    select unnest([{known}]) as selection_set_id, split
                    from (select unnest([{sql_list(SPLITS)}]) as split)
                ) as wanted
                anti join {{batch}} as chosen
                    on wanted.selection_set_id = chosen.selection_set_id
                    and wanted.split = chosen.region_split
                """,
            ),
            no_rows(
                "region_has_its_own_split",
                "select chosen.region_id, chosen.region_split from {batch} as chosen"
                " left join region_metrics using (region_id)"
                " where chosen.region_split is distinct from region_metrics.region_split",
            ),
            no_rows(
                "ranks_count_up_by_score",
                """
                select selection_set_id, region_split, region_rank
                from (
                    select
                        *,
                        row_number() over (
                            partition by selection_set_id, region_split
                            order by
                                case ranking_mode
                                    when 'density' then score_density
                                    when 'n_lrg' then score_n_lrg
                                    when 'area_weighted' then score_area_weighted
                                    when 'psf_weighted' then score_psf_weighted
                                end desc,
                                region_id
                        ) as expected
                    from {batch}
                )
                where region_rank is distinct from expected
                """,
                why="1, 2, 3, ... within set and split, the best score first.",
            ),
            _within_quota(sets),
        ),
    )


def _within_quota(sets: list) -> Check:
    quotas = ", ".join(f"('{row['selection_set_id']}', {_quota(row)})" for row in sets)
    return no_rows(
        "no_set_takes_more_than_its_number",
        f"""
        select selection_set_id, region_split, count(*) as n_regions
        from {{batch}}
        inner join (values {quotas}) as quotas(selection_set_id, quota) using (selection_set_id)
        group by selection_set_id, region_split, quota
        having count(*) > quota
        """,
    )


def _quota(row: dict) -> int:
    numbers = ("n_best", "n_low_density", "n_mid_density", "n_high_density")
    return sum(int(row[name]) for name in numbers if row[name])
