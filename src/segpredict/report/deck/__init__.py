"""What a run found, as a deck of slides to present: native charts and speaker notes."""

from segpredict.report.deck._deck import pages, render_deck
from segpredict.report.deck._slide import (
    Cell,
    Chart,
    Page,
    Placed,
    Points,
    Series,
    Slide,
    Story,
    Table,
    Tiles,
)
from segpredict.report.deck.slides import SLIDES

__all__ = [
    "SLIDES",
    "Cell",
    "Chart",
    "Page",
    "Placed",
    "Points",
    "Series",
    "Slide",
    "Story",
    "Table",
    "Tiles",
    "pages",
    "render_deck",
]
