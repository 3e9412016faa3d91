"""Manifests: counts against arithmetic, parameters against their laws."""

import hashlib
import math

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.models.catalogue.conftest import TASKS

N_BINS = 16


def u1(key, stream):
    return int(hashlib.md5(f"13|{key}|{stream}".encode()).hexdigest()[:13], 16) / 2**52


def u2(key, stream):
    return int(hashlib.md5(f"13|{key}|{stream}".encode()).hexdigest()[-13:], 16) / 2**52


def test_hosts_are_the_first_of_their_bins_in_keyed_order(catalogue):
    """Repeat the sampling in plain Python for every plan, set and split."""
    hosts = catalogue.table("select * from host_candidates")
    order = {
        key: (u1(f"{key[0]}/{key[1]}", "host"), u2(f"{key[0]}/{key[1]}", "host"))
        for key in hosts.select("brickid", "objid").iter_rows()
    }
    plans = catalogue.rows(
        "select distinct tier, grid, n_galaxies, unnest(selection_set_ids) from experiments"
    )
    regions = catalogue.table("select selection_set_id, region_id from region_selections")
    sampled = catalogue.table(
        "select distinct tier, grid, selection_set_id, region_split, brickid, objid,"
        " inclusion_probability from sampled_galaxies"
    )
    n_checked = 0
    for tier, grid, n_galaxies, selection_set in plans:
        in_set = hosts.join(
            regions.filter(pl.col("selection_set_id") == selection_set), on="region_id"
        )
        for (split,), of_split in in_set.group_by("region_split"):
            kept = []
            for _, of_bin in of_split.group_by("psf_bin", "depth_bin"):
                keys = sorted(
                    of_bin.select("brickid", "objid").iter_rows(), key=lambda k: order[k][0]
                )
                kept += keys[: math.ceil(n_galaxies / N_BINS)]
            expected = sorted(kept, key=lambda k: order[k][1])[:n_galaxies]
            found = sampled.filter(
                (pl.col("tier") == tier)
                & (pl.col("grid") == grid)
                & (pl.col("selection_set_id") == selection_set)
                & (pl.col("region_split") == split)
            )
            assert set(found.select("brickid", "objid").iter_rows()) == set(expected)
            n_checked += len(expected)
    assert n_checked > 500


def test_inclusion_probabilities_add_up_to_the_sample_size(catalogue):
    """Estimate the number of candidates from the sample (Horvitz-Thompson)."""
    rows = catalogue.rows(
        "select count(*), sum(1 / inclusion_probability) from sampled_galaxies"
        " where experiment_id = 'train_stamp64_bandsgrz_gridrecoverable'"
    )
    candidates = catalogue.rows(
        "select count(*) from host_candidates inner join region_selections using (region_id)"
        " where selection_set_id = 'topk_n_lrg_k100'"
    )[0][0]
    n_sampled, estimate = rows[0]
    assert n_sampled > 100
    # Where nothing is trimmed the estimate is exact; trimming scatters it by its square root.
    assert estimate == pytest.approx(candidates, rel=3 / math.sqrt(n_sampled))


def test_task_counts_follow_from_hosts_configs_and_replicates(catalogue):
    rows = catalogue.table(
        "select experiment_id, any_value(experiments.n_configs_per_galaxy) as n_configs,"
        " count(*) as n_hosts, count(*) filter (where is_control_host) as n_control_hosts,"
        " any_value(n_tasks) as n_tasks, any_value(n_controls) as n_controls"
        " from sampled_galaxies inner join experiments using (experiment_id)"
        " inner join experiment_mixture using (experiment_id) group by experiment_id"
    )
    assert rows.height == 8
    assert (rows["n_controls"] == rows["n_control_hosts"]).all()
    assert (rows["n_controls"] > 0).all()
    injections = rows["n_tasks"] - rows["n_controls"]
    assert (injections == rows["n_hosts"] * rows["n_configs"] * 2).all()


def test_grids_have_the_sizes_of_the_original(catalogue):
    sizes = dict(catalogue.rows("select grid, count(*) from injection_configs group by grid"))
    assert sizes == {
        "grid_small": 48,
        "grid_medium": 360,
        "grid_full": 3024,
        "grid_sota": 1008,
        "recoverable": 1,
    }


