"""The colour cuts on real photometry that carries DESI's own target bits."""

import numpy as np
import polars as pl
import pytest
from astropy.table import Table

from tests.places import REAL

TARGETS = REAL / "desitarget" / "t" / "targets.fits"
LRG_BIT = 1
BANDS = ("g", "r", "z", "w1")
# The columns that cuts ask for and targets.fits lacks: with these values no such cut rejects.
PERMISSIVE = (
    "'DEV' as type, 1.0 as flux_ivar_g, 1.0 as flux_ivar_r, 1.0 as flux_ivar_z, 1e4 as flux_ivar_w1,"
    " 1 as nobs_g, 1 as nobs_r, 1 as nobs_z, 0.0 as gaia_phot_g_mean_mag, 0 as maskbits"
)
# A fibre flux of 6 nanomaggy dereddened is 20.6 mag: brighter than every limit on the fibre
# magnitude, fainter than the limit on the total one.
FIBRE = "6.0 * mw_transmission_z as fiberflux_z, 6.0 * mw_transmission_z as fibertotflux_z"
VARIANTS = ("zhou2020_south", "desi_lrg_south", "zhou2021_south", "v3_color_relaxed")


@pytest.fixture(scope="module")
def judged(catalogue, real):
    """The real rows with what each variant's cuts make of them, by the project's macros."""
    flags = ", ".join(f"{{{{ is_lrg('{variant}') }}}} as is_{variant}" for variant in VARIANTS)
    magnitudes = ", ".join(
        f"{{{{ magnitude('flux_{band}') }}}} as {band}mag,"
        f" {{{{ dereddened_magnitude('flux_{band}', 'mw_transmission_{band}') }}}} as {band}mag_mw"
        for band in BANDS
    )
    inline = (
        f"with measured as (select *, {magnitudes}, {PERMISSIVE}, {FIBRE} from targets)"
        f" select *, {flags} from measured"
    )
    finished = catalogue.dbt("--quiet", "compile", "--inline", inline)
    assert finished.returncode == 0, finished.stdout
    with catalogue.connect() as connection:
        connection.register("targets", targets_table())
        return connection.execute(finished.stdout).pl()


def targets_table():
    table = Table.read(TARGETS)
    columns = {"is_lrg": (np.asarray(table["DESI_TARGET"]) & LRG_BIT) != 0}
    for band in BANDS:
        for name in ("FLUX", "MW_TRANSMISSION"):
            values = np.asarray(table[f"{name}_{band.upper()}"])
            columns[f"{name.lower()}_{band}"] = values.astype("f4")
    return pl.DataFrame(columns)


def test_cuts_of_the_targets_own_release_give_its_bits_row_by_row(judged):
    assert judged["is_lrg"].sum() == 182
    assert (judged["is_zhou2020_south"] == judged["is_lrg"]).all()


def test_main_survey_cut_is_a_tighter_redder_version(judged):
    """Zhou et al. 2023 moved the sliding cut; what it drops of the older targets it drops there."""
    dropped = judged.filter(pl.col("is_lrg") & ~pl.col("is_desi_lrg_south"))
    r_w1 = dropped["rmag_mw"] - dropped["w1mag_mw"]
    fails_sliding = ~(
        ((r_w1 > 1.8 * (dropped["w1mag_mw"] - 17.14)) & (r_w1 > dropped["w1mag_mw"] - 16.33))
        | (r_w1 > 3.3)
    )
    fails_low_redshift = ~((dropped["gmag_mw"] - dropped["w1mag_mw"] > 2.9) | (r_w1 > 1.8))
    assert 30 < dropped.height < 91
    assert (fails_sliding | fails_low_redshift).all()


def test_older_photometric_cut_ends_at_its_magnitude_limits(judged):
    """Zhou et al. 2021 is limited to 18.01 < z < 20.41; the 2020 targets are not."""
    dropped = judged.filter(pl.col("is_lrg") & ~pl.col("is_zhou2021_south"))
    outside = (dropped["zmag_mw"] <= 18.01) | (dropped["zmag_mw"] >= 20.41)
    blue = (dropped["rmag_mw"] - dropped["zmag_mw"] <= 1.15) & (
        dropped["gmag_mw"] - dropped["rmag_mw"] <= 1.65
    )
    slope = dropped["rmag_mw"] - dropped["zmag_mw"]
    off_the_sequence = (slope <= (dropped["zmag_mw"] - 17.18) / 2) | (
        slope >= (dropped["zmag_mw"] - 15.11) / 2
    )
    assert outside.sum() > 30
    assert (outside | blue | off_the_sequence).all()


def test_original_variant_looks_at_magnitudes_as_measured(judged):
    expected = (
        (judged["zmag"] < 20.4)
        & (judged["rmag"] - judged["zmag"] > 0.4)
        & (judged["zmag"] - judged["w1mag"] > 0.8)
    ).fill_null(False)
    assert expected.sum() > 100
    assert (judged["is_v3_color_relaxed"] == expected).all()
