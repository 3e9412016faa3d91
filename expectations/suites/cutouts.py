"""Suites of the stage `cutouts`: training pixels, and their fairness."""

from expectations.seeds import reason_codes, seed_rows
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
from expectations.suites.rules import SPLITS, reasoned
from store.project import Settings

FRACTIONS = ("nan_frac", "zero_frac", "central_nan_frac", "core_nan_frac", "clip_frac")
CENTRAL_PIX, CORE_PIX = 50, 16  # sides of the boxes about the centre
CLASSIFIERS = ("nuisance", "border_only", "core_only", "core_only_matched", "hosts")
VERDICTS = ("green", "yellow", "red", "unmeasured")


def suites(settings: Settings) -> tuple[Suite, ...]:
    """Return one suite per published table of the stage."""
    return (
        _cutouts(settings),
        _cutout_measurements(settings),
        _cutout_quality(settings),
        _cutout_features(settings),
        _sham_features(),
        _shortcut_scores(settings),
        _shortcut_classifiers(),
        _cutout_gates(),
    )


def _both_classes(condition: str) -> Check:
    return holds(
        "both_classes_are_there",
        f"(select count(distinct is_lens) from {{batch}} where {condition}) = 2",
        why="Lenses and negatives.",
    )


def _cutouts(settings: Settings) -> Suite:
    bands, size = "".join(settings["bands"]), settings["cutout_size_pix"]
    least = settings["min_cutout_fraction"][settings["survey_size"]]
    middle = "0_pix - (size_pix - 1) / 2e0) <= 0.5 + 1e-9"
    return Suite(
        table="cutouts",
        grain="One row per object of the training sample.",
        key=("galaxy_id",),
        columns=("is_lens", "split", "has_cutout", "reason_code", "cutout_origin"),
        checks=(
            same_rows("objects_are_those_of_the_sample", "galaxy_id", "from training_sample"),
            *present("is_lens", "has_cutout"),
            among("split", SPLITS),
            *reasoned("has_cutout", reason_codes()),
            always(
                "cutout_has_every_band_and_pixel",
                f"bands = '{bands}' and size_pix = {size}"
                f" and n_values = {len(bands)} * size_pix * size_pix",
                when="has_cutout",
            ),
            always(
                "pixels_are_the_survey_s",
                f"abs(pixel_scale_arcsec - {settings['pixel_scale_arcsec']}) < 1e-3",
                when="has_cutout",
                column="pixel_scale_arcsec",
            ),
            always(
                "object_is_within_half_a_pixel_of_the_centre",
                f"abs(x_pix - x{middle} and abs(y_pix - y{middle}",
                when="has_cutout and cutout_origin = 'coadds'",
                why="As in the injected stamps: a shift of one class would be a cue.",
            ),
            _both_classes("has_cutout"),
            no_rows(
                "most_objects_have_a_cutout",
                "select is_lens, avg(has_cutout::integer) as share from {batch} group by is_lens"
                f" having avg(has_cutout::integer) < {least}",
                why=f"At least {least:.0%} of either class; what more is asked for, the gates say.",
            ),
        ),
    )


def _cutout_measurements(settings: Settings) -> Suite:
    bands, size = settings["bands"], settings["cutout_size_pix"]
    fractions = [
        (f"{box}nan_frac_{band}", f"{box}zero_frac_{band}")
        for box in ("", "central_", "core_")
        for band in bands
    ]
    within = [
        f"{inner} * {n_inner} <= {outer} * {n_outer} + 1e-6"
        for kind in ("nan", "zero")
        for band in bands
        for inner, n_inner, outer, n_outer in (
            (
                f"core_{kind}_frac_{band}",
                CORE_PIX**2,
                f"central_{kind}_frac_{band}",
                CENTRAL_PIX**2,
            ),
            (f"central_{kind}_frac_{band}", CENTRAL_PIX**2, f"{kind}_frac_{band}", size**2),
        )
    ]
    return Suite(
        table="cutout_measurements",
        grain="One row per cutout.",
        key=("galaxy_id",),
        columns=("is_right_size", *(name for pair in fractions for name in pair)),
        checks=(
            same_rows(
                "cutouts_are_those_of_the_sample",
                "galaxy_id",
                "select galaxy_id from cutout_pixels semi join training_sample using (galaxy_id)",
            ),
            *present("is_right_size"),
            always(
                "missing_and_zero_are_parts_of_the_pixels",
                " and ".join(
                    f"{nan} >= 0 and {zero} >= 0 and {nan} + {zero} <= 1 + 1e-9"
                    for nan, zero in fractions
                ),
                when="is_right_size",
            ),
            always(
                "what_is_missing_in_a_box_is_missing_in_the_larger",
                " and ".join(within),
                when="is_right_size",
            ),
        ),
    )


