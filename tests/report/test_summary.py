"""The headline says at what price, and the experiments what they got of what they asked for."""

import polars as pl
import pytest

from report.sections import summary
from tests.report.injections_lake import SETS, SIZES, experiment_id, injections_lake

GOT = {"train": 20, "val": 12, "test": 20}
RULES = """
create table completeness_cells as
select
    experiment_id, 'overall' as cube, rule, 'all' as quality, rule_kind, 100 as n_valid, 50 as n_recovered,
    20 as n_hosts, 0.5 as completeness_valid, 0.4 as wilson_low, 0.6 as wilson_high, 200 as n_controls,
    chance_fraction, chance_corrected, chance_corrected - 0.1 as chance_corrected_low,
    chance_corrected + 0.1 as chance_corrected_high
from stage_config, (
    values
        ('original', 'detectability', null, null), ('blind_fpr_1e1', 'blind', 0.1, 0.444)
) as rules(rule, rule_kind, chance_fraction, chance_corrected)
where {condition};
create table recovery_thresholds as
select
    experiment_id, rule, rule_kind,
    if(rule_kind = 'blind', 1e-1, null) as false_positive_rate,
    if(rule_kind = 'blind', 27, null) as n_false_positives, 272 as n_controls, 0 as n_negatives
from completeness_cells;
"""


@pytest.fixture
def lake():
    with injections_lake() as connection:
        yield connection


def sample(lake, got):
    """Galaxies of every experiment: as many as given in each split of each selection set."""
    rows = [
        {"experiment_id": experiment_id(grid, size), "selection_set_id": name, "region_split": split}
        for grid, names in SETS.items() for size in SIZES for name in names
        for split, n in got.items() for _ in range(n)
    ]  # fmt: skip
    lake.register("given", pl.DataFrame(rows).to_arrow())
    lake.execute("create or replace table sampled_galaxies as from given")


def test_a_blind_rule_says_its_false_positives_and_what_is_beyond_chance(lake):
    lake.execute(RULES.format(condition="true"))
    text = summary.result(lake).text
    assert "blind_fpr_1e1 (blind) at 10 % false positives" in text
    assert "27 of 272 galaxies without an arc" in text
    assert "recovers 0.500 (0.400 to 0.600, 95 %)" in text
    assert "takes 10.0 % of the controls for lenses" in text
    assert "beyond that chance, 0.444 (0.344 to 0.544, 95 %) is left" in text


def test_a_rule_that_knows_the_truth_says_that_it_has_no_false_positives(lake):
    lake.execute(RULES.format(condition="rule = 'original'"))
    text = summary.result(lake).text
    assert "looks at the injected truth, so it has no false positives; it recovers 0.500" in text
    assert "chance" not in text


def test_what_was_got_stands_beside_what_was_asked_for(lake):
    sample(lake, GOT)
    lake.execute("delete from sampled_galaxies where selection_set_id = 'set_c'")
    table = summary.experiments(lake)
    assert table.headings[1:5] == ["galaxies asked for", "got, train", "got, val", "got, test"]
    by_name = {row[0]: row[1:5] for row in table.rows}
    assert by_name["train, recoverable, 64 px"] == [20, 20, 12, 20]
    assert by_name["train, grid small, 64 px"] == [20, "0\u201320", "0\u201312", "0\u201320"]
    assert "Fewer than asked for" in table.caption
    assert "train, recoverable, 64 px" in table.caption


def test_nothing_is_said_of_a_sampling_that_got_all(lake):
    sample(lake, dict.fromkeys(GOT, 20))
    assert "Fewer" not in summary.experiments(lake).caption
