"""Build the deck: contexts of the page, slides from them, one file."""

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
from segpredict.report.html.page import section_parts
from segpredict.report.input import ReportInput

LIBRARY, PACKAGE, EXTRA = "pptx", "python-pptx", "deck"
FIXED_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date of the zip format


def render_deck(bundle: ReportInput) -> bytes:
    """Return the deck of a run as a PowerPoint file: native charts, notes, no pictures.

    Raises
    ------
    ExtraMissingError
        When python-pptx is not installed.

    Notes
    -----
    Every number comes from the contexts of the page. Equal bundles give equal bytes:
    the file contains no time stamp.
    """
    if find_spec(LIBRARY) is None:
        raise ExtraMissingError("A deck of slides", EXTRA, PACKAGE)
    draw = import_module("segpredict.report.deck.draw").draw_presentation
    days = format_day_range(bundle.first_day, bundle.end_day)
    footer = f"{bundle.title} · data of {days}"
    return _without_times(draw(slide_pages(bundle), footer, f"Data of {days}"))


def slide_pages(
    bundle: ReportInput, slides: Sequence[Slide] = SLIDES
) -> list[tuple[str, SlidePage]]:
    """Return the topic and content of each slide that has content."""
    source = DeckSource(bundle, tuple(section_parts(bundle, SECTIONS).values()))
    pages = [(slide.topic, slide.build(source)) for slide in slides]
    return [(topic, page) for topic, page in pages if page is not None]


def _without_times(file: bytes) -> bytes:
    """Return the zip with the same fixed time at every file in it."""
    output = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(file)) as given,
        zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        for name in given.namelist():
            fact = zipfile.ZipInfo(name, FIXED_ZIP_DATE)
            fact.compress_type, fact.create_system = zipfile.ZIP_DEFLATED, 3
            copy.writestr(fact, given.read(name))
    return output.getvalue()
