"""How kernels are compiled: decided once, here."""

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numba
import numba.core.config
from numba import types
from numba.np.unsafe import ndarray

from udfs.code_digest import digest_of_kernels, kernel_files

log = logging.getLogger(__name__)

config: Any = numba.core.config  # it fills itself from the environment, which mypy cannot see
to_tuple: Any = ndarray.to_fixed_tuple  # an array of known length as a tuple, inside of kernels

# Reordering sums and fusing multiply-adds is what lets loops become vector instructions. NaN and
# infinity keep their meaning (no "nnan", no "ninf"), so that a guard on them still works.
FAST_MATH = {"reassoc", "contract", "nsz", "arcp", "afn"}

CACHE_VARIABLE = "NUMBA_CACHE_DIR"
MARKER = "complete"  # file in a folder that holds all kernels of `udfs.compiled`


class Folders(NamedTuple):
    """Folders of compiled kernels.

    Any process writes to `loose`, and only `udfs.compiled` to `whole`.
    """

    loose: Path
    whole: Path


class Entry(NamedTuple):
    """A kernel that Python calls, and its signatures.

    `signatures` returns the argument types of each kind of call.
    """

    kernel: Any
    signatures: Callable[[], Sequence[tuple[Any, ...]]]


KERNELS: list[Any] = []  # every kernel of the modules imported so far
ENTRIES: list[Entry] = []  # those of them that Python calls


def _is_writable(folder: Path) -> bool:
    """Make a folder and return whether files can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def cache_folders() -> Folders | None:
    """Return the first writable place for compiled kernels, or None.

    It is the user's ``NUMBA_CACHE_DIR``; without one, a folder beside the source, else one in the
    user's cache.
    """
    user_cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    parents = [Path(__file__).parent / "__pycache__", user_cache / "dark-halo-scope"]
    if CACHE_VARIABLE in os.environ:
        parents = [Path(os.environ[CACHE_VARIABLE])]
    name = f"kernels-{digest_of_kernels()}-{_digest_of_machine()}"
    for parent in parents:
        if _is_writable(parent / name):
            return Folders(parent / name, parent / f"{name}-all")
    return None


def _digest_of_machine() -> str:
    """Hash what numba compares before it loads a kernel.

    Versions, processor, times of files.
    """
    parts = [numba.__version__, llvm.llvm_version_info, llvm.get_host_cpu_name()]
    parts += [config.CPU_NAME, config.CPU_FEATURES, llvm.get_host_cpu_features().flatten()]
    parts += [(str(path), path.stat().st_mtime_ns) for path in kernel_files()]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]


def wide_vector_features() -> str | None:
    """Return the host's CPU features with full 512-bit vectors, or None.

    LLVM keeps to 256 bits on many CPUs that have AVX-512; the long float32 passes of this package
    gain up to a factor of two from the full width.
    """
    features = llvm.get_host_cpu_features()
    if not features.get("avx512f", False):
        return None
    return f"{features.flatten()},-prefer-256-bit"


def _configure() -> bool:
    """Set numba's vector width and cache folder; return whether to cache."""
    if "NUMBA_CPU_FEATURES" not in os.environ and (features := wide_vector_features()):
        config.CPU_FEATURES = features
    folders = cache_folders()
    if folders is None:
        log.warning("no writable folder for compiled kernels: each process compiles them again")
        return False
    is_whole = (folders.whole / MARKER).exists()
    config.CACHE_DIR = str(folders.whole if is_whole else folders.loose)
    return True


_CACHE = _configure()


def use_folder(folder: Path) -> None:
    """Let all kernels that are not compiled yet be loaded from a folder."""
    if str(folder) != config.CACHE_DIR:
        config.CACHE_DIR = str(folder)
        for compiled in KERNELS:
            compiled.enable_caching()


def kernel(function: Callable[..., Any]) -> Any:
    """Compile in strict arithmetic, without the interpreter lock."""
    KERNELS.append(numba.njit(cache=_CACHE, nogil=True, error_model="numpy")(function))
    return KERNELS[-1]


def fast_kernel(function: Callable[..., Any]) -> Any:
    """Compile for vectors: as `kernel`, with sums reordered (`FAST_MATH`)."""
    compile_fast = numba.njit(cache=_CACHE, nogil=True, error_model="numpy", fastmath=FAST_MATH)
    KERNELS.append(compile_fast(function))
    return KERNELS[-1]


def inlined(function: Callable[..., Any]) -> Any:
    """Compile into the caller.

    For bodies that LLVM finds too long to inline into a hot loop.
    """
    return numba.njit(inline="always", error_model="numpy")(function)


def called_with(
    signatures: Callable[[], Sequence[tuple[Any, ...]]],
) -> Callable[[Any], Any]:
    """Name the types of the arguments that Python calls a kernel with.

    Nothing is compiled here: `udfs.compiled` does that, for all kernels in one order.

    Parameters
    ----------
    signatures : function that returns tuples of numba types
        One tuple per kind of call.

    Returns
    -------
    decorator of a kernel
    """

    def note(compiled: Any) -> Any:
        ENTRIES.append(Entry(compiled, signatures))
        return compiled

    return note


def record_type(record: type, *fields: Any) -> Any:
    """Return the numba type of a named tuple.

    Parameters
    ----------
    record : class of the named tuple
    *fields : numba types
        In the order of the record.

    Returns
    -------
    numba type
    """
    tuples: Any = types.BaseTuple
    return tuples.from_types(fields, record)


def type_of(value: Any) -> Any:
    """Return the numba type of a value."""
    known: Any = numba.typeof
    return known(value)


def read_only(array: Any) -> Any:
    """Return the numba type of an array that may not be written to.

    Parameters
    ----------
    array : numba type

    Returns
    -------
    numba type
    """
    return array.copy(readonly=True)


def padded_length(n: int) -> int:
    """Round n up to a multiple of 64.

    LLVM handles 64 floats per turn of a loop and the rest one by one, which for lists of a hundred
    takes longer than the vectors. Arrays that have room to spare are worked on to a whole number of
    turns; what stands in the spare places is never read.
    """
    return (n + 63) & ~63


whole_vectors = inlined(padded_length)  # the same for kernels
