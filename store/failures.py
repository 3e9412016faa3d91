"""What can go wrong, in two kinds: a file that is refused, and a command that cannot run."""

import errno

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FileRefused(Exception):
    """One input file cannot be used: it becomes an outcome row, and the run goes on.

    Parameters
    ----------
    reason_code : str
        A code of stage ``ingest`` in ``seeds/staging/reason_codes.csv``.
    message : str
        What was expected and what was found.
    """

    def __init__(self, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.reason_code = reason_code
        self.message = message


class CommandError(RuntimeError):
    """The command cannot run as asked; the message is one sentence that says what to do."""
