"""What code a result depends on, as one text.

Modules are followed through their imports.

Comments and docstrings do not count. numba notices a change of the file that holds a kernel, but not
of the kernels that it calls, and dbt notices no change of Python at all; both ask here.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGES = ("store", "udfs", "pixels", "injection", "ingest")
ROOT = Path(__file__).resolve().parent.parent


@cache
def digest_of_code(*entries: str) -> str:
    """Hash the normal form of modules and of all of ours that they import.

    Parameters
    ----------
    *entries : str
        Dotted names of modules.

    Returns
    -------
    str
        64 hex digits.
    """
    digest = hashlib.sha256()
    for module in sorted(set().union(*map(_modules_used, entries))):
        digest.update(f"{module}\n{_code(_tree(module))}\n".encode())
    return digest.hexdigest()


@cache
def digest_of_kernels() -> str:
    """Hash the files of all modules with kernels and of their imports.

    Returns
    -------
    str
        8 hex digits.
    """
    digest = hashlib.sha256()
    for module in sorted(set().union(*map(_modules_used, map(module_name, kernel_files())))):
        digest.update(_file(module).read_bytes())
    return digest.hexdigest()[:8]


def kernel_files() -> list[Path]:
    """Return the files of all modules that compile something, sorted."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(path for path in files if b"from udfs.jit import" in path.read_bytes())


def module_name(path: Path) -> str:
    """Return the dotted name of the module in a file."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _file(module: str) -> Path:
    """Return the file of a module."""
    return ROOT / (module.replace(".", "/") + ".py")


@cache
def _tree(module: str) -> ast.Module:
    """Parse a module."""
    return ast.parse(_file(module).read_text())


def _modules_used(entry: str) -> set[str]:
    """Find our modules that a module imports, and itself.

    However far away they are.
    """
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
    """Name the modules that a module's imports could mean."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def _code(tree: ast.Module) -> str:
    """Return a module's source in a normal form.

    Without what does not change a result.
    """
    tree = ast.parse(ast.unparse(tree))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)
