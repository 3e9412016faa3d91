"""The gate on the embedded survey: GO as it is, NO-GO by name for every shortcut planted in it."""

import astropy.units as u
import fitsio
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table, vstack
from scipy.ndimage import shift

from expectations.seeds import seed_rows
from ingest.embedded.layout import sites
from injection.settings import settings_from_vars
from injection.sham import sham_stamps
from pixels.wcs import pixel_from_sky, wcs_from_cards
from store.project import settings
from tests.models.cutouts.arc_light import arc_light
from tests.models.cutouts.gates import gates
from udfs.batch.stamps import stamp_corner
from udfs.cutouts.features import FEATURES, cutout_features, stamp_geometry
from udfs.cutouts.shortcut_tables import (
    CORE_ONLY,
    HOST_FEATURES,
    MATCHED_NEGATIVES,
    Kind,
    Repeats,
    classifier_table,
    feature_table,
)
from udfs.cutouts.shortcuts import Objects, classifier_score, matched_negatives

pytestmark = pytest.mark.nightly


SIZE = 101
N_SHAM = 40
TESTS = Repeats(n_resamples=50, n_shuffles=1, seed=13)
THRESHOLDS = (0.60, 0.70)
CONDITIONS = (
    "psfsize_g",
    "psfsize_r",
    "psfsize_z",
    "psfdepth_r",
    "nobs_r",
    "nobs_z",
    "ebv",
    "ra",
    "dec",
)
KINDS = {
    row["feature"]: Kind(row["kind"], row["is_expected"] == "true")
    for row in seed_rows("feature_kinds")
}


def luminous_sources(root):
    """Galaxies of the sweeps brighter than z = 20, with whether a known lens is on them."""
    sweeps = sorted((root / "south" / "sweep" / "10.1").glob("sweep-*.fits"))
    sources = vstack([Table.read(path) for path in sweeps], metadata_conflicts="silent")
    sources.convert_bytestring_to_unicode()
    sources.rename_columns(sources.colnames, [name.lower() for name in sources.colnames])
    is_good = np.isin(sources["type"], ["SER", "DEV", "REX"]) & (sources["flux_z"] > 10)
    is_good &= np.min([sources[f"nobs_{band}"] for band in "grz"], axis=0) >= 3
    sources = sources[is_good]
    lenses = Table.read(root / "known_lenses.csv")
    known = SkyCoord(lenses["RA [deg]"] * u.deg, lenses["DEC [deg]"] * u.deg)
    distance = SkyCoord(sources["ra"] * u.deg, sources["dec"] * u.deg).match_to_catalog_sky(known)[
        1
    ]
    sources["is_lens"] = distance.arcsec < 2
    return sources[(distance.arcsec < 2) | (distance.arcsec > 20)]


def brick_stamps(root, brickname, ra, dec, take_off=None):
    """Stamps of positions in a brick, (n, 3, 101, 101); None when the brick lacks an image."""
    folder = root / "south" / "coadd" / brickname[:3] / brickname
    paths = [folder / f"legacysurvey-{brickname}-image-{band}.fits.fz" for band in "grz"]
    if not all(path.exists() and path.stat().st_size for path in paths):
        return None
    images = np.array([fitsio.read(path, ext=1) for path in paths])
    if take_off is not None:
        images -= take_off
    cards = dict(fitsio.read_header(paths[0], ext=1))
    x, y = pixel_from_sky(wcs_from_cards(cards), ra, dec)
    corners = zip(stamp_corner(x, SIZE), stamp_corner(y, SIZE), strict=True)
    return np.array([images[:, j : j + SIZE, i : i + SIZE] for i, j in corners], "f4")


@pytest.fixture(scope="module")
def survey_sample(embedded_survey):
    """Sources with pixels, and their stamps."""
    sources = luminous_sources(embedded_survey)
    kept, stamps = [], []
    for brickname in np.unique(sources["brickname"]):
        of_brick = sources[sources["brickname"] == brickname]
        found = brick_stamps(
            embedded_survey, str(brickname), np.array(of_brick["ra"]), np.array(of_brick["dec"])
        )
        if found is not None:
            kept.append(of_brick)
            stamps.append(found)
    return vstack(kept), np.concatenate(stamps)


@pytest.fixture(scope="module")
def clean(survey_sample):
    """Objects for the tests, measured on the survey as it is."""
    sources, stamps = survey_sample
    features = dict(zip(FEATURES, cutout_features(stamps).T, strict=True))
    features |= {name: np.array(sources[name], float) for name in CONDITIONS}
    flux = {band: np.array(sources[f"flux_{band}"], float) for band in "grz"}
    features |= {
        "zmag": 22.5 - 2.5 * np.log10(flux["z"]),
        "gr": 2.5 * np.log10(flux["r"] / flux["g"]),
        "rz": 2.5 * np.log10(flux["z"] / flux["r"]),
        "shape_r": np.array(sources["shape_r"], float),
    }
    _, cluster = np.unique(sources["brickname"], return_inverse=True)
    return Objects(np.array(sources["is_lens"]), cluster, features)


