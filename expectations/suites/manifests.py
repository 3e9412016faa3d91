"""Suites of the stage `manifests`, except for tasks and hosts.

Those are in `expectations.suites.tasks` and `expectations.suites.hosts`.
"""

from collections import Counter
from math import prod

from expectations.independent.sky import pairs_across_splits
from expectations.seeds import seed_rows
from expectations.suite import (
    Check,
    Suite,
    always,
    among,
    between,
    equal,
    holds,
    no_rows,
    present,
    same_rows,
)
from expectations.suites.hosts import (
    host_candidates,
    host_configs,
    in_condition_bins,
    systems,
)
from expectations.suites.rules import SPLITS, brick_name, sql_list
from expectations.suites.tasks import THETA_E_MAX_ARCSEC, injection_tasks
from store.project import Settings

GRID_AXES = ("theta_e_arcsec", "src_dmag", "src_reff_arcsec", "src_e", "shear")


def suites(settings: Settings) -> tuple[Suite, ...]:
    """Return one suite per table of the stage."""
    return (
        _injection_configs(),
        _experiments(settings),
        host_candidates(settings),
        _sampled_galaxies(settings),
        _bin_quotas(settings),
        host_configs(settings),
        systems(settings),
        injection_tasks(settings),
        _experiment_mixture(),
        _task_bricks(),
    )


def _injection_configs() -> Suite:
    return Suite(
        table="injection_configs",
        grain="One row per grid point, and one per prior.",
        key=("config_id",),
        columns=("grid", "config_index", "n_configs", "is_prior", *GRID_AXES),
        checks=(
            *present("grid", "config_index", "is_prior"),
            no_rows(
                "configs_of_a_grid_count_up",
                "select grid, config_index from (select *, row_number() over ("
                " partition by grid order by config_index) as expected from {batch})"
                " where config_index is distinct from expected",
            ),
            same_rows(
                "grids_have_their_points",
                "grid, n_configs",
                f"select * from (values {_grid_sizes()}) as sizes(grid, n_configs)",
                why="The product of the axes in the seed grid_axes; a prior is one config.",
            ),
            no_rows(
                "n_configs_is_their_number",
                "select grid from (select *, count(*) over (partition by grid) as n from {batch})"
                " where n_configs is distinct from n",
            ),
            between("theta_e_arcsec", 0.01, THETA_E_MAX_ARCSEC, when="not is_prior"),
            always("src_reff_is_positive", "src_reff_arcsec > 0", when="not is_prior"),
            between("src_e", 0, 0.95, when="not is_prior"),
            between("shear", 0, 0.5, when="not is_prior"),
            always(
                "prior_has_no_point",
                "coalesce(theta_e_arcsec, src_dmag, src_reff_arcsec, src_e, shear) is null",
                when="is_prior",
            ),
        ),
    )


def _grid_sizes() -> str:
    per_axis = Counter((row["grid"], row["axis"]) for row in seed_rows("grid_axes"))
    grids = dict.fromkeys(grid for grid, _ in per_axis)
    sizes = {grid: prod(per_axis[grid, axis] for axis in GRID_AXES) for grid in grids}
    sizes |= {row["prior"]: 1 for row in seed_rows("priors")}
    return ", ".join(f"('{grid}', {size})" for grid, size in sizes.items())


def _experiments(settings: Settings) -> Suite:
    sizes = ", ".join(str(size) for size in settings["stamp_sizes"])
    bandsets = sql_list(settings["bandsets"])
    return Suite(
        table="experiments",
        grain="One row per experiment, with every setting that made it.",
        key=("experiment_id",),
        columns=("tier", "grid", "control_pairing", "control_frac", "selection_set_ids"),
        checks=(
            always(
                "experiment_id_says_what_it_is",
                "experiment_id = tier || '_stamp' || stamp_size || '_bands' || bandset"
                " || '_grid' || grid",
            ),
            always("seed_is_ours", f"seed = {settings['seed']}", column="seed"),
            among("tier", settings["tiers"]),
            no_rows(
                "every_tier_size_and_bandset_is_there",
                f"""
                select * from (select unnest([{sql_list(settings["tiers"])}]) as tier)
                cross join (select unnest([{sizes}]) as stamp_size)
                cross join (select unnest([{bandsets}]) as bandset)
                anti join {{batch}} as made using (tier, stamp_size, bandset)
                """,
            ),
            among("control_pairing", ("paired", "disjoint")),
            always(
                "tier_asks_for_controls",
                "control_frac > 0 and control_frac <= 1",
                column="control_frac",
                why="Without controls nothing says what is found where no arc is.",
            ),
            *(
                always(
                    f"{edges}_ascend",
                    f"len({edges}) = {settings['host_bins_per_axis'] + 1}"
                    f" and {edges} = list_sort({edges})",
                    column=edges,
                )
                for edges in ("psf_edges", "depth_edges")
            ),
            always("has_selection_sets", "len(selection_set_ids) > 0", column="selection_set_ids"),
            holds(
                "tasks_are_within_the_limit",
                "(select max(task_limit) = 0 or sum(n_tasks_nominal) <= max(task_limit) from {batch})",
            ),
        ),
    )


