"""Suites of the original's tables: surfaces by region, and pooled."""

from expectations.suite import Check, Suite, always, among, no_rows, present
from expectations.suites.recovery import INJECTIONS
from expectations.suites.rules import SPLITS

QUALITIES = ("all", "clean")
PLACE = (
    *("region_split", "selection_set_id", "ranking_mode", "theta_e_arcsec", "src_dmag"),
    *("src_reff_arcsec", "psf_bin", "depth_bin", "resolution_bin"),
)
UNRESOLVED = ("<0.4", "0.4-0.6", "0.6-0.8")  # below 0.8 PSF widths, where the rule asks for more


def suites() -> tuple[Suite, ...]:
    """Return one suite per table."""
    return _completeness_surfaces(), _completeness_by_region()


def _in_interval(share: str, interval: str, n_valid: str, quality: str = "") -> Check:
    """Check that a completeness lies in its interval, where there is one."""
    low, high = f"ci_low_{interval}", f"ci_high_{interval}"
    return always(
        f"completeness_lies_in_its_interval{quality}",
        f"{low} <= {share} + 1e-9 and {share} <= {high} + 1e-9",
        when=f"{n_valid} > 0",
    )


def _completeness_surfaces() -> Suite:
    return Suite(
        table="completeness_surfaces",
        grain="One row per cell of the original's surfaces.",
        key=("experiment_id", "region_id", *PLACE),
        nullable_key=("region_id", *PLACE),
        columns=("n_attempt", "n_recovered_snr_only", "n_recovered_res_only"),
        checks=(
            *present("experiment_id"),
            among("region_split", SPLITS, when="region_split is not null"),
            always(
                "recovered_within_valid_within_attempts",
                "n_recovered_all <= n_valid_all and n_valid_all <= n_attempt"
                " and n_recovered_clean <= n_valid_clean and n_valid_clean <= n_valid_all",
            ),
            always(
                "the_rule_is_both_of_its_parts",
                "n_recovered_all <= n_recovered_snr_only"
                " and n_recovered_all <= n_recovered_res_only",
            ),
            always(
                "nothing_unresolved_is_recovered",
                "n_recovered_all = 0 and n_recovered_res_only = 0",
                when=f"resolution_bin in {UNRESOLVED}",
            ),
            *(
                _in_interval(f"completeness_valid_{q}", f"valid_{q}", f"n_valid_{q}", f"_{q}")
                for q in QUALITIES
            ),
            no_rows(
                "every_injection_is_attempted",
                f"""
                select experiment_id, n_attempt, n_tasks
                from (
                    select experiment_id, sum(n_attempt) as n_attempt from {{batch}} group by all
                )
                full join ({INJECTIONS}) as injected using (experiment_id)
                where n_attempt is distinct from n_tasks
                """,
            ),
        ),
    )


def _completeness_by_region() -> Suite:
    return Suite(
        table="completeness_by_region",
        grain="One row per cell of the original's surfaces, over regions, rule and quality.",
        key=("experiment_id", "rule", "quality", *PLACE),
        nullable_key=PLACE,
        columns=("n_regions", "n_attempt_total"),
        checks=(
            *present("experiment_id", "rule"),
            among("quality", QUALITIES),
            among("region_split", SPLITS, when="region_split is not null"),
            always("cells_with_attempts_have_regions", "(n_regions > 0) = (n_attempt_total > 0)"),
            always(
                "recovered_within_valid_within_attempts",
                "n_recovered_total <= n_valid_total and n_valid_total <= n_attempt_total",
            ),
            _in_interval("completeness_valid_pooled", "pooled", "n_valid_total"),
            no_rows(
                "every_injection_is_attempted",
                f"""
                select experiment_id, rule, quality, n_attempt, n_tasks
                from (
                    select experiment_id, rule, quality, sum(n_attempt_total) as n_attempt
                    from {{batch}} group by all
                )
                full join ({INJECTIONS}) as injected using (experiment_id)
                where n_attempt is distinct from n_tasks
                """,
            ),
        ),
    )
