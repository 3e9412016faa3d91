"""A survey of a few coadd bricks, written by CFITSIO with the release's compression."""

import hashlib
from pathlib import Path

import fitsio
import numpy as np

SIDE = 3600
TEMPLATE = "0001m002"
CENTRE = {"0001m002": (0.125, -0.25), "0003m002": (0.375, -0.25), "0006m002": (0.625, -0.25)}
COMPRESSION = {
    "image": "R 100,100; qz -1e-4",
    "invvar": "R 100,100; q0 16",
    "maskbits": "H 100,100",
    "psfsize": "G 100,100; qz 0",
}


def pixels(product: str, seed: int) -> np.ndarray:
    """Noise in the middle, where the tests look, and a constant elsewhere, so that files are small."""
    middle = slice(1500, 2100)
    rng = np.random.default_rng(seed)
    if product == "maskbits":
        image = np.zeros((SIDE, SIDE), np.int32)
        image[middle, middle] = rng.integers(0, 4, (600, 600))
        return image
    image = np.full((SIDE, SIDE), 1.3 if product == "psfsize" else 0.0, np.float32)
    noise = (
        rng.normal(0.0, 0.01, (600, 600)) if product == "image" else rng.uniform(50, 99, (600, 600))
    )
    image[middle, middle] = (
        noise if product != "psfsize" else 1.2 + 0.001 * rng.normal(size=(600, 600))
    )
    return image


def header(brickname: str, product: str, band: str | None) -> list[dict]:
    """Cards that the survey writes and the pipeline reads."""
    ra, dec = CENTRE[brickname]
    scale = 0.262 / 3600
    cards = {
        "BRICK": brickname,
        "IMTYPE": product,
        "CTYPE1": "RA---TAN",
        "CTYPE2": "DEC--TAN",
        "CRVAL1": ra,
        "CRVAL2": dec,
        "CRPIX1": 1800.5,
        "CRPIX2": 1800.5,
        "CD1_1": -scale,
        "CD1_2": 0.0,
        "CD2_1": 0.0,
        "CD2_2": scale,
    }
    if band:
        cards["FILTERX"] = band
    return [{"name": name, "value": value} for name, value in cards.items()]


def write_file(path: Path, brickname: str, product: str, band: str | None = None) -> None:
    """One file of a brick."""
    seed = sum(map(ord, f"{brickname}{product}{band}"))
    with fitsio.FITS(f"mem://[compress {COMPRESSION[product]}]", "rw") as file:
        extname = "MASKBITS" if product == "maskbits" else None
        file.write(pixels(product, seed), header=header(brickname, product, band), extname=extname)
        if product == "maskbits":
            for name in ("WISEM1", "WISEM2"):
                file.write(np.zeros((SIDE, SIDE), np.uint8), extname=name)
        path.write_bytes(file.read_raw())


def write_brick(root: Path, brickname: str, bands: str = "grz") -> Path:
    """A brick's files and their list of checksums; its folder."""
    folder = root / "south/coadd" / brickname[:3] / brickname
    folder.mkdir(parents=True)
    for product in ("image", "invvar", "psfsize"):
        for band in bands:
            name = f"legacysurvey-{brickname}-{product}-{band}.fits.fz"
            write_file(folder / name, brickname, product, band)
    write_file(folder / f"legacysurvey-{brickname}-maskbits.fits.fz", brickname, "maskbits")
    write_checksums(folder)
    return folder


def copy_brick(folder: Path, brickname: str) -> Path:
    """The same brick under another name, in its headers too."""
    old, (ra, dec) = folder.name, CENTRE[brickname]
    target = folder.parents[1] / brickname[:3] / brickname
    target.mkdir(parents=True)
    for path in folder.glob("*.fits.fz"):
        content = path.read_bytes().replace(old.encode(), brickname.encode())
        content = content.replace(
            f"CRVAL1  = {CENTRE[old][0]:20}".encode(), f"CRVAL1  = {ra:20}".encode()
        )
        (target / path.name.replace(old, brickname)).write_bytes(content)
    assert CENTRE[old][1] == dec
    write_checksums(target)
    return target


def write_checksums(folder: Path) -> None:
    """The survey's list of a brick's checksums."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()} *{path.name}\n"
        for path in sorted(folder.glob("*.fits.fz"))
    ]
    name = f"legacysurvey_dr10_south_coadd_{folder.name[:3]}_{folder.name}.sha256sum"
    (folder / name).write_text("".join(lines))
