"""Pixels of the embedded survey: photometry, orientation, noise and arcs, judged from the files.

Profiles are rendered here with astropy's models at five points a pixel and axis, not with the
project's kernels.
"""

import numpy as np
import pytest
from astropy.modeling.models import Sersic2D
from scipy import signal, stats
from scipy.special import gamma, gammaincinv

from ingest.embedded.layout import sites
from tests.support.embedded_files import (
    PIXEL_ARCSEC,
    is_planted_lens,
    is_v3,
    pixel_positions,
    pixels,
    sources,
)

BRICKS = ("0001m005", "3553p012", "0063p017", "0298m445")
BANDS = "grz"
HALF = 40  # of a stamp, pixels
OVERSAMPLING = 5
MOFFAT_BETA = 3.5
# FRACFLUX weighs the neighbours' light per pixel with the profile; over its NEA of 60 pixels or
# more, this much is 1 % of the source.
ALONE = 1.5e-4


def moffat(psfsize, offset_x, offset_y, half):
    """Moffat whose noise-equivalent area is that of a Gaussian of FWHM ``psfsize``, sum near 1."""
    area = 4 * np.pi * (psfsize / PIXEL_ARCSEC / 2.3548200450309493) ** 2
    alpha2 = area * (MOFFAT_BETA - 1) ** 2 / (np.pi * (2 * MOFFAT_BETA - 1))
    axis = np.arange(-half, half + 1)
    r2 = (axis[None, :] - offset_x) ** 2 + (axis[:, None] - offset_y) ** 2
    return (MOFFAT_BETA - 1) / (np.pi * alpha2) * (1 + r2 / alpha2) ** -MOFFAT_BETA


def unit_profile(row, offset_x, offset_y, band):
    """A catalogue row's image of unit flux, north up, its centre off the middle by an offset."""
    psfsize = float(row[f"PSFSIZE_{band.upper()}"])
    if row["TYPE"] == "PSF":
        return moffat(psfsize, offset_x, offset_y, HALF)
    e = np.hypot(row["SHAPE_E1"], row["SHAPE_E2"])
    pa = 0.5 * np.arctan2(row["SHAPE_E2"], row["SHAPE_E1"])  # east of north; east is -x
    fine = (np.arange((2 * HALF + 1) * OVERSAMPLING) + 0.5) / OVERSAMPLING - 0.5 - HALF
    x, y = np.meshgrid(fine, fine)
    model = Sersic2D(
        1.0, float(row["SHAPE_R"]) / PIXEL_ARCSEC, float(row["SERSIC"]), offset_x, offset_y,
        ellip=1 - (1 - e) / (1 + e), theta=np.pi / 2 + pa,
    )  # fmt: skip
    side = 2 * HALF + 1
    image = model(x, y).reshape(side, OVERSAMPLING, side, OVERSAMPLING).mean(axis=(1, 3))
    kernel_psfsize = np.sqrt(psfsize**2 - 5.545177444479562 / 12 * PIXEL_ARCSEC**2)
    seen = signal.fftconvolve(image, moffat(kernel_psfsize, 0, 0, 20), "same")
    return seen / total_flux(row)


def total_flux(row):
    """Flux of the profile whose surface brightness at R_e is 1, in pixels (Graham & Driver 2005)."""
    n, reff = float(row["SERSIC"]), float(row["SHAPE_R"]) / PIXEL_ARCSEC
    e = np.hypot(row["SHAPE_E1"], row["SHAPE_E2"])
    b = gammaincinv(2 * n, 0.5)
    return 2 * np.pi * n * (1 - e) / (1 + e) * reff**2 * np.exp(b) * b ** (-2 * n) * gamma(2 * n)


def stamp(whole, x, y, half=HALF):
    """Pixels about a place."""
    column, row = round(float(x)), round(float(y))
    part = slice(row - half, row + half + 1), slice(column - half, column + half + 1)
    return whole[part].astype(float)


def chosen(root, brick, where):
    """Rows of a brick that a rule picks, with their pixels."""
    rows = sources(root)
    rows = rows[(rows["BRICKNAME"] == brick)]
    rows = rows[where(rows)]
    x, y = pixel_positions(root, brick, rows)
    is_inside = (np.minimum(x, y) > HALF + 1) & (np.maximum(x, y) < 3598 - HALF)
    return rows[is_inside], x[is_inside], y[is_inside]


def is_clean(rows):
    """Alone, unmasked, covered by all bands, and no known lens."""
    return (
        (rows["MASKBITS"] == 0)
        & (np.max([rows[f"FRACFLUX_{band}"] for band in "GRZ"], axis=0) < ALONE)
        & (np.max([rows[f"FRACMASKED_{band}"] for band in "GRZ"], axis=0) < 0.05)
        & (np.min([rows[f"FRACIN_{band}"] for band in "GRZ"], axis=0) > 0.97)
        & (np.min([rows[f"FLUX_{band}"] for band in "GRZ"], axis=0) > 0.3)
        & (rows["FLUX_R"] < 300)
    )


