"""Suites of the stage `injections`, except for its pixels.

Those are in `expectations.suites.stamps`.
"""

import itertools

from expectations.seeds import reason_codes
from expectations.suite import (
    Check,
    Suite,
    always,
    among,
    between,
    holds,
    no_rows,
    present,
    same_rows,
)
from expectations.suites.fluxes import IS_CONTROL, MEASURED, WITH_SYSTEM, fluxes
from expectations.suites.gates import forecast, gates
from expectations.suites.rules import reasoned, sql_list
from expectations.suites.stamps import render_stamps, stamps
from expectations.suites.tasks import PSF_MAX_ARCSEC, PSF_MIN_ARCSEC
from store.project import Settings

# A manifest has none of these: a task that does is a fault of ours, not of the survey's files.
FAULTS = (
    *("bad_lens_parameter", "bad_shear", "bad_source_parameter", "bad_source_magnitude"),
    *("bad_lens_position", "bad_gain", "psf_kernel_larger_than_stamp"),
)


def suites(settings: Settings) -> tuple[Suite, ...]:
    """Return one suite per table of the stage."""
    return (
        _injection_metrics(settings),
        _injections(settings),
        render_stamps(settings),
        stamps(settings),
        gates(settings),
        forecast(),
    )


def _injection_metrics(settings: Settings) -> Suite:
    bands = settings["bands"]
    return Suite(
        table="injection_metrics",
        grain="One row per render, bandset and stamp size, done or not.",
        key=("render_id", "bandset", "stamp_size"),
        columns=("cutout_ok", "metrics_ok", "reason_code", "part_id", *_metrics(bands)),
        checks=(
            *present("cutout_ok", "metrics_ok", "part_id"),
            *reasoned("metrics_ok", reason_codes()),
            always("metrics_need_a_cutout", "cutout_ok or not metrics_ok"),
            no_rows(
                "no_render_is_at_fault_itself",
                f"select {{key}}, reason_code from {{batch}}"
                f" where reason_code in ({sql_list(FAULTS)})",
            ),
            same_rows(
                "renders_are_those_of_the_runnable_tasks",
                "render_id, bandset",
                "select render_id, bandset from runnable_tasks",
            ),
            *_controls(bands),
            *_coverage(bands),
            *_psf(settings),
            *_masks(),
            *_place(),
            *_signal(settings),
            *fluxes(settings),
        ),
    )


def _injections(settings: Settings) -> Suite:
    """Return the suite of the tasks that measurements are joined to.

    The measurements themselves are checked once per render, in `injection_metrics`.
    """
    fraction = settings["min_metrics_ok_fraction"][settings["survey_size"]]
    return Suite(
        table="injections",
        grain="One row per runnable task, done or not.",
        key=("task_id",),
        columns=("render_id", "cutout_ok", "metrics_ok", "reason_code"),
        checks=(
            same_rows("rows_are_the_runnable_tasks", "task_id", "from runnable_tasks"),
            always("every_task_was_run", "reason_code is distinct from 'not_run'"),
            no_rows(
                "every_column_of_tasks_and_metrics_is_there",
                "select column_name from (from (describe injection_tasks)"
                " union all from (describe injection_metrics))"
                " where column_name not in (select column_name from (describe {batch}))",
            ),
            no_rows(
                "most_tasks_succeed_in_either_class",
                f"""
                select experiment_id, is_control, avg(metrics_ok::integer) as share
                from (select experiment_id, unnest([true, false]) as is_control from experiments)
                left join {{batch}} as done using (experiment_id, is_control)
                group by all having (avg(metrics_ok::integer) >= {fraction}) is not true
                """,
                why=f"At least {fraction} of the injections and of the controls of every experiment.",
            ),
        ),
    )