def test_parameters_are_the_laws_of_the_draws_of_their_render(tasks):
    injected = tasks.filter(~pl.col("is_control")).unique("render_id").sort("render_id").head(300)
    for row in injected.iter_rows(named=True):
        key = row["render_id"]
        assert key == f"{row['brickid']}/{row['objid']}/{row['config_id']}/{row['replicate']}"
        radius = 0.8 * row["theta_e_arcsec"] * math.sqrt(u1(key, "position"))
        angle = 2 * math.pi * u2(key, "position")
        normal = math.sqrt(-2 * math.log(1 - u1(key, "colours")))
        expected = {
            "src_x_arcsec": radius * math.cos(angle),
            "src_y_arcsec": radius * math.sin(angle),
            "src_phi_rad": 2 * math.pi * u1(key, "angles"),
            "shear_phi_rad": math.pi * u2(key, "angles"),
            "lens_e": 0.05 + 0.45 * u1(key, "lens"),
            "lens_phi_rad": math.pi * u2(key, "lens"),
            "src_gr": min(
                1.5, max(-0.5, 0.2 + 0.2 * normal * math.cos(2 * math.pi * u2(key, "colours")))
            ),
            "src_rz": min(
                1.5, max(-0.5, 0.1 + 0.2 * normal * math.sin(2 * math.pi * u2(key, "colours")))
            ),
        }
        for name, value in expected.items():
            # Two libraries' sines and logarithms differ in the last places.
            assert row[name] == pytest.approx(value, rel=1e-12, abs=1e-13), name
        assert row["task_seed64"] == int(
            hashlib.md5(f"13|{key}|noise".encode()).hexdigest()[:15], 16
        )


def test_recoverable_prior_keeps_to_its_ranges_and_does_not_know_the_lens(tasks):
    drawn = tasks.filter(pl.col("config_id") == "recoverable").unique("render_id")
    ranges = {
        "theta_e_arcsec": (0.5, 3.0),
        "src_r_mag": (22.5, 26.0),
        "src_reff_arcsec": (0.1, 0.5),
        "src_n": (0.5, 4.0),
        "shear": (0.0, 0.1),
        "src_e": (0.0, 0.6),
    }
    for name, (low, high) in ranges.items():
        assert low <= drawn[name].min() < drawn[name].max() <= high
        correlation = np.corrcoef(drawn[name], drawn["rmag"])[0, 1]
        assert abs(correlation) < 4 / math.sqrt(drawn.height)
    assert set(drawn["src_mag_frame"]) == {"intrinsic"}
    assert set(drawn["proposal_atoms"].str.replace_all("src_gr|src_rz|,", "")) == {""}


def test_tasks_that_share_a_render_share_every_parameter(tasks):
    per_task = {
        "task_id",
        "experiment_id",
        "tier",
        "selection_set_id",
        "selection_strategy",
        "ranking_mode",
        "stamp_size",
        "bandset",
        "inclusion_probability",
    }
    shared = tasks.drop(per_task).unique()
    assert shared.height == shared["render_id"].n_unique() < tasks.height


def test_tasks_are_sorted_by_brick(catalogue):
    names = catalogue.table("select brickname from injection_tasks")["brickname"]
    assert names.is_sorted()


@pytest.mark.nightly
def test_disjoint_controls_stand_in_for_the_injections_of_their_hosts(
    catalogue, tasks, tmp_path_factory
):
    """Compare with paired controls: what they leave injected is there once.

    Each (galaxy, config, replicate) is an injection or a control, never both.
    """
    other = catalogue.copy(tmp_path_factory.mktemp("disjoint"))
    finished = other.dbt("run", "--select", "manifests", "--vars", "{control_pairing: disjoint}")
    assert finished.returncode == 0, finished.stdout
    disjoint = other.table(TASKS)
    place = ["experiment_id", "selection_set_id", "brickid", "objid", "config_id", "replicate"]
    paired = tasks.filter(~pl.col("is_control"))
    assert_frame_equal(disjoint.select(place).sort(place), paired.select(place).sort(place))
    kinds = disjoint.group_by("experiment_id", "brickid", "objid").agg(
        pl.col("is_control").n_unique()
    )
    assert kinds["is_control"].max() == 1
    shares = dict(disjoint.group_by("experiment_id").agg(pl.col("is_control").mean()).iter_rows())
    recoverable = [share for name, share in shares.items() if name.endswith("recoverable")]
    assert all(0.4 < share < 0.6 for share in recoverable)  # of hundreds of hosts, half asked for
    assert len(recoverable) == 2


