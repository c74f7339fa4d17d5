"""The page is whole, offline, readable, and every string in it is only text."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import lxml.html
import polars as pl
import pytest
from bundles import SEGMENTS, bundle, comparison, evaluation, ledger, plain_page, profile
from campaigns_bundle import campaign_plans

from segpredict import report
from segpredict.core.ledger import Ledger, LedgerCount, LedgerEntry
from segpredict.core.panel import Feature
from segpredict.core.segment import Segment
from segpredict.core.transactions import Detected, InputFile
from segpredict.report import CHECK_SECTIONS, SECTIONS, ReportSection, render_html, section_contexts

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' x='",
    "</style></title><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% include 'page.html' %}",
    "&lt;script&gt;\u2028\u202e`${1}`\x1b]0;x\x07",
    "--></template><iframe src=http://evil.example>",
)
FORBIDDEN = {"iframe", "object", "embed", "link", "base", "form", "template"}
VOID = {"meta", "img", "rect", "line", "circle", "br"}
FOLDER = Path(report.__file__).parent / "templates"
SCRIPT = re.sub(  # one script, written in three files
    r'\{% include "(.+)" %\}\n',
    lambda found: (FOLDER / found[1]).read_text().rstrip(),
    (FOLDER / "page.js").read_text().rstrip(),
)
ADDRESSES = ("href", "src", "action", "data", "xlink:href", "srcset", "poster")


class Reader(HTMLParser):
    """Collects tags, attributes and text, and whether every tag was closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.scripts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            self.scripts.append(data)
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


@cache
def plain() -> Reader:
    return Reader(plain_page())


def shown_text(**change) -> str:
    """Return the text of the page of a bundle, its narrow blanks as plain ones."""
    page = Reader(render_html(bundle(**change))) if change else plain()
    return page.text.replace("\u202f", " ").replace("\xa0", " ")


def assert_harmless(page: Reader) -> None:
    assert not FORBIDDEN & set(page.tags)
    numbers, own = page.scripts
    assert not set(numbers) & set("<>&")
    assert json.loads(numbers)
    assert own == SCRIPT
    assert not [a for a in page.attributes if a[1].startswith("on")]
    for _, name, value in page.attributes:
        if name in ADDRESSES:
            assert value.startswith(("#", "data:image/")), value
        if name == "style":
            assert re.fullmatch(r"--[tv]:\d{1,3}|(left|top):[\d.]+%", value), value


def hostile_bundle(payload: str):
    named = tuple(replace(s, name=f"{payload}{s.code}") for s in SEGMENTS)
    feature = Feature(payload, payload, payload, family=payload)
    entry = LedgerEntry("in", payload, payload, LedgerCount())
    importance = bundle().importance.with_columns(feature=pl.lit(payload), family=pl.lit(payload))
    return bundle(
        title=payload,
        created=payload,
        segments=named,
        currency=payload,
        files=(InputFile(payload, 1, payload, Detected(others={payload: payload})),),
        ledger=Ledger((entry,)),
        profile=profile().with_columns(pl.lit(payload).alias(payload)),
        candidates=pl.DataFrame({"k": [2], payload: [payload], "failed_gates": [[payload]]}),
        comparison=comparison().with_columns(
            algorithm=pl.lit(payload),
            inputs=pl.lit(payload),
            failed_gates=pl.lit(payload),
        ),
        segment_notes={payload: payload},
        observed_transitions=pl.DataFrame(
            {"from_id": [payload], "to_id": ["S0"], "n": [3], "from_name": [payload]}
        ),
        transitions_note=payload,
        evaluation=evaluation(model=payload, selected=payload, reason=payload, warnings=[payload]),
        importance=importance,
        campaigns=campaign_plans(title=payload, action=payload, caution=payload),
        experiments=({"campaign": "hold_best", "created": payload, "readout": payload},),
        glossary=(feature,),
        manifest={payload: {payload: [payload]}},
        warnings=(payload,),
    )


@pytest.mark.parametrize("payload", [" ".join(HOSTILE), " ".join(HOSTILE[::-1])])
def test_hostile_strings_everywhere_are_shown_as_text_and_nothing_else(payload):
    page = Reader(render_html(hostile_bundle(payload)))
    assert_harmless(page)
    assert not page.crossed
    seen = re.sub("[\x07\x1b\u202e]", "\ufffd", payload)
    assert page.text.count(" ".join(seen.split())) > 10


def test_a_hostile_verdict_and_mix_change_no_markup():
    bad = evaluation()
    bad["pooled"]["scores"] = {HOSTILE[1]: {"log_loss": HOSTILE[0], "accuracy": None}}
    bad["pooled"]["differences"] = {HOSTILE[1]: {"log_loss": {"value": HOSTILE[0]}}}
    assert_harmless(Reader(render_html(bundle(evaluation=bad, current_mix={"S0": HOSTILE[0]}))))