def _cutout_quality(settings: Settings) -> Suite:
    bands = settings["bands"]
    fractions = tuple(f"{name}_{band}" for name in FRACTIONS for band in bands)
    has_bands = " and ".join(f"has_{band}" for band in bands)
    return Suite(
        table="cutout_quality",
        grain="One row per object of the training sample.",
        key=("galaxy_id",),
        columns=("quality_ok", "reason_code", *fractions),
        checks=(
            same_rows("objects_are_those_of_the_cutouts", "galaxy_id", "from cutouts"),
            *present("quality_ok"),
            *reasoned("quality_ok", reason_codes()),
            *(between(name, 0, 1, when="has_cutout and is_right_size") for name in fractions),
            always(
                "good_cutout_is_whole",
                f"has_cutout and is_right_size and {has_bands}",
                when="quality_ok",
            ),
            always(
                "good_cutout_has_its_central_pixels",
                f"central_nan_frac < {settings['cutout_max_central_nan_frac']}"
                f" and core_nan_frac < {settings['cutout_max_core_nan_frac']}",
                when="quality_ok",
            ),
            always(
                "colours_are_the_catalogue_s",
                f"greatest(abs(g_r_off_mag), abs(r_z_off_mag))"
                f" <= {settings['cutout_max_colour_off_mag']}",
                when="quality_ok and g_r_off_mag is not null and r_z_off_mag is not null",
                why="Swapped bands and wrong units would show.",
            ),
            _both_classes("quality_ok"),
        ),
    )


def _cutout_features(settings: Settings) -> Suite:
    names = tuple(
        f"{name}_{band}"
        for name in ("core_brightness", "annulus_brightness", "annulus_std")
        for band in settings["bands"]
    )
    return Suite(
        table="cutout_features",
        grain="One row per cutout.",
        key=("galaxy_id",),
        columns=("is_lens", "quality_ok", "brickname", *names),
        checks=(
            same_rows(
                "objects_are_those_with_a_cutout",
                "galaxy_id",
                "select galaxy_id from cutouts where has_cutout",
            ),
            *(
                always(f"{name}_is_a_number", f"isfinite({name})", when="quality_ok", column=name)
                for name in names
            ),
            _both_classes("quality_ok"),
        ),
    )


def _sham_features() -> Suite:
    return Suite(
        table="sham_features",
        grain="One row per negative that went through an injection of no light.",
        key=("galaxy_id",),
        columns=("max_abs_difference_nmgy", "blind_snr"),
        empty_unless="select galaxy_id from sham_renders",
        checks=(
            always(
                "difference_is_a_number",
                "max_abs_difference_nmgy >= 0 and isfinite(max_abs_difference_nmgy)",
                column="max_abs_difference_nmgy",
            ),
            always(
                "blind_snr_is_finite_where_measured",
                "isfinite(blind_snr)",
                when="blind_snr is not null",
            ),
            no_rows(
                "hosts_are_usable_negatives",
                "select galaxy_id from {batch} anti join (select galaxy_id from cutout_features"
                " where not is_lens and quality_ok) using (galaxy_id)",
            ),
            holds(
                "most_hosts_are_measured",
                "(select count(*) from {batch}) >= 0.9 * (select count(*) from sham_renders)",
            ),
        ),
    )