ORIGINAL_COLUMNS = """
    task_id, experiment_id, selection_set_id, selection_strategy, ranking_mode, region_id,
    region_split, brickname, ra, dec, zmag, rmag, w1mag, rz, zw1, psfsize_g, psfsize_r, psfsize_z,
    psfdepth_r, ebv, psf_bin, depth_bin, config_id, theta_e_arcsec, src_dmag, src_reff_arcsec, src_e,
    shear, stamp_size, bandset, replicate, is_control::integer as is_control, task_seed64,
    src_x_arcsec, src_y_arcsec, src_phi_rad, shear_phi_rad, src_gr, src_rz, lens_model, lens_e,
    lens_phi_rad, ab_zp_nmgy, pipeline_version
"""


def test_a_manifest_in_the_columns_of_the_original_is_taken_as_it_is(
    catalogue, tasks, tmp_path_factory
):
    other = catalogue.copy(tmp_path_factory.mktemp("external"))
    manifest = other.folder / "manifest.parquet"
    with other.connect() as connection:
        connection.execute(
            f"copy (select {ORIGINAL_COLUMNS} from injection_tasks where src_mag_frame = 'observed')"
            f" to '{manifest}'"
        )
    finished = other.dbt(
        "run",
        "--select",
        "systems",
        "injection_tasks",
        "--vars",
        f"{{external_manifest: {manifest}}}",
    )
    assert finished.returncode == 0, finished.stdout
    read = other.table(TASKS)
    own = tasks.filter(pl.col("src_mag_frame") == "observed")
    made_here = {
        "render_id",
        "objid",
        "inclusion_probability",
        "proposal_density_system",
        "proposal_density_nuisance",
        "proposal_atoms",
    }
    assert_frame_equal(read.drop(made_here), own.drop(made_here), check_exact=True)
    systems = other.table("select * from systems")
    assert systems["render_id"].is_unique().all()
    assert set(systems["render_id"]) == set(read["render_id"])
    renders = pl.DataFrame({"read": read["render_id"], "own": own["render_id"]}).unique()
    assert renders.height == own["render_id"].n_unique() == read["render_id"].n_unique()


