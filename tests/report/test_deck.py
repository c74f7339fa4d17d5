"""The deck: native charts of the numbers of the page, notes, and text that is text."""

import io
import re
import zipfile
from dataclasses import replace

import polars as pl
import pytest
from bundles import CARD, PERSON, SEGMENTS, bundle
from test_page import BARE, HOSTILE, hostile_bundle

from segpredict.errors import ExtraMissingError
from segpredict.report import section_contexts
from segpredict.report.context.headline import headline_section
from segpredict.report.deck import deck as machinery
from segpredict.report.deck import render_deck, slide_pages
from segpredict.report.deck.slide import DeckSource, FigureTiles, Slide, SlideChart, SlidePage
from segpredict.report.deck.slides import SLIDES
from segpredict.report.deck.slides.question import question_slide
from segpredict.report.deck.style import segment_colour
from segpredict.report.html.badges import SegmentBadge

pptx = pytest.importorskip("pptx")

TOPICS = [
    "The question",
    "The segments",
    "How they were selected",
    "Transitions between segments",
    "Forecast quality",
    "Drivers of the forecast",
    "Revenue at risk",
    "The test",
    "Limits",
    "Next steps",
    "The data, and what cleaning excluded",
]
FORMULA = '=HYPERLINK("http://evil.example","x")'


@pytest.fixture(scope="module")
def file() -> bytes:
    return render_deck(bundle())


@pytest.fixture(scope="module")
def deck(file):
    return pptx.Presentation(io.BytesIO(file))


@pytest.fixture(scope="module")
def told():
    return section_contexts(bundle())["sections"]


def charts(deck, place):
    return [s.chart for s in deck.slides[place].shapes if s.has_chart]


def data(chart):
    plot = chart.plots[0]
    return list(plot.categories), {s.name: list(s.values) for s in plot.series}


def topics(given):
    return [topic for topic, _ in slide_pages(given)]


def test_a_whole_run_is_told_in_order(deck):
    shown = [slide.shapes[1].text_frame.text for slide in deck.slides]
    assert shown == TOPICS == topics(bundle())


def test_titles_are_sentences_of_what_was_found(deck):
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert "80.0 % of the 1,000 rows are used. Most of the rest: no customer" in [
        t.replace("\u202f", " ") for t in titles
    ]
    assert "Core is 7.1 % of customers and 60.3 % of revenue" in [
        t.replace("\u202f", " ") for t in titles
    ]
    assert any(t.startswith("Better than simple forecasts: the right") for t in titles)
    assert len(set(titles)) == len(titles)
    assert not [t for t in titles if len(t) < 25 or t.endswith(".")]


def test_every_slide_has_notes_that_say_how_its_numbers_were_made(deck):
    notes = [slide.notes_slide.notes_text_frame.text for slide in deck.slides]
    assert min(len(note) for note in notes) > 100
    assert "ledger.json" in notes[-1]
    assert "95 % confidence intervals" in notes[4]


def test_the_mix_is_that_of_the_page(deck, told):
    moves = told["headline"]["segments"]
    assert data(charts(deck, 0)[0]) == (
        ["Today", "Expected"],
        {m["badge"]["name"]: [m["share_now"], m["share_expected"]] for m in moves},
    )


def test_the_expected_mix_has_the_intervals_of_the_page(deck, told):
    (table,) = (s.table for s in deck.slides[0].shapes if s.has_table)
    heads, *rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert heads == ["Segment", "Today", "Expected", "80 % interval", "Change"]
    assert [row[3] for row in rows] == [
        *("41 to 52\u202f%", "20 to 31\u202f%"),
        *("16 to 20\u202f%", "8 to 11\u202f%"),
    ]
    assert [row[2].rstrip("\u202f%") for row in rows] == [
        f"{100 * move['share_expected']:.1f}" for move in told["headline"]["segments"]
    ]
    assert "Student's t" in deck.slides[0].notes_slide.notes_text_frame.text


def test_a_mix_without_tests_has_no_intervals_and_the_chart_the_room():
    head = headline_section(bundle())
    moves = tuple(replace(move, low=None, high=None) for move in head.segments)
    page = question_slide(DeckSource(bundle(), (replace(head, segments=moves),)))
    assert [type(thing.element) for thing in page.elements] == [SlideChart, FigureTiles]
    assert page.elements[0].height == 12


