"""The slides of the deck that need what few runs have: demand and plays."""

from dataclasses import replace

from bundles import bundle

from segpredict.report.context.campaigns import campaigns_section
from segpredict.report.context.demand import (
    DemandItem,
    DemandItemTable,
    DemandLevel,
    DemandMethod,
    DemandSection,
)
from segpredict.report.deck.slide import DeckSource
from segpredict.report.deck.slides.evaluation import demand_slide
from segpredict.report.deck.slides.value_at_risk import experiment_slide

METHODS = (
    DemandMethod("Segments", True, False, 0.4, ()),
    DemandMethod("Same window last year", False, True, 0.8, ()),
    DemandMethod("Last window", False, False, 0.3, ()),
)
PRODUCTS = DemandLevel("Products", "Segments", "Nearer.", True, 0.4, 0.9, 10, (), METHODS)
ITEMS = tuple(
    DemandItem(code, name, units, 1.0, 99.0, 5.0, units / 2, units + 8, 0.9)
    for code, name, units in (("A1", "lamp", 40.0), ("B2", "", 20.0))
)


def told(*levels, shelves=()):
    context = DemandSection(91, levels, shelves, (), 0.9, (), (), ())
    return demand_slide(DeckSource(bundle(), (context,)))


def test_products_have_names_and_stand_beside_last_year():
    page = told(PRODUCTS, shelves=(DemandItemTable("Products", 2, 60.0, ITEMS),))
    chart, table = (thing.element for thing in page.elements)
    assert page.title == "60 units are expected in the next 91 days; first is lamp"
    assert chart.categories == ("lamp", "B2")
    assert [series.values for series in chart.series] == [(40.0, 20.0), (20.0, 10.0)]
    assert table.rows == [("lamp (A1)", "40", "5", "20"), ("B2", "20", "5", "10")]


def test_where_no_item_is_published_there_is_no_such_slide():
    assert told(replace(PRODUCTS, is_published=False, reason="Never nearer.")) is None


def test_without_demand_there_is_no_such_slide():
    assert demand_slide(DeckSource(bundle(), ())) is None


def test_plays_stand_on_the_slide_of_the_experiment_with_the_test_that_each_needs():
    found = campaigns_section(bundle())
    page = experiment_slide(DeckSource(bundle(), (found,)))
    shown = page.elements[0].element
    first = found.top_campaigns[0]
    assert [row[0] for row in shown.rows] == [play.title for play in found.top_campaigns]
    assert shown.rows[0][1] == f"{first.n:,}"
    assert shown.rows[0][3] == first.test.text
    assert any(first.caution in note for note in page.notes)
