"""Command lines: one style of help, of errors and of exit codes for every ``python -m ...``."""

import sys
from collections.abc import Sequence
from typing import Any

import duckdb
import typer

from store.failures import DISK_FULL, CommandError

INTERRUPTED = 130  # 128 + SIGINT, as shells report it
EXPECTED = (
    CommandError,
    OSError,
    duckdb.Error,
    typer.TyperException,
    typer.Abort,
    KeyboardInterrupt,
)


def command_line(**options: Any) -> typer.Typer:
    """Return an empty command line with the help style of the project.

    Parameters
    ----------
    **options
        For ``typer.Typer``.
    """
    return typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain text wraps to the terminal and is the same in a log
        **options,
    )


def run_command(app: typer.Typer, program: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command line; report what is wrong in one sentence.

    Parameters
    ----------
    app : typer.Typer
    program : str
        How the command is called, e.g. ``python -m report``.
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        The exit code: what the command returns (0 for nothing), 1 for an error, 130 when interrupted.
    """
    try:
        given = None if arguments is None else list(arguments)
        return int(app(given, prog_name=program, standalone_mode=False) or 0)
    except EXPECTED as error:
        sentence = sentence_of(error, program)
        if sentence:
            print(f"error: {sentence}", file=sys.stderr)
        return INTERRUPTED if isinstance(error, typer.Abort | KeyboardInterrupt) else bool(sentence)


def sentence_of(error: BaseException, program: str) -> str:
    """Return what is wrong and what to do; empty where only the help was shown."""
    if isinstance(error, typer.Abort | KeyboardInterrupt):
        return "interrupted; run the same command again to go on"
    if isinstance(error, OSError):
        return _about_the_system(error)
    if isinstance(error, duckdb.Error):
        return _about_the_lake(error)
    if isinstance(error, typer.TyperException) and str(error):
        return f"{error}; '{program} --help' lists what there is"
    return str(error)


def _about_the_system(error: OSError) -> str:
    if error.errno in DISK_FULL:
        return f"the disk is full ({error.filename or error}): make room and run the command again"
    return f"{error.filename or 'the system'}: {error.strerror or error}"


def _about_the_lake(error: duckdb.Error) -> str:
    text = str(error).strip().splitlines()[0]
    if "database is locked" in text:
        return "another command is writing to the lake: wait for it and run this one again"
    if "No space left" in text or "File too large" in text:
        return f"the disk is full ({text}): make room and run the command again"
    return f"the lake refused: {text}"
