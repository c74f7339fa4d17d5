"""Draw pages as PowerPoint slides; only this module and `charts` use python-pptx."""

import io
import re
from collections.abc import Sequence
from typing import Any

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.opc.constants import RELATIONSHIP_TYPE as KIND
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Inches, Pt

from segpredict.report.deck import charts, style
from segpredict.report.deck import slide as s
from segpredict.report.deck.slide import Box, slide_text, truncate_words
from segpredict.report.deck.style import FONT_NAME, INK_COLOUR, SLIDE_MARGIN, SLIDE_WIDTH

CONTENT_WIDTH = SLIDE_WIDTH - 2 * SLIDE_MARGIN
SLIDE_LAYOUT = "Title Only"
SLIDE_NUMBER_ID = "{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}"
TABLE_STYLE_ID = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # "No Style, No Grid"
GRID_TOP, FOOTER_TOP = 2.35, 6.8  # inches; elements are placed in between
GRID_GUTTER = 0.3
HEADING_HEIGHT = 0.4  # inches of a heading above a chart or table
TITLE_BOX, SUBTITLE_BOX, MAX_ONE_LINE_TITLE = 150, 250, 66  # letters
MAX_PROPERTY_LENGTH = 200  # letters; the format allows 255
THEME_COLOURS = {
    "dk1": INK_COLOUR,
    "dk2": style.HIGH_SEGMENT_COLOUR,
    "lt2": style.CARD_COLOUR,
    "accent1": style.HIGH_SEGMENT_COLOUR,
    "accent2": style.STRONG_COLOUR,
    "accent3": style.FILL_COLOUR,
    "accent4": style.LOW_SEGMENT_COLOUR,
    "accent5": style.INACTIVE_COLOUR,
    "accent6": style.SOFT_COLOUR,
}


