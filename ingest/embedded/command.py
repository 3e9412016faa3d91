"""The embedded survey: a small sky with the files of DR10."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.catalogues.run import Force
from store import lake


def embedded_survey(
    root: Annotated[
        Path | None, typer.Option(help="Where to write it. Default: survey/ in the lake.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="A brick with pixels; again for more. Default: all.")
    ] = None,
    force: Force = False,
) -> None:
    """Write the embedded survey: a small sky like DR10.

    Sweeps, brick table, coadd bricks and known lenses, laid out like DR10: the same bytes on every
    machine, some files broken on purpose. A complete survey is left as it is.
    """
    from ingest.embedded.build import write_survey  # noqa: PLC0415  numba: no other command needs it

    folder = root or lake.cache_root() / "survey"
    write_survey(folder, force=force, only=only or None)
    typer.echo(f"mock: the embedded survey is at {folder}")
    typer.echo(f"look: ls -R {folder} | head -40")
