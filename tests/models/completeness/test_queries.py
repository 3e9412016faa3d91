"""Questions to the lake, asked without dbt."""

import re
import shutil

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import genpareto

from tests.models.completeness.conftest import EXPERIMENTS
from tests.places import PROJECT

PAGE = PROJECT / "docs" / "completeness_questions.md"
SECTIONS = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]
TASKS = "injections where not is_control"


def ask(connection, query):
    return connection.sql(query).pl()


@pytest.fixture
def lake(catalogue):
    with catalogue.connect(read_only=True) as connection:
        yield connection


def test_the_page_asks_ten_questions():
    assert [section.split(".")[0] for section in SECTIONS] == [str(n) for n in range(1, 11)]


def answers(place, block):
    """Rows of the last statement of a block, in an order of their own."""
    with place.connect(read_only=True) as connection:
        for statement in filter(str.strip, block.split(";")):
            answer = connection.sql(statement)
        frame = answer.pl()
    return frame.sort(frame.columns)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.splitlines()[0])
def test_every_question_is_answered_for_each_experiment(two_experiments, first_experiment, section):
    blocks = re.findall(r"```sql\n(.*?)```", section, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        both = answers(two_experiments, block)
        assert set(both["experiment_id"]) == set(EXPERIMENTS)
        first = both.filter(pl.col("experiment_id") == EXPERIMENTS[0])
        assert_frame_equal(first, answers(first_experiment, block))


def test_half_complete_is_where_all_wider_bins_are(first_experiment, tmp_path):
    place = type(first_experiment)(tmp_path)
    shutil.copytree(first_experiment.lake, place.lake)
    (block,) = re.findall(r"```sql\n(.*?)```", SECTIONS[2], flags=re.DOTALL)
    assert answers(place, block)["half_complete_from_arcsec"].item() == 1.0
    with (
        place.connect() as connection
    ):  # true shares 0.05, 0.3, 0.7, 0.95: the narrowest is told as well
        connection.execute(
            "update completeness_cells set wilson_low = 0.9 where theta_e_arcsec_low = 0.25"
        )
    assert answers(place, block)["half_complete_from_arcsec"].item() == 1.0
    with place.connect() as connection:
        connection.execute(
            "update completeness_cells set wilson_low = 0.4 where theta_e_arcsec_low = 1.25"
        )
    assert answers(place, block)["half_complete_from_arcsec"].item() is None


@pytest.mark.parametrize("quality", ["all", "clean"])
@pytest.mark.parametrize("rule", ["original", "matched_snr", "blind_fpr_1e1"])
def test_weights_of_one_reproduce_the_unweighted_answer(lake, rule, quality):
    lake.execute(f"create temp table ones as select task_id, 7.0 as weight from {TASKS}")
    weighted = ask(
        lake,
        f"from completeness_weighted('ones', chosen_rule := '{rule}', chosen_quality := '{quality}')",
    )
    cell = ask(
        lake,
        f"from completeness_cells where cube = 'overall' and rule = '{rule}' and quality = '{quality}'",
    )
    for ours, theirs in (
        ("completeness", "completeness_valid"),
        ("wilson_low", "wilson_low"),
        ("wilson_high", "wilson_high"),
        ("n_effective", "n_effective"),
        ("n_hosts", "n_hosts"),
    ):
        assert weighted[ours].item() == pytest.approx(cell[theirs].item(), rel=1e-9)
    assert weighted["refusal"].item() is None


def test_weights_pick_out_a_part_of_the_population(lake):
    lake.execute(
        "create temp table small as "
        f"select task_id, (theta_e_arcsec = 0.6)::double as weight from {TASKS}"
    )
    weighted = ask(
        lake,
        "from completeness_weighted('small', chosen_rule := 'snr_only', chosen_quality := 'all')",
    )
    cell = ask(
        lake, "from completeness_at(0.6, chosen_rule := 'snr_only', chosen_quality := 'all')"
    )
    assert weighted["completeness"].item() == pytest.approx(cell["completeness"].item())
    assert weighted["n_effective"].item() == pytest.approx(cell["n_effective"].item(), rel=0.01)


def pareto_shape(weights):
    """Zhang & Stephens (2009) with the prior of Vehtari et al. (2024), straight from the papers."""
    ordered = np.sort(weights)[::-1]
    length = int(np.ceil(min(0.2 * len(ordered), 3 * np.sqrt(len(ordered)))))
    x = np.sort(ordered[:length] - ordered[length])
    n, m = len(x), 30 + int(np.sqrt(len(x)))
    b = 1 / x[-1] + (1 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))) / (3 * x[int(n / 4 + 0.5) - 1])
    k = np.log1p(-b[:, None] * x).mean(axis=1)
    likelihood = n * (np.log(-b / k) - k - 1)
    posterior = np.exp(likelihood - likelihood.max())
    slope = (b * posterior).sum() / posterior.sum()
    return (n * np.log1p(-slope * x).mean() + 5) / (n + 10)


