"""Our kernel against lenstronomy on the same systems, one core, one run: `python -m benchmarks.kernels`.

Times are CPU times of this process, so that other work on the machine disturbs them less; ratios
are what to look at. Flux errors are against the plain renderer, which has converged.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks import kernels_lenstronomy
from benchmarks.kernels_images import batch_of, fast_image
from benchmarks.kernels_systems import random_system
from udfs.inject import inject_batch
from udfs.records import Settings
from udfs.render import render_lensed_sersic

SIZE_PIX = 64
PSFSIZE_ARCSEC = 1.2
N_OURS, N_LENSTRONOMY = 400, 16
REPEATS = 5
EXTINCTION = {"g": 3.214, "r": 2.165, "z": 1.211}
CASES = ((1.0, 0.15), (1.0, 0.3), (4.0, 0.3))  # Sersic index and half-light radius in arcsec


class Line(NamedTuple):
    """One line of the table."""

    name: str
    seconds: float
    flux_error: np.ndarray


def cpu_seconds(work: Callable[[], Any], repeats: int) -> float:
    """Least CPU time of several runs."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def our_seconds(systems: list[dict[str, float]], profile: str, is_poisson: bool) -> float:
    """CPU time per three-band injection, all of `inject_batch` included."""
    settings = Settings(
        ("g", "r", "z"), "r", (SIZE_PIX,), EXTINCTION, psf_profile=profile, is_poisson=is_poisson
    )
    tasks, pixels = batch_of(systems, PSFSIZE_ARCSEC)
    inject_batch(tasks, pixels, settings)  # compiles
    return cpu_seconds(lambda: inject_batch(tasks, pixels, settings), REPEATS) / len(systems)


def lenstronomy_seconds(systems: list[dict[str, float]], supersampling: int) -> float:
    """CPU time per three-band image with a Gaussian PSF: one call per band, as a user would."""

    def draw() -> None:
        for system in systems:
            for _ in range(3):
                kernels_lenstronomy.image(system, supersampling, psf_fwhm_arcsec=PSFSIZE_ARCSEC)

    return cpu_seconds(draw, 2) / len(systems)


def flux_errors(systems: list[dict[str, float]], draw: Callable[[dict], np.ndarray]) -> np.ndarray:
    """Relative flux errors before the PSF."""
    return np.array([
        draw(system).sum(dtype=float) / render_lensed_sersic(**system).sum() - 1
        for system in systems
    ])  # fmt: skip


def lines_of(n: float, reff: float) -> list[Line]:
    """Times and errors of everybody on one kind of source."""
    rng = np.random.default_rng(13)
    systems = [
        random_system(rng, size=SIZE_PIX, src_n=n, src_reff_arcsec=reff) for _ in range(N_OURS)
    ]
    few = systems[:N_LENSTRONOMY]
    ours = flux_errors(systems[:100], lambda system: fast_image(system)[0])
    lines = [
        Line(f"{profile}{', photon noise' if noise else ''}", our_seconds(systems, profile, noise), ours)
        for profile in ("gaussian", "moffat") for noise in (False, True)
    ]  # fmt: skip
    for factor in (4, 8):
        error = flux_errors(few, lambda system, k=factor: kernels_lenstronomy.image(system, k))
        name = f"lenstronomy {factor}x, gaussian"
        lines.append(Line(name, lenstronomy_seconds(few, factor), error))
    return lines


def main() -> None:
    """Print a table per kind of source."""
    for n, reff in CASES:
        lines = lines_of(n, reff)
        peer = next(line for line in lines if line.name.startswith("lenstronomy 4x"))
        print(f"\nn = {n:g}, R_e = {reff:g} arcsec, {SIZE_PIX}x{SIZE_PIX} pixels, three bands")
        print(f"{'':28}{'per second':>12}{'x lenstronomy 4x':>18}{'flux error rms %':>18}{'max %':>8}")
        for line in lines:
            rms, largest = np.sqrt(np.mean(line.flux_error**2)), np.max(np.abs(line.flux_error))
            print(
                f"{line.name:28}{1 / line.seconds:12.0f}{peer.seconds / line.seconds:18.1f}"
                f"{100 * rms:18.3f}{100 * largest:8.3f}"
            )


if __name__ == "__main__":
    main()