def _metrics(bands: list[str]) -> tuple[str, ...]:
    return (
        *("arc_snr", "arc_snr_matched", "magnification", "flux_closure", "stamp_flux_frac"),
        *("flux_error_flag", "bad_pixel_frac", "wise_brightmask_frac"),
        *(f"total_injected_flux_{band}_nmgy" for band in bands),
        *(f"psf_fwhm_used_{band}" for band in bands),
        *(f"psf_source_{band}" for band in bands),
    )


def _controls(bands: list[str]) -> tuple[Check, ...]:
    nothing = ["arc_snr", "arc_snr_matched", "magnification", "flux_closure", "stamp_flux_frac"]
    nothing += [f"total_injected_flux_{band}_nmgy" for band in bands]
    return (
        always(
            "control_measures_no_arc",
            f"coalesce({', '.join(nothing)}) is null",
            when=IS_CONTROL,
        ),
        no_rows(
            "controls_and_injections_have_the_same_pixels",
            f"""
            select stamp_size, bandset,
                avg(bad_pixel_frac) filter (where is_control) as of_controls,
                avg(bad_pixel_frac) filter (where not is_control) as of_injections
            from (
                select stamp_size, bandset, brickid, objid, is_control,
                    any_value(bad_pixel_frac) as bad_pixel_frac
                from {WITH_SYSTEM} where metrics_ok group by all
            )
            group by stamp_size, bandset
            having (abs(of_controls - of_injections) <= 1e-9 + 5 * sqrt(
                var_pop(bad_pixel_frac) filter (where is_control)
                    / count(*) filter (where is_control)
                + var_pop(bad_pixel_frac) filter (where not is_control)
                    / count(*) filter (where not is_control)
            )) is not true
            """,
            why="Bad pixels are as frequent in both, within five standard errors, host by host.",
        ),
        no_rows(
            "host_has_the_same_bad_pixels_with_and_without_an_arc",
            f"select stamp_size, bandset, brickid, objid from {WITH_SYSTEM} where metrics_ok"
            " group by all having count(distinct bad_pixel_frac) <> 1",
        ),
    )


def _coverage(bands: list[str]) -> tuple[Check, ...]:
    wanted = ["arc_snr", "arc_snr_matched", "magnification", "flux_closure", "stamp_flux_frac"]
    wanted += [f"total_injected_flux_{band}_nmgy" for band in bands]
    return tuple(
        always(
            f"{name}_is_measured",
            f"isfinite({name}) and {name} >= 0",
            when=MEASURED if name.startswith("arc_snr") else f"cutout_ok and {MEASURED}",
            column=name,
            why="Of every injection with good metrics.",
        )
        for name in wanted
    )


def _psf(settings: Settings) -> tuple[Check, ...]:
    bands = settings["bands"]
    tolerance = settings["psf_map_tolerance"]
    per_band = [
        (
            between(f"psf_fwhm_used_{band}", PSF_MIN_ARCSEC, PSF_MAX_ARCSEC, when="cutout_ok"),
            among(f"psf_source_{band}", ("map", "manifest", "fallback"), when="cutout_ok"),
            no_rows(
                f"psf_of_the_manifest_is_the_brick_mean_{band}",
                f"select {{key}}, psf_fwhm_used_{band}, psfsize_{band} from {WITH_SYSTEM}"
                f" where cutout_ok and psf_source_{band} = 'manifest' and"
                f" (abs(psf_fwhm_used_{band} - psfsize_{band}) < 1e-6 * psfsize_{band}) is not true",
            ),
            no_rows(
                f"psf_of_the_map_is_the_catalogue_s_{band}",
                f"""
                select median(abs(psf_fwhm_used_{band} / sources.psfsize_{band} - 1))
                    as median_difference
                from (select * exclude (psfsize_{band}) from {WITH_SYSTEM})
                inner join stg_sources as sources using (brickid, objid)
                where cutout_ok and psf_source_{band} = 'map' and sources.psfsize_{band} > 0
                having count(*) > 0 and (median_difference <= {tolerance}) is not true
                """,
                why="The catalogue has the map's value at the host: the median difference is"
                f" below {tolerance}.",
            ),
        )
        for band in bands
    ]
    return (
        *(check for checks in per_band for check in checks),
        *_psf_provenance(settings),
        _psf_narrows_to_the_red(settings),
    )


