"""Deliberate faults and where they are made; there is one of each.

| trouble | how it shows | where it is made |
|---|---|---|
| missing brick | in the brick table and the sweeps, with LRGs; no coadd folder | `build.write_brick` |
| truncated file | image-r ends early, its listed checksum is the whole file's | `build.write_coadds` |
| no psfsize files | the three psfsize files are absent, and not in the checksum list | `build.write_coadds` |
| no maskbits | likewise | `build.write_coadds` |
| band without coverage | g: image, invvar and psfsize are 0 everywhere, NOBS_G is 0 | `exposures.exposures` |
| negative invvar pixel | one pixel of invvar-r within the stamp of an LRG is -100 | here |
| psfsize 0 patch | psfsize-r is 0 around an LRG whose pixels are good | here |
| stamp over bad pixels | BRIGHT, SATUR and ALLMASK over an LRG, its invvar 0 | here |
| every mask bit | a patch of each bit of maskbits, each under a faint source | here |

Everywhere, as in the survey: pixels with invvar 0 whose image is not 0 (all exposures masked), gaps
between CCDs, edges of coverage through stamps, a bright star with its masks. Three islands lie
across RA 0; one of them across the corner of four HEALPix cells.
"""

import numpy as np

from ingest.embedded import masks as brick_masks
from ingest.embedded.exposures import Window
from ingest.embedded.layout import Site, Trouble
from ingest.embedded.stamps import nearest_pixel

NEGATIVE_INVVAR = -100.0  # 1 / nanomaggy^2
NEGATIVE_OFFSET_PIXELS = 3  # from the LRG, in x and y
PSFSIZE_ZERO_HALF = 60  # pixels
N_ODD_FAINT = 3  # the first faint sources have odd fluxes already


def troubled_lrg(sources: np.ndarray) -> np.ndarray:
    """Return the LRG at which a trouble is placed: the first faint parent.

    Parameters
    ----------
    sources : (n,) SOURCE

    Returns
    -------
    () SOURCE
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z_mag = 22.5 - 2.5 * np.log10(sources["flux_z"])
        r_z = 2.5 * np.log10(sources["flux_z"] / sources["flux_r"])
    found = (sources["kind"] == "faint_lrg") & (z_mag < 20.3) & (r_z > 0.5)
    return sources[np.flatnonzero(found)[0]]


def troubled_pixel(box: Window, sources: np.ndarray) -> tuple[int, int]:
    """Return the pixel of the window under that LRG, x and y.

    Parameters
    ----------
    box : Window
    sources : (n,) SOURCE
    """
    lrg = troubled_lrg(sources)
    return nearest_pixel(box, float(lrg["x"]), float(lrg["y"]))


def add_mask_troubles(
    site: Site, box: Window, masks: brick_masks.Masks, sources: np.ndarray
) -> None:
    """Add patches of mask bits, where the site has such a trouble.

    Parameters
    ----------
    site : Site
    box : Window
    masks : Masks
    sources : (n,) SOURCE
    """
    if site.trouble is Trouble.EVERY_MASK_BIT:
        faint = sources[sources["kind"] == "faint"][N_ODD_FAINT:]
        places = [nearest_pixel(box, source["x"], source["y"]) for source in faint]
        brick_masks.add_patches(masks, places[: len(brick_masks.MASK_BITS)])
    if site.trouble is Trouble.BAD_PIXELS:
        patch = brick_masks.patch_slices(*troubled_pixel(box, sources))
        for name in ("BRIGHT", "SATUR_G", "SATUR_R", "SATUR_Z"):
            masks.bits[patch] |= brick_masks.bit(name)
        masks.saturated[patch] = True


def add_negative_invvar(site: Site, box: Window, invvar: np.ndarray, sources: np.ndarray) -> None:
    """Make one pixel near an LRG negative, where the site has that trouble.

    Parameters
    ----------
    site : Site
    box : Window
    invvar : (ny, nx) float32, 1 / nanomaggy^2
    sources : (n,) SOURCE
    """
    if site.trouble is Trouble.NEGATIVE_INVVAR:
        x, y = troubled_pixel(box, sources)
        invvar[y + NEGATIVE_OFFSET_PIXELS, x + NEGATIVE_OFFSET_PIXELS] = NEGATIVE_INVVAR


def add_zero_psfsize(site: Site, box: Window, psfsize: np.ndarray, sources: np.ndarray) -> None:
    """Set psfsize to 0 around an LRG, where the site has that trouble.

    Parameters
    ----------
    site : Site
    box : Window
    psfsize : (ny, nx) float32, arcsec
    sources : (n,) SOURCE
    """
    if site.trouble is Trouble.PSFSIZE_ZERO:
        x, y = troubled_pixel(box, sources)
        half = PSFSIZE_ZERO_HALF
        psfsize[max(y - half, 0) : y + half, max(x - half, 0) : x + half] = 0