def _sampled_galaxies(settings: Settings) -> Suite:
    return Suite(
        table="sampled_galaxies",
        grain="One row per experiment, selection set and galaxy.",
        key=("experiment_id", "selection_set_id", "brickid", "objid"),
        columns=("region_split", "is_control_host", "config_index", "inclusion_probability"),
        checks=(
            among("region_split", SPLITS),
            *in_condition_bins(settings),
            always(
                "inclusion_probability_in_range",
                "inclusion_probability > 0 and inclusion_probability <= 1",
                column="inclusion_probability",
            ),
            *present("is_control_host"),
            *_agreement_with_others(),
            *_numbers_of_hosts(),
            *_leaks(settings),
        ),
    )


def _bin_quotas(settings: Settings) -> Suite:
    n_bins = settings["host_bins_per_axis"] ** 2
    split = "experiment_id, selection_set_id, region_split"
    key = ("experiment_id", "selection_set_id", "region_split", "psf_bin", "depth_bin")
    return Suite(
        table="bin_quotas",
        grain="One row per experiment, selection set, split and bin of seeing and depth.",
        key=key,
        columns=("n_galaxies", "n_candidates", "n_quota", "n_hosts"),
        checks=(
            among("region_split", SPLITS),
            *in_condition_bins(settings),
            no_rows(
                "every_bin_is_there",
                f"select {split}, count(*) as n_bins from {{batch}} group by all"
                f" having count(*) <> {n_bins}",
            ),
            no_rows(
                "candidates_are_counted_again",
                """
                select {key}, n_candidates, n_found from {batch} as made
                left join (
                    select selection_set_id, region_split, psf_bin, depth_bin, count(*) as n_found
                    from host_candidates
                    inner join (select selection_set_id, region_id from region_selections)
                        using (region_id)
                    group by all
                ) using (selection_set_id, region_split, psf_bin, depth_bin)
                where n_candidates is distinct from coalesce(n_found, 0)
                """,
            ),
            no_rows(
                "hosts_are_those_sampled",
                f"""
                select experiment_id, n_hosts, n_found from {{batch}} as made
                full join (
                    select {", ".join(key)}, count(*) as n_found from sampled_galaxies group by all
                ) using ({", ".join(key)})
                where n_hosts is distinct from coalesce(n_found, 0)
                """,
            ),
            always(
                "no_more_hosts_than_quota_and_candidates",
                "n_hosts between 0 and least(n_quota, n_candidates)",
                column="n_hosts",
            ),
            no_rows(
                "hosts_are_missing_only_where_bins_run_short",
                f"""
                select {split}, sum(n_hosts) as n_hosts, sum(least(n_quota, n_candidates)) as n_given
                from {{batch}} group by all
                having sum(n_hosts)
                    is distinct from least(any_value(n_galaxies), sum(least(n_quota, n_candidates)))
                """,
                why="As many as asked for, or all that the bins give.",
            ),
        ),
    )


def _agreement_with_others() -> tuple[Check, ...]:
    return (
        no_rows(
            "host_is_a_parent_that_may_be_used",
            "select {key}, hosts.region_split from {batch} as hosts"
            " left join parent_galaxies as parents using (brickid, objid)"
            " where (parents.region_split = hosts.region_split"
            " and parents.region_id = hosts.region_id and not parents.is_near_known_lens)"
            " is not true",
            why="In the same split and region, not in the buffer, not a known lens.",
        ),
        no_rows(
            "region_is_in_the_selection_set",
            "select {key}, region_id from {batch} anti join region_selections"
            " using (selection_set_id, region_id)",
        ),
        no_rows(
            "config_is_one_of_the_grid",
            "select {key}, config_index from {batch}"
            " left join experiments using (experiment_id)"
            " where case when sampling = 'one_config' then config_index between 1 and n_configs"
            " else config_index is null and sampling is not null end is not true",
            why="Null where the galaxy takes every config of its grid.",
        ),
    )