@pytest.mark.parametrize("brick", BRICKS)
@pytest.mark.parametrize("band", BANDS)
def test_fluxes_fitted_in_the_pixels_are_the_catalogues(embedded_survey, brick, band):
    rows, x, y = chosen(
        embedded_survey,
        brick,
        lambda rows: is_clean(rows) & ~is_planted_lens(embedded_survey, rows),
    )
    pulls, ratios = [], []
    for row, x0, y0 in zip(rows[::2], x[::2], y[::2], strict=True):
        image = stamp(pixels(embedded_survey, brick, "image", band), x0, y0)
        weight = np.maximum(stamp(pixels(embedded_survey, brick, "invvar", band), x0, y0), 0)
        profile = unit_profile(row, x0 - round(float(x0)), y0 - round(float(y0)), band)
        near = np.hypot(*(np.indices(image.shape) - HALF)) < 12  # the neighbours are not modelled
        weight = weight * near
        information = (profile**2 * weight).sum()
        flux = (image * profile * weight).sum() / information
        truth = float(row[f"FLUX_{band.upper()}"])
        pulls.append((flux - truth) * np.sqrt(information))
        ratios.append(flux / truth)
    assert len(pulls) > 60
    # Neighbours left in ALONE and the stamps' missing wings are percents of the flux at most.
    assert abs(np.median(pulls)) < 0.5
    assert abs(np.median(ratios) - 1) < 0.005
    robust_scatter = 1.4826 * np.median(np.abs(pulls - np.median(pulls)))
    assert 0.8 < robust_scatter < 1.6


@pytest.mark.parametrize("band", BANDS)
def test_blank_sky_is_white_gaussian_noise_of_the_stated_variance(embedded_survey, band):
    brick = BRICKS[0]
    image = pixels(embedded_survey, brick, "image", band).astype(float)
    invvar = pixels(embedded_survey, brick, "invvar", band).astype(float)
    rows = sources(embedded_survey)
    rows = rows[rows["BRICKNAME"] == brick]
    is_blank = invvar > 0
    for x, y in zip(*pixel_positions(embedded_survey, brick, rows), strict=True):
        column, row = round(float(x)), round(float(y))
        is_blank[max(row - 60, 0) : row + 61, max(column - 60, 0) : column + 61] = False
    chi = image * np.sqrt(np.maximum(invvar, 0))
    values = chi[is_blank]
    assert len(values) > 100_000
    # 1e5 pixels: mean to 0.003, variance to 0.0045; faint wings may add to the mean.
    assert abs(values.mean()) < 0.03
    assert values.var() == pytest.approx(1, abs=0.015)
    assert stats.kurtosis(values) == pytest.approx(0, abs=0.05)
    pair = is_blank[:, 1:] & is_blank[:, :-1]
    assert abs(np.mean(chi[:, 1:][pair] * chi[:, :-1][pair])) < 0.01


def test_sources_own_light_lowers_invvar_as_shot_noise_does(embedded_survey):
    rows, x, y = chosen(
        embedded_survey, BRICKS[0], lambda rows: is_clean(rows) & (rows["FLUX_R"] > 30)
    )
    assert len(rows) >= 3
    for row, x0, y0 in zip(rows, x, y, strict=True):
        image = stamp(pixels(embedded_survey, BRICKS[0], "image", "r"), x0, y0, 1)
        invvar = stamp(pixels(embedded_survey, BRICKS[0], "invvar", "r"), x0, y0, 1)
        sky = float(row["PSFDEPTH_R"]) * 4 * np.pi * (row["PSFSIZE_R"] / 0.262 / 2.35482) ** 2
        gain = image / (1 / invvar - 1 / sky)
        assert np.median(gain) == pytest.approx(4500 * row["NOBS_R"], rel=0.15)


@pytest.mark.parametrize("brick", BRICKS)
def test_catalogue_conditions_are_those_of_the_nearest_pixel(embedded_survey, brick):
    rows, x, y = chosen(embedded_survey, brick, lambda rows: rows["OBJID"] > 0)
    column, line = np.rint(x).astype(int), np.rint(y).astype(int)
    bits = pixels(embedded_survey, brick, "maskbits")[line, column]
    assert np.array_equal(bits, rows["MASKBITS"])
    for band in BANDS:
        psfsize = pixels(embedded_survey, brick, "psfsize", band)[line, column]
        assert np.array_equal(psfsize, rows[f"PSFSIZE_{band.upper()}"])
        assert np.array_equal(psfsize > 0, rows[f"NOBS_{band.upper()}"] > 0)