def test_of_many_segments_the_largest_have_a_row_in_the_order_of_the_page():
    head = headline_section(bundle())
    moves = tuple(
        replace(move, badge=SegmentBadge(f"S{i}", f"n{i}", 1), customers_expected=float(i % 5))
        for i, move in enumerate(head.segments * 3)
    )
    page = question_slide(DeckSource(bundle(), (replace(head, segments=moves),)))
    table = page.elements[1].element
    shown = [row[0].text for row in table.rows]
    assert shown == ["n1", "n2", "n3", "n4", "n7", "n8", "n9"]
    assert table.heading.endswith("from 2 backtests; the largest 7 of 12")


def test_losses_and_shares_are_those_of_the_page(deck, told):
    lost = {line["meaning"]: line["count"]["rows"] for line in told["ledger"]["left_out"]}
    names, series = data(charts(deck, -1)[0])
    assert names == ["No customer", "The price is no number"]
    assert series["Excluded rows"] == [lost[f"{name}."] for name in names]
    cards = told["segments"]["rows"]
    assert data(charts(deck, 1)[0])[1] == {
        card["badge"]["name"]: [card["share"], card["revenue_share"]] for card in cards
    }


def test_moves_are_those_of_the_page(deck, told):
    rows = [row for row in told["transitions"]["rows"] if row["n"]]
    names, series = data(charts(deck, 3)[0])
    assert names == [f"From {row['badge']['name']}" for row in rows]
    for place, segment in enumerate(SEGMENTS):
        assert series[segment.name] == [row["cells"][place]["share"] for row in rows]


def test_differences_and_their_intervals_are_those_of_the_page(deck, told):
    duel = [row["difference"] for row in told["evaluation"]["leaderboard"] if row["difference"]]
    chart = charts(deck, 4)[0]
    assert data(chart)[1]["Model minus baseline"] == [row["value"] for row in duel]
    ends = {
        name: [float(v.text) for v in chart._chartSpace.findall(f".//{{*}}{name}//{{*}}v")]
        for name in ("plus", "minus")
    }
    assert ends["plus"] == pytest.approx([row["high"] - row["value"] for row in duel])
    assert ends["minus"] == pytest.approx([row["value"] - row["low"] for row in duel])


def test_reasons_and_money_are_those_of_the_page(deck, told):
    heads = told["drivers"]["headlines"]
    assert data(charts(deck, 5)[0]) == (
        [head["name"] for head in heads],
        {"Share": [head["share"] for head in heads]},
    )
    held = told["customer_value"]["segments"][::-1]
    assert data(charts(deck, 6)[0])[1] == {
        "Revenue at risk": [each["value_at_risk"] for each in held],
        "Upside": [each["upside"] for each in held],
    }


def test_the_data_that_can_be_edited_are_those_that_are_drawn(deck):
    drawn = [chart for i in range(len(deck.slides)) for chart in charts(deck, i)]
    assert len(drawn) == 9
    for chart in drawn:
        book = io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)
        table = pl.read_excel(book, has_header=False).rows()
        names, series = data(chart)
        assert [row[0] for row in table[1:]] == names
        assert list(table[0][1:]) == list(series)
        for place, values in enumerate(series.values(), start=1):
            kept = [float(row[place]) for row in table[1:]]
            assert kept == pytest.approx(values)


def test_there_is_no_picture_and_nothing_leads_outside(file):
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        names = parts.namelist()
        links = [parts.read(name) for name in names if name.endswith(".rels")]
    assert not [n for n in names if n.endswith((".png", ".jpeg", ".svg", ".bin"))]
    assert not [link for link in links if b"External" in link]


def test_slides_are_wide_and_what_is_drawn_is_told_in_words(deck):
    assert deck.slide_width * 9 == pytest.approx(deck.slide_height * 16, rel=1e-4)
    frames = [s for slide in deck.slides for s in slide.shapes if s.has_chart or s.has_table]
    words = [f._element.nvGraphicFramePr.cNvPr.get("descr") for f in frames]
    assert len(words) == 9 + 9
    assert min(len(each) for each in words) > 15
    assert "Core: Today " in words[0]


def test_nobody_is_named(file):
    named = {PERSON["customer_id"], CARD["examples"][0]["customer_id"]}
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        texts = [parts.read(n).decode() for n in parts.namelist() if "/slides/" in n]
    words = {word for text in texts for word in re.findall(r">([^<]+)<", text)}
    assert len(words) > 100
    assert not {n for n in named for word in words if n in word.split()}


