"""What is made once for a whole run of the tests, however many processes share it."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

COMPLETE = ".complete"


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that ``make`` has filled, in this process or in one beside it.

    Parameters
    ----------
    factory : pytest.TempPathFactory
    name : str
        Of the folder, the same in every process.
    make : callable
        Fills the empty folder that it is given. Who writes to it later works on a copy.
    """
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / "made_once" / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{name}.lock").open(
        "w"
    ) as lock:  # processes wait for the one that makes
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder.parent / f"{name}{COMPLETE}").exists():
            make(folder)
            (folder.parent / f"{name}{COMPLETE}").touch()
    return folder
