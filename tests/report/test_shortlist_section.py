"""The customers to look at first stand on the page, unless the page must hold none."""

from bundles import LISTED as ROW
from bundles import SEGMENTS, bundle
from test_page import HOSTILE, Reader, assert_harmless

from segpredict.report import render_html, section_contexts
from segpredict.report.context.shortlist import shortlist_section

RISING = ROW | {
    "list": "on the way up",
    "customer_id": "14733",
    "segment_id": "S1",
    "next_segment_id": "S2",
    "p_down": 0.1,
    "p_up": 0.8,
    "value_at_risk": 3.0,
    "upside": 1700.0,
}


def test_each_list_tells_its_own_chance_and_stake():
    risk, rise = shortlist_section(bundle(shortlist=(ROW, RISING))).lists
    assert (risk.title, rise.title) == ("most revenue at risk", "most upside")
    assert (risk.badge.id, rise.badge.id) == ("S3", "S1")
    assert (risk.rows[0].probability, risk.rows[0].value_at_stake, risk.shown) == (0.6, 900, 900)
    assert (rise.rows[0].probability, rise.rows[0].value_at_stake, rise.shown) == (0.8, 1700, 1700)
    assert (risk.listed, risk.total) == (12, 9000.0)
    assert risk.rows[0].now.name == SEGMENTS[3].name


def test_reasons_stand_beside_the_customer():
    text = Reader(render_html(bundle(shortlist=(ROW,)))).text
    assert "Days since the last purchase: 61 · Orders: 2" in text


def test_the_list_of_a_segment_is_linked_where_it_stands_next_to_the_page():
    (found,) = shortlist_section(bundle(shortlist=(ROW,), lists=("segment_s3",))).lists
    assert found.file == "lists/segment_s3.csv"
    assert 'href="lists/segment_s3.csv"' in render_html(
        bundle(shortlist=(ROW,), lists=("segment_s3",))
    )
    assert "lists/" not in render_html(bundle(shortlist=(ROW,)))


def test_a_page_without_customers_holds_no_id():
    silent = bundle(shortlist=(), example_customers=(), segment_profiles=())
    assert shortlist_section(silent) is None
    assert "15814" not in render_html(silent)
    assert "shortlist" not in section_contexts(silent)["sections"]
    assert "example_customers" not in section_contexts(silent)["sections"]


def test_hostile_ids_and_reasons_are_only_text():
    payload = " ".join(HOSTILE)
    given = ROW | {"customer_id": payload, "reasons": [payload]}
    page = Reader(render_html(bundle(shortlist=(given,))))
    assert_harmless(page)
    assert not page.crossed
