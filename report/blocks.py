"""What a section of the report is made of."""

from dataclasses import dataclass, field
from typing import Any

import altair as alt


@dataclass(frozen=True)
class Figure:
    """A chart: drawn in the page, and written as PNG and PDF under its name."""

    name: str
    chart: alt.TopLevelMixin
    caption: str


@dataclass(frozen=True)
class Gallery:
    """Rows of pictures, each picture a PNG as a data URI with a caption.

    ``labels`` stand before the rows, ``headings`` above the columns.
    """

    caption: str
    rows: list[list[tuple[str, str]]]
    headings: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """A small table: numbers stand to the right, a `Link` is one."""

    caption: str
    headings: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True)
class Link:
    """A page beside the report, by its address relative to it."""

    text: str
    address: str


@dataclass(frozen=True)
class Note:
    """A paragraph, e.g. why a figure is not there, with links after it."""

    text: str
    links: list[Link] = field(default_factory=list)


Block = Figure | Gallery | Table | Note


@dataclass(frozen=True)
class Section:
    """One heading of the page with what stands below it."""

    anchor: str
    title: str
    lead: str
    blocks: list[Block]