def sham_renders(hosts, keys):
    """A whole lens system without light on each host."""
    system = {"theta_e_arcsec": 1.2, "lens_e": 0.2, "lens_phi_rad": 0.5, "shear": 0.03}
    system |= {"shear_phi_rad": 1.0, "src_x_arcsec": 0.2, "src_y_arcsec": 0.1, "src_r_mag": 90.0}
    system |= {"src_gr": 0.2, "src_rz": 0.1, "src_reff_arcsec": 0.2, "src_e": 0.3}
    system |= {"src_phi_rad": 0.7, "src_n": 1.0, "is_control": False, "src_mag_frame": "observed"}
    columns = {name: np.array(hosts[name]) for name in ("brickname", "ra", "dec")}
    columns |= {
        name: np.array(hosts[name], float)
        for name in ("ebv", "psfsize_g", "psfsize_r", "psfsize_z")
    }
    frame = pl.DataFrame({"render_id": [str(key) for key in keys], "bandset": "grz", **columns})
    return frame.with_columns(
        *(pl.lit(value).alias(name) for name, value in system.items()),
        experiments=pl.lit([{"experiment_id": "sham", "stamp_size": SIZE}]),
    )


@pytest.fixture(scope="module")
def sham_pair(embedded_survey, survey_sample):
    """Negatives after a sham injection and before it, with their bricks."""
    sources, stamps = survey_sample
    chosen = np.flatnonzero(~np.array(sources["is_lens"]))[:: max(1, len(sources) // N_SHAM)]
    stage = settings_from_vars(settings(), str(embedded_survey / "south" / "coadd"))
    after = {}
    for keys, found, _ in sham_stamps(sham_renders(sources[chosen], chosen), stage, SIZE):
        after |= dict(zip(map(int, keys), found, strict=True))
    order = sorted(after)
    bricks = np.array(sources["brickname"])[order]
    return np.array([after[i] for i in order]), stamps[order], bricks


def test_a_negative_is_searched_for_arcs_as_a_control_is(embedded_survey, survey_sample):
    sources, _ = survey_sample
    chosen = np.flatnonzero(~np.array(sources["is_lens"]))[:: max(1, len(sources) // N_SHAM)]
    stage = settings_from_vars(settings(), str(embedded_survey / "south" / "coadd"))
    sham = sham_renders(sources[chosen], chosen)
    controls = sham.with_columns(pl.lit(True).alias("is_control"), theta_e_arcsec=pl.lit(0.0))
    of_negatives, of_controls = (blind_snrs(renders, stage) for renders in (sham, controls))
    assert len(of_negatives) > 20
    assert np.isfinite(list(of_negatives.values())).sum() > 20
    # No pixel takes up the sham's light, and the search is the same code: the same numbers.
    assert of_negatives == pytest.approx(of_controls, rel=1e-9, nan_ok=True)


def blind_snrs(renders, stage):
    found = {}
    for keys, _, values in sham_stamps(renders, stage, SIZE):
        found |= dict(zip(keys, values, strict=True))
    return found


def sham_objects(after, before, bricks):
    features = np.concatenate([cutout_features(after), cutout_features(before)])
    _, cluster = np.unique(np.tile(bricks, 2), return_inverse=True)
    label = np.repeat([True, False], len(after))
    return Objects(label, cluster, dict(zip(FEATURES, features.T, strict=True)))


def verdict(objects, sham_after, sham_before, bricks):
    """Rows of the gate for these objects and this pair of sham and untouched stamps."""
    n = len(objects.label)
    quality = pa.table(
        {
            "is_lens": objects.label,
            "quality_ok": np.ones(n, bool),
            "g_r_off_mag": objects.features["aperture_g_r"] - objects.features["gr"],
            "r_z_off_mag": objects.features["aperture_r_z"] - objects.features["rz"],
            "flux_over_catalogue_r": np.ones(n),
        }
    )
    scores = feature_table(objects, KINDS, THRESHOLDS, TESTS)
    sham = sham_objects(sham_after, sham_before, bricks)
    classifiers = classifier_table(objects, sham, KINDS, TESTS)
    difference = np.abs(sham_after - sham_before).max(axis=(1, 2, 3)).astype(float)
    return gates(quality, scores, classifiers, pa.table({"max_abs_difference_nmgy": difference}))


@pytest.fixture(scope="module")
def without_arcs(embedded_survey, survey_sample, clean):
    """The same objects with the arcs' light taken off the pixels: hosts before they were lenses."""
    sources, _ = survey_sample
    site_of = {site.brick.name: site for site in sites() if site.has_pixels}
    stamps = [
        brick_stamps(
            embedded_survey,
            str(name),
            np.array(of_brick["ra"]),
            np.array(of_brick["dec"]),
            arc_light(site_of[str(name)]),
        )
        for name in np.unique(sources["brickname"])
        for of_brick in [sources[sources["brickname"] == name]]
    ]
    measured = dict(zip(FEATURES, cutout_features(np.concatenate(stamps)).T, strict=True))
    return with_features(clean, measured)


def with_features(objects, changes):
    return Objects(objects.label, objects.cluster, {**objects.features, **changes})


def remeasured(objects, stamps, spoil):
    """The objects with the lenses' stamps spoilt and measured again."""
    lenses = np.flatnonzero(objects.label)
    measured = cutout_features(spoil(stamps[lenses].copy()))
    changes = {name: objects.features[name].copy() for name in FEATURES}
    for name, values in zip(FEATURES, measured.T, strict=True):
        changes[name][lenses] = values
    return with_features(objects, changes)


def core_auc(objects):
    """What a classifier makes of the central arcsecond, against galaxies like the hosts."""
    alike = objects.subset(matched_negatives(objects, HOST_FEATURES, MATCHED_NEGATIVES))
    core = [name for name in objects.features if name.startswith(CORE_ONLY)]
    return classifier_score(alike, core, TESTS.n_resamples, 1, TESTS.seed).auc


def test_light_in_the_core_is_that_of_the_arcs(clean, without_arcs):
    """The test on paired hosts: with the arcs taken off, lenses' cores are those of any galaxy."""
    assert core_auc(clean).folded > 0.8
    hosts = core_auc(without_arcs)
    assert hosts.low < 0.5 < hosts.high or hosts.folded < 0.55, hosts


def half_pixel_shift(stamps):
    return np.array(
        [[shift(image, (0, 0.5), order=1, mode="nearest") for image in stamp] for stamp in stamps],
        "f4",
    )


def test_clean_survey_is_go(clean, sham_pair):
    assert clean.label.sum() >= 240
    found = verdict(clean, *sham_pair)
    assert found["overall"]["verdict"] == "GO", found["overall"]["offenders"]
    assert found["sham_classifier"]["value"] == 0.5
    assert found["sham_leaves_pixels_alone"]["value"] == 0.0


def test_better_seeing_of_the_lenses_is_named(clean, sham_pair):
    seeing = clean.features["psfsize_r"] - 0.15 * clean.label
    found = verdict(with_features(clean, {"psfsize_r": seeing}), *sham_pair)
    assert found["overall"]["verdict"] == "NO-GO"
    assert found["no_nuisance_shortcuts"]["offenders"] == ["psfsize_r"]
    assert "nuisance_classifier" in found["overall"]["offenders"]
    assert found["nuisance_classifier"]["offenders"][0] == "psfsize_r"


def test_constant_in_the_border_of_the_lenses_is_named(clean, survey_sample, sham_pair):
    _, edge_distance, _ = stamp_geometry(SIZE)

    def spoil(stamps):
        stamps[:, :, edge_distance < 8] += 0.005
        return stamps

    found = verdict(remeasured(clean, survey_sample[1], spoil), *sham_pair)
    assert found["overall"]["verdict"] == "NO-GO"
    named = found["no_nuisance_shortcuts"]["offenders"]
    assert set(named[:3]) == {"frame_median_g", "frame_median_r", "frame_median_z"}
    assert "border_only_classifier" in found["overall"]["offenders"]


def test_resampled_lenses_are_named(clean, survey_sample, sham_pair):
    found = verdict(remeasured(clean, survey_sample[1], half_pixel_shift), *sham_pair)
    assert found["overall"]["verdict"] == "NO-GO"
    assert "frame_autocorrelation_x_r" in found["no_nuisance_shortcuts"]["offenders"]


def test_injection_that_resamples_is_named(clean, sham_pair):
    after, before, bricks = sham_pair
    found = verdict(clean, half_pixel_shift(after), before, bricks)
    assert found["overall"]["verdict"] == "NO-GO"
    assert set(found["overall"]["offenders"]) == {"sham_classifier", "sham_leaves_pixels_alone"}
    assert found["sham_classifier"]["value"] > 0.95


def test_gate_is_shut_when_a_test_was_not_done(clean, sham_pair):
    scores = feature_table(clean, KINDS, THRESHOLDS, TESTS)
    nothing = pa.table(
        {
            name: pa.array([], kind)
            for name, kind in [
                ("is_lens", pa.bool_()),
                ("quality_ok", pa.bool_()),
                ("g_r_off_mag", pa.float64()),
                ("r_z_off_mag", pa.float64()),
                ("flux_over_catalogue_r", pa.float64()),
            ]
        }
    )
    no_classifiers = pa.table(
        {
            "classifier": pa.array([], pa.string()),
            "auc": pa.array([], pa.float64()),
            "top_features": pa.array([], pa.list_(pa.string())),
        }
    )
    found = gates(
        nothing,
        scores,
        no_classifiers,
        pa.table({"max_abs_difference_nmgy": pa.array([], pa.float64())}),
    )
    assert found["overall"]["verdict"] == "NO-GO"
    assert {"enough_positives", "sham_classifier", "nuisance_classifier"} <= set(
        found["overall"]["offenders"]
    )