def test_nothing_stands_outside_its_slide(deck):
    for slide in deck.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= deck.slide_width
            assert shape.top + shape.height <= deck.slide_height


def test_the_same_run_gives_the_same_bytes_whenever_it_is_drawn(file):
    assert render_deck(bundle(created="another day")) == file
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        assert b"dcterms:" not in parts.read("docProps/core.xml").split(b">", 2)[2]
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        books = [n for n in parts.namelist() if n.endswith(".xlsx")]
        for name in books:
            with zipfile.ZipFile(io.BytesIO(parts.read(name))) as book:
                assert b"2000-01-01T00:00:00Z" in book.read("docProps/core.xml")


@pytest.mark.parametrize("payload", [" ".join(HOSTILE), FORMULA])
def test_hostile_names_are_only_text(payload):
    given = hostile_bundle(payload)
    named = tuple(replace(s, name=f"{payload[:40]}{s.code}") for s in SEGMENTS)
    file = render_deck(replace(given, segments=named, evaluation=bundle().evaluation))
    shown = re.sub("[\x07\x1b\u202e]", "\ufffd", payload)
    texts = []
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        for name in parts.namelist():
            content = parts.read(name)
            assert b"External" not in content or not name.endswith(".rels")
            assert b"hlinkClick" not in content
            if name.endswith(".xlsx"):
                with zipfile.ZipFile(io.BytesIO(content)) as book:
                    sheet = book.read("xl/worksheets/sheet1.xml")
                    assert b"<f>" not in sheet
                    assert b"hyperlink" not in sheet
    for slide in pptx.Presentation(io.BytesIO(file)).slides:
        texts += [s.text_frame.text for s in slide.shapes if s.has_text_frame]
        texts.append(slide.notes_slide.notes_text_frame.text)
        texts += [
            c
            for chart in (s.chart for s in slide.shapes if s.has_chart)
            for c in chart.plots[0].categories
        ]
    assert sum(shown[:10] in text for text in texts) > 5


@pytest.mark.parametrize("part", BARE)
def test_a_missing_part_leaves_a_deck(part):
    found = slide_pages(bundle(**{part: BARE[part]}))
    assert len(found) >= 8
    assert all(page.title and page.notes for _, page in found)


def test_a_run_of_segments_alone_leaves_out_what_was_not_done_and_says_so():
    alone = {
        "profile": bundle().profile,
        "group_importance": None,
        "customer_value": {},
        "segment_profiles": (),
    }
    alone |= {"scorecard": None, "curves": None, "leakage_demo": (), "transitions": {}}
    alone |= {"campaigns": {}}
    bare = bundle(**BARE | alone)
    found = dict(slide_pages(bare))
    assert list(found) == [
        "The question",
        "The segments",
        "Limits",
        "Next steps",
        "The data, and what cleaning excluded",
    ]
    assert found["Limits"].title == "No forecast was tested on later days"
    missing = found["Next steps"].elements[1].element.sentences
    assert "Drivers: segpredict explain." in missing
    assert "A test on later days: segpredict train-classifier." in missing
    assert render_deck(bare)


def test_an_empty_shop_leaves_a_deck_that_opens():
    empty = bundle(segments=(), profile=None, current_mix={}, expected_mix={})
    assert pptx.Presentation(io.BytesIO(render_deck(empty)))


def test_without_the_package_the_install_line_is_told(monkeypatch):
    monkeypatch.setattr(machinery, "LIBRARY", "no_such_package")
    with pytest.raises(ExtraMissingError, match="python-pptx") as caught:
        render_deck(bundle())
    assert "segpredict[deck]" in caught.value.fix


def test_a_slide_stands_where_the_tuple_says():
    rain = Slide("The weather", lambda _: SlidePage(title="Rain", notes=("Looked.",)))
    grown = (SLIDES[0], rain, *SLIDES[1:])
    assert [topic for topic, _ in slide_pages(bundle(), grown)][1] == "The weather"


def test_the_ladder_darkens_step_by_step():
    steps = [int(segment_colour(SegmentBadge("S", "", tint)), 16) for tint in (0, 25, 50, 75, 100)]
    assert steps == sorted(steps, reverse=True)
    assert f"{steps[0]:06X}" == "B9D4EA"