@pytest.mark.parametrize(("shape", "is_refused"), [(0.2, False), (1.0, True)])
def test_a_heavy_tail_is_told_and_refused(lake, shape, is_refused):
    hosts = ask(lake, f"select distinct brickid, objid from {TASKS} order by all")
    drawn = genpareto(shape).rvs(len(hosts), random_state=3) + 0.1
    lake.register("host_weights", hosts.with_columns(weight=pl.Series(drawn)).to_arrow())
    lake.execute(
        "create temp table heavy as select task_id, weight "
        f"from (from {TASKS}) inner join host_weights using (brickid, objid)"
    )
    answer = ask(lake, "from completeness_weighted('heavy', chosen_rule := 'snr_only')")
    usable = ask(
        lake,
        "select sum(weight) as weight from heavy inner join recoveries using (task_id) "
        "inner join injections using (task_id) where rule = 'snr_only' and is_usable_clean "
        "and task_id in (select min(task_id) from injections group by render_id) "
        "group by brickid, objid",
    )["weight"].to_numpy()
    assert answer["pareto_k"].item() == pytest.approx(pareto_shape(usable), rel=1e-9)
    assert (answer["refusal"].item() is not None) == is_refused
    assert (answer["completeness"].item() is None) == is_refused


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (f"select task_id, 1.0 as weight from {TASKS} union all select 'nobody', 1", "first is nobody"),
        (f"select task_id, 1.0 as weight from {TASKS} union all from (select min(task_id), 1 from {TASKS})", "1 tasks have more than one weight"),
        (f"select task_id, if(objid = 5, 'nan'::double, 1) as weight from {TASKS}", "negative, NaN or null"),
        (f"select task_id, if(objid = 5, -1, 1) as weight from {TASKS}", "negative, NaN or null"),
        (f"select task_id, (objid < 5)::double as weight from {TASKS}", "hosts"),
    ],
)  # fmt: skip
def test_useless_weights_are_refused(lake, rows, said):
    lake.execute(f"create temp table bad as {rows}")
    answer = ask(lake, "from completeness_weighted('bad')")
    assert said in answer["refusal"].item()
    assert answer["completeness"].item() is None


def test_a_density_within_the_injected_range_is_answered(lake):
    # The model has lenses at 0.6 and 1.0 only, in equal parts; a quarter was injected at each.
    lake.execute(
        "create temp table model as "
        f"select task_id, (theta_e_arcsec in (0.6, 1.0))::double / 2 as density from {TASKS}"
    )
    answer = ask(
        lake,
        "from completeness_for_density('model', chosen_rule := 'snr_only', chosen_quality := 'all')",
    )
    assert answer["refusal"].item() is None
    # Truth of the simulation: 0.3 and 0.7; about 1500 hosts.
    assert answer["wilson_low"].item() < 0.5 < answer["wilson_high"].item()


def test_a_density_outside_the_injected_range_is_refused(lake):
    lake.execute(
        "create temp table model as "
        f"select task_id, if(theta_e_arcsec = 1.4, 0.6, 0) as density from {TASKS}"
    )
    answer = ask(lake, "from completeness_for_density('model')")
    assert "of the target lies where there are injections" in answer["refusal"].item()
    assert answer["weight_mean"].item() == pytest.approx(0.6, abs=0.1)


def test_a_population_outside_the_injected_range_is_refused(lake):
    lake.execute(
        "create temp table wide as select theta_e_arcsec, 1.2 as psf_fwhm_arcsec, 24.3 as psfdepth_r, "
        "1 as weight from (values (1.0), (2.7)) as t(theta_e_arcsec)"
    )
    answer = ask(lake, "from completeness_of_population('wide')")
    assert "% of the population" in answer["refusal"].item()
    assert answer["completeness"].item() is None


def test_a_population_that_mixes_cells_gets_their_mixture(lake):
    cells = ask(
        lake,
        "from completeness_cells where cube = 'theta_e_psf_depth' and rule = 'snr_only' "
        "and quality = 'clean' and n_hosts >= 20 order by cell",
    )
    assert len(cells) >= 4
    share = np.arange(1.0, len(cells) + 1)
    population = cells.select(
        theta_e_arcsec="theta_e_arcsec_low",
        psf_fwhm_arcsec="psf_fwhm_arcsec_low",
        psfdepth_r="psfdepth_r_mag_low",
    ).with_columns(weight=pl.Series(share))
    lake.register("mixture_rows", population.to_arrow())
    lake.execute("create temp table mixture as from mixture_rows")
    answer = ask(lake, "from completeness_of_population('mixture', chosen_rule := 'snr_only')")
    expected = np.average(cells["completeness_valid"], weights=share)
    assert answer["completeness"].item() == pytest.approx(expected, rel=1e-12)
    spread = cells["completeness_valid"] * (1 - cells["completeness_valid"])
    variance = (share**2 * spread / cells["n_effective"]).sum() / share.sum() ** 2
    # The cells' shares are drawn towards a half before their variances are added.
    assert answer["n_effective"].item() == pytest.approx(
        expected * (1 - expected) / variance, rel=0.2
    )


