"""Command line of the ingest stage: ``python -m ingest <product>``."""

import sys
from collections.abc import Sequence

from ingest.catalogues.bricks import bricks
from ingest.catalogues.lenses import lenses
from ingest.catalogues.scores import scores
from ingest.catalogues.sweeps import sweeps
from ingest.coadds.command import coadds
from ingest.cutouts.command import cutouts
from ingest.embedded.command import mock
from ingest.transport.network import network
from store.command_line import command_line, run_command

PROGRAM = "python -m ingest"
EXAMPLES = {
    mock: "mock --root /data/embedded",
    bricks: "bricks --source https://portal.nersc.gov/cfs/cosmo/data/legacysurvey/dr10",
    sweeps: "sweeps --source /data/dr10 --force",
    lenses: "lenses --source known_lenses.csv",
    coadds: "coadds --source s3://bucket/dr10 --tiles-only",
    cutouts: "cutouts --table training_sample --npz /data/cutouts",
    scores: "scores finder_scores.parquet",
}

app = command_line(callback=network, no_args_is_help=True)
for product, example in EXAMPLES.items():
    app.command(epilog=f"Example: {PROGRAM} {example}")(product)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    return run_command(app, PROGRAM, arguments)


if __name__ == "__main__":
    sys.exit(main())