def _numbers_of_hosts() -> tuple[Check, ...]:
    return (
        no_rows(
            "every_experiment_has_every_set_and_split",
            f"""
            select experiment_id, selection_set_id, region_split
            from (select experiment_id, unnest(selection_set_ids) as selection_set_id
                from experiments)
            cross join (select unnest([{sql_list(SPLITS)}]) as region_split)
            anti join {{batch}} as hosts using (experiment_id, selection_set_id, region_split)
            """,
        ),
        no_rows(
            "no_more_hosts_than_asked_for",
            "select experiment_id, selection_set_id, region_split, count(*) as n_hosts"
            " from {batch} as hosts inner join experiments using (experiment_id)"
            " group by all having count(*) > any_value(n_galaxies)",
        ),
        no_rows(
            "share_of_control_hosts_is_as_asked",
            """
            select experiment_id, share, control_frac, n_hosts
            from (
                select experiment_id, avg(is_control_host::integer) as share, count(*) as n_hosts
                from (select distinct experiment_id, brickid, objid, is_control_host from {batch})
                group by experiment_id
            )
            left join experiments using (experiment_id)
            where (abs(share - control_frac) <= greatest(
                0.05, 4 * sqrt(control_frac * (1 - control_frac) / n_hosts)
            )) is not true
            """,
            why="Within 0.05, or four standard deviations where there are few hosts.",
        ),
    )


def _leaks(settings: Settings) -> tuple[Check, ...]:
    galaxy_in_two_splits = no_rows(
        "galaxy_has_one_split",
        "select brickid, objid from {batch} group by all having count(distinct region_split) <> 1",
    )
    if not settings["regions_cut_by_cell"]:
        return (galaxy_in_two_splits,)
    hosts = (
        "select distinct brickid, objid, ra, dec, hosts.region_split as split"
        " from {batch} as hosts inner join parent_galaxies using (brickid, objid)"
    )
    radius = settings["split_buffer_arcsec"]
    return (
        galaxy_in_two_splits,
        no_rows(
            "no_pair_across_splits",
            pairs_across_splits(hosts, radius),
            why=f"Hosts of different splits are more than {radius} arcsec apart.",
        ),
    )


def _task_bricks() -> Suite:
    return Suite(
        table="task_bricks",
        grain="One row per experiment and brick.",
        key=("experiment_id", "brickname"),
        columns=("n_tasks", "n_hosts"),
        checks=(
            brick_name(),
            same_rows(
                "bricks_are_those_of_the_tasks",
                "experiment_id, brickname",
                "select distinct experiment_id, brickname from injection_tasks",
            ),
            equal(
                "every_task_is_counted",
                "select sum(n_tasks)::bigint from {batch}",
                "select count(*) from injection_tasks",
            ),
        ),
    )


def _experiment_mixture() -> Suite:
    counts = {
        "n_tasks": "count(*)",
        "n_controls": "count_if(is_control)",
        "n_injections": "count_if(not is_control)",
        "n_hosts": "count(distinct (brickid, objid))",
    }
    differs = " or ".join(f"made.{name} is distinct from tasks.{name}" for name in counts)
    return Suite(
        table="experiment_mixture",
        grain="One row per experiment.",
        key=("experiment_id",),
        columns=("tier", "stamp_size", "bandset", *counts, "mixture_weight"),
        checks=(
            no_rows(
                "counts_are_those_of_the_tasks",
                f"""
                select experiment_id
                from {{batch}} as made
                full join (
                    select experiment_id, {", ".join(f"{of} as {n}" for n, of in counts.items())}
                    from injection_tasks group by experiment_id
                ) as tasks using (experiment_id)
                where {differs}
                """,
            ),
            between("mixture_weight", 0, 1),
            no_rows(
                "weights_are_shares_of_the_injections",
                "select stamp_size, bandset, experiment_id, mixture_weight from ("
                " select *, sum(n_injections) over (partition by stamp_size, bandset) as n_pooled"
                " from {batch}) where (abs(mixture_weight * n_pooled - n_injections)"
                " <= 1e-9 * n_pooled) is not true",
                why="Of all experiments with the same stamp size and bands.",
            ),
        ),
    )