def draw_presentation(pages: Sequence[tuple[str, s.SlidePage]], footer: str, subject: str) -> bytes:
    """Return a presentation with one slide a page."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(SLIDE_WIDTH), Inches(style.SLIDE_HEIGHT)
    layout = _prepare_layout(deck)
    for topic, page in pages:
        slide = deck.slides.add_slide(layout)
        _head(slide, topic, page)
        for element in page.elements:
            _place(slide, element)
        _foot(slide, footer)
        notes = "\n".join(slide_text(note) for note in page.notes)
        slide.notes_slide.notes_text_frame.text = notes
    own = deck.core_properties
    own.title = truncate_words(footer, MAX_PROPERTY_LENGTH)
    own.subject = truncate_words(subject, MAX_PROPERTY_LENGTH)
    own.author = "segpredict"
    own.language, own.last_modified_by, own.keywords = "en", "segpredict", ""
    for time in own._element.xpath("dcterms:created | dcterms:modified"):
        own._element.remove(time)  # of the empty presentation
    file = io.BytesIO()
    deck.save(file)
    return file.getvalue()


def _prepare_layout(deck: Any) -> Any:
    """Apply the theme to the empty presentation, and return its one layout."""
    for layout in list(deck.slide_layouts):
        if layout.name != SLIDE_LAYOUT:
            deck.slide_layouts.remove(layout)
    layout, master = deck.slide_layouts[0], deck.slide_master
    theme = master.part.part_related_by(KIND.THEME)
    theme._blob = _themed(theme.blob)
    for shape in [*master.placeholders, *layout.placeholders]:
        if shape.placeholder_format.type in (1, 3):
            _position(shape, SLIDE_MARGIN, 0.62, CONTENT_WIDTH, 1.0)
        else:  # the footer has its own date and number
            shape._element.getparent().remove(shape._element)
    parts = deck.part.package
    for holder, kind in ((parts, KIND.THUMBNAIL), (deck.part, KIND.PRINTER_SETTINGS)):
        rels = holder._rels
        for name in [key for key, rel in rels.items() if rel.reltype == kind]:
            rels.pop(name)
    return layout


def _themed(blob: bytes) -> bytes:
    text = blob.decode("utf-8")
    for name, colour in THEME_COLOURS.items():
        value = f'<a:{name}><a:srgbClr val="{colour}"/></a:{name}>'
        text = re.sub(rf"<a:{name}>.*?</a:{name}>", value, text, flags=re.DOTALL)
    text = re.sub(r'<a:latin typeface="[^"+]+"', f'<a:latin typeface="{FONT_NAME}"', text)
    return text.encode("utf-8")


def _head(slide: Any, topic: str, page: s.SlidePage) -> None:
    title = slide.shapes.title
    frame = title.text_frame
    frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.TOP
    _flush(frame)
    text = truncate_words(page.title, TITLE_BOX).rstrip(".")
    frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    _write(frame.paragraphs[0], text, 26 if len(text) <= 110 else 22, bold=True)
    box = _box(slide, Box(SLIDE_MARGIN, 0.34, CONTENT_WIDTH, 0.3), "Topic")
    _write(box.paragraphs[0], topic, 12, style.STRONG_COLOUR, bold=True)
    if page.subtitle:
        top = 1.18 if len(text) <= MAX_ONE_LINE_TITLE else 1.6
        box = _box(slide, Box(SLIDE_MARGIN, top, CONTENT_WIDTH, 0.62), "Lead")
        text = truncate_words(page.subtitle, SUBTITLE_BOX)
        _write(box.paragraphs[0], text, 14, style.SOFT_COLOUR)


def _foot(slide: Any, footer: str) -> None:
    ends = (SLIDE_MARGIN, 6.98, SLIDE_WIDTH - SLIDE_MARGIN, 6.98)
    line = slide.shapes.add_connector(1, *(Inches(v) for v in ends))
    _unstyled(line)
    line.name, line.line.width = "Rule", Pt(0.75)
    line.line.color.rgb = RGBColor.from_string(style.RULE_COLOUR)
    box = _box(slide, Box(SLIDE_MARGIN, 7.02, CONTENT_WIDTH - 1, 0.3), "Footer")
    _write(box.paragraphs[0], truncate_words(footer, 130), 10, style.SOFT_COLOUR)
    box = _box(slide, Box(SLIDE_WIDTH - SLIDE_MARGIN - 1, 7.02, 1, 0.3), "Number")
    paragraph = box.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT
    number = (
        f'<a:fld {nsdecls("a")} id="{SLIDE_NUMBER_ID}" type="slidenum">'
        f'<a:rPr lang="en-GB" sz="1000">{_filled(style.SOFT_COLOUR)}</a:rPr><a:t>‹#›</a:t></a:fld>'
    )
    paragraph._p.append(parse_xml(number))


def _place(slide: Any, placed: s.PlacedElement) -> None:
    column = (CONTENT_WIDTH + GRID_GUTTER) / 12
    row = (FOOTER_TOP - GRID_TOP) / 12
    left, top = SLIDE_MARGIN + placed.left * column, GRID_TOP + placed.top * row
    width, height = placed.width * column - GRID_GUTTER, placed.height * row
    element = placed.element
    if isinstance(element, s.FigureTiles):
        _tiles(slide, element, Box(left, top, width, height))
        return
    heading = _box(slide, Box(left, top, width, HEADING_HEIGHT), "Heading")
    _write(heading.paragraphs[0], truncate_words(element.heading, int(width * 11)), 13, bold=True)
    box = Box(left, top + HEADING_HEIGHT, width, height - HEADING_HEIGHT)
    if isinstance(element, s.SlideChart):
        frame = charts.draw_chart(slide.shapes, element, box)
        _describe(frame, element.heading, charts.chart_alt_text(element))
    elif isinstance(element, s.SlideTable):
        _table(slide, element, box)
    else:
        _points(slide, element, box)


def _points(slide: Any, element: s.BulletList, box: Box) -> None:
    frame = _box(slide, box, "Text")
    for place, sentence in enumerate(element.sentences):
        paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
        paragraph.space_after = Pt(element.size * 0.55)
        _write(paragraph, sentence, element.size)


def _tiles(slide: Any, element: s.FigureTiles, box: Box) -> None:
    each = box.height / len(element.figures)
    for place, (value, words) in enumerate(element.figures):
        spot = Box(box.left, box.top + place * each, box.width, each - 0.14)
        card = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *_sides(spot))
        card.name = "Figure"
        _unstyled(card)
        card.fill.solid()
        card.fill.fore_color.rgb = RGBColor.from_string(style.CARD_COLOUR)
        card.line.fill.background()
        frame = card.text_frame
        frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.MIDDLE
        frame.paragraphs[0].alignment = PP_ALIGN.LEFT
        text = truncate_words(value, 28)
        _write(frame.paragraphs[0], text, 24, style.HIGH_SEGMENT_COLOUR, bold=True)
        below = frame.add_paragraph()
        below.alignment = PP_ALIGN.LEFT
        _write(below, words, 12, style.SOFT_COLOUR)


def _table(slide: Any, element: s.SlideTable, box: Box) -> None:
    rows = len(element.rows) + 1
    size = 12 if rows <= 9 else 11
    line = min(0.42, box.height / rows)
    area = Box(box.left, box.top, box.width, line * rows)
    frame = slide.shapes.add_table(rows, len(element.columns), *_sides(area))
    _describe(frame, element.heading, f"Table. {slide_text(element.heading)}.")
    table = frame.table
    table._tbl.tblPr.find(qn("a:tableStyleId")).text = TABLE_STYLE_ID
    table.horz_banding = False
    for column, part in zip(table.columns, element.columns.values(), strict=True):
        column.width = Inches(box.width * part / sum(element.columns.values()))
    for row in table.rows:
        row.height = Inches(line)
    for place, name in enumerate(element.columns):
        head = _paragraph(table.cell(0, place), is_text=place in element.words)
        _write(head, name, size, style.SOFT_COLOUR, bold=True)
    for number, cells in enumerate(element.rows):
        for place, cell in enumerate(cells):
            shown = cell if isinstance(cell, s.SlideCell) else s.SlideCell(cell)
            text = _paragraph(table.cell(number + 1, place), is_text=place in element.words)
            if shown.badge is not None:
                _write(text, "■ ", size, style.segment_colour(shown.badge))
            _write(text, shown.text, size, bold=number in element.strong)


def _paragraph(drawn: Any, *, is_text: bool) -> Any:
    """Set up a cell of a table, and return its paragraph."""
    drawn.margin_left, drawn.margin_right = Inches(0.03), Inches(0.08)
    drawn.margin_top = drawn.margin_bottom = Inches(0.03)
    drawn.vertical_anchor = MSO_ANCHOR.MIDDLE
    drawn.fill.background()
    paragraph = drawn.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.LEFT if is_text else PP_ALIGN.RIGHT
    colour = _filled(style.RULE_COLOUR)
    border = parse_xml(f'<a:lnB {nsdecls("a")} w="{Pt(0.75)}">{colour}</a:lnB>')
    drawn._tc.get_or_add_tcPr().insert(0, border)  # borders stand before the fill
    return paragraph


def _filled(colour: str) -> str:
    return f'<a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'


def _box(slide: Any, box: Box, name: str) -> Any:
    shape = slide.shapes.add_textbox(*_sides(box))
    shape.name = name
    shape.text_frame.word_wrap = True
    _flush(shape.text_frame)
    return shape.text_frame


def _sides(box: Box) -> list[int]:
    """Return left, top, width and height in the units of PowerPoint."""
    return [Inches(v) for v in (box.left, box.top, box.width, box.height)]


def _unstyled(shape: Any) -> None:
    """Remove the shadows and outlines of the theme."""
    shape._element.remove(shape._element.find(qn("p:style")))


def _flush(frame: Any) -> None:
    """Remove the margins of a text box, so that edges are aligned."""
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0


def _write(
    paragraph: Any, text: str, size: int, colour: str = INK_COLOUR, *, bold: bool = False
) -> None:
    run = paragraph.add_run()
    run.text = slide_text(text)
    run.font.name, run.font.size, run.font.bold = FONT_NAME, Pt(size), bold
    run.font.color.rgb = RGBColor.from_string(colour)
    run._r.get_or_add_rPr().set("lang", "en-GB")


def _position(shape: Any, left: float, top: float, width: float, height: float) -> None:
    shape.left, shape.top = Inches(left), Inches(top)
    shape.width, shape.height = Inches(width), Inches(height)
    frame = shape.text_frame
    frame.vertical_anchor, frame.word_wrap = MSO_ANCHOR.TOP, True
    for paragraph in frame.paragraphs:
        paragraph.alignment = PP_ALIGN.LEFT


def _describe(frame: Any, name: str, words: str) -> None:
    """Give a chart or table a name and an alternative text."""
    own = frame._element.nvGraphicFramePr.cNvPr
    own.set("name", truncate_words(name, 60))
    own.set("descr", truncate_words(words, 900))
