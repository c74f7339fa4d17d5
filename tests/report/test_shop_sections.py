"""How the shop is doing, and its cohorts, on the page."""

import re
from dataclasses import replace

import polars as pl
import pytest
from bundles import bundle, migration
from shop_bundle import END, figures
from test_page import Reader, assert_harmless
from test_page import shown_text as text

from segpredict.analytics.kpis import OrderBook, compute_kpis, kpi_named
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_SHARES
from segpredict.core.window import day_number
from segpredict.report import render_html
from segpredict.report.context.cohorts import cohorts_section
from segpredict.report.context.shop import shop_section
from segpredict.report.context.transitions import transitions_section as moves


def changed(**values: pl.Expr) -> dict[str, pl.DataFrame]:
    known = figures()
    return {**known, "figures": known["figures"].with_columns(**values)}


def test_key_figures_stand_beside_the_window_before_and_the_year_before():
    found = shop_section(bundle())
    spans = [span.replace("\xa0", " ") for span in found.spans]
    assert spans == [
        "10 Sep to 9 Dec 2011",
        "11 Jun to 9 Sep 2011",
        "11 Sep to 10 Dec 2010",
    ]
    rows = figures()["figures"].filter(kpi="order_value").sort("end")
    line = next(line for line in found.kpi_rows if line.title.startswith("Average"))
    assert line.now.value == rows.filter(end=END)["value"].item()
    assert line.before.value == rows.filter(end=END - 91)["value"].item()
    assert line.last_year.value == rows.filter(end=END - 364)["value"].item()
    assert line.now.low < line.now.value < line.now.high


def test_counts_have_no_interval_and_every_figure_its_definition():
    found = shop_section(bundle())
    assert found.kpi_rows[0].now.low is None
    shown = text()
    for definition in found.definitions:
        assert " ".join(definition.formula.split()) in shown
    assert {d.title for d in found.definitions} >= {line.title for line in found.kpi_rows}


def test_a_horizon_that_no_year_holds_shows_no_year_before():
    odd = changed(start=pl.col("start") - 1, end=pl.col("end") - 1)
    found = shop_section(bundle(kpis=odd, end_day=END - 1, first_day=14579))
    assert len(found.spans) == 3
    short = odd["figures"].filter(pl.col("end").is_null() | (pl.col("end") > END - 150))
    found = shop_section(bundle(kpis={**odd, "figures": short}, end_day=END - 1))
    assert len(found.spans) == 2
    assert found.kpi_rows[0].last_year is None


def test_the_last_month_is_pale_and_says_why():
    found = shop_section(bundle())
    assert [month["is_whole"] for month in found.months] == [True] * 24 + [False]
    page = render_html(bundle()).partition("Revenue by month")[2].partition("</svg>")[0]
    assert page.count('class="fill"') == 24
    assert page.count('class="fill short"') == 1
    assert page.count('height="100.0"') == 1
    shown = text()
    assert "Pale: the data hold only 1 Dec to 9 Dec 2011 of the month." in shown
    assert "Dec 2011 9 days only" in shown
    axes = found.series[0].axes
    assert [year for _, year in axes.across] == ["2010", "2011"]
    assert [text for _, text in axes.up][1] == "0"


def test_planned_days_are_marked_above_the_months_and_only_there():
    days = [("2011-01-01", "2011-01-31", "promotion"), ("2012-12-25", "2012-12-25", "holiday")]
    dates = pl.DataFrame(
        [(day_number(first), day_number(last), kind, None) for first, last, kind in days],
        {"first": pl.Int32, "last": pl.Int32, "kind": pl.String, "known": pl.Int32},
        orient="row",
    )
    (mark,) = shop_section(bundle(dates=dates)).marks  # the holiday lies after the last month
    months = [month["scope"] for month in shop_section(bundle()).months]
    assert mark.kind == "promotion"
    assert mark.left == pytest.approx(100 * months.index("2011-01") / len(months), abs=0.01)
    assert mark.width == pytest.approx(100 / len(months), abs=0.01)
    page = render_html(bundle(dates=dates))
    assert page.count('class="planned promotion" x=') == 4  # one in each chart
    assert "from the file of dates" in page
    assert "from the file of dates" not in render_html(bundle())


def test_whole_months_need_no_word():
    months = figures()["months"].filter("is_whole")
    assert shop_section(bundle(kpis={**figures(), "months": months})).incomplete_months == ""