def test_the_footprint_weighs_cells_by_their_parents(lake):
    answer = ask(
        lake, "from completeness_over_footprint(chosen_rule := 'snr_only', weighted_by := 'area')"
    )
    assert len(answer) == 4
    with pytest.raises(Exception, match="parents or area, not bricks"):
        ask(lake, "from completeness_over_footprint(weighted_by := 'bricks')")


def test_the_chain_is_the_product_of_its_factors(lake):
    chain = ask(lake, "from completeness_chain(chosen_rule := 'snr_only', chosen_quality := 'all')")
    lenses = ask(lake, "from known_lens_parents")
    cells = ask(
        lake,
        "from completeness_cells where cube = 'by_theta_e_arcsec' and rule = 'snr_only' "
        "and quality = 'all' and n_attempt > 0 order by theta_e_arcsec_low",
    )
    assert len(chain) == 4
    assert chain["parent_share"][0] == pytest.approx(lenses["is_parent"].mean())
    expected = lenses["is_parent"].mean() * cells["n_recovered"] / cells["n_attempt"]
    np.testing.assert_allclose(chain["chain"], expected)
    assert (chain["chain_low"] <= chain["chain"]).all()
    assert (chain["chain"] <= chain["chain_high"]).all()


@pytest.fixture
def hosts_of_many_injections(catalogue, tmp_path):
    """The lake with 14 hosts of 32 injections at 1.0 arcsec, one of the hosts without a mask."""
    place = type(catalogue)(tmp_path)
    shutil.copytree(catalogue.lake, place.lake)
    with place.connect() as connection:
        connection.execute(
            """
            create temp table shown as
            select bin, one.* replace (false as is_control, true as is_first_of_render, true as is_clean)
            from (from task_outcomes limit 1) as one, completeness_bins as bins
            where bins.axis = 'theta_e_arcsec' and 1.0 >= bins.low and 1.0 < bins.high
            """
        )
        connection.execute("delete from task_outcomes where not is_control")
        connection.execute(
            """
            insert into task_outcomes by name
            select shown.* exclude (bin) replace (
                shown.bin::smallint as theta_e_arcsec,
                'task_' || host || '_' || copy as task_id,
                host as host_number,
                repeat(if(host = 0, '-', 'm'), 30) as outcome
            )
            from shown, range(14) as hosts(host), range(32) as copies(copy)
            """
        )
        yield connection


@pytest.mark.parametrize("quality", ["all", "clean"])
def test_the_usable_share_of_the_chain_counts_hosts(hosts_of_many_injections, quality):
    chain = ask(
        hosts_of_many_injections,
        f"from completeness_chain(chosen_rule := 'snr_only', chosen_quality := '{quality}')",
    ).row(0, named=True)
    # Wilson (1927) for 13 of 14 trials, as hosts are usable always or never: 0.685 to 0.987.
    z, n, share = 1.959963984540054, 14, 13 / 14
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert (chain["n_attempt"], chain["n_hosts_attempted"]) == (14 * 32, 14)
    assert chain["usable_share"] == pytest.approx(share)
    assert chain["usable_n_effective"] == pytest.approx(n)
    assert chain["usable_low"] == pytest.approx(middle - half)
    assert chain["usable_high"] == pytest.approx(middle + half)
    assert (chain["usable_low"], chain["usable_high"]) == pytest.approx((0.6853, 0.9873), abs=1e-4)
    assert chain["chain_high"] == pytest.approx(
        chain["parent_high"] * (middle + half) * chain["detected_high"]
    )


def test_a_quality_that_is_none_is_refused(lake):
    lake.execute(f"create temp table all_tasks as select task_id, 1.0 as weight from {TASKS}")
    for answer in (
        "completeness_at(1.0, chosen_quality := 'best')",
        "completeness_chain(chosen_quality := 'best')",
        "completeness_over_footprint(chosen_quality := 'best')",
        "completeness_weighted('all_tasks', chosen_quality := 'best')",
    ):
        with pytest.raises(Exception, match="quality is clean or all, not best"):
            ask(lake, f"from {answer}")
