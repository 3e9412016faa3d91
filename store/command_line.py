"""One style of help, errors and exit codes for every ``python -m ...``."""

import sys
from collections.abc import Sequence
from typing import Any

import duckdb
import typer

from store.failures import DISK_FULL, CommandError

INTERRUPTED = 130  # 128 + SIGINT, as shells report it
STOPPED = "interrupted; run the same command again to go on"
EXPECTED = (
    CommandError,
    OSError,
    duckdb.Error,
    typer.TyperException,
    typer.Abort,
    KeyboardInterrupt,
    RuntimeError,  # of DuckDB, which has no class of its own for a query that was interrupted
)
QUERY_INTERRUPTED = "Query interrupted"


def command_line(**options: Any) -> typer.Typer:
    """Return an empty command line with the help style of the project.

    Parameters
    ----------
    **options
        Passed on to ``typer.Typer``.
    """
    return typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain text wraps to the terminal and is the same in a log
        **options,
    )


def run_command(app: typer.Typer, program: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command line; report a failure in one sentence.

    Parameters
    ----------
    app : typer.Typer
    program : str
        The command as users type it, e.g. ``python -m report``.
    arguments : sequence of str, optional
        By default those of this process.

    Returns
    -------
    int
        The exit code: the command's own (0 if it returns None), 1 for an error, 130 when
        interrupted.
    """
    given = None if arguments is None else list(arguments)
    try:
        code = int(app(given, prog_name=program, standalone_mode=False) or 0)
        sentence = STOPPED if code == INTERRUPTED else ""  # typer makes Ctrl-C an exit code
    except EXPECTED as error:
        if type(error) is RuntimeError and QUERY_INTERRUPTED not in str(error):
            raise
        sentence = sentence_of(error, program)
        code = 1 if sentence else 0
    if sentence:
        print(f"error: {sentence}", file=sys.stderr)
    return INTERRUPTED if sentence == STOPPED else code


def sentence_of(error: BaseException, program: str) -> str:
    """Return the error and its remedy; empty if only help was shown."""
    if isinstance(error, typer.Abort | KeyboardInterrupt | duckdb.InterruptException) or (
        QUERY_INTERRUPTED in str(error)
    ):
        return STOPPED
    if isinstance(error, OSError):
        return _about_the_system(error)
    if isinstance(error, duckdb.Error):
        return _about_the_lake(error)
    if isinstance(error, typer.TyperException) and str(error):
        return f"{error}; '{program} --help' lists what there is"
    return str(error)


def _about_the_system(error: OSError) -> str:
    """Return a sentence on an error of the operating system."""
    if error.errno in DISK_FULL:
        return f"the disk is full ({error.filename or error}): make room and run the command again"
    return f"{error.filename or 'the system'}: {error.strerror or error}"


def _about_the_lake(error: duckdb.Error) -> str:
    """Return a sentence on an error of DuckDB."""
    text = str(error).strip().splitlines()[0]
    if "database is locked" in text:
        return "another command is writing to the lake: wait for it and run this one again"
    if "No space left" in text or "File too large" in text:
        return f"the disk is full ({text}): make room and run the command again"
    return f"the lake refused: {text}"
