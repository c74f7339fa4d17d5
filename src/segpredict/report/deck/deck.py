"""Put the deck together: contexts of the page, slides of them, one file."""

import io
import zipfile
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from segpredict.errors import ExtraMissingError
from segpredict.report.context import SECTIONS
from segpredict.report.deck.slide import DeckSource, Slide, SlidePage
from segpredict.report.deck.slides import SLIDES
from segpredict.report.formatting import format_day_range
from segpredict.report.input import ReportInput, ReportSection

LIBRARY, PACKAGE, EXTRA = "pptx", "python-pptx", "deck"
FIXED_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest day a zip can tell


def render_deck(bundle: ReportInput, slides: Sequence[Slide] = SLIDES) -> bytes:
    """Return the deck of a run as a PowerPoint file: native charts, notes, no pictures.

    Parameters
    ----------
    bundle
        What the run found.
    slides
        Which slides to draw.

    Raises
    ------
    ExtraMissingError
        When python-pptx is not installed.

    Notes
    -----
    Every number comes from the contexts of the page. Equal bundles give equal bytes:
    the file tells no time at which it was made.
    """
    if find_spec(LIBRARY) is None:
        raise ExtraMissingError("A deck of slides", EXTRA, PACKAGE)
    draw = import_module("segpredict.report.deck.draw").draw
    days = format_day_range(bundle.first_day, bundle.end_day)
    footer = f"{bundle.title} · data of {days}"
    return _still(draw(slide_pages(bundle, slides), footer, f"Data of {days}"))


def slide_pages(
    bundle: ReportInput,
    slides: Sequence[Slide] = SLIDES,
    sections: Sequence[ReportSection] = SECTIONS,
) -> list[tuple[str, SlidePage]]:
    """Return the topic and content of each slide that has something to say."""
    built = [section.build(bundle) for section in sections]
    story = DeckSource(bundle, tuple(context for context in built if context is not None))
    told = [(slide.topic, slide.build(story)) for slide in slides]
    return [(topic, page) for topic, page in told if page is not None]


def _still(file: bytes) -> bytes:
    """Return the zip with one and the same time at every file in it."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(file)) as given,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as still,
    ):
        for name in given.namelist():
            fact = zipfile.ZipInfo(name, FIXED_ZIP_DATE)
            fact.compress_type, fact.create_system = zipfile.ZIP_DEFLATED, 3
            still.writestr(fact, given.read(name))
    return made.getvalue()
