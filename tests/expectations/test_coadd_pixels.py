"""Pixels of the cached coadds, as the rule about controls sees them."""

import fitsio
import numpy as np
import pytest

from expectations.independent.coadd_pixels import cached_pixels


@pytest.fixture
def planes(tmp_path, monkeypatch):
    """Two bands of a small brick in the cache, compressed as the survey's."""
    monkeypatch.setenv("DHS_CACHE", str(tmp_path))
    folder = tmp_path / "coadds/000/0001p000"
    folder.mkdir(parents=True)
    planes = np.random.default_rng(3).normal(0, 0.01, (2, 250, 250)).astype(np.float32)
    for band, pixels in zip("gr", planes, strict=True):
        with fitsio.FITS("mem://[compress R 100,100; qz -1e-4]", "rw") as file:
            file.write(pixels)
            path = folder / f"legacysurvey-0001p000-image-{band}.fits.fz"
            path.write_bytes(file.read_raw())
    return planes


def test_a_square_of_every_band_in_the_order_of_a_stamp(planes):
    found = np.array(cached_pixels("0001p000", "gr", 90, 140, 32)).reshape(2, 32, 32)
    # quantised in steps of 1e-4, with dither
    assert np.max(np.abs(found - planes[:, 140:172, 90:122])) < 1e-4


@pytest.mark.usefixtures("planes")
@pytest.mark.parametrize(("brickname", "bandset"), [("0001p000", "gz"), ("0002p000", "g")])
def test_a_brick_that_is_not_in_the_cache_gives_nothing(brickname, bandset):
    assert cached_pixels(brickname, bandset, 0, 0, 8) == []
