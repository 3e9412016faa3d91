"""The blocks that a section of the report is made of."""

from dataclasses import dataclass, field
from typing import Any

import altair as alt


@dataclass(frozen=True)
class Figure:
    """A chart, drawn in the page and written as PNG and PDF under its name."""

    name: str
    chart: alt.TopLevelMixin
    caption: str


@dataclass(frozen=True)
class Gallery:
    """Rows of pictures, each picture a PNG as a data URI with a caption.

    ``labels`` go in front of the rows, ``headings`` above the columns.
    """

    caption: str
    rows: list[list[tuple[str, str]]]
    headings: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """A small table; numbers are aligned right, a `Link` becomes a link."""

    caption: str
    headings: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True)
class Link:
    """A link to another page, by its address relative to the report."""

    text: str
    address: str


@dataclass(frozen=True)
class Note:
    """A paragraph, e.g. on why a figure is missing, followed by links."""

    text: str
    links: list[Link] = field(default_factory=list)


Block = Figure | Gallery | Table | Note


@dataclass(frozen=True)
class Section:
    """One heading of the page with its blocks."""

    anchor: str
    title: str
    lead: str
    blocks: list[Block]
