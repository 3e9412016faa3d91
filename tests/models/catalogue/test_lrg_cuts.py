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


KNOWN = "(rmag is not null and w1mag is not null)"
FORMS = {
    "plain": "cut",
    "passes_or_fails": "passes_or_fails(cut)",
    "passes_where": f"passes_where('{KNOWN}', cut)",
}


def test_faster_forms_of_a_cut_judge_as_the_cut_does(catalogue):
    """On limits hit exactly, on numbers a last bit beside them, and on nulls."""
    columns = ", ".join(
        f"({{{{ {form} }}}}) as {name}_{{{{ loop.index }}}}" for name, form in FORMS.items()
    )
    inline = (
        "select {% for cut in distinct_lrg_cuts() %}"
        + columns
        + f", {{% endfor %}} {KNOWN} as is_known from photometry"
    )
    finished = catalogue.dbt("--quiet", "compile", "--inline", inline)
    assert finished.returncode == 0, finished.stdout
    assert finished.stdout.count("signbit(") >= 16
    with catalogue.connect() as connection:
        connection.register("photometry", photometry_at_limits())
        judged = connection.execute(finished.stdout).pl()
    n_cuts = judged.width // len(FORMS)
    is_known = judged["is_known"]
    assert not is_known.all()
    for k in range(1, n_cuts + 1):
        plain = judged[f"plain_{k}"].fill_null(False)
        assert judged[f"passes_or_fails_{k}"].equals(plain)
        assert (judged[f"passes_where_{k}"].fill_null(False) & is_known).equals(plain & is_known)
        assert not (judged[f"passes_where_{k}"].fill_null(False) & ~plain).any()
        assert k > 4 or plain.n_unique() > 1
    assert sum(judged[f"plain_{k}"].null_count() > 0 for k in range(1, n_cuts + 1)) > 20


def photometry_at_limits():
    """Magnitudes whose sizes and differences are at the cuts' limits, beside them, and missing."""
    rng = np.random.default_rng(11)
    limits = np.array([20.0, 20.4, 21.0, 21.5, 18.01, 17.965])
    steps = np.array([0.3, 0.4, 0.5, 0.8, 1.6])
    z = rng.choice(limits, 4000)
    z = np.where(
        rng.uniform(size=z.size) < 0.3, np.nextafter(z, rng.choice([0.0, 99.0], z.size)), z
    )
    r, w1 = z + rng.choice(steps, z.size), z - rng.choice(steps, z.size)
    frame = pl.DataFrame(
        {f"{band}mag{end}": values for end in ("", "_mw") for band, values in
         (("g", r + 1), ("r", r), ("z", z), ("w1", w1))}
    )  # fmt: skip
    frame = frame.with_columns(
        pl.when(pl.Series(rng.uniform(size=z.size) < 0.05)).then(None).otherwise(name).alias(name)
        for name in frame.columns
    )
    return frame.with_columns(
        pl.lit(1.0).alias(name)
        for name in ("flux_ivar_g", "flux_ivar_r", "flux_ivar_z", "flux_ivar_w1", "flux_w1",
                     "fiberflux_z", "fibertotflux_z", "mw_transmission_z", "gaia_phot_g_mean_mag")
    ).with_columns(type=pl.lit("DEV"), nobs_g=1, nobs_r=1, nobs_z=1, maskbits=0)  # fmt: skip
