"""Fingerprints: what a result depends on, as one short text.

A part is done again when, and only when, one of these changes: its tasks, the choices, the code
that computes it, the survey's files.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

import numba
import numpy as np
import polars as pl

from ingest.fits_cards import FitsError
from injection.brick_files import brick_folder

ENTRY_MODULE = "injection.brick_job"
PACKAGES = ("injection", "ingest", "udfs")
ROOT = Path(__file__).resolve().parent.parent
ID_LENGTH = 16  # hex digits of a part's name


@cache
def code_fingerprint() -> str:
    """Hash of the code that makes rows and pixels, without comments and docstrings."""
    digest = hashlib.sha256(f"numpy {np.__version__} numba {numba.__version__}".encode())
    for module in sorted(_modules_used(ENTRY_MODULE)):
        digest.update(f"{module}\n{_code(_tree(module))}\n".encode())
    return digest.hexdigest()


def _file(module: str) -> Path:
    return ROOT / (module.replace(".", "/") + ".py")


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_file(module).read_text())


def _modules_used(entry: str) -> set[str]:
    """Our modules that a module imports, however far away, and itself."""
    found: set[str] = set()
    waiting = [entry]
    while waiting:
        module = waiting.pop()
        if module in found or not _file(module).is_file():
            continue
        found.add(module)
        waiting += [name for name in _imports(_tree(module)) if name.split(".")[0] in PACKAGES]
    return found


def _imports(tree: ast.Module) -> list[str]:
    """Names of the modules that a module's imports could mean."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def _code(tree: ast.Module) -> str:
    """Source of a module in a normal form, without what does not change a result."""
    tree = ast.parse(ast.unparse(tree))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def files_fingerprint(coadds: str, brickname: str) -> str:
    """Hash of the contents of a brick's files, for bricks whose checksums nobody has noted."""
    digest = hashlib.sha256()
    try:
        folder = brick_folder(coadds, brickname)
    except FitsError:
        return ""
    for path in sorted(folder.glob("legacysurvey-*.fits.fz")):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.name} {content}\n".encode())
    return digest.hexdigest()


def part_id(renders: pl.DataFrame, settings_fingerprint: str, files: list[str]) -> str:
    """Name of a part: a hash of everything that it is made from.

    Parameters
    ----------
    renders : polars.DataFrame
        The part's renders, in order.
    settings_fingerprint : str
    files : list of str
        Hash of the contents of each brick's files, in the order of the bricks.
    """
    digest = hashlib.sha256(f"{code_fingerprint()} {settings_fingerprint}\n".encode())
    digest.update("\n".join(files).encode())
    digest.update(renders.write_ndjson().encode())
    return digest.hexdigest()[:ID_LENGTH]
