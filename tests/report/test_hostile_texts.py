"""90 hostile texts in every text of a shop, through the whole command line.

What each command prints, and every file that it writes, is then opened by what people
open it with: a terminal, Chromium, a spreadsheet, a Markdown reader, PowerPoint's kin.
"""

import csv
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hostile_shop
import polars as pl
import pytest
from chromium import BINARY, Chromium
from markdown_it import MarkdownIt
from pptx import Presentation

from payloads import ALL
from segpredict.core.text import INVISIBLE_CHARACTERS, strip_control_characters

pytestmark = pytest.mark.slow

ORDER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # a terminal's own, of tables
CELL = re.compile(r"\s*[=+\-@＝＋－＠]")
NUMBER = re.compile(r"[+-]?[\d.]+(e[+-]?\d+)?")
WHO = "=cmd|' /C calc'!A0\x1b[31m"
SOFFICE = shutil.which("soffice")
CLICKS = """(async () => {
  window.saved = [];
  URL.createObjectURL = (file) => { window.saved.push(file.text()); return ''; };
  HTMLAnchorElement.prototype.click = () => {};
  const told = (kind) => new Event(kind);
  document.querySelectorAll('details').forEach((d) => { d.open = true; });
  document.querySelectorAll('button.sort').forEach((b) => { b.click(); b.click(); });
  document.querySelectorAll('input[type=search]').forEach((box) => {
    for (const word of ['<script>', "'", '"><img', 'a', '']) {
      box.value = word; box.dispatchEvent(told('input'));
    }
  });
  document.querySelectorAll('.tools button').forEach((b) => b.click());
  document.querySelectorAll('#filters select').forEach((box) => {
    for (let i = box.options.length - 1; i >= 0; i--) {
      box.selectedIndex = i; box.dispatchEvent(told('change'));
    }
  });
  document.querySelectorAll('main *').forEach((e) => {
    for (const kind of ['mouseover', 'focus', 'toggle']) e.dispatchEvent(told(kind));
  });
  return Promise.all(window.saved);
})()"""


@dataclass(frozen=True)
class Told:
    """What every command printed, and the folder in which their files stand."""

    home: Path
    shop: hostile_shop.HostileShop
    said: dict[str, subprocess.CompletedProcess[bytes]]

    def out(self, command: str) -> str:
        return self.said[command].stdout.decode()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    home = tmp_path_factory.mktemp("hostile")
    shop = hostile_shop.made(home / "shop")
    said: dict[str, subprocess.CompletedProcess[bytes]] = {}
    run = ("--run", home / "run")
    fresh = (*run, "--data", shop.data)
    say(said, "check", *shop.asked, "--html", home / "check.html")
    say(said, "check --json", *shop.asked, "--json")
    say(said, "ingest", *shop.asked, "--store", home / "store")
    say(said, "run", *shop.asked, "--out", home / "run")
    # What is told of customers one by one must name those whom the shop made hostile.
    customer = pl.read_parquet(home / "run/explain/customer_reasons.parquet")["customer_id"]
    odd = next(name for name in sorted(set(customer)) if CELL.match(name))
    say(said, "explain", *run, "--customer", odd, "--plots", home / "plots")
    say(said, "explain --segment", *run, "--segment", "S1")
    say(said, "explain --json", *run, "--customer", odd, "--json")
    for form in ("html", "json", "md", "pptx"):
        say(said, f"report {form}", *run, "--format", form, "--customers")
    say(said, "report bi", *run, "--format", "bi", "--out", home / "bi")
    say(said, "score", *fresh, "--out", home / "scores.csv")
    say(said, "score --json", *fresh, "--json")
    say(said, "campaign", *run)
    out = ("--out", home / "list.csv", "--author", WHO)
    say(said, "campaign --campaign", *run, "--campaign", "campaign_1", *out)
    say(said, "transitions", *run)
    say(said, "transitions --table", *run, "--table", "customers", "--out", home / "who.csv")
    return Told(home, shop, said)


def say(said: dict, name: str, *arguments: object) -> None:
    said[name] = subprocess.run(
        [sys.executable, "-m", "segpredict", name.split()[0], *map(str, arguments)],
        capture_output=True,
        check=False,
    )


def ids(told: Told) -> set[str]:
    known = pl.scan_parquet(told.home / "run/transactions.parquet")
    return set(known.select("customer_id").unique().collect()["customer_id"])


