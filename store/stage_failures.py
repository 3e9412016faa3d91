"""Failures that a user can mend, said in one sentence."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StageError(RuntimeError):
    """The stage cannot go on; the message says what to do."""


@contextmanager
def said_in_one_sentence(folder: Path) -> Iterator[None]:
    """End a dbt model with the sentence of what failed, without the traceback that dbt adds.

    Parameters
    ----------
    folder : Path
        Where the stage writes.

    Raises
    ------
    StageError
        In place of a full disk too.
    """
    try:
        yield
    except StageError as error:
        sys.tracebacklimit = 0  # dbt-duckdb formats the exception with the traceback module
        raise StageError(str(error)) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.tracebacklimit = 0
        raise StageError(
            f"the disk of {folder} is full: finished parts are kept, make room and run the stage again"
        ) from None
