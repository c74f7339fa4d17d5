"""The page in a real browser: nothing is asked for, nothing hostile runs, all works."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from bundles import LISTED as ROW
from bundles import SEGMENTS, bundle, plain_page
from chromium import BINARY, Chromium
from exploration_bundle import explored
from test_page import hostile_bundle
from transitions_bundle import tables as moved

from payloads import BREAKS, TAGS
from segpredict.report import ReportInput, render_html

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BINARY is None, reason="needs chromium"),
]


def hostile(payload: str) -> ReportInput:
    """Return a bundle whose every text is the payload, also where scripts read it."""
    row = ROW | {"customer_id": payload, "reasons": [payload, payload]}
    return replace(
        hostile_bundle(payload),
        exploration=explored(payload),
        shortlist=(row,),
        reasons_note=payload,
    )


@pytest.fixture(scope="module")
def browser():
    with Chromium() as opened:
        yield opened


@pytest.fixture
def page(browser, tmp_path: Path) -> Chromium:
    rows = tuple(
        ROW | {"customer_id": f"c{i:02d}", "rank": i + 1, "value_at_risk": 900.0 - i}
        for i in range(20)
    )
    given = bundle(shortlist=rows, transitions=moved(SEGMENTS))
    text = render_html(given)
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    browser.open(tmp_path / "page.html")
    return browser


def test_there_are_sixty_payloads_and_all_differ():
    assert len({*TAGS, *BREAKS}) == 60


@pytest.mark.parametrize("payload", [*TAGS, *BREAKS])
def test_nothing_hostile_runs_or_calls_home(browser, tmp_path, payload):
    (tmp_path / "page.html").write_text(render_html(hostile(payload)), encoding="utf-8")
    browser.open(tmp_path / "page.html")
    # Everything that the script may do with a text is done.
    browser.run(
        "document.querySelectorAll('button.sort').forEach((b) => b.click());"
        "document.querySelectorAll('#filters select').forEach((s) => {"
        "  s.selectedIndex = s.options.length - 1;"
        "  s.dispatchEvent(new Event('change')); });"
        "document.querySelectorAll('details').forEach((d) => { d.open = true; });"
        "document.querySelectorAll('main *').forEach((e) => {"
        "  e.dispatchEvent(new Event('mouseover')); });"
    )
    assert browser.run("window.hit") is None
    assert browser.run("document.scripts.length") == 2
    assert browser.complaints() == []
    assert browser.requests() == []


def test_what_slipped_in_as_markup_would_be_refused_and_told(browser, tmp_path):
    slipped = "<script>window.hit=1</script><img src=http://evil.example/x>"
    text = plain_page().replace("</main>", f"{slipped}</main>")
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    browser.open(tmp_path / "page.html")
    assert browser.run("window.hit") is None
    assert len(browser.complaints()) == 2
    assert browser.requests() == ["http://evil.example/x"]  # asked for, and stopped
    assert browser.blocked() == ["csp"]


def test_the_page_asks_for_nothing_and_complains_of_nothing(page):
    assert page.run("document.documentElement.className") == "alive"
    assert page.complaints() == []
    assert page.requests() == []


def test_a_table_is_sorted_down_up_and_as_it_was(page):
    head = "document.querySelector('#summary figure thead')"
    button = f"{head}.rows[0].cells[1]"

    def now() -> list[str]:
        return page.run(
            "[...document.querySelector('#summary figure tbody').rows]"
            ".map((r) => r.cells[1].textContent)"
        )

    seen = []
    for _ in range(3):
        page.run(f"{button}.querySelector('button').click()")
        seen.append((page.run(f"{button}.getAttribute('aria-sort')"), now()))
    sizes = ["1,800", "1,400", "800", "306"]
    assert seen == [
        ("descending", sizes),
        ("ascending", sizes[::-1]),
        ("none", sizes),
    ]


def test_a_head_is_sorted_by_keyboard(page):
    page.run("document.querySelector('#summary th .sort').focus()")
    for kind in ("rawKeyDown", "char", "keyUp"):
        more = {"text": "\r"} if kind == "char" else {}
        page.ask(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            windowsVirtualKeyCode=13,
            **more,
        )
    assert (
        page.run("document.querySelector('#summary th').getAttribute('aria-sort')") == "ascending"
    )
    assert page.run("document.getElementById('status').textContent").startswith("Sort")


def test_a_search_leaves_the_rows_with_all_words(page):
    left = (
        "(() => { const list = [...document.querySelectorAll('#campaigns .picked')]"
        ".find((each) => each.textContent.includes('c07'));"
        "const box = list.querySelector('input[type=search]');"
        "box.value = 'C07 inactive'; box.dispatchEvent(new Event('input'));"
        "return [...list.querySelectorAll('tbody tr:not([hidden]) th')].map((e) => e.textContent)"
        "})()"
    )
    assert page.run(left) == ["c07"]


def test_what_is_saved_are_the_numbers_of_the_table(page):
    page.run("document.querySelector('#chart-frequency .tools button').click()")
    text = page.downloaded("exploration-1.csv")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[1][0] == "1"
    assert rows[1][-1] == "30"
    assert rows[2][-1] == "10"


def test_a_segment_is_shown_throughout(page):
    page.choose("Segment", "Core")
    # Of 40 customers every fourth, ten in all, is in it; those after c09 ordered once.
    numbers = page.run(
        "[...document.querySelectorAll('#chart-frequency td.n')]"
        ".slice(0, 2).map((c) => c.textContent)"
    )
    assert numbers == ["8", "2"]
    assert page.run("document.querySelectorAll('#summary tr.dim').length") == 3
    lists = (
        "[...document.querySelectorAll('#campaigns .picked:not([hidden]) summary .chip')]"
        ".map((chip) => chip.dataset.s)"
    )
    assert set(page.run(lists)) == {"S3"}
    page.choose("Segment", "Occasional")
    assert page.run(lists) == []
    page.choose("Segment", "All segments")
    assert page.run("document.querySelectorAll('main .dim').length") == 0


def test_months_are_shown_where_numbers_have_one(page):
    total = (
        "[...document.querySelectorAll('#chart-order_value td.n')]"
        ".reduce((sum, c) => sum + Number(c.textContent), 0)"
    )
    assert page.run(total) == 50
    page.choose("to", "Feb 2011")
    assert page.run(total) == 34  # 26 January is the first of 40 days with an order
    page.choose("From", "May 2011")
    assert page.run(total) == 10  # and moves the end along


def test_page_one_fits_one_screen(page):
    screen = {"width": 1200, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.ask("Emulation.setDeviceMetricsOverride", **screen)
    bottom = "document.getElementById('summary').getBoundingClientRect().bottom"
    assert page.run(f"{bottom} + window.scrollY") <= 900
    page.ask("Emulation.clearDeviceMetricsOverride")


@pytest.mark.parametrize("width", [360, 768, 1200, 1600])
def test_the_page_is_no_wider_than_the_screen(page, width):
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.ask("Emulation.setDeviceMetricsOverride", **screen)
    assert page.run("document.documentElement.scrollWidth") <= width
    page.ask("Emulation.clearDeviceMetricsOverride")


@pytest.mark.parametrize("width", [400, 800, 1280])
def test_no_column_of_page_one_is_beyond_the_edge(page, width):
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.ask("Emulation.setDeviceMetricsOverride", **screen)
    wide = (
        "[...document.querySelectorAll('#summary .scroll')]"
        ".filter((s) => s.scrollWidth > s.clientWidth).length"
    )
    assert page.run(wide) == 0
    page.ask("Emulation.clearDeviceMetricsOverride")


def test_the_page_reads_the_same_without_scripts(page, tmp_path):
    shown = "document.querySelectorAll('main table, main svg, main p.sentence').length"
    with_script = page.run(shown)
    page.ask("Emulation.setScriptExecutionDisabled", value=True)
    page.open(tmp_path / "page.html")
    page.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert page.run(shown) == with_script
    assert page.run("document.documentElement.className") == ""
