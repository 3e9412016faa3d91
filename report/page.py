"""Sections in, one self-contained HTML page and its figures out."""

import json
import logging
import re
from pathlib import Path

import jinja2
import markupsafe
import vl_convert

from report.blocks import Block, Figure, Gallery, Note, Section, Table
from report.cells import is_number, markup
from report.style import themed
from store.files import write_whole

logger = logging.getLogger(__name__)
MACROS = {Figure: "figure", Gallery: "gallery", Table: "table", Note: "note"}
PNG_SCALE = 2


def figures_of(sections: list[Section]) -> list[Figure]:
    """Return every figure of the page, in order."""
    return [block for section in sections for block in section.blocks if isinstance(block, Figure)]


def write_page(
    sections: list[Section], folder: Path, *, title: str, subtitle: str, warning: str = ""
) -> Path:
    """Write ``index.html`` and ``figures/`` into a folder; return the path.

    ``warning`` is shown above all else, also in print.
    """
    specs = {figure.name: themed(figure.chart).to_dict() for figure in figures_of(sections)}
    write_figures(specs, folder / "figures")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("report"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["markup"] = markup
    environment.tests["quantity"] = is_number
    macros = environment.get_template("blocks.html.j2").module

    def draw(block: Block) -> markupsafe.Markup:
        """Return a block as HTML, by the macro of its kind."""
        return markupsafe.Markup(getattr(macros, MACROS[type(block)])(block))

    page = environment.get_template("index.html.j2").render(
        title=title,
        subtitle=subtitle,
        warning=warning,
        sections=sections,
        draw=draw,
        vega=script(vl_convert.javascript_bundle()),  # type: ignore[call-arg]  # its stub is wrong
        specs=script(json.dumps(specs)),
    )
    return write_whole(folder / "index.html", page.encode())


def script(text: str) -> markupsafe.Markup:
    """Return the text that is safe inside a script element."""
    return markupsafe.Markup(re.sub("</(?=script)", r"<\\/", text, flags=re.IGNORECASE))


def write_figures(specs: dict[str, dict], folder: Path) -> None:
    """Write every figure as PNG and PDF."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, spec in specs.items():
        write_whole(folder / f"{name}.png", vl_convert.vegalite_to_png(spec, scale=PNG_SCALE))
        write_whole(folder / f"{name}.pdf", vl_convert.vegalite_to_pdf(spec))