def test_the_payloads_came_through_the_cleaning_into_every_text(told: Told) -> None:
    lines = pl.read_parquet(told.home / "run/transactions.parquet")
    for column, least in (("customer_id", 80), ("product_id", 80), ("country", 3)):
        known = set(lines[column].drop_nulls())
        assert len({text for text in ALL if text in known}) >= least, column
    files = json.loads(told.out("check --json"))["files"]
    assert len({fact["file"] for fact in files}) >= len(ALL)
    segments = json.loads((told.home / "run/segmentation/segments.json").read_text())
    names = " ".join(segment["name"] for segment in segments)
    assert all(text.strip() in names for text in ALL if "\0" not in text)


def test_every_command_ends_well(told: Told) -> None:
    failed = {
        name: done.stderr.decode()[-400:] for name, done in told.said.items() if done.returncode
    }
    assert failed == {}


def test_no_command_gives_a_terminal_orders_or_a_warning(told: Told) -> None:
    for name, done in told.said.items():
        printed = (done.stdout + done.stderr).decode()
        assert ORDER.findall(printed) == [], name
        assert "Warning" not in printed, name


def test_a_terminal_gets_no_orders_but_the_colours_of_tables(told: Told) -> None:
    fresh = ("--run", told.home / "run", "--data", told.shop.data)
    for asked in (("score", *fresh), ("campaign", *fresh[:2]), ("transitions", *fresh[:2])):
        shown = COLOUR.sub("", on_a_terminal(asked)).replace("\r\n", "\n")
        assert len(shown) > 1000
        assert ORDER.findall(shown) == [], asked[0]


def on_a_terminal(arguments: tuple[object, ...]) -> str:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "segpredict", *map(str, arguments)]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # so Linux says that the other end has gone
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    assert process.wait() == 0
    return b"".join(parts).decode()


def test_errors_name_what_was_asked_in_one_calm_line(told: Told) -> None:
    said: dict = {}
    nobody = "\x1b[31mnobody\nerror[SP-X] forged\x9b"
    run = ("--run", told.home / "run")
    say(said, "explain", *run, "--customer", nobody)
    say(said, "transitions", *run, "--segment", nobody)
    say(said, "campaign", *run, "--campaign", nobody, "--out", told.home / "x.csv")
    say(said, "check", "--quiet", "--data", told.home / nobody)  # else progress comes first
    for done in said.values():
        assert done.returncode in (2, 3, 4)
        printed = done.stderr.decode()
        assert printed.count("\n") == 1
        assert ORDER.findall(printed) == []


def test_programs_get_every_id_as_it_was(told: Told) -> None:
    scored = json.loads(told.out("score --json"))["scores"]
    known = ids(told)
    assert {row["customer_id"] for row in scored} <= known
    assert {row["customer_id"] for row in scored} & set(ALL)
    report = json.loads((told.home / "run/report.json").read_text("utf-8"))
    listed = report["sections"]["shortlist"]
    assert any(text in json.dumps(listed, ensure_ascii=False) for text in known)
    star = pl.read_parquet(told.home / "bi/customers.parquet")
    assert set(star["customer_id"]) == known


@pytest.fixture(scope="module")
def opened(told: Told) -> Iterator[dict[str, tuple[Chromium, list[str]]]]:
    if BINARY is None:
        pytest.skip("needs chromium")
    seen = {}
    browsers = []
    for name in ("check.html", "run/report.html"):
        browser = Chromium()
        browsers.append(browser)
        browser.open(told.home / name)
        seen[name] = browser, browser.run(CLICKS)
    yield seen
    for browser in browsers:
        browser.__exit__()


def test_nothing_runs_on_a_page_whatever_is_clicked(opened) -> None:
    for browser, _ in opened.values():
        assert browser.run("document.documentElement.className") == "alive"
        assert browser.run("window.hit") is None
        assert browser.run("document.scripts.length") == 2
        assert browser.complaints() == []
        assert browser.requests() == []


def test_no_text_becomes_an_element_or_a_link_on_a_page(opened) -> None:
    strange = (
        "[...document.querySelectorAll('main *')].filter((e) => e.matches('iframe,"
        "object,embed,link,base,form,meta,video,audio,marquee,math,template,style,"
        "animate,input:not([type=search]),textarea,image')).map((e) => "
        "e.outerHTML)"
    )
    far = (
        "[...document.querySelectorAll('[href],[src]')].map((e) => "
        "e.getAttribute('href') || e.getAttribute('src')).filter((url) => "
        "!url.startsWith('#') && !url.startsWith('data:image/') && "
        "!/^lists\\/[a-z0-9_]+\\.csv$/i.test(url))"  # the customer lists, beside the page
    )
    handlers = (
        "[...document.querySelectorAll('*')].filter((e) => [...e.attributes].some("
        "(a) => a.name.startsWith('on'))).length"
    )
    for browser, _ in opened.values():
        assert browser.run(strange) == []
        assert browser.run(far) == []
        assert browser.run(handlers) == 0