def _shortcut_classifiers() -> Suite:
    listed = ", ".join(f"'{name}'" for name in CLASSIFIERS)
    return Suite(
        table="shortcut_classifiers",
        grain="One row per group of features that classifiers were given.",
        key=("classifier",),
        columns=("auc", "auc_low", "auc_high", "null_low", "null_high", "top_features"),
        checks=(
            same_rows(
                "every_classifier_was_tried",
                "classifier",
                f"select unnest([{listed}]) as classifier"
                " union all select 'sham' where (select count(*) from sham_features) > 0",
                why="Sham where there are hosts that went through it.",
            ),
            always(
                "both_classes_on_several_bricks",
                "n_positives > 0 and n_negatives > 0 and n_bricks >= 2 and n_features > 0",
            ),
            always(
                "auc_and_its_interval_are_shares",
                "auc between 0 and 1 and 0 <= auc_low and auc_low <= auc_high and auc_high <= 1",
                column="auc",
            ),
            always(
                "null_is_a_range",
                "0 <= null_low and null_low <= null_high and null_high <= 1",
                why="What the same classifiers reach with labels shuffled within bricks.",
            ),
            always(
                "features_are_named",
                "len(top_features) > 0",
                column="top_features",
                why="A verdict says what led to it.",
            ),
        ),
    )


def _shortcut_scores(settings: Settings) -> Suite:
    yellow, red = settings["shortcut_yellow_auc"], settings["shortcut_red_auc"]
    return Suite(
        table="shortcut_scores",
        grain="One row per feature.",
        key=("feature",),
        columns=("kind", "is_expected", "auc", "auc_folded_low", "verdict"),
        checks=(
            among("kind", {row["kind"]: None for row in seed_rows("feature_kinds")}),
            among("verdict", VERDICTS),
            *present("is_expected"),
            always(
                "measured_on_both_classes",
                "n_positives > 0 and n_negatives > 0",
                when="verdict <> 'unmeasured'",
            ),
            always(
                "auc_lies_in_its_interval",
                "auc between 0 and 1 and auc_low <= auc_high"
                " and abs(auc_folded - greatest(auc, 1 - auc)) < 1e-9",
                when="verdict <> 'unmeasured'",
            ),
            always(
                "verdict_follows_the_lower_end",
                f"verdict = case when auc_folded_low > {red} then 'red'"
                f" when auc_folded_low > {yellow} then 'yellow' else 'green' end",
                when="verdict <> 'unmeasured'",
            ),
            holds(
                "some_features_are_expected_and_some_are_not",
                "(select count(distinct is_expected) from {batch}) = 2",
                why="What arcs change was named beforehand, in the seed feature_kinds.",
            ),
            holds(
                "most_features_are_measured",
                "(select avg((verdict <> 'unmeasured')::integer) from {batch}) >= 0.9",
            ),
        ),
    )


def _cutout_gates() -> Suite:
    return Suite(
        table="cutout_gates",
        grain="One row per gate, and the overall verdict.",
        key=("gate",),
        columns=("is_blocking", "is_pass", "verdict", "value", "comparison", "limit_value"),
        checks=(
            same_rows(
                "gates_are_those_of_the_rules",
                "gate",
                "select gate from cutout_gate_rules union all select 'overall'",
            ),
            *present("is_blocking", "is_pass"),
            among("verdict", ("GO", "NO-GO", "pass", "fail", "warning")),
            always(
                "gate_passes_by_its_number",
                "is_pass = coalesce(not isnan(value)"
                " and if(comparison = '>=', value >= limit_value, value <= limit_value), false)",
                why="A gate without a number is shut.",
            ),
            equal(
                "verdict_is_that_of_the_blocking_gates",
                "select verdict from {batch} where gate = 'overall'",
                "select if(bool_and(is_pass) filter (where is_blocking), 'GO', 'NO-GO')"
                " from {batch} where gate <> 'overall'",
                why="GO or NO-GO is a result, and either is well.",
            ),
        ),
    )