def test_a_prior_and_a_grid_are_rows_of_seeds_and_nothing_else(catalogue, tmp_path_factory):
    """Add rows to priors, grid_axes and tiers: two more experiments."""
    other = catalogue.copy(tmp_path_factory.mktemp("prior"))
    with other.connect(read_only=False) as connection:
        connection.execute("""
            insert into priors (prior, parameter, law, low, high, slope) values
                ('compact', 'theta_e_arcsec', 'log_uniform', 0.4, 1.2, null),
                ('compact', 'src_r_mag', 'number_counts', 21.0, 24.0, 0.5),
                ('compact', 'src_reff_arcsec', 'uniform', 0.03, 0.06, null),
                ('compact', 'src_n', 'uniform', 1.0, 2.0, null),
                ('compact', 'src_e', 'uniform', 0.1, 0.2, null),
                ('compact', 'shear', 'log_uniform', 0.01, 0.02, null);
            insert into grid_axes (grid, axis, value) values
                ('grid_pair', 'theta_e_arcsec', 0.7), ('grid_pair', 'theta_e_arcsec', 1.4),
                ('grid_pair', 'src_dmag', 1.5), ('grid_pair', 'src_reff_arcsec', 0.1),
                ('grid_pair', 'src_e', 0.2), ('grid_pair', 'shear', 0.01);
            insert into tiers by name
            select 'demo' as survey_size, 'train' as tier, 'compact' as grid,
                'one_config' as sampling, 40 as n_galaxies, 0.5 as control_frac,
                'topk_n_lrg_k100' as selection_sets
            union all by name
            select 'demo' as survey_size, 'grid' as tier, 'grid_pair' as grid,
                'all_configs' as sampling, 3 as n_galaxies, 1.0 as control_frac,
                'topk_n_lrg_k100' as selection_sets
        """)
    finished = other.dbt("run", "--select", "manifests")
    assert finished.returncode == 0, finished.stdout
    drawn = other.table(
        "select * from injection_tasks where config_id = 'compact' order by render_id"
    ).unique("render_id")
    assert drawn.height > 50
    limits = {
        "theta_e_arcsec": (0.4, 1.2),
        "src_r_mag": (21.0, 24.0),
        "src_reff_arcsec": (0.03, 0.06),
        "src_n": (1.0, 2.0),
        "src_e": (0.1, 0.2),
        "shear": (0.01, 0.02),
    }
    for name, (low, high) in limits.items():
        assert low <= drawn[name].min() < drawn[name].max() <= high
    for row in drawn.head(20).iter_rows(named=True):  # inverse of the law, and its density
        u = u1(row["render_id"], "prior_lens")
        assert row["theta_e_arcsec"] == pytest.approx(0.4 * 3**u, rel=1e-12)
    pair = other.rows(
        "select config_id, count(distinct (brickid, objid)), count(distinct replicate)"
        " from injection_tasks where tier = 'grid' and contains(config_id, 'grid_pair_')"
        " group by 1 order by 1"
    )
    assert [name for name, _, _ in pair] == [
        "grid_pair_0001_te0.7_dm1.5_rf0.1_e0.2_sh0.01",
        "grid_pair_0002_te1.4_dm1.5_rf0.1_e0.2_sh0.01",
    ]
    assert all(n_hosts > 2 and n_replicates == 2 for _, n_hosts, n_replicates in pair)
    old = "select * from injection_tasks where experiment_id not like '%compact'"
    old += " and experiment_id not like '%grid_pair' order by task_id"
    assert_frame_equal(other.table(old), catalogue.table(TASKS), check_exact=True)


@pytest.mark.parametrize("is_refilled", ["true", pytest.param("false", marks=pytest.mark.nightly)])
def test_quotas_say_why_a_split_has_as_many_hosts_as_it_has(
    catalogue, tmp_path_factory, is_refilled
):
    """Compare sums over three by three bins with counts of the galaxies."""
    other = catalogue.copy(tmp_path_factory.mktemp("quotas"))
    (n_held,) = catalogue.rows(
        "select min(n) from (select sum(n_candidates) as n from bin_quotas"
        " where experiment_id = 'train_stamp64_bandsgrz_gridrecoverable' group by region_split)"
    )[0]
    with other.connect(read_only=False) as connection:  # some bins run short, others do not
        connection.execute(f"update tiers set n_galaxies = {n_held} where grid = 'recoverable'")
    finished = other.dbt(
        "build",
        "--select",
        "experiments",
        "host_candidates",
        "sampled_galaxies",
        "bin_quotas",
        "--vars",
        f"{{host_bins_per_axis: 3, refill_short_bins: {is_refilled}}}",
    )
    assert finished.returncode == 0, finished.stdout
    quotas = other.table("select * from bin_quotas")
    assert quotas.group_by("experiment_id", "selection_set_id", "region_split").len()[
        "len"
    ].unique().to_list() == [9]
    assert quotas["n_hosts"].sum() == other.rows("select count(*) from sampled_galaxies")[0][0]
    by_split = quotas.group_by("experiment_id", "selection_set_id", "region_split").agg(
        pl.col("n_galaxies").first(),
        pl.col("n_hosts").sum(),
        pl.col("n_candidates").sum(),
        (pl.col("n_candidates") < pl.col("n_quota")).any().alias("is_short"),
    )
    missing = by_split.filter(pl.col("n_hosts") < pl.col("n_galaxies"))
    assert (missing.height > 0) == (is_refilled == "false")  # which finds all there are
    assert missing["is_short"].all()
    if is_refilled == "false":
        assert (quotas["n_quota"] == (quotas["n_galaxies"] / 9).ceil()).all()
