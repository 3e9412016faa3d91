"""Our kernel against lenstronomy on the same systems, one core, one run: `python -m benchmarks.kernels`.

Times are CPU times of this process, so that other work on the machine disturbs them less; ratios
are what to look at. Flux errors are against the plain renderer, which has converged.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from tests.support import kernels_lenstronomy
from tests.support.kernels_images import batch_of
from tests.support.kernels_systems import PIXEL, prior_system, random_system
from udfs.batch.inject import inject_batch
from udfs.batch.records import Settings
from udfs.light import psf
from udfs.reference.render import render_lensed_sersic

SIZE_PIX = 64
PSFSIZE_ARCSEC = 1.2
N_OURS, N_ERRORS = 400, 40
N_LENSTRONOMY = {4: 12, 8: 3}  # systems timed, by supersampling
ROUNDS, REPEATS = 10, 5
FINE = 5  # samples per pixel of the reference's convolution
EXTINCTION = {"g": 3.214, "r": 2.165, "z": 1.211}
LEAST_RATIO = {"gaussian": 400, "moffat": 200}
CASES: dict[str, Callable[[np.random.Generator], dict[str, float]]] = {
    "as the prior `recoverable` draws them": lambda rng: prior_system(rng, SIZE_PIX),
    "n = 1, R_e = 0.15 arcsec": lambda rng: _source_of(rng, 1.0, 0.15),
    "n = 1, R_e = 0.3 arcsec": lambda rng: _source_of(rng, 1.0, 0.3),
    "n = 4, R_e = 0.3 arcsec": lambda rng: _source_of(rng, 4.0, 0.3),
}
KERNEL_PIX = psf.kernel_fwhm_pix(PSFSIZE_ARCSEC, "gaussian", psf.DEFAULT_MOFFAT_BETA, PIXEL)

System = dict[str, float]


class Work(NamedTuple):
    """Something to be timed, and how many systems it draws."""

    run: Callable[[], None]
    n_systems: int


class Line(NamedTuple):
    """One line of the table: seconds per injection, and errors of single systems."""

    name: str
    seconds: float
    flux_error: np.ndarray
    peak_error: np.ndarray


def least_seconds(works: dict[str, Work]) -> dict[str, float]:
    """Least CPU time per system of each, of several rounds in which all take their turn.

    In turn, because the speed of a shared machine changes within minutes: what is timed at once with
    its peer is compared with it.
    """
    seconds = dict.fromkeys(works, np.inf)
    for _ in range(ROUNDS):
        for name, work in works.items():
            start = time.process_time()
            work.run()
            seconds[name] = min(seconds[name], (time.process_time() - start) / work.n_systems)
    return seconds


def settings_of(profile: psf.Profile, is_poisson: bool) -> Settings:
    """Three bands, one stamp size."""
    return Settings(
        ("g", "r", "z"), "r", (SIZE_PIX,), EXTINCTION, psf_profile=profile, is_poisson=is_poisson
    )


def our_work(systems: list[System], profile: psf.Profile, is_poisson: bool) -> Work:
    """Three-band injections, all of `inject_batch` included, about as long as the peer's piece."""
    settings = settings_of(profile, is_poisson)
    tasks, pixels = batch_of(systems, PSFSIZE_ARCSEC)
    inject_batch(tasks, pixels, settings)  # compiles

    def inject() -> None:
        for _ in range(REPEATS):
            inject_batch(tasks, pixels, settings)

    return Work(inject, REPEATS * len(systems))


def our_images(systems: list[System]) -> np.ndarray:
    """Arcs of unit flux through the Gaussian PSF: the hosts of `batch_of` are dark."""
    tasks, pixels = batch_of(systems, PSFSIZE_ARCSEC)
    return inject_batch(tasks, pixels, settings_of("gaussian", False)).stamps[SIZE_PIX][:, 1]


def lenstronomy_image(system: System, supersampling: int, is_psf_supersampled: bool) -> np.ndarray:
    """The same by lenstronomy."""
    fwhm = KERNEL_PIX * PIXEL
    return kernels_lenstronomy.image(
        system, supersampling, psf_fwhm_arcsec=fwhm, is_psf_supersampled=is_psf_supersampled
    )


