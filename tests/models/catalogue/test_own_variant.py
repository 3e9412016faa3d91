"""A galaxy variant of one's own is rows of two seeds, and nothing else."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.places import PROJECT
from tests.support.dbt_process import environment

NEEDED = (
    *("models", "macros", "seeds", "store", "pixels", "udfs", "injection", "expectations"),
    *("tests/dbt", "dbt_project.yml", "profiles.yml", "pyproject.toml"),
)
OWN_VARIANT = "12,v6_red_and_round,v6,raw,made up\n"
OWN_CUTS = (
    "v6_red_and_round,1,flux,{r} is not null and {z} is not null\n"
    "v6_red_and_round,2,z_mag,{z} < 20.1e0\n"
    "v6_red_and_round,3,r_minus_z,{r} - {z} > 0.6e0\n"
    "v6_red_and_round,4,round,type = 'REX' or shape_e1 * shape_e1 < 0.01e0\n"
)


@pytest.fixture(scope="module")
def own_lake(raw_lake, tmp_path_factory):
    """A lake that a copy of the project made, with a sixth variant as the parents'."""
    project = tmp_path_factory.mktemp("project")
    for name in NEEDED:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        (project / name).parent.mkdir(exist_ok=True)
        copy(PROJECT / name, project / name)
    for seed, rows in (("lrg_variants", OWN_VARIANT), ("lrg_cuts", OWN_CUTS)):
        with (project / "seeds" / "staging" / f"{seed}.csv").open("a", encoding="utf-8") as file:
            file.write(rows)
    scratch = raw_lake.copy(tmp_path_factory.mktemp("own_variant"))
    finished = subprocess.run(
        [
            *(str(os.path.join(os.path.dirname(sys.executable), "dbt")), "--no-use-colors"),
            *("build", "--select", "staging", "regions", "parents"),
            *("--exclude-resource-type", "unit_test"),
            *("--vars", "parent_variant: v6_red_and_round"),
        ],
        cwd=project,
        env=os.environ | environment(scratch.folder) | {"DBT_PROFILES_DIR": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-4000:]
    return scratch


@pytest.fixture(scope="module")
def passing(own_lake):
    """Sources that pass the cuts of the sixth variant, in numpy."""
    sources = own_lake.table(
        "select brickid, objid, type, flux_r, flux_z, shape_e1 from stg_sources"
    )
    flux = {band: sources[f"flux_{band}"].to_numpy().astype(float) for band in ("r", "z")}
    with np.errstate(invalid="ignore", divide="ignore"):
        r, z = (22.5 - 2.5 * np.log10(flux[band]) for band in ("r", "z"))
    is_round = (sources["type"] == "REX").to_numpy()
    is_round |= sources["shape_e1"].to_numpy() ** 2 < 0.01
    return sources.filter((z < 20.1) & (r - z > 0.6) & is_round)


def test_bricks_and_regions_count_it(own_lake, passing):
    counts = dict(own_lake.rows("select brickid, n_lrg_v6 from brick_counts where n_lrg_v6 > 0"))
    assert counts == dict(passing.group_by("brickid").len().iter_rows())
    bricks = own_lake.rows(
        "select brickid, n_lrg_v6, lrg_density_v6 * area_deg2 from bricks_with_region"
    )
    assert all(n == counts.get(brick, 0) == pytest.approx(density) for brick, n, density in bricks)
    regions = own_lake.rows(
        "select n_lrg_v6_total, sum(n_lrg_v6), any_value(lrg_density_v6_areaweighted)"
        " * sum(bricks_with_region.area_deg2)"
        " from region_metrics inner join bricks_with_region using (region_id)"
        " group by region_id, n_lrg_v6_total"
    )
    assert all(total == of_bricks == pytest.approx(area) for total, of_bricks, area in regions)
    assert sum(total for total, *_ in regions) > 100


def test_parents_are_the_galaxies_that_pass_it(own_lake, passing):
    selected = own_lake.table(
        "select brickid from bricks_with_region"
        " where region_id in (select region_id from region_selections)"
    )
    expected = passing.join(selected, on="brickid").select("brickid", "objid")
    parents = own_lake.rows("select brickid, objid from parent_galaxies where is_v6_red_and_round")
    assert set(parents) == set(expected.iter_rows())
    assert len(parents) == own_lake.rows("select count(*) from parent_galaxies")[0][0] > 100


def test_the_funnel_has_its_cuts(own_lake):
    rows = own_lake.rows(
        "select cut_name, sum(n_out) from parent_funnel group by cut_order, cut_name"
        " order by cut_order"
    )
    names = ["brick_usable", "region_selected", "flux", "z_mag", "r_minus_z", "round"]
    assert [name for name, _ in rows] == names
    assert rows[-1][1] == own_lake.rows("select count(*) from parent_galaxies")[0][0]
