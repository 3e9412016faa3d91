"""Valid values of the project's vars: the one table of ranges and choices.

Values live in ``dbt_project.yml``. The value of a var there also determines its kind: a number, a
list, true or false. This table adds limits that do not follow from the kind. ``problems`` in
``store/project.py`` checks all vars against both.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from store.seeds import seed_values

ALL_BANDS = "griz"


@dataclass(frozen=True)
class Rule:
    """A condition on a value.

    Parameters
    ----------
    words : str
        Completes the sentence "it must be ...".
    is_met : callable
        Tells whether a value meets the condition.
    """

    words: str
    is_met: Callable[[Any], bool]


def is_number(value: object) -> bool:
    """Tell whether a value is a number; true and false are not."""
    if isinstance(value, float):
        return math.isfinite(value)
    return is_whole(value)


def is_whole(value: object) -> bool:
    """Tell whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


NUMBER = Rule("a number", is_number)
WHOLE = Rule("a whole number", is_whole)
SHARE = Rule("a number from 0 to 1", lambda value: is_number(value) and 0 <= value <= 1)
POSITIVE = Rule("a number above 0", lambda value: is_number(value) and value > 0)
NOT_NEGATIVE = Rule("a number, 0 or above", lambda value: is_number(value) and value >= 0)
BELOW_ONE = Rule("a number from 0 to below 1", lambda value: is_number(value) and 0 <= value < 1)
BETWEEN_ZERO_AND_ONE = Rule(
    "a number above 0 and below 1", lambda value: is_number(value) and 0 < value < 1
)
COUNT = Rule("a whole number, 0 or above", lambda value: is_whole(value) and value >= 0)
POSITIVE_COUNT = Rule("a whole number above 0", lambda value: is_whole(value) and value > 0)
SWITCH = Rule("true or false", lambda value: isinstance(value, bool))
TEXT = Rule("a text", lambda value: isinstance(value, str) or is_number(value))
OPTIONAL_TEXT = Rule("a text or null", lambda value: value is None or isinstance(value, str))
LIST = Rule("a list", lambda value: isinstance(value, list))
MAPPING = Rule("a mapping", lambda value: isinstance(value, Mapping))


def listed(each: Rule, *, can_be_empty: bool = False) -> Rule:
    """Return the rule for a list whose values obey another rule."""
    least = 0 if can_be_empty else 1
    return Rule(
        f"a list of which each is {each.words}",
        lambda value: (
            isinstance(value, list) and len(value) >= least and all(map(each.is_met, value))
        ),
    )


def by_key(each: Rule) -> Rule:
    """Return the rule for a mapping whose values obey another rule."""
    return Rule(
        f"a mapping of which each value is {each.words}",
        lambda value: isinstance(value, Mapping) and all(map(each.is_met, value.values())),
    )


def whole_from_to(low: int, high: int) -> Rule:
    """Return the rule for a whole number between limits, inclusive."""
    return Rule(
        f"a whole number from {low} to {high}",
        lambda value: is_whole(value) and low <= value <= high,
    )


EDGES = Rule(
    "a list of numbers that increase",
    lambda value: (
        isinstance(value, list)
        and all(map(is_number, value))
        and all(low < high for low, high in itertools.pairwise(value))
    ),
)
NSIDE = Rule("a power of 2", lambda value: is_whole(value) and value > 0 and value.bit_count() == 1)
MASK_BITS = listed(whole_from_to(0, 31), can_be_empty=True)

