"""The stage on a simulated catalogue, against counts made without it."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

TRUE_SHARE = {0.3: 0.05, 0.6: 0.3, 1.0: 0.7, 1.4: 0.95}  # of the simulated catalogue
THETA_EDGES = (0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3)
PSF_EDGES = (0, 1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6)
DEPTH_EDGES = (0, 23.6, 24, 24.25, 24.5, 24.75, 25, 25.5)
SURFACE = [
    "experiment_id",
    "region_split",
    "region_id",
    "selection_set_id",
    "ranking_mode",
    "theta_e_arcsec",
    "src_dmag",
    "src_reff_arcsec",
    "psf_bin",
    "depth_bin",
    "resolution_bin",
    "n_attempt",
    "n_valid_all",
    "n_valid_clean",
    "n_recovered_all",
    "n_recovered_clean",
    "n_recovered_snr_only",
    "n_recovered_res_only",
    "arc_snr_mean",
    "arc_snr_p50",
    "theta_over_psf_mean",
    "completeness_valid_all",
    "completeness_valid_clean",
    "completeness_overall_all",
    "completeness_overall_clean",
    "valid_frac_all",
    "valid_frac_clean",
    "ci_low_valid_all",
    "ci_high_valid_all",
    "ci_low_valid_clean",
    "ci_high_valid_clean",
]


def lower_edge(values, edges):
    """Lower edge of the half-open bin that each value lies in."""
    return np.array(edges, float)[np.searchsorted(edges, values, side="right") - 1]


@pytest.fixture(scope="module")
def judged(injections):
    """Injections judged by the original's rules, each render once."""
    resolution = pl.col("theta_e_arcsec") / pl.col("psf_fwhm_used_r")
    renders = (
        injections.filter(~pl.col("is_control"))
        .sort("selection_set_id")
        .unique("render_id", keep="first", maintain_order=True)
    )
    return renders.with_columns(
        theta=lower_edge(renders["theta_e_arcsec"], THETA_EDGES),
        psf=lower_edge(renders["psf_fwhm_used_r"], PSF_EDGES),
        depth=lower_edge(renders["psfdepth_r"], DEPTH_EDGES),
        is_recovered=pl.col("cutout_ok") & (pl.col("arc_snr") >= 5) & (resolution >= 0.8),
        is_clean=pl.col("cutout_ok")
        & (pl.col("bad_pixel_frac") <= 0.2)
        & (pl.col("wise_brightmask_frac") <= 0.2),
    )


def test_cells_count_what_a_plain_count_counts(sql, judged):
    expected = judged.group_by("theta", "psf", "depth").agg(
        n_attempt=pl.len(),
        n_valid_all=pl.col("cutout_ok").sum(),
        n_valid_clean=pl.col("is_clean").sum(),
        n_recovered_all=pl.col("is_recovered").fill_null(False).sum(),
        n_recovered_clean=(pl.col("is_recovered") & pl.col("is_clean")).fill_null(False).sum(),
        n_hosts_all=pl.struct("brickid", "objid").filter("cutout_ok").n_unique(),
        arc_snr_p50=pl.col("arc_snr").median(),
        arc_snr_mean=pl.col("arc_snr").mean(),
    )
    cells = sql(
        "select *, theta_e_arcsec_low as theta, psf_fwhm_arcsec_low as psf, "
        "psfdepth_r_mag_low as depth from completeness_cells_wide "
        "where cube = 'theta_e_psf_depth' and rule = 'original'"
    )
    both = expected.join(cells, on=["theta", "psf", "depth"], how="left", suffix="_found")
    assert len(expected) > 50
    for name in expected.columns[3:]:
        np.testing.assert_allclose(both[name], both[f"{name}_found"], rtol=1e-12, err_msg=name)


def test_every_cell_exists_and_empty_ones_say_nothing(sql):
    cells = sql(
        "from completeness_cells_wide where cube = 'theta_e_psf_depth' and rule = 'original'"
    )
    inside = cells.drop_nulls("theta_e_arcsec_low")
    assert len(inside) == 10 * 8 * 8
    empty = inside.filter(pl.col("n_attempt") == 0)
    assert len(empty) > 100
    assert empty["completeness_valid_all"].null_count() == len(empty)
    assert empty["wilson_low_all"].null_count() == len(empty)
    assert set(empty["jeffreys_low_all"]) == {0.0}
    assert set(empty["jeffreys_high_all"]) == {1.0}


