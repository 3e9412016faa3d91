"""Validate the tables of stages: ``python -m expectations [stage ...]``."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from expectations.registry import STAGES, suites_of
from expectations.results import TableResult
from expectations.suite import Suite
from store import lake
from store.command_line import command_line, run_command
from store.failures import CommandError
from store.project import settings

PROGRAM = "python -m expectations"
SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
LOCAL_PAGES = "reports/expectations"

app = command_line()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return run_command(app, PROGRAM, arguments)


@app.command(epilog=f"Example: {PROGRAM} parents manifests --vars '{{seed: 14}}'")
def validate(
    stages: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STAGE", help=f"Of {', '.join(STAGES)}. Default: all that is built."
        ),
    ] = None,
    overrides: Annotated[
        str, typer.Option("--vars", help="The dbt vars that the tables were built with, as YAML.")
    ] = "",
    html: Annotated[
        Path | None,
        typer.Option(help="Folder of the pages. Default: reports/expectations in the lake."),
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Also write a file of JUnit XML.")] = None,
    github_summary: Annotated[
        bool, typer.Option("--github-summary", help=f"Append to the file in ${SUMMARY_VARIABLE}.")
    ] = False,
) -> int:
    """Validate every table of the stages, and write pages of the results.

    Exit code 1 and a short table of what failed when a table does not meet its suite.
    """
    results = _validated(stages or [], overrides)
    if junit or github_summary:
        _write_for_machines(results, junit, is_summarised=github_summary)
    _publish(results, html or _page_folder())
    return 0 if all(result.is_ok for result in results) else 1


def _validated(stages: Sequence[str], overrides: str) -> list[TableResult]:
    chosen = suites_of(stages, settings(overrides))
    connection = lake.connect(read_only=True)
    try:
        from expectations import runner  # noqa: PLC0415 - seconds, that an error need not wait

        built = runner.built_tables(connection)
        wanted = _stages_to_validate(chosen, built, is_named=bool(stages))
        return runner.validate(connection, [pair for pair in chosen if pair[0] in wanted])
    finally:
        connection.close()


def _stages_to_validate(
    suites: Sequence[tuple[str, Suite]], built: set[str], *, is_named: bool
) -> set[str]:
    """Return the stages that have tables; refuse a named one without."""
    stages = {stage for stage, _ in suites}
    started = {stage for stage, suite in suites if suite.table in built}
    absent = [stage for stage in STAGES if stage in stages - started]
    if absent and (is_named or not started):
        raise CommandError(
            f"not built yet: {', '.join(absent)}; run 'dbt build --select {' '.join(absent)}'"
        )
    if absent:
        print(f"not built yet, so not validated: {', '.join(absent)}")
    return started


def _write_for_machines(
    results: Sequence[TableResult], junit: Path | None, *, is_summarised: bool
) -> None:
    from expectations import summaries  # noqa: PLC0415

    if junit:
        junit.write_bytes(summaries.junit(results))
    if is_summarised:
        _append_summary(summaries.markdown(results))


def _publish(results: list[TableResult], folder: Path) -> None:
    from expectations import pages, summaries  # noqa: PLC0415

    index = pages.write_pages(results, STAGES, folder)
    failed = summaries.failure_table(results)
    if failed:
        print(failed)
    n_met = sum(result.is_ok for result in results)
    n_checks = sum(len(result.outcomes) for result in results)
    print(f"{n_met} of {len(results)} tables meet their suite ({n_checks} expectations).")
    print(f"look: {index}")


def _append_summary(text: str) -> None:
    target = os.environ.get(SUMMARY_VARIABLE)
    if not target:
        raise CommandError(f"--github-summary needs {SUMMARY_VARIABLE}, which a GitHub job sets")
    with Path(target).open("a", encoding="utf-8") as handle:
        handle.write(text)


def _page_folder() -> Path:
    """Return a folder in the lake, or locally for a remote lake."""
    return Path(LOCAL_PAGES if lake.is_remote(lake.lake_root()) else lake.lake_path(LOCAL_PAGES))


if __name__ == "__main__":
    sys.exit(main())
