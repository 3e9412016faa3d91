"""All kernels that Python calls, compiled once, loaded in one order.

A kernel's code holds copies of the kernels that it calls, and the linker takes the copy that it
loaded first. Copies differ in the order of their sums, so pixels differed in the last bit between a
process that compiled and one that loaded, and with the order of the calls. Therefore one process
that does nothing else compiles everything, and each process that computes loads everything before
its first call (`load_all`), in the order in which it was compiled.
"""

import errno
import importlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from udfs import jit
from udfs.code_digest import ROOT, kernel_files, module_name

log = logging.getLogger(__name__)


def compile_all() -> Path | None:
    """Compile the kernels unless this version of them is there.

    Returns
    -------
    Path or None
        Folder with the compiled kernels. None where nothing can be written: then each process
        compiles for itself when it calls `load_all`.
    """
    folders = jit.cache_folders()
    if folders is None:
        return None
    if not (folders.whole / jit.MARKER).exists():
        log.warning("compiling the kernels, once for each version of them: some minutes")
        with tempfile.TemporaryDirectory(dir=folders.whole.parent) as temporary:
            environment = os.environ | {jit.CACHE_VARIABLE: temporary, "PYTHONHASHSEED": "0"}
            command = [sys.executable, "-m", __name__]
            done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
            if done.returncode:
                raise OSError(
                    errno.ENOMEM if done.returncode < 0 else errno.EIO,
                    f"compiling the kernels ended with {done.returncode}; see above, and try again",
                )
            made = Path(temporary) / folders.loose.name
            (made / jit.MARKER).touch()
            _publish(made, folders.whole)
    jit.use_folder(folders.whole)
    return folders.whole


def _publish(made: Path, folder: Path) -> None:
    """Give the folder its name; another run may have been faster."""
    try:
        made.replace(folder)
    except OSError:
        if not (folder / jit.MARKER).exists():
            shutil.rmtree(folder, ignore_errors=True)
            made.replace(folder)


def _place_in_order(entry: jit.Entry) -> tuple[bool, str]:
    """Return a key to sort by: the batch renderer first, then by name.

    What a kernel becomes depends on what was compiled before it. Another order would do, but would
    change last bits of numbers that are published.
    """
    module = entry.kernel.py_func.__module__
    return not module.startswith("udfs.core."), module


def load_all() -> None:
    """Load every kernel that Python calls, for no other types than these.

    Call it at the start of a process that computes, after `compile_all`; where nothing was compiled
    before, it compiles. A call with other types is a TypeError from here on.
    """
    for path in kernel_files():
        importlib.import_module(module_name(path))
    for entry in sorted(jit.ENTRIES, key=_place_in_order):
        for signature in entry.signatures():
            entry.kernel.compile(signature)
    for entry in jit.ENTRIES:
        entry.kernel.disable_compile()


if __name__ == "__main__":
    load_all()