def test_the_bridge_hangs_its_steps_between_gross_and_net():
    gross, _, returned, net = shop_section(bundle()).bridge
    assert (gross.left, gross.width) == (0.0, 100.0)
    assert returned.amount == -500_000
    assert returned.left == pytest.approx(net.width, abs=0.02)
    assert returned.left + returned.width == pytest.approx(100, abs=0.02)
    assert gross.share.low is None


def test_the_curve_begins_and_ends_in_the_corners_and_the_tenth_is_the_metric():
    spread = shop_section(bundle()).lorenz
    points = spread.points.split()
    assert (points[0], points[-1]) == ("0.00,100.00", "100.00,0.00")
    tenth = figures()["figures"].filter(kpi="top_decile_share")["value"].item()
    assert dict(spread.top)[0.1] == tenth
    assert list(dict(spread.top)) == [0.01, 0.05, 0.1, 0.2, 0.5]


def test_a_shop_without_sales_or_segments_has_no_curve():
    known = figures()
    bare = known["figures"].filter(
        ~pl.col("kpi").is_in(["gini", "segment_revenue_share", "top_decile_share"])
    )
    found = shop_section(bundle(kpis={**known, "figures": bare}))
    assert found.lorenz is None
    assert_harmless(Reader(render_html(bundle(kpis={**known, "figures": bare}))))


def test_a_run_without_figures_has_neither_section():
    assert shop_section(bundle(kpis={})) is None
    assert cohorts_section(bundle(kpis={})) is None


def test_censored_cells_are_blank_and_not_zero():
    heat = cohorts_section(bundle()).heat_maps[0]
    newest = heat.rows[-2]
    assert newest.month == "2011-11"
    assert newest.cells[0] is None  # December is not over
    blank = figures()["figures"].filter(kpi="cohort_retention", scope="2011-11")
    assert blank["value"].to_list() == [1.0, None]
    assert all(row.n > 0 for row in heat.rows)


def test_thin_cohorts_are_grey_and_tiny_ones_tell_only_their_size():
    few = changed(n=pl.when(pl.col("scope") == "2011-03").then(4).otherwise("n"))
    found = cohorts_section(bundle(kpis=few)).heat_maps[1]
    row = next(row for row in found.rows if row.month == "2011-03")
    assert (row.n, row.is_small) == (4, True)
    assert set(row.cells) == {None}
    other = next(row for row in found.rows if row.month == "2011-02")
    assert other.n < MIN_CUSTOMERS_FOR_SHARES
    assert other.is_small
    assert other.cells[0] is not None


def test_the_darkest_cell_is_the_largest_and_none_leaves_the_scale():
    for heat in cohorts_section(bundle()).heat_maps:
        cells = [c for row in heat.rows for c in row.cells if c]
        assert heat.most == max(cell.value for cell in cells)
    shades = re.findall(r'style="--v:([\d.]+)" title="95', render_html(bundle()))
    assert shades
    assert all(0 <= float(shade) <= 100 for shade in shades)


def test_the_page_shows_the_newest_cohorts_and_says_how_many_there_are():
    known = figures()["figures"]
    older = known.filter(pl.col("scope").str.contains("^20")).with_columns(
        scope="19" + pl.col("scope").str.tail(5)
    )
    found = cohorts_section(bundle(kpis={**figures(), "figures": pl.concat([known, older])}))
    assert found.n_cohorts > len(found.heat_maps[0].rows)
    assert found.heat_maps[0].rows[-1].month == "2011-11" or found.heat_maps[0].rows[-1].n
    shown = text(kpis={**figures(), "figures": pl.concat([known, older])})
    assert re.search(r"The page shows the newest \d+ of \d+ cohorts", shown)


def test_names_of_metrics_on_the_page_are_those_of_the_definitions():
    shown = text()
    for name in ("cohort_retention", "rolling_retention", "cohort_revenue"):
        assert kpi_named(name).title in shown


def test_both_pages_of_moves_mean_the_same_by_staying():
    books = replace(OrderBook.from_orders([("ann", 0, 1.0)], 182), transitions=migration())
    stay = compute_kpis(books, ["segment_retention"]).filter(scope="all")["value"].item()
    assert stay == moves(bundle()).share_staying


def test_hostile_scopes_are_only_text():
    bad = changed(
        scope=pl.when(pl.col("scope") == "2011-02")
        .then(pl.lit("<script>x</script>"))
        .otherwise("scope")
    )
    assert_harmless(Reader(render_html(replace(bundle(), kpis=bad))))
