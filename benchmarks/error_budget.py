"""Error budget of the batch renderer: `python -m benchmarks.error_budget` writes docs/error_budget.md.

The reference is the plain renderer in double precision, whose cells shrink to 1/1024 of a pixel.
How well that has converged is shown against rays traced from the lens, which know no pixels.
"""

import argparse
from pathlib import Path
from string import Template

import numpy as np

from tests.support.kernels_images import fast_image
from tests.support.kernels_systems import PIXEL, USUAL, Ranges, random_system
from udfs.batch.error_budget import FLUX_LIMITS, LARGEST_BIAS, flux_limits, is_beyond_budget
from udfs.reference.render import render_lensed_sersic

DOCUMENT = Path(__file__).parent.parent / "docs" / "error_budget.md"
TEMPLATE = Path(__file__).parent / "error_budget.template.md"
INDICES = (0.5, 1.0, 2.0, 4.0)
RADII_ARCSEC = (0.05, 0.08, 0.15, 0.3, 0.5)
N_SYSTEMS = 200
SIZE_PIX = 64
BROKEN = "DOES NOT HOLD"
# As wide as what the priors, the grids and users may draw (`models/manifests`), and an axis ratio down to
# the 0.2 that the budget is stated for; lines at the edge of the budget and well inside it.
WIDEST = Ranges(theta_e_arcsec=(0.2, 3.0), lens_e=2 / 3, src_e=0.6, shear=0.1)
WIDEST_LINES = (
    (0.5, 0.08),
    (0.5, 0.3),
    (1.0, 0.08),
    (1.0, 0.3),
    (2.0, 0.15),
    (4.0, 0.2),
    (4.0, 0.5),
)
N_WIDEST = 100


def errors(n, reff, has_shear, n_systems=N_SYSTEMS, ranges=USUAL, seed=13):
    """Relative flux errors, and largest pixel errors over the peak, of random systems."""
    rng = np.random.default_rng([seed, int(10 * n), int(1000 * reff), has_shear])
    flux, pixel = [], []
    for _ in range(n_systems):
        system = random_system(rng, SIZE_PIX, ranges, src_n=n, src_reff_arcsec=reff)
        if not has_shear:
            system |= {"shear_g1": 0.0, "shear_g2": 0.0}
        fast, reference = fast_image(system)[0], render_lensed_sersic(**system)
        flux.append(fast.sum(dtype=float) / reference.sum() - 1)
        pixel.append(np.max(np.abs(fast - reference)) / reference.max())
    return np.array(flux), np.array(pixel)


def reference_errors(n, reff, n_systems=40, size=400):
    """Flux of the plain renderer over ray-traced magnification, minus 1, on a wide canvas."""
    rng = np.random.default_rng([5, int(10 * n), int(1000 * reff)])
    systems = [random_system(rng, size, src_n=n, src_reff_arcsec=reff) for _ in range(n_systems)]
    return np.array([render_lensed_sersic(**s).sum() / fast_image(s)[1] - 1 for s in systems])


def verdict(n, reff, flux):
    """Flagged rows promise nothing; the others must keep to the limits of `udfs.batch.error_budget`."""
    if is_beyond_budget(np.array([n]), np.array([reff]), np.ones(1), PIXEL)[0]:
        return "flagged"
    rms, largest = flux_limits(n)
    holds = (
        np.sqrt(np.mean(flux**2)) <= rms
        and np.max(np.abs(flux)) <= largest
        and abs(np.mean(flux)) < LARGEST_BIAS
    )
    return "holds" if holds else BROKEN


def table_row(n, reff, has_shear, n_systems=N_SYSTEMS, ranges=USUAL):
    """A line of the table: percent."""
    flux, pixel = errors(n, reff, has_shear, n_systems, ranges)
    numbers = (
        np.sqrt(np.mean(flux**2)), np.percentile(np.abs(flux), 99), np.max(np.abs(flux)),
        np.mean(flux), np.median(pixel), np.max(pixel),
    )  # fmt: skip
    cells = " | ".join(f"{100 * value:.3f}" for value in numbers)
    shear = "yes" if has_shear else "no"
    return f"| {n:g} | {reff:g} | {shear} | {cells} | {verdict(n, reff, flux)} |"


def limits_in_words():
    """What `udfs.batch.error_budget` promises, by the largest Sersic index."""
    return ", ".join(
        f"{100 * rms:g} % rms and {100 * largest:g} % at most up to n = {index:g}"
        for index, (rms, largest) in FLUX_LIMITS.items()
    )


def in_words(ranges):
    """What systems are drawn from."""
    low, high = ranges.theta_e_arcsec
    return (
        f"theta_E of {low:g} to {high:g} arcsec, lens e up to {ranges.lens_e:.2g}, source e up to"
        f" {ranges.src_e:g}, shear up to {ranges.shear:g}"
    )


def main():
    """Print the table and write the document; exit 1 if a promise does not hold."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    rows = []
    for n in INDICES:
        for reff in RADII_ARCSEC:
            for has_shear in (True, False):
                rows.append(table_row(n, reff, has_shear))
                print(rows[-1], flush=True)
    widest = []
    for n, reff in WIDEST_LINES:
        widest.append(table_row(n, reff, True, N_WIDEST, WIDEST))
        print(widest[-1], flush=True)
    references = []
    for n in INDICES:
        error = 100 * reference_errors(n, 0.2)
        references.append(
            f"| {n:g} | {np.sqrt(np.mean(error**2)):.3f} | {np.max(np.abs(error)):.3f} |"
        )
        print(references[-1], flush=True)
    text = Template(TEMPLATE.read_text()).substitute(
        n_systems=N_SYSTEMS,
        usual=in_words(USUAL),
        n_widest=N_WIDEST,
        widest=in_words(WIDEST),
        widest_table="\n".join(widest),
        table="\n".join(rows),
        references="\n".join(references),
        limits=limits_in_words(),
        bias=f"{100 * LARGEST_BIAS:g}",
    )
    DOCUMENT.write_text(text)
    return 1 if BROKEN in text else 0


if __name__ == "__main__":
    raise SystemExit(main())