def test_flux_ivar_of_a_star_is_that_of_its_psf_in_sky_and_shot_noise(embedded_survey):
    rows = sources(embedded_survey)
    with_pixels = [site.brick.name for site in sites() if site.is_healthy]
    is_star = (rows["TYPE"] == "PSF") & (rows["FLUX_R"] < 10) & (rows["FRACMASKED_R"] == 0)
    stars = rows[is_star & np.isin(rows["BRICKNAME"], with_pixels) & (rows["FRACIN_R"] > 0.99)]
    assert len(stars) > 100
    ratios = []
    for star in stars:
        profile = moffat(float(star["PSFSIZE_R"]), 0, 0, HALF)
        sky_variance = (profile**2).sum() / float(star["PSFDEPTH_R"])
        shot_variance = star["FLUX_R"] * profile / (4500.0 * int(star["NOBS_R"]))
        expected = (profile**2 / (sky_variance + shot_variance)).sum()
        ratios.append(star["FLUX_IVAR_R"] / expected)
    assert np.median(ratios) == pytest.approx(1, abs=0.01)


def test_planted_lenses_show_blue_arcs_that_other_lrgs_do_not(embedded_survey):
    excess = {True: [], False: []}
    colour = []
    for brick in BRICKS:
        rows, x, y = chosen(
            embedded_survey, brick, lambda rows: is_clean_enough_for_arcs(rows) & is_v3(rows)
        )
        is_lens = is_planted_lens(embedded_survey, rows)
        for row, x0, y0, lens in zip(rows, x, y, is_lens, strict=True):
            residual = {}
            for band in "gr":
                image = stamp(pixels(embedded_survey, brick, "image", band), x0, y0)
                offset = x0 - round(float(x0)), y0 - round(float(y0))
                host = float(row[f"FLUX_{band.upper()}"]) * unit_profile(row, *offset, band)
                radius = np.hypot(*(np.indices(image.shape) - HALF))
                residual[band] = (image - host)[radius < 3.0 / PIXEL_ARCSEC].sum()
            excess[bool(lens)].append(residual["g"])
            if lens:
                colour.append(residual["g"] / residual["r"] / (row["FLUX_G"] / row["FLUX_R"]))
    assert len(excess[True]) >= 40
    assert len(excess[False]) >= 100
    assert np.median(excess[True]) > 1.0  # nanomaggy: brighter than g = 22.5
    assert abs(np.median(excess[False])) < 0.1
    assert np.mean(np.array(excess[True]) > 0.5) > 0.9
    assert np.median(colour) > 2


def is_clean_enough_for_arcs(rows):
    """Bright, unmasked and covered; neighbours beyond the aperture do not matter."""
    return (rows["MASKBITS"] == 0) & (rows["FRACIN_G"] > 0.97) & (rows["FLUX_Z"] > 10)


NUISANCES = [
    f"{name}_{band}"
    for name in ("PSFSIZE", "PSFDEPTH", "NOBS", "FRACMASKED", "FRACIN")
    for band in "GRZ"
]


@pytest.mark.parametrize("feature", [*NUISANCES, "EBV"])
def test_conditions_do_not_tell_lenses_from_other_galaxies(embedded_survey, feature):
    rows = sources(embedded_survey)
    healthy = [site.brick.name for site in sites() if site.is_healthy]
    is_bright = is_v3(rows) & (rows["FLUX_Z"] > 10 ** (-0.4 * (19.95 - 22.5)))
    rows = rows[is_bright & np.isin(rows["BRICKNAME"], healthy) & (rows["RELEASE"] >= 10000)]
    is_lens = is_planted_lens(embedded_survey, rows)
    n_lens, n_other = is_lens.sum(), (~is_lens).sum()
    assert n_lens >= 240
    assert n_other >= 800
    statistic = stats.mannwhitneyu(rows[feature][is_lens], rows[feature][~is_lens]).statistic
    # standard error of an AUC of 0.5 with these numbers: 0.019
    assert statistic / (n_lens * n_other) == pytest.approx(0.5, abs=0.06)


def test_each_healthy_brick_has_sixty_lrgs_on_covered_pixels(embedded_survey):
    rows = sources(embedded_survey)
    healthy = [site.brick.name for site in sites() if site.is_healthy]
    assert len(healthy) >= 6
    for brick in healthy[::3]:
        hosts, x, y = chosen(embedded_survey, brick, is_v3)
        hosts_at = np.rint(y).astype(int), np.rint(x).astype(int)
        is_covered = np.min(
            [pixels(embedded_survey, brick, "psfsize", band)[hosts_at] > 0 for band in "gz"], axis=0
        )
        is_lens = is_planted_lens(embedded_survey, hosts)
        assert (is_covered & ~is_lens).sum() >= 60
    assert len(rows) > 20_000