def _psf_provenance(settings: Settings) -> tuple[Check, ...]:
    expected = "map" if settings["use_psfsize_maps"] else "manifest"
    share = settings["min_psf_source_fraction"]
    return tuple(
        holds(
            f"psf_comes_from_where_it_should_{band}",
            f"(select avg((psf_source_{band} = '{expected}')::integer) from {{batch}}"
            f" where cutout_ok) >= {share}",
            why=f"From the {expected} for at least {share} of the stamps.",
        )
        for band in settings["bands"]
    )


def _psf_narrows_to_the_red(settings: Settings) -> Check:
    """Check that the PSF is narrower in redder bands.

    Its width goes about as wavelength to the power -0.2, and so does the survey's.
    """
    bands = settings["bands"]
    medians = ", ".join(
        f"median(psf_fwhm_used_{band}) filter (where psf_source_{band} = 'map') as {band}"
        for band in bands
    )
    wider = [f"{redder} > {bluer}" for bluer, redder in itertools.pairwise(bands)]
    return no_rows(
        "psf_narrows_to_the_red",
        f"select * from (select {medians} from {{batch}} where cutout_ok)"
        f" where {' or '.join(wider) or 'false'}",
        why=f"Median widths of {', '.join(bands)} from the maps, none above the one before.",
    )


def _masks() -> tuple[Check, ...]:
    return (
        between("bad_pixel_frac", 0, 1, when="metrics_ok"),
        between("wise_brightmask_frac", 0, 1, when="metrics_ok"),
        always(
            "no_mask_no_fraction",
            "coalesce(bad_pixel_frac, wise_brightmask_frac) is null",
            when="cutout_ok and not has_maskbits",
            why="Null, not 0, where nothing is known.",
        ),
    )


def _place() -> tuple[Check, ...]:
    """Check that hosts are near their stamp's centre, and on average at it."""
    offset = "({axis}_pix - stamp_{axis}0_pix - (stamp_size - 1) / 2e0)"
    x, y = offset.format(axis="x"), offset.format(axis="y")
    centred = (
        no_rows(
            f"hosts_are_centred_on_average_{axis}",
            f"select stamp_size, avg({shift}) as mean_pix, count(*) as n from ("
            "select distinct stamp_size, brickid, objid, x_pix, y_pix, stamp_x0_pix, stamp_y0_pix"
            f" from {WITH_SYSTEM} where cutout_ok) group by stamp_size"
            f" having (abs(avg({shift})) <= 5 / sqrt(12 * count(*))) is not true",
            why="A half-pixel shift of one class would be a cue.",
        )
        for axis, shift in (("x", x), ("y", y))
    )
    return (
        always(
            "host_is_within_half_a_pixel_of_the_centre",
            f"abs({x}) <= 0.5 + 1e-9 and abs({y}) <= 0.5 + 1e-9",
            when="cutout_ok",
        ),
        *centred,
    )


def _signal(settings: Settings) -> tuple[Check, ...]:
    detection = settings["detection_band"]
    squares = " + ".join(f"pow(arc_snr_matched_{band}, 2)" for band in settings["bands"])
    return (
        always(
            "matched_snr_adds_up_over_bands",
            f"abs(pow(arc_snr_matched, 2) - ({squares})) <= 1e-4 * pow(arc_snr_matched, 2)",
            when=MEASURED,
        ),
        always(
            "matched_snr_is_no_less_than_that_of_a_pixel",
            f"arc_snr_matched_{detection} >= arc_snr * (1 - 1e-4)",
            when=MEASURED,
        ),
    )
