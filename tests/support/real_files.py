"""Tests that read real survey files, and what a run does about tests that skip.

A test that asks for the fixture ``real``, or bears the mark of that name, skips where the files are
absent. `LIST` names them all. With ``--every-case`` a run fails when any other test skips.
"""

from collections.abc import Iterable

import pytest

from tests.places import PROJECT, REAL

LIST = PROJECT / "tests" / "real_file_cases.txt"
MARK = "real"
ABSENT = "real survey files are absent (../shared/data/real)"


def listed_cases() -> set[str]:
    """Read the names of the tests that may skip."""
    return set(LIST.read_text(encoding="utf-8").splitlines())


def is_real_case(item: pytest.Item) -> bool:
    """Say whether a test reads real survey files."""
    return item.get_closest_marker(MARK) is not None


def case_name(node_id: str) -> str:
    """Strip what xdist appends to the name of a test."""
    return node_id.split("@", maxsplit=1)[0]


def unlisted(skipped: Iterable[str]) -> list[str]:
    """List the tests that skipped and are none of those that may."""
    return sorted(set(map(case_name, skipped)) - listed_cases())


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--every-case", action="store_true", help=f"fail when a test skips that {LIST.name} lacks"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that ask for real files, before others select by marks."""
    for item in items:
        if MARK in getattr(item, "fixturenames", ()):
            item.add_marker(MARK)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose files are absent."""
    if is_real_case(item) and not REAL.is_dir():
        pytest.skip(ABSENT)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session):
    """Make the run a failure when a test skipped that may not."""
    result = yield
    if session.config.getoption("every_case") and unlisted(_skipped(session.config)):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
    return result


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """Print which tests skipped: those of real files by name, others as what is wrong."""
    skipped = [case_name(name) for name in _skipped(config)]
    others = unlisted(skipped)
    of_files = sorted(set(skipped) - set(others))
    if of_files:
        terminalreporter.section(f"{len(of_files)} cases of real survey files did not run")
        for name in of_files:
            terminalreporter.write_line(name)
    if others:
        terminalreporter.section("skipped, and no case of real survey files", red=True, bold=True)
        for name in others:
            terminalreporter.write_line(name)


def _skipped(config: pytest.Config) -> list[str]:
    """List the tests that skipped; only the process that reports knows them."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return [report.nodeid for report in reporter.stats.get("skipped", [])] if reporter else []
