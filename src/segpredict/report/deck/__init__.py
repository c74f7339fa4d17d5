"""The results of a run as a deck of slides: native charts and speaker notes."""

from segpredict.report.deck.deck import render_deck, slide_pages
from segpredict.report.deck.slide import (
    BulletList,
    ChartSeries,
    DeckSource,
    FigureTiles,
    PlacedElement,
    Slide,
    SlideCell,
    SlideChart,
    SlidePage,
    SlideTable,
)
from segpredict.report.deck.slides import SLIDES

__all__ = [
    "SLIDES",
    "BulletList",
    "ChartSeries",
    "DeckSource",
    "FigureTiles",
    "PlacedElement",
    "Slide",
    "SlideCell",
    "SlideChart",
    "SlidePage",
    "SlideTable",
    "render_deck",
    "slide_pages",
]
