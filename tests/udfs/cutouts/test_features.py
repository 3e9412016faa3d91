"""Features of cutouts against closed forms, numpy and deliberate faults."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.ndimage import shift

from udfs.cutouts import sql as cutout_sql
from udfs.cutouts.features import FEATURES, cutout_features, stamp_geometry

SIZE = 101
NOISE = 0.01  # nanomaggy per pixel


def noise_stamps(n=1, seed=5):
    rng = np.random.default_rng(seed)
    return rng.normal(0, NOISE, (n, 3, SIZE, SIZE)).astype("f4")


def features_of(stamp):
    return dict(zip(FEATURES, cutout_features(stamp[None])[0], strict=True))


def disc_stamp(brightness=(1.0, 2.0, 4.0), radius_pix=12.0):
    distance, _, _ = stamp_geometry(SIZE)
    return np.array([b * (distance < radius_pix) for b in brightness], dtype="f4")


def test_regions_of_a_disc_have_its_brightness():
    measured = features_of(disc_stamp())
    assert measured["core_brightness_r"] == pytest.approx(2.0)
    assert measured["profile_08_12_z"] == pytest.approx(4.0)
    assert measured["outer_brightness_r"] == 0.0
    assert measured["radial_gradient_r"] == pytest.approx(2.0)
    n_pixels = (stamp_geometry(SIZE)[0] < 12).sum()
    assert measured["aperture_flux_nmgy_r"] == pytest.approx(2.0 * n_pixels)
    assert measured["core_g_r"] == pytest.approx(-2.5 * np.log10(1.0 / 2.0))
    assert measured["aperture_r_z"] == pytest.approx(-2.5 * np.log10(2.0 / 4.0))


def test_regions_are_those_of_numpy():
    stamp = noise_stamps()[0]
    distance, edge_distance, _ = stamp_geometry(SIZE)
    image = stamp[1].astype("f8")
    annulus = image[(distance >= 4) & (distance < 16)]
    frame = image[edge_distance < 8]
    measured = features_of(stamp)
    expected = {
        "annulus_brightness_r": annulus.mean(),
        "annulus_max_r": annulus.max(),
        "annulus_std_r": annulus.std(),
        "frame_median_r": np.median(frame),
        "frame_std_r": frame.std(),
        "frame_mad_r": 1.4826022 * np.median(abs(frame - np.median(frame))),
    }
    assert {name: measured[name] for name in expected} == pytest.approx(expected, rel=1e-7)


def test_frame_is_an_eleven_arcsecond_border():
    _, edge_distance, _ = stamp_geometry(SIZE)
    distance, _, _ = stamp_geometry(SIZE)
    assert distance[edge_distance < 8].min() * 0.262 > 11.0


def test_white_noise_has_no_autocorrelation_and_its_own_width():
    measured = cutout_features(noise_stamps(50)).mean(axis=0)
    named = dict(zip(FEATURES, measured, strict=True))
    # 50 frames of 2976 pixels: the mean of a robust width is good to 1/sqrt(50 * 2976) * 1.6 = 0.4 %.
    assert named["frame_noise_r"] == pytest.approx(NOISE, rel=0.02)
    assert abs(named["frame_autocorrelation_x_r"]) < 0.02
    assert abs(named["frame_autocorrelation_y_r"]) < 0.02


def test_resampling_shows_as_autocorrelation():
    """Linear interpolation half-way correlates neighbours by 1/2 along its axis."""
    stamp = np.array(
        [shift(image, (0, 0.5), order=1, mode="nearest") for image in noise_stamps()[0]]
    )
    measured = features_of(stamp)
    assert measured["frame_autocorrelation_x_r"] == pytest.approx(0.5, abs=0.1)
    assert abs(measured["frame_autocorrelation_y_r"]) < 0.1


def test_ring_is_symmetric_and_an_arc_is_not():
    distance, _, wedge = stamp_geometry(SIZE)
    ring = ((distance > 8) & (distance < 12)).astype("f4")
    arc = ring * (wedge == 0)
    is_ring = features_of(np.array([ring] * 3))
    is_arc = features_of(np.array([arc] * 3))
    assert is_ring["azimuthal_asymmetry_r"] < 0.1 < is_arc["azimuthal_asymmetry_r"]
    assert is_ring["wedge_std_r"] < 0.1 * is_arc["wedge_std_r"]


@pytest.mark.parametrize(
    ("spoil", "feature", "expected"),
    [
        (lambda s: s.__setitem__((1, slice(0, 10)), np.nan), "nan_frac_r", 10 / 101),
        (lambda s: s.__setitem__((2, slice(30, 71), slice(30, 71)), 0), "core_zero_frac_z", 1.0),
        (
            lambda s: s.__setitem__((0, slice(45, 55), slice(45, 55)), 0.5),
            "clip_frac_g",
            99 / 101**2,
        ),
        (lambda s: s.__setitem__((1, slice(0, 2)), 1.0), "core_nan_frac_r", 0.0),
    ],
)
def test_faults_are_counted(spoil, feature, expected):
    stamp = noise_stamps()[0]
    spoil(stamp)
    assert features_of(stamp)[feature] == pytest.approx(expected)


def test_edge_artefact_is_measured_in_widths_of_the_frame():
    stamp = noise_stamps()[0]
    _, edge_distance, _ = stamp_geometry(SIZE)
    stamp[:, edge_distance < 2] += 0.1
    assert features_of(stamp)["edge_artefact_r"] > 4
    assert features_of(noise_stamps()[0])["edge_artefact_r"] < 0.3


def test_empty_band_gives_missing_values_and_no_error():
    stamp = noise_stamps()[0]
    stamp[0] = np.nan
    measured = features_of(stamp)
    assert measured["nan_frac_g"] == 1.0
    assert np.isnan(measured["core_brightness_g"])
    assert np.isnan(measured["core_g_r"])
    assert np.isfinite(measured["core_brightness_r"])


def test_features_do_not_depend_on_the_batch():
    stamps = noise_stamps(7)
    together = cutout_features(stamps)
    apart = np.concatenate([cutout_features(stamp[None]) for stamp in stamps[::-1]])[::-1]
    np.testing.assert_array_equal(together, apart)


def test_shape_that_is_no_stamp_is_refused():
    with pytest.raises(ValueError, match=r"\(2, 101, 101\)"):
        cutout_features(np.zeros((2, 101, 101), "f4"))


def test_sql_function_measures_and_leaves_wrong_sizes_null():
    connection = duckdb.connect()
    cutout_sql.register(connection)
    stamps = noise_stamps(3)
    lists = [stamps[0].ravel(), stamps[1].ravel()[:-1], stamps[2].ravel()]
    connection.register(
        "cutouts",
        pa.table(
            {"i": [0, 1, 2], "pixels": pa.array(lists, pa.list_(pa.float32())), "size": [SIZE] * 3}
        ),
    )
    rows = connection.execute(
        "select measured.core_max_r from (select i, cutout_features(pixels, size::int) as measured"
        " from cutouts) order by i"
    ).fetchall()
    expected = cutout_features(stamps)[:, FEATURES.index("core_max_r")]
    assert rows[1] == (None,)
    assert [rows[0][0], rows[2][0]] == [expected[0], expected[2]]