def test_the_texts_are_there_to_be_read(told: Told, opened) -> None:
    shown = opened["check.html"][0].run("document.body.textContent")
    names = [hostile_shop.called(text) for text in ALL]
    assert all(squeezed(str(strip_control_characters(n))) in squeezed(shown) for n in names)
    page = squeezed(opened["run/report.html"][0].run("document.body.textContent"))
    missed = [t for t in ALL if squeezed(str(strip_control_characters(t))) not in page]
    assert missed == []


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_no_csv_holds_a_formula_in_whatever_way_it_is_parted(told: Told, opened) -> None:
    texts = {
        p.name: p.read_text("utf-8")
        for p in sorted(told.home.rglob("*.csv"))
        if told.shop.data.parent not in p.parents
    }
    saved = [text for _, part in opened.values() for text in part]
    assert len(texts) > 30
    assert len(saved) > 60
    texts |= {f"saved {i}": text for i, text in enumerate(saved)}
    for name, text in texts.items():
        for cell in cells(text.removeprefix("\ufeff")):
            assert not CELL.match(cell) or NUMBER.fullmatch(cell.strip()), (name, cell)


def cells(text: str) -> Iterator[str]:
    for sign in (",", ";", "\t"):
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=sign):
            yield from row


def test_markdown_makes_nothing_of_a_text(told: Told) -> None:
    text = (told.home / "run/report.md").read_text("utf-8")
    assert ORDER.findall(text) == []
    reader = MarkdownIt("commonmark").enable("table")
    kinds = {token.type for token in walk(reader.parse(text))}
    for kind in (
        "html_block",
        "html_inline",
        "link_open",
        "image",
        "code_inline",
        "fence",
        "em_open",
        "strong_open",
        "hr",
    ):
        assert kind not in kinds
    page = reader.render(text)
    for head, *rows in tables(page):
        assert {len(row) for row in rows} <= {len(head)}
    shown = squeezed(re.sub(r"<[^>]+>", "", page))
    assert "window.hit=1;alert(1)" in shown


def walk(tokens) -> Iterator:
    for token in tokens:
        yield token
        yield from walk(token.children or ())


def tables(page: str) -> list[list[list[str]]]:
    return [
        [re.findall(r"<t[hd]", row) for row in re.findall(r"(?s)<tr>.*?</tr>", table)]
        for table in re.findall(r"(?s)<table>.*?</table>", page)
    ]


def test_the_deck_opens_and_holds_no_link_field_or_formula(told: Told) -> None:
    deck = Presentation(told.home / "run/deck.pptx")
    assert len(deck.slides) >= 10
    books = 0
    with zipfile.ZipFile(told.home / "run/deck.pptx") as file:
        for name in file.namelist():
            content = file.read(name)
            if name.endswith(".xlsx"):
                books += 1
                calm_workbook(content)
            else:
                for word in (b"External", b"hlinkClick", b"hlinkHover"):
                    assert word not in content, name
                if name.startswith("ppt/slides/"):
                    kinds = re.findall(rb'<a:fld[^>]*type="([^"]*)"', content)
                    assert set(kinds) <= {b"slidenum"}, name
    assert books > 3


def calm_workbook(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        for name in book.namelist():
            part = book.read(name)
            assert b"<f>" not in part
            assert b"hyperlink" not in part
            assert b"External" not in part


@pytest.mark.skipif(SOFFICE is None, reason="needs LibreOffice")
def test_libreoffice_opens_the_deck(told: Told, tmp_path: Path) -> None:
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    asked = ("--headless", "--convert-to", "pdf", "--outdir", tmp_path)
    deck = told.home / "run/deck.pptx"
    subprocess.run([SOFFICE, profile, *asked, deck], check=True, capture_output=True, timeout=300)
    pages = (tmp_path / "deck.pdf").read_bytes()
    assert pages.startswith(b"%PDF")
    assert b"/URI" not in pages


def test_every_picture_is_sound_and_every_text_file_is_text(told: Told) -> None:
    assert any((told.home / "plots").iterdir())
    for path in told.home.rglob("*"):
        if path.suffix in {".svg", ".html", ".md", ".json"} and path.is_file():
            text = path.read_text("utf-8")
            if path.suffix in {".svg", ".html", ".md"}:
                assert not {chr(code) for code in INVISIBLE_CHARACTERS} & set(text), path.name


def test_who_drew_a_list_is_written_down_as_text(told: Told) -> None:
    records = list((told.home / "experiments").rglob("*.json"))
    assert records
    assert any(json.loads(path.read_text())["by"] == WHO for path in records)
