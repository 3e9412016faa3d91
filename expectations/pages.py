"""Results as pages that open without the network.

Each table has its own page, since stages may be validated on their own.
"""

import itertools
from collections.abc import Iterable
from pathlib import Path

import jinja2

from expectations.results import TableResult, from_json, to_json
from store import lake
from store.files import write_whole

LOCAL_PAGES = "reports/expectations"
RESULTS = "results"


def page_folder() -> Path:
    """Return the pages' folder: in the lake, or local for a remote one."""
    return Path(LOCAL_PAGES if lake.is_remote(lake.lake_root()) else lake.lake_path(LOCAL_PAGES))


def keep_result(result: TableResult, folder: Path) -> None:
    """Write a result beside the pages, for them and for who asks again."""
    write_whole(folder / RESULTS / f"{result.table}.json", to_json(result).encode())


def write_pages(results: Iterable[TableResult], stages: Iterable[str], folder: Path) -> Path:
    """Write a page per known result and an index; return the index.

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
        write_whole(folder / f"{result.table}.html", page.encode())
    index = folder / "index.html"
    write_whole(index, pages.get_template("index.html.j2").render(results=known).encode())
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
