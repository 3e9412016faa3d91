"""Network options: given before the command, the same for all commands."""

from typing import Annotated

import typer

from ingest.transport import Source, TransportSettings, open_source
from ingest.transport.local import LocalSource
from store.workers import local_workers

REMOTE_WORKERS = 4  # connections to one host, unless --workers says otherwise
DEFAULTS = TransportSettings()


def network(
    context: typer.Context,
    *,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Files at a time. Default 4; of a local source DHS_WORKERS."),
    ] = None,
    tries: Annotated[int, typer.Option(min=1, help="Times a file is tried.")] = DEFAULTS.n_tries,
    first_delay: Annotated[
        float, typer.Option(min=0, help="Seconds before the second try; doubled up to 60.")
    ] = DEFAULTS.first_delay,
    host_delay: Annotated[
        float, typer.Option(min=0, help="Least seconds from one request to the next of a host.")
    ] = DEFAULTS.delay_per_host,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds without a byte.")
    ] = DEFAULTS.timeout,
    allow_redirects_to: Annotated[
        list[str] | None, typer.Option(help="Another host to which redirects are followed.")
    ] = None,
) -> None:
    """Take survey files into the lake, one product per command.

    A source is a path, an http(s) URL or s3://. Network options come before the command, as in
    'python -m ingest --workers 2 coadds'.
    """
    context.obj = TransportSettings(
        n_tries=tries,
        first_delay=first_delay,
        delay_per_host=host_delay,
        timeout=timeout,
        redirect_hosts=tuple(allow_redirects_to or ()),
        n_workers=workers,
    )


def opened(context: typer.Context, location: str) -> Source:
    """Open the source behind a location with the command line's options."""
    return open_source(location, context.obj)


def n_workers(source: Source) -> int:
    """Return how many files to fetch at a time."""
    if source.settings.n_workers is not None:
        return source.settings.n_workers
    if not isinstance(source, LocalSource):
        return REMOTE_WORKERS
    return local_workers()
