"""Results for people in a terminal and for continuous integration."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from expectations.results import Outcome, TableResult

Failure = tuple[TableResult, Outcome]


def failures(results: Sequence[TableResult]) -> list[Failure]:
    """Return every failed expectation, with the result that it belongs to."""
    return [(result, outcome) for result in results for outcome in result.failed]


def failure_table(results: Sequence[TableResult]) -> str:
    """Return the failed expectations as aligned text; empty if none.

    The columns are suite, expectation and what was observed.
    """
    heading = ("suite", "expectation", "observed")
    rows = [
        (result.table, outcome.expectation, _with_sample(outcome))
        for result, outcome in failures(results)
    ]
    if not rows:
        return ""
    widths = [max(len(row[place]) for row in (heading, *rows)) for place in range(2)]
    lines = [heading, *rows]
    return "\n".join(
        f"{suite:<{widths[0]}}  {name:<{widths[1]}}  {seen}" for suite, name, seen in lines
    )


def junit(results: Sequence[TableResult]) -> bytes:
    """Return the results as JUnit XML.

    A table is a test suite there, an expectation a test case.
    """
    root = ET.Element("testsuites", name="expectations")
    for result in results:
        suite = ET.SubElement(
            root,
            "testsuite",
            name=f"{result.stage}.{result.table}",
            tests=str(len(result.outcomes)),
            failures=str(len(result.failed)),
            time=str(result.seconds),
            timestamp=result.finished_at,
        )
        for outcome in result.outcomes:
            _junit_case(suite, result, outcome)
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _junit_case(suite: ET.Element, result: TableResult, outcome: Outcome) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=f"{result.stage}.{result.table}", name=outcome.expectation
    )
    if not outcome.is_ok:
        failure = ET.SubElement(case, "failure", message=_xml_text(outcome.observed))
        failure.text = _xml_text("\n".join([outcome.why, *outcome.sample, outcome.query]))


def _xml_text(text: str) -> str:
    """Remove the control characters that XML cannot hold."""
    return "".join(letter for letter in text if letter >= " " or letter in "\n\t")


def markdown(results: Sequence[TableResult]) -> str:
    """Return the results as a GitHub job summary."""
    met = sum(result.is_ok for result in results)
    lines = [f"### Expectations: {met} of {len(results)} tables meet their suite", ""]
    lines += ["| stage | table | rows | expectations | failed |", "|---|---|---:|---:|---:|"]
    lines += [
        f"| {result.stage} | {result.table} | {result.n_rows:,} "
        f"| {len(result.outcomes)} | {len(result.failed)} |"
        for result in results
    ]
    failed = failures(results)
    if failed:
        lines += ["", "| suite | expectation | observed |", "|---|---|---|"]
    lines += [
        f"| {result.table} | {outcome.expectation} | {_markdown_cell(_with_sample(outcome))} |"
        for result, outcome in failed
    ]
    return "\n".join(lines) + "\n"


def _with_sample(outcome: Outcome) -> str:
    return f"{outcome.observed} ({outcome.sample[0]})" if outcome.sample else outcome.observed


def _markdown_cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
