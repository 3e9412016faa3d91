"""The galaxies and stars of a pixel brick, before anything is measured.

Each population has a number, a magnitude range, colours and shapes. Lens hosts are a random subset
of the luminous galaxies, so hosts and other luminous galaxies share one distribution of place,
conditions, magnitude and shape.
"""

from dataclasses import dataclass

import numpy as np

from ingest.embedded.draws import generator
from ingest.embedded.exposures import PIXEL_ARCSEC
from ingest.embedded.layout import BROKEN, Site
from udfs.light.photometry import flux_from_magnitude

SOURCE = np.dtype(
    [
        ("kind", "U12"),
        ("type", "U3"),
        ("x", "f8"),  # pixel of the brick, from 0
        ("y", "f8"),
        ("flux_g", "f8"),  # nanomaggy, not dereddened
        ("flux_r", "f8"),
        ("flux_z", "f8"),
        ("flux_w1", "f8"),
        ("flux_w2", "f8"),
        ("reff", "f8"),  # arcsec, semi-major
        ("e1", "f8"),  # position angle east of north: 0.5 atan2(e2, e1)
        ("e2", "f8"),
        ("sersic", "f8"),
        ("is_lens", "?"),
    ]
)
FLUXES = ("flux_g", "flux_r", "flux_z", "flux_w1", "flux_w2")
SERSIC_OF_TYPE = {"PSF": 0.0, "DUP": 0.0, "REX": 1.0, "EXP": 1.0, "DEV": 4.0}
FAINTWARD_SLOPE = 0.3  # of log10 N(m)


@dataclass(frozen=True)
class Law:
    """A normal law, clipped."""

    mean: float
    scatter: float
    low: float = -9.0
    high: float = 9.0

    def draw(self, draw: np.random.Generator, n: int) -> np.ndarray:
        """Draw ``n`` values.

        Parameters
        ----------
        draw : numpy.random.Generator
        n : int

        Returns
        -------
        (n,) float
        """
        return np.clip(draw.normal(self.mean, self.scatter, n), self.low, self.high)


@dataclass(frozen=True)
class Population:
    """A kind of source: how many on a brick, and their laws."""

    kind: str
    n: int
    z_mag: tuple[float, float]
    g_r: Law
    r_z: Law
    z_w1: Law
    types: dict[str, float]
    reff_arcsec: float = 0.0  # median
    ellipticity: tuple[float, float] = (0.0, 0.5)
    where: str = "anywhere"  # or clean, or rim
    partner_of: str = ""  # placed near (or on) one of this population


EARLY = {"DEV": 0.46, "SER": 0.38, "REX": 0.13, "EXP": 0.03}
DISC = {"EXP": 0.5, "SER": 0.5}
MIXED = {"REX": 0.45, "EXP": 0.3, "DEV": 0.15, "SER": 0.1}
POINT = {"PSF": 1.0}

# Colours inside every cut of the parent variant: r - z above 0.4, z - W1 above 0.8.
LRG_G_R, LRG_R_Z, LRG_Z_W1 = Law(1.45, 0.15), Law(0.95, 0.2, 0.42, 1.6), Law(1.5, 0.35, 0.82, 2.6)
# Inside the cuts of the widest variant only: r - z above 0.3.
WIDE_R_Z, WIDE_Z_W1 = Law(0.9, 0.25, 0.31, 1.6), Law(1.35, 0.35, 0.82, 2.6)
FAINT_COLOURS = Law(0.8, 0.3), Law(0.4, 0.2), Law(0.3, 0.5)
STAR_COLOURS = Law(0.8, 0.25), Law(0.45, 0.12), Law(-0.7, 0.2)
MERGER_COLOURS = Law(1.0, 0.05), Law(0.5, 0.04), Law(0.8, 0.2)

