"""Suites of what tasks are made from: hosts, configs and systems."""

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
from expectations.suites.rules import SPLITS
from expectations.suites.tasks import (
    LENS_PARAMETERS,
    SOURCE_PARAMETERS,
    bins_follow_their_edges,
    controls_are_empty,
    systems_are_possible,
)
from store.project import Settings

SYSTEM_KEY = ("brickid", "objid", "config_id", "replicate", "is_control")
ALLOWED = "region_split <> 'buffer' and not is_near_known_lens"
PLACE = ("brickname", "ra", "dec", "psfsize_r", "ebv")
LARGEST_SEED = 2**60 - 1


def host_candidates(settings: Settings) -> Suite:
    """Return the suite of the galaxies that may be hosts."""
    allowed = f"{ALLOWED} and is_{settings['parent_variant']}"
    return Suite(
        table="host_candidates",
        grain="One row per galaxy that may be a host.",
        key=("brickid", "objid"),
        columns=("region_id", "region_split", "psf_bin", "depth_bin"),
        checks=(
            among("region_split", SPLITS),
            *in_condition_bins(settings),
            *(
                always(f"{draw}_is_a_draw", f"{draw} >= 0 and {draw} < 1", column=draw)
                for draw in ("bin_order_u", "trim_order_u")
            ),
            no_rows(
                "candidate_is_a_parent_that_may_be_used",
                "select {key} from {batch} as hosts left join parent_galaxies as parents"
                " using (brickid, objid) where (parents.region_split = hosts.region_split"
                f" and parents.region_id = hosts.region_id and {_of_parents(allowed)}) is not true",
                why="In its own split and region, not in the buffer, not at a known lens.",
            ),
            equal(
                "every_parent_that_may_be_used_is_there",
                "select count(*) from {batch}",
                "select count(*) from parent_galaxies semi join (select brickid from"
                " bricks_with_region where psfsize_r is not null and psfdepth_r is not null)"
                f" using (brickid) where {allowed}",
            ),
            no_rows(
                "psf_and_depth_bins_follow_their_edges",
                "select {key}, psf_bin, depth_bin from {batch}"
                " left join (select brickid, psfsize_r, psfdepth_r from bricks_with_region)"
                " using (brickid) cross join (select any_value(psf_edges) as psf_edges,"
                " any_value(depth_edges) as depth_edges from experiments)"
                f" where ({bins_follow_their_edges(settings)}) is not true",
            ),
        ),
    )


def in_condition_bins(settings: Settings) -> tuple[Check, ...]:
    """Return the checks that bins of seeing and depth are within range."""
    last_bin = settings["host_bins_per_axis"] - 1
    return tuple(between(name, 0, last_bin) for name in ("psf_bin", "depth_bin"))


def _of_parents(condition: str) -> str:
    return (
        condition.replace("region_split", "parents.region_split")
        .replace("is_near_known_lens", "parents.is_near_known_lens")
        .replace("and is_", "and parents.is_")
    )


def host_configs(settings: Settings) -> Suite:
    """Return the suite of the configs that experiments ask of each host."""
    n_replicates = settings["replicates"]
    is_paired = settings["control_pairing"] == "paired"
    stands_alone = "is_control" if is_paired else "false"
    return Suite(
        table="host_configs",
        grain="One row per galaxy, config, replicate and kind.",
        key=SYSTEM_KEY,
        checks=(
            between("replicate", 0, n_replicates - 1),
            same_rows(
                "hosts_are_those_sampled",
                "brickid, objid",
                "select brickid, objid from sampled_galaxies",
            ),
            _control_hosts_are_those_sampled(),
            no_rows(
                "config_is_known",
                "select {key} from {batch} left join"
                " (select config_id, true as is_config from injection_configs) using (config_id)"
                f" where case when {stands_alone} then config_id = 'CONTROL'"
                " else coalesce(is_config, false) end is not true",
            ),
            no_rows(
                "every_replicate_is_there",
                "select brickid, objid, config_id, is_control, count(*) as n_rows from {batch}"
                f" group by all having count(*) <> if({stands_alone}, 1, {n_replicates})",
                why="One where a control is the galaxy's own pixels, else as many as replicates.",
            ),
        ),
    )


def _control_hosts_are_those_sampled() -> Check:
    made = "select brickid, objid from {batch} where is_control"
    asked = "select brickid, objid from sampled_galaxies where is_control_host"
    return no_rows(
        "control_hosts_are_those_sampled",
        f"({made} except {asked}) union all ({asked} except {made})",
    )


def systems(settings: Settings) -> Suite:
    """Return the suite of the systems, whose parameters are drawn once."""
    return Suite(
        table="systems",
        grain="One row per galaxy, config, replicate and kind.",
        key=SYSTEM_KEY,
        columns=("render_id", *PLACE, *LENS_PARAMETERS, *SOURCE_PARAMETERS, "task_seed64"),
        checks=(
            *present(*PLACE),
            no_rows(
                "place_is_that_of_the_galaxy",
                "select {key} from {batch} as systems"
                " left join parent_galaxies as galaxies using (brickid, objid)"
                " where (systems.ra = galaxies.ra and systems.dec = galaxies.dec) is not true",
            ),
            same_rows(
                "systems_are_those_asked_for",
                ", ".join(SYSTEM_KEY),
                "select * from host_configs",
            ),
            always(
                "render_id_names_the_system",
                "render_id = concat_ws('/', brickid, objid,"
                " if(is_control, 'CONTROL', config_id), if(is_control, 0, replicate))",
                column="render_id",
            ),
            between("task_seed64", 0, LARGEST_SEED, why="60 bits of the render's digest."),
            *controls_are_empty(),
            *systems_are_possible(settings),
        ),
    )
