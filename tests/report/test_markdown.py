"""The key tables as Markdown."""

from dataclasses import replace
from itertools import pairwise

from bundles import SEGMENTS, bundle

from segpredict.core.segment import Segment
from segpredict.report import render_markdown, section_contexts
from segpredict.report.markdown import escape_markdown

HOSTILE = "<img src=x onerror=alert(1)>|[x](javascript:y)\n# head"


def test_it_says_what_the_page_says() -> None:
    told = render_markdown(section_contexts(bundle()))
    headline = section_contexts(bundle())["sections"]["headline"]
    assert headline["finding"] in told
    assert "| Segment | Now | Share | Expected | Share |" in told
    assert "## How far to trust it" in told
    assert "## Migration, observed" in told


def test_every_row_of_a_table_has_the_cells_of_its_head() -> None:
    lines = render_markdown(section_contexts(bundle())).splitlines()
    tables = [line for line in lines if line.startswith("| ")]
    assert len(tables) > 10
    for above, below in pairwise(lines):
        if above.startswith("| ") and below.startswith("| "):
            assert above.count(" | ") == below.count(" | ")


def test_no_name_becomes_markup() -> None:
    named = (*SEGMENTS[:3], Segment(3, "S3", HOSTILE))
    told = render_markdown(section_contexts(replace(bundle(), segments=named)))
    assert "\\<img src=x onerror=alert(1)\\>\\|\\[x\\](javascript:y) \\# head" in told
    assert "\n# head" not in told
    assert "<img" not in told.replace("\\<img", "")


def test_no_address_becomes_a_link() -> None:
    told = escape_markdown("http://evil.example www.evil.example a@evil.example")
    assert told == r"http\://evil.example www\.evil.example a\@evil.example"


def test_a_currency_is_no_markup_and_no_formula() -> None:
    told = render_markdown(section_contexts(replace(bundle(), currency="<b>$")))
    assert "<b>" not in told
    assert "\\<b\\>\\$" in told


def test_what_a_run_does_not_have_is_left_out() -> None:
    told = render_markdown(
        section_contexts(bundle(customer_value={}, observed_transitions=None, evaluation=None))
    )
    assert "## Customer value" not in told
    assert "## Migration, observed" not in told
    assert "## How far to trust it" not in told