POPULATIONS = (
    Population("luminous", 70, (17.9, 19.95), LRG_G_R, LRG_R_Z, LRG_Z_W1, EARLY, 1.0, where="clean"),
    Population("field", 22, (18.0, 19.95), Law(0.7, 0.15), Law(0.25, 0.08, 0.0, 0.38),
               Law(0.3, 0.3), {"SER": 0.5, "DEV": 0.3, "REX": 0.2}, 0.9, where="clean"),
    Population("edge_on", 7, (18.2, 19.9), Law(0.8, 0.15), Law(0.35, 0.1), Law(0.3, 0.3), DISC, 2.4,
               (0.55, 0.75), where="clean"),
    Population("clumpy", 7, (17.8, 18.6), Law(0.25, 0.06, 0.1, 0.39), Law(0.15, 0.05, 0.0, 0.35),
               Law(0.0, 0.3), DISC, 1.3, where="clean"),
    Population("merger", 5, (18.2, 19.7), *MERGER_COLOURS, EARLY, 0.9, where="clean"),
    Population("partner", 5, (18.5, 19.9), *MERGER_COLOURS, EARLY, 0.7, partner_of="merger"),
    Population("faint_lrg", 55, (20.0, 21.5), LRG_G_R, WIDE_R_Z, WIDE_Z_W1, EARLY, 0.7),
    Population("faint", 60, (20.0, 22.8), *FAINT_COLOURS, MIXED, 0.5),
    Population("rim", 6, (20.0, 20.38), LRG_G_R, LRG_R_Z, LRG_Z_W1, EARLY, 0.8, where="rim"),
    Population("star", 28, (16.8, 21.5), *STAR_COLOURS, POINT),
    Population("duplicate", 2, (19.0, 20.0), *FAINT_COLOURS, {"DUP": 1.0}, partner_of="field"),
)  # fmt: skip
# In bricks that lack pixels, no source may qualify for the training sample.
BROKEN_POPULATIONS = (
    Population("faint_lrg", 14, (20.05, 20.38), LRG_G_R, LRG_R_Z, LRG_Z_W1, EARLY, 0.7,
               where="clean"),
    Population("faint", 20, (21.65, 22.8), *FAINT_COLOURS, MIXED, 0.5),
    Population("star", 10, (16.8, 21.5), *STAR_COLOURS, POINT),
)  # fmt: skip

W1_W2 = -0.5  # AB, of every source
SEPARATION_PIXELS = 18.0
PARTNER_ARCSEC = (2.5, 4.5)
HOSTS = "luminous"  # the population that lenses are chosen from
LENS_FRACTION = 0.22


def brick_populations(site: Site) -> tuple[Population, ...]:
    """Return the populations of a pixel brick."""
    return BROKEN_POPULATIONS if site.trouble in BROKEN else POPULATIONS


def draw_sources(site: Site, allowed: dict[str, np.ndarray], origin: tuple[int, int]) -> np.ndarray:
    """Draw the sources of a pixel brick.

    Parameters
    ----------
    site : Site
    allowed : dict of (ny, nx) bool
        For 'clean', 'anywhere' and 'rim': the pixels of the window where a source may be.
    origin : (int, int), pixel
        Of the window in the brick, x and y.

    Returns
    -------
    (n,) SOURCE
    """
    parts: list[np.ndarray] = []
    for population in brick_populations(site):
        draw = generator(site.brick.name, f"sources {population.kind}")
        sources = draw_population(population, draw)
        if population.partner_of:
            others = np.concatenate(parts)
            place_beside(sources, others[others["kind"] == population.partner_of], draw)
        else:
            place_apart(sources, allowed[population.where], origin, parts, draw)
        parts.append(sources)
    found = np.concatenate(parts)
    mark_lenses(found, site.brick.name)
    add_odd_fluxes(found)
    return found


def draw_population(population: Population, draw: np.random.Generator) -> np.ndarray:
    """Draw types, fluxes and shapes of one population, without places.

    Parameters
    ----------
    population : Population
    draw : numpy.random.Generator

    Returns
    -------
    (n,) SOURCE
    """
    n = population.n
    found = np.zeros(n, SOURCE)
    found["kind"] = population.kind
    found["type"] = draw.choice(list(population.types), n, p=list(population.types.values()))
    z_mag = faintward(draw.random(n), *population.z_mag)
    r_mag = z_mag + population.r_z.draw(draw, n)
    g_mag = r_mag + population.g_r.draw(draw, n)
    w1_mag = z_mag - population.z_w1.draw(draw, n)
    for band, magnitude in zip(FLUXES, (g_mag, r_mag, z_mag, w1_mag, w1_mag - W1_W2), strict=True):
        found[band] = np.where(found["type"] == "DUP", 0, flux_from_magnitude(magnitude))
    set_shapes(found, population, draw)
    return found


def faintward(u: np.ndarray, low: float, high: float) -> np.ndarray:
    """Turn uniform draws into magnitudes with N(m) ~ 10^(slope m).

    Parameters
    ----------
    u : (n,) float
        Uniform draws from 0 to 1.
    low : float, AB magnitude
    high : float, AB magnitude

    Returns
    -------
    (n,) float, AB magnitude
    """
    start, end = 10 ** (FAINTWARD_SLOPE * np.array([low, high]))
    return np.log10(start + u * (end - start)) / FAINTWARD_SLOPE


