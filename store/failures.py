"""Two kinds of failure: a refused file, a command that cannot go on."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FileRefused(Exception):
    """A file cannot be used: it gets an outcome row, and the run goes on.

    Parameters
    ----------
    reason_code : str
        A code of stage ``ingest`` in ``seeds/staging/reason_codes.csv``.
    message : str
        States what was expected and what was found.
    """

    def __init__(self, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.reason_code = reason_code
        self.message = message


class CommandError(RuntimeError):
    """The command cannot run; the message is one sentence with the remedy."""


class StageError(CommandError):
    """A stage of the pipeline cannot go on; the message tells what to do."""


@contextmanager
def without_traceback(folder: Path) -> Iterator[None]:
    """End a dbt Python model with one sentence instead of a traceback.

    Parameters
    ----------
    folder : Path
        Where the stage writes; named in the message when its disk is full.

    Raises
    ------
    StageError
        For every error that a user can fix, such as a full disk.
    """
    try:
        yield
    except CommandError as error:
        sys.tracebacklimit = 0  # dbt-duckdb formats the exception with the traceback module
        raise StageError(str(error)) from None
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        sys.tracebacklimit = 0
        raise StageError(
            f"the disk of {folder} is full: finished parts are kept, make room and run the stage again"
        ) from None
