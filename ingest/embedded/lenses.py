"""Planted lenses: their images, and the list of known lenses with them.

The list has lenscat's columns and faults: several rows of one lens under other names, clusters
among galaxies, redshifts as text, lenses outside the footprint, and one on empty sky.
"""

import csv
import io

import numpy as np

from ingest.embedded.draws import generator
from ingest.embedded.exposures import PIXEL_ARCSEC
from ingest.embedded.rendering import LENS_STAMP_PIXELS
from udfs.light.photometry import flux_from_magnitude
from udfs.reference.render import render_lensed_sersic

LENS = np.dtype(
    [
        ("source", "i8"),  # row of the host in the brick's sources
        ("theta_e", "f8"),  # arcsec, circularised
        ("lens_q", "f8"),
        ("lens_phi", "f8"),  # radian, pixel frame
        ("shear_g1", "f8"),
        ("shear_g2", "f8"),
        ("src_x", "f8"),  # arcsec from the lens, pixel frame
        ("src_y", "f8"),
        ("src_reff", "f8"),
        ("src_q", "f8"),
        ("src_phi", "f8"),
        ("flux_g", "f8"),  # unlensed, nanomaggy
        ("flux_r", "f8"),
        ("flux_z", "f8"),
    ]
)
THETA_E_ARCSEC = (0.9, 2.2)
SOURCE_R_MAG = (22.6, 23.8)  # unlensed
LIST_COLUMNS = ("name", "RA [deg]", "DEC [deg]", "zlens", "type", "grading", "ref")
CLUSTER_REFERENCE = "https://arxiv.org/abs/astro-ph/0406123"
LENS_REFERENCES = ("https://arxiv.org/abs/2206.02764", "https://arxiv.org/abs/2005.04730")


def draw_lenses(sources: np.ndarray, light_phi: np.ndarray, key: str) -> np.ndarray:
    """Draw the parameters of the lenses among a brick's sources.

    Parameters
    ----------
    sources : (n,) SOURCE
    light_phi : (n,) float, radian
        Major axes of the sources' light in the pixel frame.
    key : str
        Name of the brick.

    Returns
    -------
    (n_lenses,) LENS
    """
    hosts = np.flatnonzero(sources["is_lens"])
    n = len(hosts)
    draw = generator(key, "lens parameters")
    found = np.zeros(n, LENS)
    found["source"] = hosts
    found["theta_e"] = draw.uniform(*THETA_E_ARCSEC, n)
    found["lens_q"] = draw.uniform(0.65, 0.95, n)
    found["lens_phi"] = light_phi[hosts] + draw.normal(0, np.radians(8), n)
    found["shear_g1"], found["shear_g2"] = draw.normal(0, 0.025, (2, n))
    radius = 0.6 * found["theta_e"] * np.sqrt(draw.random(n))
    angle = 2 * np.pi * draw.random(n)
    found["src_x"], found["src_y"] = radius * np.cos(angle), radius * np.sin(angle)
    found["src_reff"] = draw.uniform(0.15, 0.4, n)
    found["src_q"] = draw.uniform(0.5, 1.0, n)
    found["src_phi"] = np.pi * draw.random(n)
    r_mag = draw.uniform(*SOURCE_R_MAG, n)
    magnitudes = {
        "r": r_mag,
        "g": r_mag + draw.normal(0.2, 0.1, n),
        "z": r_mag - draw.normal(0.2, 0.1, n),
    }
    for band, magnitude in magnitudes.items():
        found[f"flux_{band}"] = flux_from_magnitude(magnitude)
    return found


def arc_stamp(lens: np.ndarray, x: float, y: float) -> np.ndarray:
    """Return the lensed images of a source of unit flux before the PSF.

    Parameters
    ----------
    lens : () LENS
    x : float, pixel
    y : float, pixel

    Returns
    -------
    (y, x) float, share of the flux
    """
    return render_lensed_sersic(
        theta_e_arcsec=float(lens["theta_e"]),
        lens_q=float(lens["lens_q"]),
        lens_phi_rad=float(lens["lens_phi"]),
        shear_g1=float(lens["shear_g1"]),
        shear_g2=float(lens["shear_g2"]),
        src_x_arcsec=float(lens["src_x"]),
        src_y_arcsec=float(lens["src_y"]),
        src_reff_arcsec=float(lens["src_reff"]),
        src_q=float(lens["src_q"]),
        src_phi_rad=float(lens["src_phi"]),
        src_n=1.0,
        lens_x_pix=x,
        lens_y_pix=y,
        size_pix=LENS_STAMP_PIXELS,
        pixel_scale_arcsec=PIXEL_ARCSEC,
    )


def known_lens_list(ra: np.ndarray, dec: np.ndarray) -> bytes:
    """Return the list of known lenses as CSV.

    Parameters
    ----------
    ra, dec : (n,) float, degree
        Planted lenses, in the order of the catalogue.
    """
    draw = generator("known lenses", "list")
    rows = [planted_row(float(a), float(d), draw) for a, d in zip(ra, dec, strict=True)]
    rows += [duplicate_row(rows[index]) for index in range(0, len(rows), 25)]
    rows += list(STRANGERS)
    order = draw.permutation(len(rows))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LIST_COLUMNS)
    writer.writerows(rows[index] for index in order)
    return text.getvalue().encode()


def planted_row(ra: float, dec: float, draw: np.random.Generator) -> tuple[str, ...]:
    """Return a planted lens, its position off by a few tenths of an arcsec."""
    offset = draw.normal(0, 0.25, 2) / 3600
    ra, dec = (ra + offset[0] / np.cos(np.radians(dec))) % 360, dec + offset[1]
    grading = "confident" if draw.random() < 0.3 else "probable"
    redshift = f"{draw.uniform(0.3, 0.8):.4f}" if draw.random() < 0.5 else "not measured"
    name = f"DESI-{ra:08.4f}{dec:+08.4f}"
    reference = LENS_REFERENCES[int(draw.random() < 0.5)]
    return name, f"{ra:.6f}", f"{dec:.6f}", redshift, "galaxy", grading, reference


def duplicate_row(row: tuple[str, ...]) -> tuple[str, ...]:
    """Return the same lens as another list has it, 0.9 arcsec to the north."""
    dec = float(row[2]) + 0.9 / 3600
    return (
        f"J{row[0][5:]} | S{row[0][5:13]}",
        row[1],
        f"{dec:.6f}",
        "-",
        *row[4:6],
        LENS_REFERENCES[0],
    )


# Rows that match nothing in the survey, each for its own reason.
STRANGERS = (
    # outside the footprint, north and south of it
    ("DESI-187.0000+60.5000", "187.000000", "60.500000", "0.412", "galaxy", "confident", LENS_REFERENCES[0]),
    ("DESI-210.1000+45.2000", "210.100000", "45.200000", "not measured", "galaxy", "probable", LENS_REFERENCES[1]),
    # in the footprint's box, but without a source
    ("DESI-008.9000+04.9000", "8.900000", "4.900000", "0.5", "galaxy", "probable", LENS_REFERENCES[0]),
    # clusters: one typed as such, two typed as galaxies, as in lenscat
    ("NSC J000500-010000", "1.250000", "-2.700000", "0.251 | 0.2595", "cluster", "confident", CLUSTER_REFERENCE),
    ("NSC J001200-041500", "3.100000", "-4.200000", "0.18", "galaxy", "probable", CLUSTER_REFERENCE),
    ("NSC J235200+001500", "357.050000", "0.300000", "0.22", "galaxy", "probable", CLUSTER_REFERENCE),
)  # fmt: skip
