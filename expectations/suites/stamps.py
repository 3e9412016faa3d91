"""The suites of `render_stamps`, with a sample of pixels, and `stamps`."""

import itertools

from expectations.independent.coadd_pixels import FUNCTION as COADD_PIXELS
from expectations.suite import Check, Suite, holds, no_rows, same_rows
from store.project import Settings

FLOAT32_SUM = 1e-4  # relative rounding of a sum of some ten thousand float32 pixels
WANTED = "select task_id from injections where cutout_ok and not metrics_only"
CHECKED_BRICKS = 4  # the pixels of other bricks are not read: part files hold stamps brick by brick
IN_CHECKED_BRICKS = (
    "brickname in (select brickname from (select brickname, bool_or(is_control) as has_control"
    " from injections where cutout_ok and not metrics_only group by brickname)"
    f" order by has_control desc, md5(brickname) limit {CHECKED_BRICKS})"
)
KEY = "experiment_id, render_id, stamp_size, bandset"


def render_stamps(settings: Settings) -> Suite:
    """Return the suite of the pixels, of which a sample is looked at.

    Samples are materialized: DuckDB would compute on all pixels and then drop what is not chosen.
    """
    kind = "experiment_id, part_id, stamp_size, bandset"
    return Suite(
        table="render_stamps",
        grain="One row per experiment, render and stamp.",
        key=tuple(KEY.split(", ")),
        columns=("part_id", "pixels"),
        checks=(
            no_rows(
                "stamps_are_those_of_the_injections",
                f"""
                with wanted as (
                    select {kind}, count(distinct render_id) as n_wanted
                    from injections where cutout_ok and not metrics_only group by all
                ),
                found as (select {kind}, count(*) as n_stamps from {{batch}} group by all)
                select {kind}, n_wanted, n_stamps
                from wanted full join found using ({kind})
                where n_wanted is distinct from n_stamps
                """,
                why="As many in every part file as renders that its injections have stamps of.",
            ),
            no_rows(
                "stamp_has_every_pixel",
                f"with checked as materialized ({_sample(settings)}) select {{key}} from checked"
                " where (len(pixels) = len(bandset) * stamp_size * stamp_size) is not true",
            ),
            no_rows(
                "pixels_are_finite",
                f"with checked as materialized ({_sample(settings)}) select {{key}} from checked"
                " where isfinite(list_sum(pixels)) is not true",
                why="So is their sum then, and only then.",
            ),
            *_smaller_is_the_centre_of_larger(settings),
            _control_is_the_host(settings),
            _stamp_less_control_is_the_arc(settings),
        ),
        empty_unless=WANTED,
    )


def stamps(settings: Settings) -> Suite:
    """Return the suite of the view by task."""
    return Suite(
        table="stamps",
        grain="One row per task that has a stamp.",
        key=("task_id",),
        columns=("experiment_id", "render_id", "stamp_size", "bandset", "pixels"),
        checks=(
            same_rows("stamps_are_those_of_good_cutouts", "task_id", WANTED),
            holds(
                "there_are_injections",
                "(select count(*) from injections) > 0 and (select count(*) >= 0 from {batch})",
                why="No stamp is missing as long as nothing was injected.",
            ),
        ),
        empty_unless=WANTED,
    )


def _sample(settings: Settings) -> str:
    """Choose some stamps, always the same; all would be too many pixels."""
    return (
        "select * from {batch} semi join (select distinct render_id from injections where cutout_ok"
        f" and {IN_CHECKED_BRICKS} order by md5(render_id) limit {settings['n_checked_renders']})"
        " using (render_id)"
    )


def _smaller_is_the_centre_of_larger(settings: Settings) -> tuple[Check, ...]:
    sizes = sorted(settings["stamp_sizes"])
    return tuple(
        no_rows(
            f"stamp_{small}_is_the_centre_of_stamp_{large}",
            _centre_differs(small, large, _sample(settings)),
            why="Pixel by pixel, exactly.",
        )
        for small, large in itertools.pairwise(sizes)
        if (large - small) % 2 == 0
    )


