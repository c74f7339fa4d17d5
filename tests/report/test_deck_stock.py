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
from segpredict.report.deck import DeckSource
from segpredict.report.deck.slides.evaluation import demand_slide
from segpredict.report.deck.slides.value_at_risk import experiment_slide

METHODS = (
    DemandMethod("Segments", True, False, 50.0, 0.4, ()),
    DemandMethod("Same window last year", False, True, 100.0, 0.8, ()),
    DemandMethod("Last window", False, False, 37.5, 0.3, ()),
)
PRODUCTS = DemandLevel("Products", "Nearer.", True, "Last window", False, 0.1, 0.9, 10, (), METHODS)
ITEMS = tuple(
    DemandItem(name, units, 1.0, 99.0, 0.0, 0.0, 0.0, 5.0, units / 2, units + 8, 1.1)
    for name, units in (("lamp", 40.0), ("rug", 20.0))
)


def told(*levels, shelves=()):
    context = DemandSection(91, levels, shelves, (), (), 0.9, (), (), ())
    return demand_slide(DeckSource(bundle(), (context,)))


def test_what_is_told_is_shown_beside_last_year_and_with_what_to_order():
    page = told(PRODUCTS, shelves=(DemandItemTable("Products", 2, 60.0, ITEMS),))
    chart, table = (thing.element for thing in page.elements)
    assert page.title == "Demand is forecast for products"
    assert "for products the best method was last window" in page.subtitle
    assert chart.categories == ("lamp", "rug")
    assert [series.values for series in chart.series] == [(40.0, 20.0), (20.0, 10.0)]
    assert table.rows[0] == ("lamp", "40", "1 to 99", "48")


def test_where_nothing_is_told_the_errors_say_why():
    page = told(replace(PRODUCTS, is_published=False, reason="Never nearer."))
    chart, table = (thing.element for thing in page.elements)
    assert page.title.startswith("No demand forecast beat")
    assert chart.series[0].values == (0.4, 0.8, 0.3)
    assert table.rows[0][-1] == "no"
    assert "Never nearer." in page.notes[2]


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