def test_the_page_forbids_every_request_and_every_script_but_its_own():
    rules = [
        value
        for tag, name, value in plain().attributes
        if tag == "meta" and name == "content" and "default-src" in value
    ]
    assert len(rules) == 1
    own = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert [rule.strip() for rule in rules[0].split(";")] == [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        f"script-src 'sha256-{own}'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_the_script_writes_no_markup_and_calls_nobody():
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
        assert word not in SCRIPT
    for word in ("eval(", "Function(", "fetch(", "XMLHttpRequest", "import(", "http"):
        assert word not in SCRIPT


def test_the_page_names_no_address_outside_itself():
    for word in ("http:", "https:", "@import", "url("):
        assert word not in plain_page()
    assert_harmless(plain())


def test_every_tag_is_closed_in_order():
    assert plain().crossed == []
    assert plain().open == []


def test_every_section_is_placed_in_order_and_linked():
    page = plain()
    ids = [v for tag, name, v in page.attributes if (tag, name) == ("section", "id")]
    links = [v for tag, name, v in page.attributes if (tag, name) == ("a", "href")]
    links.remove("#content")
    expected = [
        *("summary", "campaigns", "segments", "migration", "customer_value", "drivers"),
        *("performance", "kpis", "cohorts", "exploration"),
        *("data_quality", "model_card", "appendix"),
    ]
    assert ids == expected
    # Each twice: in the navigation, and beside its heading to be copied.
    assert links[: len(expected)] == [f"#{name}" for name in expected]
    rest = [link for link in links[len(expected) :] if link.startswith("#")]
    # Page one leads to what it sums up.
    summed = ("customer_value", "performance", "data_quality", "campaigns")
    assert [*dict.fromkeys(rest)] == [
        *(f"#{name}" for name in ("summary", *summed)),
        *(f"#{name}" for name in expected if name not in ("summary", *summed)),
    ]


def test_every_drawing_says_in_words_what_it_shows_or_is_hidden():
    assert "<img" not in plain_page()
    drawings = re.findall(r"<svg[^>]*>", plain_page())
    named = [each for each in drawings if "aria-label" in each or "aria-hidden" in each]
    inner = [each for each in drawings if each.startswith('<svg x="1%"')]
    assert len(drawings) == len(named) + len(inner)


def test_contexts_are_plain_json_without_nan():
    odd = bundle(current_mix={"S0": float("nan"), "S1": 3}, expected_mix={"S1": float("inf")})
    text = json.dumps(section_contexts(odd), allow_nan=False)
    assert json.loads(text) == section_contexts(odd)


def test_two_renderings_are_equal():
    assert render_html(bundle()) == plain_page()


def test_no_page_says_nan_or_none():
    text = Reader(render_html(bundle(current_mix={"S0": float("nan")}))).text
    assert "nan" not in text.lower().replace("finan", "").replace("maintenan", "")
    assert "None" not in text


BARE = {
    "profile": None,
    "kpis": {},
    "exploration": {},
    "candidates": None,
    "comparison": None,
    "segment_notes": {},
    "current_mix": {},
    "expected_mix": {},
    "observed_transitions": None,
    "transitions": {},
    "evaluation": None,
    "importance": None,
    "contribution_points": None,
    "glossary": (),
    "manifest": {},
    "warnings": (),
    "files": (),
}


@pytest.mark.parametrize("part", BARE)
def test_a_missing_part_leaves_a_page(part):
    assert "</html>" in render_html(bundle(**{part: BARE[part]}))


def test_a_page_with_nothing_optional_says_what_is_missing():
    page = Reader(render_html(bundle(**BARE)))
    assert_harmless(page)
    text = page.text
    assert "No model was tested" in text
    assert "No transitions were counted" in text
    assert "Nothing was explained" in text


def test_an_empty_ledger_no_segments_and_no_rows_are_shown():
    empty = bundle(
        segments=(),
        ledger=Ledger(()),
        observed_transitions=bundle().observed_transitions.clear(),
        profile=profile().clear(),
        importance=bundle().importance.clear(),
    )
    assert_harmless(Reader(render_html(empty)))


def test_fifty_segments_and_many_files_make_a_page_below_five_megabytes():
    many = tuple(Segment(i, f"S{i}", f"Segment {i}") for i in range(51))
    files = tuple(InputFile(f"{i}.csv", 1) for i in range(500))
    page = render_html(bundle(segments=many, files=files, ledger=ledger()))
    assert len(page.encode()) < 5_000_000


def test_a_section_stands_where_the_tuple_says():
    @dataclass(frozen=True)
    class Weather:
        sky: str
        degrees: float

    def weather_section(_: object) -> Weather:
        return Weather("<b>blue</b>", 21.5)

    weather = ReportSection("weather", "The weather", weather_section)
    grown = (SECTIONS[0], weather, *SECTIONS[1:])
    page = render_html(bundle(), grown)
    assert page.index("Summary</h2>") < page.index("The weather</h2>")
    assert page.index("The weather</h2>") < page.index("Segments</h2>")
    assert "&lt;b&gt;blue&lt;/b&gt;" in page
    assert section_contexts(bundle(), grown)["sections"]["weather"]["degrees"] == 21.5


@pytest.mark.parametrize("parts", [SECTIONS, CHECK_SECTIONS])
def test_every_section_has_a_name_and_a_title_of_its_own(parts):
    assert len({part.name for part in parts}) == len(parts)
    assert len({part.title for part in parts}) == len(parts)
    names = [name for part in parts for name in part.parts]
    assert len(set(names)) == len(names)


def test_a_section_with_nothing_to_say_is_left_out():
    silent = ReportSection("silent", "Silent", lambda _: None)
    assert "Silent" not in render_html(bundle(), (silent,))


def test_one_of_anything_is_told_in_the_singular():
    window = evaluation()["windows"][:1]
    one = bundle(
        evaluation=evaluation(windows=window), current_mix={"S1": 1}, expected_mix={"S1": 1.0}
    )
    nouns = (
        "customers|windows|tests|forecasts|backtests|origins|orders|days|baselines|transitions|"
        "groups|candidates|units|rounds|cutoffs"
    )
    plural = rf"(?<![\d.,])\b1 (?:test |inner |later )?(?:{nouns})\b"
    for given in (one, hostile_bundle("x"), bundle()):
        told = " ".join(content(given, "//main")).replace("\xa0", " ")
        assert re.findall(plural, told) == []
    assert "1 window" in " ".join(content(one, "//section[@id='summary']"))


def content(given: report.ReportInput, path: str) -> list[str]:
    return lxml.html.fromstring(render_html(given)).xpath(f"{path}//text()")
