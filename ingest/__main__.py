"""Command line of the ingest stage: ``python -m ingest <product>``."""

import sys

import duckdb
import typer

from ingest.catalogues.bricks import bricks
from ingest.catalogues.lenses import lenses
from ingest.catalogues.scores import scores
from ingest.catalogues.sweeps import sweeps
from ingest.coadds.command import coadds
from ingest.cutouts.command import cutouts
from ingest.embedded.command import mock
from ingest.transport.network import network
from store.failures import DISK_FULL, CommandError
from store.lake import LakeError

app = typer.Typer(
    callback=network,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (mock, bricks, sweeps, lenses, coadds, cutouts, scores):
    app.command()(command)

INTERRUPTED = 130  # 128 + SIGINT, as shells report it


EXPECTED = (
    CommandError,
    LakeError,
    OSError,
    duckdb.Error,
    typer.TyperException,
    typer.Abort,
    KeyboardInterrupt,
)


def main() -> int:
    """Run a command; what is wrong with it is one sentence and exit code 1."""
    try:
        return int(app(standalone_mode=False) or 0)
    except EXPECTED as error:
        sentence = _sentence(error)
        if sentence:
            print(f"error: {sentence}", file=sys.stderr)
        return INTERRUPTED if isinstance(error, typer.Abort | KeyboardInterrupt) else bool(sentence)


def _sentence(error: BaseException) -> str:
    """What is wrong and what to do; empty when the help was shown and nothing is wrong."""
    if isinstance(error, typer.Abort | KeyboardInterrupt):
        return "interrupted; run the same command again to go on"
    if isinstance(error, OSError):
        return _about_the_system(error)
    if isinstance(error, duckdb.Error):
        return _about_the_lake(error)
    if isinstance(error, typer.TyperException) and str(error):
        return f"{error}; 'python -m ingest --help' tells what there is"
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


if __name__ == "__main__":
    sys.exit(main())
