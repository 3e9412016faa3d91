"""Vars: everything that is wrong with a choice is told at once, and what is right is let through."""

import json

import duckdb
import pytest

from store import project, vars
from store.project import SettingsError, problems, settings
from store.vars import BY_BAND, BY_SIZE, CHOICES, IN_ORDER, RULES, rule_of

WRONG = [
    ({"tier": ["debug"]}, "no var tier: dbt_project.yml lists what can be set"),
    ({"parent_variant": "v9"}, "var parent_variant: there is no 'v9', only v1_pure_massive, v2_b"),
    ({"tiers": ["debug", "test"]}, "var tiers: there is no 'test', only debug, grid, train"),
    ({"tiers": "debug"}, "var tiers is debug: it must be a list of debug, grid, train"),
    ({"control_pairing": "both"}, "var control_pairing: there is no 'both', only paired, disjoint"),
    ({"psf_profile": "airy"}, "var psf_profile: there is no 'airy', only moffat, gaussian"),
    ({"survey_size": "dr9"}, "var survey_size: there is no 'dr9', only demo, dr10"),
    ({"pool_strata": ["nobs"]}, "var pool_strata: there is no 'nobs', only nobs_z_bin, type_bin"),
    (
        {"clean_max_bad_pixel_frac": 1.5},
        "var clean_max_bad_pixel_frac is 1.5: it must be a number from 0 to 1",
    ),
    ({"lens_e_max": 1.2}, "var lens_e_max is 1.2: it must be a number from 0 to below 1"),
    ({"lens_e_min": 0.6}, "var lens_e_min is 0.6: it must be at most lens_e_max, 0.5"),
    ({"replicates": "many"}, "var replicates is many: it must be a whole number above 0"),
    ({"replicates": 1.5}, "var replicates is 1.5: it must be a whole number above 0"),
    ({"replicates": True}, "var replicates is True: it must be a whole number above 0"),
    ({"task_limit": -1}, "var task_limit is -1: it must be a whole number, 0 or above"),
    ({"split_nside": 12}, "var split_nside is 12: it must be a power of 2"),
    ({"pixel_scale_arcsec": 0}, "var pixel_scale_arcsec is 0: it must be a number above 0"),
    ({"metrics_only": "yes"}, "var metrics_only is yes: it must be true or false"),
    ({"seed": "13"}, "var seed is 13: it must be a whole number"),
    ({"external_manifest": []}, "var external_manifest is []: it must be a text"),
    ({"src_colour_min_mag": float("nan")}, "var src_colour_min_mag is nan: it must be a number"),
    ({"interval_level": 1}, "var interval_level is 1: it must be a number above 0 and below 1"),
    ({"stamp_sizes": []}, "var stamp_sizes is []: it must be a list of which each is a whole"),
    ({"bad_mask_bits": [32]}, "var bad_mask_bits is [32]: it must be a list of which each is a"),
    ({"pool_z_mag_bin_edges": [2, 1]}, "var pool_z_mag_bin_edges is [2, 1]: it must be a list of"),
    (
        {"split_train_fraction": 0.9},
        "var split_val_fraction is 0.15: it must be at most 1 - split_train_fraction, 0.9",
    ),
    ({"detection_band": "i"}, "var detection_band names band 'i': bands has only g, r, z"),
    ({"bandsets": ["gri"]}, "var bandsets names band 'i': bands has only g, r, z"),
    (
        {"extinction_coefficients": {"g": 1, "r": 1}},
        "var extinction_coefficients has no value for band 'z'",
    ),
    (
        {"min_cutout_fraction": {"dr10": 0.9}},
        "var min_cutout_fraction has no value for survey_size 'demo', only for dr10",
    ),
    ({"min_cutout_fraction": {"demo": 9}}, "var min_cutout_fraction is {'demo': 9}: it must be a"),
]
RIGHT = [
    {},
    {"seed": 14, "replicates": 1},
    {"tiers": ["debug"], "grids": ["grid_small"], "selection_sets": []},
    {"bands": ["g", "r", "i", "z"], "bandsets": ["gri", "r"], "detection_band": "i"},
    {"split_train_fraction": 0.5, "split_val_fraction": 0.5},
    {"split_train_fraction": 0, "split_val_fraction": 0.0},
    {"lens_e_min": 0.5},
    {"survey_size": "dr10"},
    {"pool_match_radius_arcsec": 1.5, "pool_earlier_finder": "baseline"},
    {"external_manifest": "a/*.parquet", "task_limit": 0},
]


@pytest.mark.parametrize(("chosen", "sentence"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_is_one_sentence_that_names_the_var(chosen, sentence):
    [found] = problems(chosen)
    assert found.startswith(sentence)


@pytest.mark.parametrize("chosen", RIGHT, ids=str)
def test_what_can_be_is_let_through(chosen):
    assert problems(chosen) == []


def test_every_problem_is_told_not_the_first():
    alone = [({name: value}, said) for chosen, said in WRONG for name, value in chosen.items()]
    together = {}
    for chosen, _ in alone:
        together |= chosen
    del together["lens_e_min"]  # says nothing more while lens_e_max is wrong itself
    del together["min_cutout_fraction"], together["extinction_coefficients"]
    del together["split_train_fraction"]
    found = problems(together)
    named = {name for name in together if any(f"var {name}" in said for said in found)}
    assert named == set(together)
    assert len(found) == len(together)


def test_settings_are_refused_with_every_problem():
    with pytest.raises(SettingsError, match=r"no var sed: .*; var replicates is 0: it must be"):
        settings("{sed: 1, replicates: 0}")


def test_sql_is_told_the_same():
    chosen = {"tier": [], "replicates": 0, "pipeline_version": "it's"}
    with duckdb.connect() as connection:
        project.register(connection)
        [found] = connection.execute("select var_problems(?)", [json.dumps(chosen)]).fetchone()
    assert found == problems(chosen)
    assert len(found) == 2


@pytest.mark.parametrize("table", [RULES, CHOICES, BY_BAND, BY_SIZE, sum(IN_ORDER, ())])
def test_the_table_names_no_var_that_there_is_not(table):
    assert set(table) <= set(settings())


def test_no_var_has_a_rule_and_choices():
    assert not set(RULES) & set(CHOICES)


def test_every_rule_refuses_something():
    nonsense = [None, "nonsense", -1.5, [None], {"g": "x"}]
    for name, default in settings().items():
        if name not in CHOICES:
            rule = rule_of(name, default)
            assert rule.is_met(default), name
            assert not all(rule.is_met(value) for value in nonsense), name


def test_choices_of_a_seed_are_read_from_it(monkeypatch):
    monkeypatch.setattr(vars, "seed_values", lambda name, column: [f"{name}.{column}"])
    found = problems({"tiers": ["tiers.tier"]})
    assert any("only lrg_variants.variant" in said for said in found)
    assert not any("var tiers" in said for said in found)
