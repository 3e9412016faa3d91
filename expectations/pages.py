"""Results as pages that open without the network: one per table, as stages are run apart."""

import itertools
from collections.abc import Iterable
from pathlib import Path

import jinja2

from expectations.results import TableResult, from_json, to_json
from store import files as lake_files

RESULTS = "results"


def write_pages(results: Iterable[TableResult], stages: Iterable[str], folder: Path) -> Path:
    """Write a page per table, and an index of these and of all earlier ones; returns the index.

    Parameters
    ----------
    results
        What was validated now.
    stages
        All stages, in the order in which the index lists them.
    folder
        Where the pages are.
    """
    pages = _environment()
    for result in results:
        _write_whole(folder / RESULTS / f"{result.table}.json", to_json(result))
        page = pages.get_template("suite.html.j2").render(result=result)
        _write_whole(folder / f"{result.table}.html", page)
    known = read_results(stages, folder)
    index = folder / "index.html"
    _write_whole(index, pages.get_template("index.html.j2").render(results=known))
    return index


def read_results(stages: Iterable[str], folder: Path) -> list[TableResult]:
    """The last result of every table, by stage in the order given."""
    order = {stage: place for place, stage in enumerate(stages)}
    found = [from_json(path) for path in sorted((folder / RESULTS).glob("*.json"))]
    known = [result for result in found if result.stage in order]
    return sorted(known, key=lambda result: order[result.stage])


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("expectations"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["groupby_in_order"] = _grouped
    return environment


def _grouped(items: Iterable[object], attribute: str) -> list[tuple[object, list[object]]]:
    groups = itertools.groupby(items, key=lambda item: getattr(item, attribute))
    return [(value, list(members)) for value, members in groups]


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(text, encoding="utf-8")
    lake_files.publish(temporary, str(path))
