"""What a report is made of: typed blocks that hold content, and nothing about how it looks."""

from dataclasses import dataclass
from typing import Literal

from secondreader.reports.charts.marks import IntervalChart

Tone = Literal["plain", "headline", "quiet", "caution", "notice", "refusal", "done"]
"""Emphasis of a text; `refusal` and `done` answer what the user has just asked for."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """A hash or a public id."""

    text: str
    anchor: str = ""
    """What links to it say; empty where none leads here."""


@dataclass(frozen=True, slots=True)
class Link:
    """Leads to an identifier of the same report."""

    text: str
    anchor: str
    title: str = ""
    """The whole of what `text` shortens."""


Cell = str | int | float | Identifier | tuple[Link, ...] | None
"""What stands in one cell; None and NaN are nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of a section."""

    is_detail: bool = False
    """Whether it is left out where there is little room, as on a terminal."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show: such a block leaves no trace in any medium."""
        return False


@dataclass(frozen=True, slots=True)
class Heading(Block):
    """A heading inside a section, of level 3 or 4."""

    text: str
    level: int = 3


@dataclass(frozen=True, slots=True)
class Paragraph(Block):
    """One or more sentences as running text."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Sentences(Block):
    """A list of sentences; each begins with a capital and ends with a stop where it is shown."""

    items: tuple[str, ...]
    tone: Tone = "plain"

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.items


@dataclass(frozen=True, slots=True)
class Pairs(Block):
    """Names and what they are, one a line."""

    items: tuple[tuple[str, Cell], ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.items


@dataclass(frozen=True, slots=True)
class Table(Block):
    """Rows of cells under headings."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    """Columns of numbers."""
    n_brief: int | None = None
    """Rows that are enough where there is little room, the most telling ones first; None shows all."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.rows


@dataclass(frozen=True, slots=True)
class Figure:
    """One estimate, ready to be read."""

    name: str
    value: str
    """Empty where it is undefined."""
    interval: str
    """Empty where there is none."""
    n: int | None
    n_scenarios: int | None
    reason: str = ""
    """Why there is no value."""
    remarks: str = ""
    """Why there is no interval, and what the estimate warns of."""
    scope: tuple[str, ...] = ()
    """Who and where, one a heading of the table."""


@dataclass(frozen=True, slots=True)
class Figures(Block):
    """A table of estimates."""

    caption: str
    figures: tuple[Figure, ...]
    scope: tuple[str, ...] = ()
    """Headings of what tells figures of one name apart."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.figures


@dataclass(frozen=True, slots=True)
class Chart(Block):
    """Estimates drawn; a table beside it holds the same numbers."""

    anchor: str
    """Unique in its report."""
    title: str
    chart: IntervalChart

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.chart.has_values


@dataclass(frozen=True, slots=True)
class Fold(Block):
    """Blocks that are folded away until the reader opens them."""

    summary: str
    blocks: tuple[Block, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return all(block.is_empty for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some words of a transcript between those around them."""

    lead: str
    before: str
    marked: str
    after: str


@dataclass(frozen=True, slots=True)
class Excerpts(Block):
    """A list of excerpts."""

    items: tuple[Excerpt, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.items


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report with its own heading."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report says, for any medium."""

    title: str
    notice: str
    """Stands above everything; empty for most studies."""
    byline: str
    sections: tuple[Section, ...]
    data_hash: str
    inputs_hash: str
