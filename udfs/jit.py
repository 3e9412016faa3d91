"""How kernels are compiled: decided once, here."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
from numba.core import config

from udfs.code_digest import digest_of_kernels

log = logging.getLogger(__name__)

# Reordering sums and fusing multiply-adds is what lets loops become vector instructions. NaN and
# infinity keep their meaning (no "nnan", no "ninf"), so that a guard on them still works.
FAST_MATH = {"reassoc", "contract", "nsz", "arcp", "afn"}


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def cache_folder() -> Path | None:
    """First writable place for compiled kernels, or None: beside the source, else in the user's cache."""
    user_cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    name = f"kernels-{digest_of_kernels()}"
    for parent in (Path(__file__).parent / "__pycache__", user_cache / "dark-halo-scope"):
        if _is_writable(parent / name):
            return parent / name
    return None


def wide_vector_features() -> str | None:
    """The host's CPU features with full 512-bit vectors allowed, or None where there are none.

    LLVM keeps to 256 bits on many CPUs that have AVX-512; the long float32 passes of this package
    gain up to a factor of two from the full width.
    """
    features = llvm.get_host_cpu_features()
    if not features.get("avx512f", False):
        return None
    return f"{features.flatten()},-prefer-256-bit"


def _configure() -> bool:
    """Set numba's cache folder and vector width unless the user has; says whether to cache."""
    if "NUMBA_CPU_FEATURES" not in os.environ and (features := wide_vector_features()):
        config.CPU_FEATURES = features
    if "NUMBA_CACHE_DIR" in os.environ:
        return _is_writable(Path(os.environ["NUMBA_CACHE_DIR"]))
    folder = cache_folder()
    if folder is None:
        log.warning("no writable folder for compiled kernels: each process compiles them again")
        return False
    config.CACHE_DIR = str(folder)
    return True


_CACHE = _configure()


def kernel(function: Callable[..., Any]) -> Any:
    """Compile in strict arithmetic, without the interpreter lock."""
    return numba.njit(cache=_CACHE, nogil=True, error_model="numpy")(function)


def fast_kernel(function: Callable[..., Any]) -> Any:
    """Compile for vectors: as `kernel`, with sums reordered (`FAST_MATH`)."""
    return numba.njit(cache=_CACHE, nogil=True, error_model="numpy", fastmath=FAST_MATH)(function)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile into the caller, for bodies that LLVM finds too long to inline into a hot loop."""
    return numba.njit(inline="always", error_model="numpy")(function)


@inlined
def whole_vectors(n: int) -> int:
    """n rounded up to a multiple of 64.

    LLVM handles 64 floats per turn of a loop and the rest one by one, which for lists of a hundred
    takes longer than the vectors. Arrays that have room to spare are worked on to a whole number of
    turns; what stands in the spare places is never read.
    """
    return (n + 63) & ~63