def lenstronomy_work(systems: list[System], supersampling: int, is_finely: bool) -> Work:
    """Three-band images: one call per band, as its users do."""

    def draw() -> None:
        for system in systems:
            for _ in range(3):
                lenstronomy_image(system, supersampling, is_finely)

    return Work(draw, len(systems))


def converged_image(system: System) -> np.ndarray:
    """The plain renderer and convolution on a grid of 5x5 samples per pixel."""
    fine = system | {
        "lens_x_pix": FINE * (system["lens_x_pix"] + 0.5) - 0.5,
        "lens_y_pix": FINE * (system["lens_y_pix"] + 0.5) - 0.5,
        "size_pix": FINE * SIZE_PIX,
        "pixel_scale_arcsec": PIXEL / FINE,
    }
    unit = render_lensed_sersic(**fine)
    seen = psf.convolve(unit, FINE * KERNEL_PIX, pixel_scale_arcsec=PIXEL / FINE)
    return seen.reshape(SIZE_PIX, FINE, SIZE_PIX, FINE).sum(axis=(1, 3))


def errors(images: Iterable[np.ndarray], references: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Relative error of the flux, and largest pixel error over the peak, of each image."""
    pairs = list(zip(images, references, strict=True))
    flux = [image.sum(dtype=float) / reference.sum() - 1 for image, reference in pairs]
    peak = [np.max(np.abs(image - reference)) / reference.max() for image, reference in pairs]
    return np.array(flux), np.array(peak)


def _source_of(rng: np.random.Generator, n: float, reff: float) -> System:
    """A system whose source has this Sersic index and half-light radius."""
    return random_system(rng, size=SIZE_PIX, src_n=n, src_reff_arcsec=reff)


def lines_of(draw: Callable[[np.random.Generator], System]) -> list[Line]:
    """Times and errors of everybody on one kind of system.

    Ours are timed on all of the systems, lenstronomy on the first of them (`N_LENSTRONOMY`).
    """
    rng = np.random.default_rng(13)
    systems = [draw(rng) for _ in range(N_OURS)]
    checked = systems[:N_ERRORS]
    references = [converged_image(system) for system in checked]
    ours = errors(our_images(checked), references)
    works, errors_of = {}, {}
    for profile in psf.PROFILES:
        for noise in (False, True):
            name = f"{profile}{', photon noise' if noise else ''}"
            works[name], errors_of[name] = our_work(systems, profile, noise), ours
    for factor, is_finely in ((4, True), (4, False), (8, True)):
        name = f"lenstronomy {factor}x, PSF on {'samples' if is_finely else 'pixels'}"
        drawn = [lenstronomy_image(system, factor, is_finely) for system in checked]
        timed = systems[: N_LENSTRONOMY[factor]]
        works[name] = lenstronomy_work(timed, factor, is_finely)
        errors_of[name] = errors(drawn, references)
    seconds = least_seconds(works)
    return [Line(name, seconds[name], *errors_of[name]) for name in works]


def _verdict(name: str, ratio: float) -> str:
    """What stands behind a line with a limit."""
    if name not in LEAST_RATIO:
        return ""
    return f"   at least {LEAST_RATIO[name]}: {'yes' if ratio >= LEAST_RATIO[name] else 'NO'}"


def main() -> None:
    """Print a table per kind of system."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for case, draw in CASES.items():
        lines = lines_of(draw)
        peer = next(line for line in lines if line.name.startswith("lenstronomy 4x"))
        print(f"\n{case}, {SIZE_PIX}x{SIZE_PIX} pixels, three bands")
        print(
            f"{'':32}{'per second':>11}{'ratio':>8}{'flux rms %':>12}{'max %':>8}{'pixel max %':>13}"
        )
        for line in lines:
            rms, largest = np.sqrt(np.mean(line.flux_error**2)), np.max(np.abs(line.flux_error))
            ratio = peer.seconds / line.seconds
            print(
                f"{line.name:32}{1 / line.seconds:11.0f}{ratio:8.2f}"
                f"{100 * rms:12.3f}{100 * largest:8.3f}{100 * line.peak_error.max():13.2f}"
                f"{_verdict(line.name, ratio)}",
                flush=True,
            )
    print(
        "\nratio: to lenstronomy at 4x with the PSF on its samples. Errors of ours: Gaussian PSF."
    )


if __name__ == "__main__":
    main()