RULES: Mapping[str, Rule] = {
    **dict.fromkeys(
        (
            "split_train_fraction", "split_val_fraction", "split_fraction_tolerance",
            "clean_max_bad_pixel_frac", "clean_max_wise_brightmask_frac",
            "density_min_covered_share", "population_max_unprobed_share", "pool_n1_fraction",
            "cutout_max_central_nan_frac", "cutout_max_core_nan_frac", "cutout_max_clip_frac",
            "gate_min_positive_ok_frac", "gate_min_negative_ok_frac", "min_psf_source_fraction",
            "shortcut_yellow_auc", "shortcut_red_auc", "shortcut_nuisance_auc",
            "shortcut_physics_auc", "pool_inspection_score", "pool_merger_min_flux_ratio",
        ),
        SHARE,
    ),
    **dict.fromkeys(
        (
            "pixel_scale_arcsec", "beta_max_over_theta_e", "surface_psf_width_arcsec",
            "surface_depth_width_mag", "stamp_part_megabytes", "psf_moffat_beta",
            "src_colour_sigma_mag", "region_link_deg", "grid_src_n", "cutout_max_flux_factor",
        ),
        POSITIVE,
    ),
    **dict.fromkeys(
        (
            "split_buffer_arcsec", "known_lens_dedup_arcsec", "known_lens_radius_arcsec",
            "brick_max_ebv_mag", "brick_max_psfsize_r_arcsec", "psf_map_tolerance",
            "pool_match_radius_arcsec", "pool_widest_exclusion_arcsec", "pool_merger_radius_arcsec",
            "pool_merger_max_colour_difference_mag", "weights_max_pareto_k",
            "cutout_max_edge_artefact", "cutout_max_colour_off_mag",
            "gate_max_median_colour_off_mag", "gate_max_median_flux_off_dex", "sham_spare_fraction",
        ),
        NOT_NEGATIVE,
    ),
    **dict.fromkeys(
        (
            "replicates", "host_bins_per_axis", "split_block_cells", "tasks_per_part", "cutout_size_pix",
            "completeness_max_grid_values", "completeness_max_cells", "pool_negatives_per_positive",
            "shortcut_max_negatives", "shortcut_resamples", "shortcut_shuffles",
        ),
        POSITIVE_COUNT,
    ),
    **dict.fromkeys(
        (
            "task_limit", "min_tasks_per_tier_and_split", "split_fraction_min_cells",
            "n_raytraced_systems", "n_checked_renders", "threshold_min_false_positives",
            "bootstrap_min_hosts", "bootstrap_min_hosts_either_way", "weights_min_effective_hosts",
            "population_min_hosts", "shortcut_max_yellow", "shortcut_min_positives", "sham_objects",
        ),
        COUNT,
    ),
    **dict.fromkeys(("lens_e_min", "lens_e_max"), BELOW_ONE),
    **dict.fromkeys(("bad_mask_bits", "wise_mask_bits"), MASK_BITS),
    **dict.fromkeys(
        ("pool_psf_bin_edges_arcsec", "pool_depth_bin_edges_mag", "pool_z_mag_bin_edges",
         "pool_nobs_bin_starts"),
        EDGES,
    ),
    **dict.fromkeys(
        ("min_runnable_task_fraction", "min_metrics_ok_fraction", "min_cutout_fraction"),
        by_key(SHARE),
    ),
    "min_hosts_per_config": by_key(COUNT),
    **dict.fromkeys(("gain_single_visit_e_per_nmgy", "n_exposures_default"), by_key(POSITIVE)),
    "extinction_coefficients": by_key(NOT_NEGATIVE),
    "bandsets": listed(Rule("a text of bands", lambda value: isinstance(value, str) and value != "")),
    "split_nside": NSIDE,
    "interval_level": BETWEEN_ZERO_AND_ONE,
    "seed": WHOLE,
    "stamp_sizes": listed(POSITIVE_COUNT),
    }  # fmt: skip


def _seed(name: str, column: str) -> Callable[[], list[str]]:
    """Return a function that reads the values of a seed's column."""
    return lambda: seed_values(name, column)


def _of(*allowed: str) -> Callable[[], list[str]]:
    """Return a function that lists fixed values."""
    return lambda: list(allowed)


# Pairs of vars: the first must not be above the second.
IN_ORDER = (
    ("lens_e_min", "lens_e_max"),
    ("src_colour_min_mag", "src_colour_max_mag"),
    ("shortcut_yellow_auc", "shortcut_red_auc"),
)
# Mappings that need a value for every band, and for the size of the survey.
BY_BAND = ("gain_single_visit_e_per_nmgy", "n_exposures_default", "extinction_coefficients")
BY_SIZE = (
    "min_hosts_per_config",
    "min_runnable_task_fraction",
    "min_metrics_ok_fraction",
    "min_cutout_fraction",
)

# Allowed values: of the var or, for a list, of each entry. Seeds are read when a var is checked.
CHOICES: Mapping[str, Callable[[], list[str]]] = {
    "parent_variant": _seed("lrg_variants", "variant"),
    "lrg_magnitudes": _of("seed", "raw", "dereddened"),
    "survey_size": _seed("tiers", "survey_size"),
    "tiers": _seed("tiers", "tier"),
    "grids": _seed("tiers", "grid"),
    "selection_sets": _seed("selection_sets", "selection_set_id"),
    "control_pairing": _of("paired", "disjoint"),
    "psf_profile": _of("moffat", "gaussian"),
    "bands": _of(*ALL_BANDS),
    "detection_band": _of(*ALL_BANDS),
    "pool_rule_set": _of("paper_iv", "original"),
    "confuser_rule_set": _of("shape_aware", "original"),
    "pool_optional_cuts": _of("extinction", "latitude", "seeing", "depth", "dchisq", "fracflux"),
    "pool_strata": _of("nobs_z_bin", "type_bin", "psf_bin", "depth_bin", "z_mag_bin", "split"),
}


def rule_of(name: str, default: object) -> Rule:
    """Return the rule of a var: from this table, or by its default's kind."""
    if name in RULES:
        return RULES[name]
    if isinstance(default, bool):
        return SWITCH
    kinds = ((str, TEXT), (list, LIST), (Mapping, MAPPING), (int | float, NUMBER))
    return next((rule for kind, rule in kinds if isinstance(default, kind)), OPTIONAL_TEXT)
