"""The content of a slide: a title sentence, elements on a grid, and speaker notes."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from segpredict.core.text import strip_control_characters
from segpredict.report.deck.style import segment_colour
from segpredict.report.html.badges import SegmentBadge
from segpredict.report.input import ReportInput

ContextType = TypeVar("ContextType")
ChartType = Literal["bars", "columns", "parts"]
INVALID_XML_CHARACTERS = dict.fromkeys((65534, 65535), "�")


@dataclass(frozen=True, slots=True)
class Box:
    """Position and size on a slide, in inches."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """One series of a chart."""

    name: str  # in the legend
    values: tuple[float | None, ...]  # one a category; ``None`` leaves a gap
    colours: tuple[str, ...]  # one for all categories, or one each, as ``RRGGBB``
    # ends of intervals around the values; empty where there are none
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideChart:
    """A native chart, which can be edited where the slides are shown.

    Examples
    --------
    >>> sales = ChartSeries("Sales", (4.0, None), ("1F5FA8",))
    >>> SlideChart(heading="Sales", categories=("May", "June"), series=(sales,)).chart_type
    'bars'
    """

    heading: str  # its content, with the unit
    categories: tuple[str, ...]
    series: tuple[ChartSeries, ...]
    # horizontal bars, vertical columns, or parts: horizontal bars that add up to 100 %
    chart_type: ChartType = "bars"
    number_format: str = "#,##0"  # of spreadsheets; never taken from input data


@dataclass(frozen=True, slots=True)
class SlideCell:
    """A cell of a table: its text, and the segment whose colour stands before it."""

    text: str
    badge: SegmentBadge | None = None


TableCell = str | SlideCell  # a plain text is a cell without a colour


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideTable:
    """A table; numbers are right-aligned.

    Examples
    --------
    >>> rows = [("Core", "9")]
    >>> SlideTable(heading="Customers", columns={"Segment": 2, "n": 1}, rows=rows).words
    (0,)
    """

    heading: str
    columns: Mapping[str, float]  # names, and relative widths
    rows: Sequence[tuple[TableCell, ...]]
    words: tuple[int, ...] = (0,)  # indices of the text columns
    strong: tuple[int, ...] = ()  # indices of the highlighted rows


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletList:
    """A few sentences one under another, with a heading."""

    heading: str
    sentences: tuple[str, ...]
    size: int = 14


@dataclass(frozen=True, slots=True)
class FigureTiles:
    """A few large numbers, each with a caption."""

    figures: tuple[tuple[str, str], ...]


Element = SlideChart | SlideTable | BulletList | FigureTiles


@dataclass(frozen=True, slots=True)
class PlacedElement:
    """An element and its position on a grid of 12 columns and 12 rows under the title.

    Examples
    --------
    >>> tiles = FigureTiles((("91", "days forecast"),))
    >>> PlacedElement(tiles, left=9, width=3).height
    12
    """

    element: Element
    left: int = 0
    width: int = 12
    top: int = 0
    height: float = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SlidePage:
    """The content of one slide."""

    title: str  # the main message, as a sentence
    subtitle: str = ""  # what is needed to understand it
    elements: tuple[PlacedElement, ...] = ()
    notes: tuple[str, ...]  # speaker notes: the origin of each number


@dataclass(frozen=True, slots=True)
class DeckSource:
    """The source of slides: the contexts of the page."""

    bundle: ReportInput  # the results of the run; used for dates, names and the currency only
    contexts: tuple[Any, ...]  # the contexts of all sections of the page that exist

    def context_of(self, kind: type[ContextType]) -> ContextType | None:
        """Return the context of a section, ``None`` where it is left out."""
        return next((c for c in self.contexts if isinstance(c, kind)), None)


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide of the deck.

    Examples
    --------
    >>> slide = Slide("Sales", lambda source: SlidePage(title="Sales grow", notes=()))
    >>> slide.build(None).title
    'Sales grow'
    """

    topic: str  # shown above the title
    build: Callable[[DeckSource], SlidePage | None]  # ``None`` leaves the slide out


def side_by_side(left: Element, right: Element, columns: int = 6) -> tuple[PlacedElement, ...]:
    """Place two elements side by side, the left one over so many of the 12 columns."""
    return PlacedElement(left, width=columns), PlacedElement(right, columns, 12 - columns)


def single_chart(
    heading: str,
    name: str,
    categories: Iterable[str],
    values: Iterable[float | None],
    colours: Iterable[str],
    number_format: str = "#,##0",
) -> SlideChart:
    """Return a chart of bars with one series; colours are one for all bars, or one each."""
    series = ChartSeries(name, tuple(values), tuple(colours))
    return SlideChart(
        heading=heading, categories=tuple(categories), series=(series,), number_format=number_format
    )


def parts_chart(
    heading: str,
    categories: Iterable[str],
    parts: Iterable[tuple[SegmentBadge, Sequence[float | None]]],
) -> SlideChart:
    """Return a chart of shares that add up to 100 %, each segment in its colour."""
    return SlideChart(
        heading=heading,
        categories=tuple(categories),
        series=tuple(ChartSeries(b.name, tuple(v), (segment_colour(b),)) for b, v in parts),
        chart_type="parts",
        number_format="0%",
    )


def segment_cell(badge: SegmentBadge, max_length: int = 24) -> SlideCell:
    """Return the cell of a segment: its name, cut if long, behind its colour."""
    return SlideCell(truncate_words(badge.name, max_length), badge)


def slide_text(text: str) -> str:
    r"""Return a text on one line, with characters that XML allows.

    >>> slide_text("a\n b\x00")
    'a b�'
    """
    return re.sub(
        r"[ \t\n]+", " ", strip_control_characters(text).translate(INVALID_XML_CHARACTERS)
    )


def truncate_words(text: str, max_length: int) -> str:
    """Return a text of at most `max_length` characters, cut between words if possible.

    >>> truncate_words("The row names no customer", 12)
    'The row…'
    """
    shown = slide_text(text).strip()
    if len(shown) <= max_length:
        return shown
    cut = shown[: max_length - 1]
    head = cut.rsplit(" ", 1)[0] if " " in cut[max_length // 2 :] else cut
    return f"{head.rstrip(' ,;:')}…"
