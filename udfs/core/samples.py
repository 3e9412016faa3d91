"""One sample per pixel: where, how bright, and whether it is enough."""

from math import cos, sin
from typing import Any

import numpy as np

from udfs.core.math import exp2
from udfs.jit import fast_kernel

_ZERO, _FOUR = np.float32(0), np.float32(4)
_LAPLACIAN = np.float32(1 / 24)
_MOST, _REACH = np.float32(2), np.float32(0.75)


@fast_kernel
def fill_grid(work: Any, box: Any, lens: Any, scale: float, phi: float) -> None:
    """Fill the pixel centres of box and ring in the lens' frame.

    Double precision at the start of a row, float32 along it: good to 3e-6 arcsec.

    Parameters
    ----------
    work : udfs.core.render.Work
        `x` and `y` are written, in arcsec.
    box : x0, x1, y0, y1 : int, pixel
    lens : (float, float), pixel
    scale : float, arcsec / pixel
    phi : float, radian
    """
    x0, x1, y0, y1 = box
    width, cos_phi, sin_phi = x1 - x0 + 3, cos(phi), sin(phi)
    step_x, step_y = np.float32(scale * cos_phi), np.float32(scale * sin_phi)
    for row in range(y1 - y0 + 3):
        x, y = (x0 - 1 - lens[0]) * scale, (y0 - 1 + row - lens[1]) * scale
        first_x = np.float32(x * cos_phi + y * sin_phi)
        first_y = np.float32(y * cos_phi - x * sin_phi)
        xs, ys = work.x[row * width :], work.y[row * width :]
        for column in range(width):
            xs[column] = first_x + np.float32(column) * step_x
            ys[column] = first_y - np.float32(column) * step_y


@fast_kernel
def fill_light(exponent: np.ndarray, n: int, light: np.ndarray) -> None:
    """Turn exponents into light.

    Parameters
    ----------
    exponent : (n or more,) float32
        In powers of two.
    n : int
    light : (n or more,) float32, written
    """
    for i in range(n):
        light[i] = exp2(-exponent[i])


@fast_kernel
def correct_midpoints(light: np.ndarray, width: int, n: int, mean: np.ndarray) -> None:
    """Turn samples at the pixels' centres into means over pixels.

    f + (sum of four neighbours - 4 f) / 24.

    A sample alone is biased by -0.2 to -0.4 % of the flux; the Laplacian takes that away. It may
    double the sample at most: a dark pixel beside a bright one that is refined keeps dark.

    Parameters
    ----------
    light : flat float32
    width : int, pixel
        Of a row.
    n : int
    mean : flat float32, written
    """
    left, right, down, up = light[width:], light[width + 2 :], light[1:], light[2 * width + 1 :]
    middle, out = light[width + 1 :], mean[width + 1 :]
    for i in range(n):
        f = middle[i]
        curvature = (left[i] + right[i] + down[i] + up[i]) - _FOUR * f
        out[i] = min(f + curvature * _LAPLACIAN, _MOST * f)


@fast_kernel
def refinement_need(
    exponent: np.ndarray, width: int, n: int, tolerance: float, change: np.ndarray, need: np.ndarray
) -> None:
    """Set `need` above 0 for pixels too bright and steep for a sample.

    With d the change of the exponent to the neighbours, the light of the pixel is at most
    2^-(y - 3 d / 4) and the error of the corrected sample grows as its d^4.

    Parameters
    ----------
    exponent : flat float32
    width : int, pixel
        Of a row.
    n : int
    tolerance : float32
        `TOLERANCE` over the light of a pixel at the source's centre.
    change : flat float32, written
        Change of the exponent to the neighbours.
    need : flat float32, written
    """
    left, right = exponent[width:], exponent[width + 2 :]
    down, up = exponent[1:], exponent[2 * width + 1 :]
    middle, steps, out = exponent[width + 1 :], change[width + 1 :], need[width + 1 :]
    for i in range(n):
        y = middle[i]
        across = max(abs(left[i] - y), abs(right[i] - y))
        d = across + max(abs(down[i] - y), abs(up[i] - y))
        steps[i] = d
        square = d * d
        out[i] = exp2(-max(y - _REACH * d, _ZERO)) * square * square - tolerance
