"""Validate the tables of stages: ``python -m expectations [stage ...]``."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from expectations import kept, pages
from expectations.registry import STAGES, suites_of
from expectations.results import TableResult
from expectations.suite import Suite
from store import lake
from store.command_line import command_line, run_command
from store.failures import CommandError
from store.project import settings

PROGRAM = "python -m expectations"
SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"

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
    is_all: Annotated[
        bool, typer.Option("--all", help="Also validate what has not changed since it was good.")
    ] = False,
    github_summary: Annotated[
        bool, typer.Option("--github-summary", help=f"Append to the file in ${SUMMARY_VARIABLE}.")
    ] = False,
) -> int:
    """Validate every table of the stages, and write pages of the results.

    A table that was good, in dbt or here, and that has not changed since is not looked at again.
    Exit code 1 and a short table of what failed when a table does not meet its suite.
    """
    results = _results(stages or [], overrides, is_all=is_all)
    if junit or github_summary:
        _write_for_machines(results, junit, is_summarised=github_summary)
    _publish(results, html)
    return 0 if all(result.is_ok for result in results) else 1


def _results(stages: Sequence[str], overrides: str, *, is_all: bool) -> list[TableResult]:
    """Return a result per suite, kept or new."""
    chosen = suites_of(stages, settings(overrides))
    with lake.connect(read_only=True) as connection:
        seen = kept.Lake(connection)
        wanted = _stages_to_validate(chosen, seen.tables(), is_named=bool(stages))
        chosen = [pair for pair in chosen if pair[0] in wanted]
        held = {} if is_all else _results_that_hold(chosen, seen)
        changed = [pair for pair in chosen if pair[1].table not in held]
        if held:
            print(
                f"{len(held)} tables have not changed since they were found good; --all looks again."
            )
        new = _validated(connection, changed) if changed else {}
    return [(held | new)[suite.table] for _, suite in chosen]


def _results_that_hold(
    chosen: Sequence[tuple[str, Suite]], seen: kept.Lake
) -> dict[str, TableResult]:
    """Return the good results that still hold, by table."""
    known = {result.table: result for result in pages.read_results(STAGES, pages.page_folder())}
    tables = {suite.table: suite for _, suite in chosen}
    return {
        name: known[name]
        for name, suite in tables.items()
        if name in known and known[name].is_ok and known[name].basis == seen.basis(suite)
    }


def _validated(
    connection: duckdb.DuckDBPyConnection, chosen: Sequence[tuple[str, Suite]]
) -> dict[str, TableResult]:
    """Validate the suites and return the results by table."""
    from expectations import runner  # noqa: PLC0415 - takes seconds, and is often not needed

    return {result.table: result for result in runner.validate_kept(connection, chosen)}


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


def _publish(results: list[TableResult], html: Path | None) -> None:
    from expectations import summaries  # noqa: PLC0415

    index = pages.write_pages(results, STAGES, html or pages.page_folder())
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


if __name__ == "__main__":
    sys.exit(main())