def _centre_differs(small: int, large: int, sample: str) -> str:
    """Write the query for stamps whose centre is not the smaller stamp.

    Stamps of either size become rows (band, y, x), the larger ones without their border.
    """
    margin = (large - small) // 2

    def rows(size: int, border: int) -> str:
        inside = f"between {border} and {size - border - 1}"
        return f"""
            select render_id, band, y - {border} as y, x - {border} as x, pixel
            from (
                select render_id, unnest(pixels) as pixel,
                    generate_subscripts(pixels, 1) - 1 as i
                from (
                    select render_id, any_value(pixels) as pixels from checked
                    where stamp_size = {size} group by render_id
                )
            ),
            lateral (
                select i // {size * size} as band, i // {size} % {size} as y, i % {size} as x
            )
            where y {inside} and x {inside}
        """

    return f"""
        with checked as materialized ({sample}),
        small as ({rows(small, 0)}), large as ({rows(large, margin)})
        select render_id, count(*) as n_pixels
        from small inner join large using (render_id, band, y, x)
        where small.pixel is distinct from large.pixel
        group by render_id
    """


def _control_is_the_host(settings: Settings) -> Check:
    return no_rows(
        "control_is_the_host_exactly",
        f"""
        with controls as materialized (
            select distinct {KEY}, brickname, stamp_x0_pix, stamp_y0_pix
            from injections
            where is_control and cutout_ok and not metrics_only and {IN_CHECKED_BRICKS}
            order by md5(render_id), {KEY} limit {settings["n_checked_renders"]}
        ),
        checked as materialized (
            select {KEY}, pixels from {{batch}}
            semi join (select distinct render_id from controls) using (render_id)
        )
        select {KEY}
        from (
            select
                {KEY},
                pixels,
                {COADD_PIXELS}(brickname, bandset, stamp_x0_pix, stamp_y0_pix, stamp_size) as host
            from checked inner join controls using ({KEY})
        )
        where len(host) > 0 and pixels is distinct from host
        """,
        why="Pixel by pixel, as another library reads the coadds that are still in the cache.",
    )


def _stamp_less_control_is_the_arc(settings: Settings) -> Check:
    """Compare a stamp less its host's control with the injected flux.

    Photon noise of the arc has a variance of flux over gain; five standard deviations are allowed,
    and the rounding of the sums.
    """
    band = settings["detection_band"]
    plane = f"(strpos(bandset, '{band}') - 1) * stamp_size * stamp_size"
    return no_rows(
        "stamp_less_control_is_the_arc",
        f"""
        with pairs as materialized (
            select distinct
                experiment_id,
                injection.render_id,
                control.render_id as control_render_id,
                injection.total_injected_flux_{band}_nmgy as injected,
                injection.gain_used_{band}_e_per_nmgy as gain
            from injections as injection
            inner join injections as control using (experiment_id, brickid, objid)
            where injection.cutout_ok and control.cutout_ok
                and not injection.is_control and control.is_control
                and not injection.metrics_only and injection.{IN_CHECKED_BRICKS}
            order by md5(injection.render_id), experiment_id, control_render_id
            limit {settings["n_checked_renders"]}
        ),
        checked as materialized (
            select experiment_id, render_id, stamp_size, bandset, pixels from {{batch}}
            semi join (
                select render_id from pairs union select control_render_id as render_id from pairs
            ) using (render_id)
        ),
        sums as (
            select
                experiment_id,
                render_id,
                list_sum(pixels[{plane} + 1:{plane} + stamp_size * stamp_size]) as flux
            from checked
        )
        select experiment_id, pairs.render_id, injection.flux, control.flux as of_control, injected
        from pairs
        left join sums as injection using (experiment_id, render_id)
        left join sums as control
            on pairs.control_render_id = control.render_id
                and pairs.experiment_id = control.experiment_id
        where (abs(injection.flux - control.flux - injected) <= 5 * sqrt(injected / gain)
            + {FLOAT32_SUM} * (abs(control.flux) + injected)) is not true
        """,
        why=f"In {band}: injected less host is the arc, within its photon noise.",
    )
