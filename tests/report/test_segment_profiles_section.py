"""Cards show who is in a segment, and nothing of too few."""

from bundles import CARD, bundle
from test_page import shown_text

from segpredict.report.context.segments import segment_profiles_section

FEW = {"id": "S2", "name": "Regular", "code": 2, "n": 4, "share": 0.001}
GONE = {
    "id": "S0",
    "name": "Inactive",
    "code": 0,
    "n": 90,
    "share": 0.2,
    "days_median": 0,
}


def text(*cards) -> str:
    return shown_text(segment_profiles=cards)


def test_without_cards_there_is_no_section():
    assert segment_profiles_section(bundle(segment_profiles=())) is None


def test_the_most_valuable_comes_first():
    cards = segment_profiles_section(bundle(segment_profiles=(GONE, FEW, CARD))).profiles
    assert [card.badge.id for card in cards] == ["S3", "S2", "S0"]


def test_a_card_says_who_they_are_and_how_far_the_words_hold():
    said = text(CARD)
    assert "Spent at least £1,200 in 91 days." in said
    assert "£2,211 £1,400 – £4,180" in said
    assert "94.0 % 91.0 % – 96.0 %" in said


def test_a_card_says_where_they_come_from_and_what_stands_out():
    said = text(CARD)
    assert "New 13 %" in said
    assert "Regular 17 %" in said
    assert "lamps × 1.80" in said
    assert "c7 £1,300 on 4 days" in said


def test_a_segment_that_dissolves_is_marked_and_a_steady_one_is_not():
    assert "Unstable" in text(CARD)
    assert "Unstable" not in text(CARD | {"stability": 0.9})


def test_too_few_customers_show_their_number_alone():
    assert "Too few customers for details" in text(FEW)


def test_the_inactive_show_no_zeros():
    assert segment_profiles_section(bundle(segment_profiles=(GONE,))).profiles[0].facts == ()