def set_shapes(found: np.ndarray, population: Population, draw: np.random.Generator) -> None:
    """Set half-light radii, ellipticities and Sersic indices by type.

    Parameters
    ----------
    found : (n,) SOURCE
    population : Population
    draw : numpy.random.Generator
    """
    n = len(found)
    is_galaxy = ~np.isin(found["type"], ["PSF", "DUP"])
    is_round = found["type"] == "REX"
    reff = np.clip(population.reff_arcsec * np.exp(draw.normal(0, 0.3, n)), 0.1, 4.0)
    low, high = population.ellipticity
    modulus = low + (high - low) * draw.beta(1.5, 3.0, n)
    angle = np.pi * draw.random(n)
    free_index = np.clip(np.exp(draw.normal(np.log(2.5), 0.4, n)), 0.6, 6.0)
    found["reff"] = np.where(is_galaxy, np.where(is_round, 0.6 * reff, reff), 0)
    found["e1"] = np.where(is_galaxy & ~is_round, modulus * np.cos(2 * angle), 0)
    found["e2"] = np.where(is_galaxy & ~is_round, modulus * np.sin(2 * angle), 0)
    fixed = np.array([SERSIC_OF_TYPE.get(name, np.nan) for name in found["type"]])
    found["sersic"] = np.where(np.isnan(fixed), free_index, fixed)


def place_apart(
    sources: np.ndarray,
    allowed: np.ndarray,
    origin: tuple[int, int],
    placed: list[np.ndarray],
    draw: np.random.Generator,
) -> None:
    """Place sources at random on allowed pixels, apart from each other.

    Parameters
    ----------
    sources : (n,) SOURCE
    allowed : (ny, nx) bool
    origin : (int, int), pixel
        x and y of the first allowed pixel in the brick.
    placed : list of (n,) SOURCE
        Sources to keep away from.
    draw : numpy.random.Generator
    """
    candidates = np.flatnonzero(allowed)
    if len(candidates) == 0:
        raise ValueError(f"no pixel is allowed for population {sources['kind'][0]!r}")
    x_taken = np.concatenate([np.zeros(0)] + [part["x"] for part in placed])
    y_taken = np.concatenate([np.zeros(0)] + [part["y"] for part in placed])
    for source in sources:
        for _ in range(100):
            row, column = divmod(int(candidates[draw.integers(len(candidates))]), allowed.shape[1])
            x = origin[0] + column + draw.uniform(-0.5, 0.5)
            y = origin[1] + row + draw.uniform(-0.5, 0.5)
            if np.all(np.hypot(x_taken - x, y_taken - y) > SEPARATION_PIXELS):
                break
        source["x"], source["y"] = x, y
        x_taken, y_taken = np.append(x_taken, x), np.append(y_taken, y)


def place_beside(sources: np.ndarray, others: np.ndarray, draw: np.random.Generator) -> None:
    """Place each source near another one, as mergers and duplicates are.

    Parameters
    ----------
    sources : (n,) SOURCE
    others : (n,) SOURCE
    draw : numpy.random.Generator
    """
    chosen = others[: len(sources)]
    distance = draw.uniform(*PARTNER_ARCSEC, len(sources)) / PIXEL_ARCSEC
    distance = np.where(sources["type"] == "DUP", 0.3, distance)
    angle = 2 * np.pi * draw.random(len(sources))
    sources["x"] = chosen["x"] + distance * np.cos(angle)
    sources["y"] = chosen["y"] + distance * np.sin(angle)


def mark_lenses(found: np.ndarray, key: str) -> None:
    """Mark a fixed fraction of the luminous galaxies as lenses, at random.

    Parameters
    ----------
    found : (n,) SOURCE
    key : str
    """
    luminous = np.flatnonzero(found["kind"] == HOSTS)
    order = generator(key, "lenses").permutation(len(luminous))
    found["is_lens"][luminous[order[: round(LENS_FRACTION * len(luminous))]]] = True


def add_odd_fluxes(found: np.ndarray) -> None:
    """Give one faint source each a negative g, a zero z and no W1.

    Parameters
    ----------
    found : (n,) SOURCE
    """
    faint = np.flatnonzero(found["kind"] == "faint")
    found["flux_g"][faint[0]] = -0.03
    found["flux_z"][faint[1]] = 0.0
    found["flux_w1"][faint[2]] = np.nan