def test_design_effect_is_that_of_the_hosts_with_two_added(sql, injections):
    cell = sql(
        "from completeness_cells_wide where cube = 'overall' and rule = 'snr_only'"
    ).row(0, named=True)  # fmt: skip
    renders = injections.filter(~pl.col("is_control"), "cutout_ok").unique("render_id")
    hosts = renders.group_by("brickid", "objid").agg(
        n=pl.len(), k=(pl.col("arc_snr") >= 5).sum()
    ).cast(pl.Float64)  # fmt: skip
    size = (hosts["n"] ** 2).sum() / hosts["n"].sum()
    n = np.append(hosts["n"], [size, size])
    k = np.append(hosts["k"], [size, 0])
    share = k.sum() / n.sum()
    variance = len(n) / (len(n) - 1) * ((k - share * n) ** 2).sum() / n.sum() ** 2
    expected = variance / (share * (1 - share) / n.sum())
    assert expected > 1.2  # the hosts of the simulation do matter
    assert cell["design_effect_all"] == pytest.approx(expected, rel=1e-9)
    assert cell["n_effective_all"] == pytest.approx(hosts["n"].sum() / expected, rel=1e-9)


def test_selection_sets_are_counted_apart_and_renders_once(sql, injections):
    injected = injections.filter(~pl.col("is_control"))
    by_set = sql(
        "select selection_set_id, sum(n_attempt)::bigint as n from completeness_cells_wide "
        "where cube = 'by_selection_set_id' and rule = 'original' group by all order by all"
    )
    expected = injected.group_by("selection_set_id").len("n").sort("selection_set_id")
    assert by_set["n"].to_list() == expected["n"].to_list()
    pooled = sql("from completeness_cells_wide where cube = 'overall' and rule = 'original'")
    assert pooled["n_attempt"].item() == injected["render_id"].n_unique() < len(injected)


def test_truth_of_the_simulation_is_in_the_intervals(sql):
    cells = sql(
        "from completeness_cells_wide where cube = 'by_theta_e_grid_arcsec' and rule = 'snr_only' "
        "order by theta_e_grid_arcsec"
    )
    assert cells["theta_e_grid_arcsec"].to_list() == list(TRUE_SHARE)
    # Four intervals: five standard errors rather than two, so that chance does not fail the test.
    half = (cells["wilson_high_all"] - cells["wilson_low_all"]) / 2 * 5 / 1.96
    assert (abs(cells["completeness_valid_all"] - pl.Series(TRUE_SHARE.values())) < half).all()


def test_chance_is_taken_off_what_a_blind_rule_finds(sql):
    cells = sql(
        "from completeness_cells_wide where cube = 'by_theta_e_grid_arcsec' and rule = 'blind_fpr_1e1' "
        "order by theta_e_grid_arcsec"
    )
    truth = np.array(list(TRUE_SHARE.values()))
    threshold = sql("from recovery_thresholds where rule = 'blind_fpr_1e1'").row(0, named=True)
    chance = norm.sf(threshold["threshold"])  # controls of the simulation are standard normal
    assert threshold["false_positive_rate_measured"] == pytest.approx(0.1, abs=1 / 1500)
    assert chance == pytest.approx(0.1, abs=0.03)
    np.testing.assert_allclose(cells["chance_fraction_all"], 0.1, atol=1e-3)
    assert (cells["completeness_valid_all"] > cells["chance_corrected_all"]).all()
    np.testing.assert_allclose(cells["chance_corrected_all"], truth, atol=0.05)
    assert (cells["chance_corrected_low_all"] < cells["chance_corrected_all"]).all()
    assert (cells["chance_corrected_all"] < cells["chance_corrected_high_all"]).all()


def test_rules_on_the_truth_have_no_chance_correction(sql):
    cells = sql("from completeness_cells_wide where rule_kind = 'detectability'")
    assert len(cells) > 0
    assert cells["chance_corrected_all"].null_count() == len(cells)


def test_a_rate_that_the_controls_cannot_hold_sets_no_threshold(sql):
    rule = sql("from recovery_thresholds where rule = 'blind_fpr_1e3'").row(0, named=True)
    assert rule["threshold"] is None
    assert rule["reason_code"] == "too_few_without_arc"
    assert rule["n_without_arc_needed"] == 5 / 1e-3
    assert 0 < rule["n_controls"] + rule["n_negatives"] < 5 / 1e-3
    outcomes = sql("from recoveries where rule = 'blind_fpr_1e3'")
    assert len(outcomes) > 0
    assert not outcomes["is_usable"].any()


