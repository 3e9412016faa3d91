"""Results as pages that open without the network: one per table, as stages are run apart."""

import itertools
from collections.abc import Iterable
from pathlib import Path

import jinja2

from expectations.results import TableResult, from_json, to_json
from store import files as lake_files
from store import lake

LOCAL_PAGES = "reports/expectations"
RESULTS = "results"


def page_folder() -> Path:
    """Return a folder in the lake; in the working directory for a lake in an object store."""
    return Path(LOCAL_PAGES if lake.is_remote(lake.lake_root()) else lake.lake_path(LOCAL_PAGES))


def keep_result(result: TableResult, folder: Path) -> None:
    """Write a result beside the pages, for them and for who asks again."""
    _write_whole(folder / RESULTS / f"{result.table}.json", to_json(result))


def write_pages(results: Iterable[TableResult], stages: Iterable[str], folder: Path) -> Path:
    """Write a page per table whose result is known, and an index of them; return the index.

    Parameters
    ----------
    results
        What was validated now; earlier results, of dbt too, are beside the pages.
    stages
        All stages, in the order in which the index lists them.
    folder
        Where the pages are.
    """
    pages = _environment()
    for result in results:
        keep_result(result, folder)
    known = read_results(stages, folder)
    for result in known:
        page = pages.get_template("suite.html.j2").render(result=result)
        _write_whole(folder / f"{result.table}.html", page)
    index = folder / "index.html"
    _write_whole(index, pages.get_template("index.html.j2").render(results=known))
    return index


def read_results(stages: Iterable[str], folder: Path) -> list[TableResult]:
    """Read the last result of every table, by stage in the order given."""
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
