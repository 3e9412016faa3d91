"""The generator against its authors' known answers, and the keys of pixels."""

import numpy as np
import pytest

from udfs.light.noise import noise_key
from udfs.light.philox import philox, uniform, uniforms_of_box

# Salmon et al. 2011, known-answer vectors of philox4x32-10
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
KEY = np.uint64(0x0123456789ABCDEF)


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_words_are_the_known_answers(counter, key, words):
    drawn = philox(tuple(map(np.uint64, counter)), tuple(map(np.uint64, key)))
    assert tuple(int(word) for word in drawn) == words


@pytest.mark.parametrize("x0", [-7, 0, 1, 2, 3, 3590])
def test_box_of_draws_is_the_same_as_pixel_by_pixel(x0):
    """The vector form gives each pixel of the brick the draw of the plain one."""
    planes = np.zeros((4, 200), np.float32)
    n_groups = uniforms_of_box((x0, -2, 1), 5, 33, KEY, planes)
    for row in range(5):
        for column in range(33):
            x = x0 + column
            drawn = planes[x % 4, row * n_groups + x // 4 - x0 // 4]
            assert float(drawn) == uniform(x, row - 2, 1, KEY)


def test_draws_are_uniform_and_differ_between_pixels_bands_and_keys():
    draws = np.array([
        uniform(x, y, stream, key)
        for x in range(20) for y in range(20) for stream in range(3) for key in (KEY, KEY + KEY)
    ])  # fmt: skip
    assert len(np.unique(draws)) > 2398  # of 2400; 23 bits make a chance pair likely now and then
    assert abs(draws.mean() - 0.5) < 4 * np.sqrt(1 / 12 / len(draws))
    assert draws.min() > 0
    assert draws.max() < 1


def test_key_depends_on_seed_and_render_alone():
    assert noise_key(13, "1/2/c/0") == noise_key(13, "1/2/c/0")
    assert len({noise_key(13, "1/2/c/0"), noise_key(14, "1/2/c/0"), noise_key(13, "1/2/c/1")}) == 3
