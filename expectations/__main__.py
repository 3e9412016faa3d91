"""``python -m expectations [stage ...]``: validate every table of the stages."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from expectations.registry import STAGES, UnknownNameError, suites_of
from expectations.results import TableResult
from expectations.suite import Suite
from store import lake
from store.project import SettingsError, settings

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
LOCAL_PAGES = "reports/expectations"


class UsageError(ValueError):
    """What was asked for cannot be done; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        results = _validated(options)
        _publish(options, results)
    except (UsageError, UnknownNameError, SettingsError, lake.LakeError, OSError) as error:
        print(f"expectations: {error}", file=sys.stderr)
        return 1
    return 0 if all(result.is_ok for result in results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m expectations",
        description="Validate every table of the stages; exit 1 and a table of what failed.",
    )
    parser.add_argument("stages", nargs="*", metavar="stage", help=f"of {', '.join(STAGES)}")
    parser.add_argument("--vars", default="", help="dbt vars that the tables were built with")
    parser.add_argument("--html", type=Path, help="folder of the pages (reports/expectations)")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    parser.add_argument(
        "--github-summary", action="store_true", help=f"append to the file in ${SUMMARY_VARIABLE}"
    )
    return parser


def _validated(options: argparse.Namespace) -> list[TableResult]:
    chosen = suites_of(options.stages, settings(options.vars))
    connection = lake.connect(read_only=True)
    try:
        from expectations import runner  # noqa: PLC0415 - seconds, that an error need not wait

        built = runner.built_tables(connection)
        wanted = _stages_to_validate(chosen, built, is_named=bool(options.stages))
        return runner.validate(connection, [pair for pair in chosen if pair[0] in wanted])
    finally:
        connection.close()


def _stages_to_validate(
    suites: Sequence[tuple[str, Suite]], built: set[str], *, is_named: bool
) -> set[str]:
    """Stages of which a table is there; the others are named, in an error if asked for by name."""
    stages = {stage for stage, _ in suites}
    started = {stage for stage, suite in suites if suite.table in built}
    absent = [stage for stage in STAGES if stage in stages - started]
    if absent and (is_named or not started):
        raise UsageError(
            f"not built yet: {', '.join(absent)}; run 'dbt build --select {' '.join(absent)}'"
        )
    if absent:
        print(f"not built yet, so not validated: {', '.join(absent)}")
    return started


def _publish(options: argparse.Namespace, results: list[TableResult]) -> None:
    from expectations import pages, summaries  # noqa: PLC0415

    if options.junit:
        options.junit.write_bytes(summaries.junit(results))
    if options.github_summary:
        _append_summary(summaries.markdown(results))
    index = pages.write_pages(results, STAGES, options.html or _page_folder())
    failed = summaries.failure_table(results)
    if failed:
        print(failed)
    n_met = sum(result.is_ok for result in results)
    n_checks = sum(len(result.outcomes) for result in results)
    print(f"{n_met} of {len(results)} tables meet their suite ({n_checks} expectations).")
    print(f"Look: {index}")


def _append_summary(text: str) -> None:
    target = os.environ.get(SUMMARY_VARIABLE)
    if not target:
        raise UsageError(f"--github-summary needs {SUMMARY_VARIABLE}, which a GitHub job sets")
    with Path(target).open("a", encoding="utf-8") as handle:
        handle.write(text)


def _page_folder() -> Path:
    """In the lake; beside the caller when the lake is in an object store."""
    return Path(LOCAL_PAGES if lake.is_remote(lake.lake_root()) else lake.lake_path(LOCAL_PAGES))


if __name__ == "__main__":
    sys.exit(main())
