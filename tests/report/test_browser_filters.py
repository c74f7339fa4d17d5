"""Filters are clicked in a real browser, and the page is held against the run."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from bundles import bundle as plain
from chromium import BINARY, Chromium
from exploration_bundle import explored
from test_page import Reader

from segpredict.core.run_folder import RunFolder, open_run
from segpredict.core.transactions import MONEY_SCALE
from segpredict.pipeline import loading
from segpredict.pipeline.report_data import report_input_of_run
from segpredict.report import render_html

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BINARY is None, reason="needs chromium"),
]
UK, OTHER = "United Kingdom", "Other countries"


@pytest.fixture(scope="module")
def run(run_folder: Path) -> RunFolder:
    return open_run(run_folder)


@pytest.fixture(scope="module")
def html(run, tmp_path_factory) -> Path:
    page = tmp_path_factory.mktemp("page") / "page.html"
    page.write_text(render_html(report_input_of_run(run)), encoding="utf-8")
    return page


@pytest.fixture(scope="module")
def browser():
    with Chromium() as opened:
        yield opened


@pytest.fixture
def page(browser, html) -> Chromium:
    browser.open(html)
    return browser


@pytest.fixture(scope="module")
def homes(run) -> pl.DataFrame:
    return run.read_parquet("exploration/homes.parquet")


def cells(page: Chromium, rows: str) -> list[list[str]]:
    """Return the texts of the cells of all rows that are seen."""
    return page.run(
        f"[...document.querySelectorAll({json.dumps(rows)})]"
        ".filter((r) => !r.hidden).map((r) => [...r.cells].map((c) => c.textContent))"
    )


def number(text: str) -> float:
    return float(re.sub(r"[^\d.−]", "", text).replace("−", "-"))


def marks(page: Chromium, section: str) -> list[str]:
    return page.run(f"[...document.querySelectorAll('#{section} .mark')].map((m) => m.textContent)")


def month_table(page: Chromium) -> list[list[str]]:
    return cells(page, "#kpis table:has(tr[data-month]) tbody tr")


def orders_of(run: RunFolder, homes: pl.DataFrame, country: str, segment: str):
    """Return all orders and credit notes that stand, with the month."""
    shop = loading.load_transactions(run)
    assignments = run.read_parquet("segmentation/assignments.parquet")
    own = assignments.join(homes, on="customer_id").filter(country=country, segment_id=segment)
    lines = shop.known_at(shop.end_day).collect().join(own, on="customer_id", how="semi")
    return lines.group_by("customer_id", "order_id", "day", "is_return").agg(
        pl.col("amount").sum(),
        month=pl.from_epoch("day", time_unit="d").dt.strftime("%b %Y").first(),
    )


def test_months_follow_a_country_a_segment_and_a_range(page, run, homes):
    page.choose("Country", OTHER)
    page.choose("Segment", "Occasional")
    page.choose("From", "Jun 2022")
    page.choose("to", "Feb 2023")
    rows = month_table(page)
    assert [row[0] for row in rows][:: len(rows) - 1] == ["Jun\xa02022", "Feb\xa02023"]
    found = orders_of(run, homes, OTHER, "S1")
    assert found.height > 20
    for name, revenue, orders, customers, _, average, gross, _ in rows:
        own = found.filter(month=name.replace("\xa0", " "))
        bought = own.filter(~pl.col("is_return"))
        assert number(orders) == bought.height
        assert number(customers) == bought["customer_id"].n_unique()
        assert number(revenue) == pytest.approx(own["amount"].sum() / MONEY_SCALE, abs=0.5)
        worth = bought["amount"].sum() / MONEY_SCALE
        assert number(gross) == pytest.approx(worth, abs=0.5)
        if bought.height:
            assert number(average) == pytest.approx(worth / bought.height, abs=0.5)
    assert "Occasional · Other countries · Jun 2022 to Feb 2023" in marks(page, "kpis")


def test_the_tallest_bar_is_the_most_of_what_is_left(page):
    page.choose("Country", OTHER)
    orders = [number(row[2]) for row in month_table(page)]
    told = "document.querySelectorAll('#kpis [data-action=most]')[1].textContent"
    assert number(page.run(told)) == max(orders)
    bars = page.run(
        "[...document.querySelectorAll('#kpis .plot.months > svg')[1]"
        ".querySelectorAll('rect.fill')].map((r) => Number(r.getAttribute('height')))"
    )
    assert bars == pytest.approx([100 * n / max(orders) for n in orders], abs=0.01)


def test_sizes_and_the_mix_follow_a_country(page, run, homes):
    page.choose("Country", OTHER)
    scores = run.read_parquet("scores.parquet").join(homes, on="customer_id")
    own = scores.filter(pl.col("is_eligible"), country=OTHER)
    rows = cells(page, "#summary figure tbody tr")
    for i, row in enumerate(rows):
        n = own.filter(segment_id=f"S{i}").height
        assert number(row[1]) == n
        assert number(row[2]) == pytest.approx(100 * n / own.height, abs=0.05)
        head = page.run(
            "[...document.querySelectorAll('#summary figure thead th')].map((h) => h.textContent)"
        ).index("Expected")
        assert number(row[head]) == pytest.approx(own[f"p_S{i}"].sum(), abs=0.5)
    sizes = cells(page, "#segments table.cards tbody tr")
    assert [row[1] for row in sizes] == [row[1] for row in rows]
    strip = page.run(
        "[...document.querySelector('#summary svg.strip').querySelectorAll('rect')]"
        ".map((r) => parseFloat(r.getAttribute('width')))"
    )
    assert sum(strip) == pytest.approx(100)


def test_moves_follow_a_country(page, run):
    page.choose("Country", OTHER)
    table = run.read_parquet("transitions/countries.parquet").filter(country=OTHER)
    sizes = dict(
        table.select("from_id", "to_id", "n").group_by("from_id").agg(pl.col("n").sum()).iter_rows()
    )
    rows = cells(page, "#migration table.matrix tbody tr")
    starts = ["S0", "S1", "S2", "S3"]
    for start, row in zip(starts, rows, strict=False):
        assert number(row[-1]) == sizes.get(start, 0)
    stay = table.filter(from_id="S0", to_id="S0")["n"].sum()
    share = f"{100 * stay / sizes['S0']:.0f}\u202f%{stay}"
    assert rows[0][1] == share
    assert not page.run("document.querySelector('#migration td[title]') !== null")
    followed, *others = marks(page, "migration")
    assert (followed, set(others)) == (OTHER, {"all customers"})


def test_what_cannot_follow_says_so(page):
    assert page.run("document.querySelectorAll('.mark').length") == 0
    page.choose("Country", UK)
    assert marks(page, "cohorts") == ["all customers"]  # once, at the head
    assert "all customers" in marks(page, "summary")
    page.choose("From", "Jun 2022")
    told = marks(page, "exploration")
    assert f"{UK} · Jun 2022 to Dec 2023" in told
    assert f"{UK} · not by month" in told


def test_clear_gives_back_the_page_as_it_was(page):
    def seen():
        return page.run(
            "[...document.querySelectorAll('main *')]"
            ".map((e) => [e.tagName, ...[...e.attributes].filter((a) => "
            "!a.name.startsWith('data-') && !(a.name === 'class' && !a.value))"
            ".map((a) => a.name + a.value)].join(' ') "
            "+ (e.childElementCount ? '' : e.textContent)).join('\\n')"
        )

    before = seen()
    page.choose("Country", OTHER)
    page.choose("Segment", "Core")
    page.choose("From", "Jun 2023")
    assert seen() != before
    page.run("document.querySelector('#filters button').click()")
    assert seen() == before
    assert page.run("location.hash") == ""
    assert page.run("document.activeElement.matches('#filters select')")


def test_the_address_restores_the_choice_and_the_section(browser, html):
    address = "#kpis&segment=S1&country=Other+countries&from=2022-06&to=2023-02"
    browser.open(html)
    browser.run(f"location.hash = {json.dumps(address)}")
    browser.run("new Promise((done) => setTimeout(done, 100))")
    assert browser.run(
        "[...document.querySelectorAll('#filters select')]"
        ".map((s) => s.selectedOptions[0].textContent)"
    ) == ["Occasional", OTHER, "Jun 2022", "Feb 2023"]
    assert len(month_table(browser)) == 9
    top = "document.getElementById('kpis').getBoundingClientRect().top"
    browser.run(
        "new Promise((done) => { const began = Date.now(); const wait = () => "
        f"Math.abs({top}) < 200 || Date.now() - began > 8000 ? done() : setTimeout(wait, 100);"
        "wait(); })"
    )
    assert abs(browser.run(top)) < 200
    # A link of the page keeps the choice.
    browser.run("document.querySelector('#sections a').click()")
    browser.run("new Promise((done) => setTimeout(done, 100))")
    assert browser.run("location.hash") == address.replace("#kpis", "#summary")


def test_a_page_that_is_opened_anew_is_as_its_address_says(page, html):
    page.choose("Country", OTHER)
    page.choose("From", "Nov 2023")
    before = month_table(page)
    page.open(html, f"?anew{page.run('location.hash')}")
    assert month_table(page) == before
    assert len(before) == 2


def test_an_address_that_nobody_wrote_changes_nothing(page):
    page.run("location.hash = '#segment=%00<b>&country=%E0%A4%A&from=9&to=x&y=1'")
    page.run("new Promise((done) => setTimeout(done, 100))")
    assert page.run("document.querySelectorAll('.mark').length") == 0
    assert page.complaints() == []


def test_what_is_saved_is_what_is_shown_and_its_name_says_so(page):
    page.choose("Country", OTHER)
    page.choose("From", "Nov 2023")
    page.run("document.querySelector('#kpis details:has(tr[data-month]) .tools button').click()")
    number_of = page.run(
        "[...document.querySelectorAll('#kpis table')].indexOf("
        "document.querySelector('#kpis table:has(tr[data-month])')) + 1"
    )
    name = f"kpis-{number_of}_Other-countries_Nov-2023-to-Dec-2023.csv"
    saved = list(csv.reader(io.StringIO(page.downloaded(name))))
    assert [row[0] for row in saved[1:]] == ["Nov 2023", "Dec 2023"]
    shown = [number(row[2]) for row in month_table(page)]
    assert [float(row[2]) for row in saved[1:]] == shown


def test_filters_are_reached_by_keyboard_and_speak(page):
    page.choose("Country", OTHER)
    told = page.run("document.getElementById('status').textContent")
    assert told == f"Shown: {OTHER}"
    names = page.run(
        "[...document.querySelectorAll('#filters select')]"
        ".map((s) => s.labels[0].textContent.split(' ')[0])"
    )
    assert names == ["Segment", "Country", "From", "to"]
    assert page.run("getComputedStyle(document.querySelector('.guide')).position") in (
        "sticky",
        "fixed",
    )
    page.ask("Emulation.setEmulatedMedia", media="print")
    shown = "getComputedStyle(document.querySelector('.guide')).display"
    assert page.run(shown) == "none"
    page.ask("Emulation.setEmulatedMedia", media="")


def test_without_a_country_in_the_data_there_is_no_such_filter(browser, run, tmp_path):
    given = report_input_of_run(run)
    facts = {**given.exploration["facts"], "countries": ["Other countries"]}
    seen = {**given.exploration, "facts": facts}
    seen["cells"] = seen["cells"].with_columns(country=pl.lit(0, pl.Int32))
    page = tmp_path / "page.html"
    page.write_text(render_html(replace(given, exploration=seen)), encoding="utf-8")
    browser.open(page)
    labels = browser.run("document.getElementById('filters').textContent")
    assert "Country" not in labels
    assert "Segment" in labels


def test_shares_of_few_are_not_told(browser, tmp_path):
    """Nine customers live abroad: their number is told, no share and no money."""
    seen = explored()
    facts = {**seen["facts"], "countries": ["UK", "France"]}
    cells = pl.DataFrame(
        [
            (chart, -1, country, -1, bin_, value)
            for chart, counts in {
                "members": ([100, 50, 30, 20], [2, 4, 2, 1]),
                "takings": (
                    [0, 50 * MONEY_SCALE, 60 * MONEY_SCALE, 70 * MONEY_SCALE],
                    [0, 9, 8, 7],
                ),
            }.items()
            for country, values in enumerate(counts)
            for bin_, value in enumerate(values)
        ],
        schema=seen["cells"].schema,
        orient="row",
    )
    others = seen["cells"].filter(~pl.col("chart").is_in(["members", "takings"]))
    given = plain(exploration={**seen, "facts": facts, "cells": pl.concat([others, cells])})
    (tmp_path / "page.html").write_text(render_html(given), encoding="utf-8")
    browser.open(tmp_path / "page.html")
    rows = "#segments table.cards tbody tr"
    browser.choose("Country", "France")
    few = "too few"
    assert cells_of(browser, rows) == [[n, few, few, few] for n in "2421"]
    browser.choose("Country", "UK")
    assert cells_of(browser, rows)[1] == ["50", "25.0\u202f%", "£50.00", "27.8\u202f%"]


def cells_of(page: Chromium, rows: str) -> list[list[str]]:
    return [[text for text in row[1:] if text] for row in cells(page, rows)]


def test_clicking_asks_for_nothing_and_complains_of_nothing(page):
    for country in (UK, OTHER, "All countries"):
        page.choose("Country", country)
        for segment in ("Inactive", "Core", "All segments"):
            page.choose("Segment", segment)
            page.choose("to", "Mar 2022")
            page.choose("to", "Dec 2023")
    assert page.complaints() == []
    assert page.requests() == []


@pytest.mark.parametrize("width", [400, 800, 1200])
def test_the_page_stays_as_wide_as_the_screen_with_a_filter_on(page, width):
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.ask("Emulation.setDeviceMetricsOverride", **screen)
    page.choose("Country", OTHER)
    page.choose("Segment", "Occasional")
    page.choose("From", "Jun 2022")
    assert page.run("document.documentElement.scrollWidth") <= width
    guide = "document.querySelector('.guide').getBoundingClientRect().height"
    assert page.run(guide) < 130
    page.ask("Emulation.clearDeviceMetricsOverride")


def test_no_customer_is_named_in_what_the_filters_read(html, run):
    block, _ = Reader(html.read_text(encoding="utf-8")).scripts
    texts = set(re.findall(r'"([^"]+)"', block))
    assert not texts & set(run.read_parquet("scores.parquet")["customer_id"])