def test_scores_of_a_finder_are_a_rule_of_their_own(sql, injections):
    rule = sql("from recovery_thresholds where rule = 'finder_fpr_1e1:net'").row(0, named=True)
    controls = injections.filter("is_control").unique(["brickid", "objid"])["blind_snr"]
    above = (controls > rule["threshold"]).sum()
    assert above == rule["n_false_positives"] == int(0.1 * len(controls))
    found = sql(
        "select count(*) filter (where is_detected) as n from recoveries "
        "where rule = 'finder_fpr_1e1:net' and not is_control"
    )["n"].item()
    injected = injections.filter(~pl.col("is_control"), "cutout_ok")
    assert found == (injected["arc_snr"] > rule["threshold"]).sum()


def test_each_task_has_one_row_per_rule_and_a_reason_when_not_detected(sql, injections):
    recoveries = sql("from recoveries")
    n_rules = sql("select count(*) as n from recovery_thresholds")["n"].item()
    assert n_rules == 10
    assert len(recoveries) == n_rules * len(injections)
    assert (recoveries["is_detected"] == recoveries["reason_code"].is_null()).all()
    assert not recoveries.filter("is_control", pl.col("rule_kind") == "detectability")[
        "is_detected"
    ].any()
    failed = injections.filter(~pl.col("cutout_ok"))["task_id"].implode()
    reasons = recoveries.filter(pl.col("task_id").is_in(failed))["reason_code"]
    assert set(reasons) == {"no_coverage"}
    known = sql("from 'seeds/staging/reason_codes.csv'")["reason_code"]
    assert set(recoveries["reason_code"].drop_nulls()) <= set(known)


def test_surfaces_have_the_names_and_sums_of_the_original(sql, injections):
    surfaces = sql("from completeness_surfaces")
    assert surfaces.columns == SURFACE
    assert surfaces["n_attempt"].sum() == (~injections["is_control"]).sum()
    assert set(surfaces["resolution_bin"]) <= {"<0.4", "0.4-0.6", "0.6-0.8", "0.8-1.0", ">=1.0"}
    unresolved = surfaces.filter(pl.col("resolution_bin").is_in(["<0.4", "0.4-0.6", "0.6-0.8"]))
    assert unresolved["n_valid_all"].sum() > 0
    assert unresolved["n_recovered_all"].sum() == 0
    assert (surfaces["n_recovered_all"] <= surfaces["n_recovered_snr_only"]).all()
    assert (surfaces["n_recovered_all"] <= surfaces["n_recovered_res_only"]).all()


def test_cells_over_regions_pool_the_cells_of_regions(sql):
    keys = [name for name in SURFACE[:11] if name != "region_id"]
    pooled = sql("from completeness_by_region_wide where rule = 'original'")
    surfaces = sql("from completeness_surfaces").group_by(keys).agg(
        n_regions=pl.col("region_id").filter(pl.col("n_attempt") > 0).n_unique(),
        n_valid_all_total=pl.col("n_valid_all").sum(),
        n_recovered_clean_total=pl.col("n_recovered_clean").sum(),
        completeness_valid_all_mean=pl.col("completeness_valid_all").mean(),
    )  # fmt: skip
    both = pooled.join(surfaces, on=keys, how="left", suffix="_expected", nulls_equal=True)
    assert len(pooled) > 100
    for name in ("n_regions", "n_valid_all_total", "n_recovered_clean_total"):
        assert (both[name] == both[f"{name}_expected"].fill_null(0)).all(), name
    means = both.drop_nulls("completeness_valid_all_mean")
    np.testing.assert_allclose(
        means["completeness_valid_all_mean"], means["completeness_valid_all_mean_expected"]
    )


def test_bootstrap_is_offered_where_it_holds_and_agrees_with_the_others(sql):
    cells = sql("from completeness_cells_wide where rule = 'snr_only' and cube like 'by_%'")
    offered = cells.drop_nulls("bootstrap_low_all")
    assert len(offered) > 20
    assert offered["n_hosts_all"].min() >= 30
    large = offered.filter(pl.col("n_effective_all") > 300)
    assert len(large) > 10
    width = large["bootstrap_high_all"] - large["bootstrap_low_all"]
    ratio = width / (large["wilson_high_all"] - large["wilson_low_all"])
    # 500 resamples know a 95 % width to about 6 %.
    assert ratio.min() > 0.7
    assert ratio.max() < 1.2
    assert abs(ratio.mean() - 1) < 0.1
