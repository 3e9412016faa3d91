"""The number of workers; only this module reads ``DHS_WORKERS``.

It imports very little, so that worker processes may import it.
"""

import os

from store.failures import CommandError

WORKERS_VARIABLE = "DHS_WORKERS"


def chosen_workers() -> int | None:
    """Return the number of workers asked for; None for one per core.

    Raises
    ------
    CommandError
        When it is not a whole number above 0.
    """
    chosen = os.environ.get(WORKERS_VARIABLE)
    if not chosen:
        return None
    if not chosen.isdecimal() or int(chosen) == 0:
        raise CommandError(f"{WORKERS_VARIABLE}={chosen}: give a whole number above 0")
    return int(chosen)


def local_workers() -> int:
    """Return the number of workers asked for, else the number of cores."""
    return chosen_workers() or _n_cores()


def _n_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
