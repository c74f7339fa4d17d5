"""Draw native charts, with their data in an embedded workbook without formulas."""

import datetime
import io
from typing import Any

from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum import chart as kinds
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Inches, Pt
from xlsxwriter import Workbook

from segpredict.report.deck import style
from segpredict.report.deck.slide import Box, ChartSeries, SlideChart, slide_text, truncate_words

CHART_TYPES = {
    "bars": kinds.XL_CHART_TYPE.BAR_CLUSTERED,
    "columns": kinds.XL_CHART_TYPE.COLUMN_CLUSTERED,
    "parts": kinds.XL_CHART_TYPE.BAR_STACKED_100,
}
LABEL_SIZE, MAX_SERIES_NAME = 80, 26  # letters of a category and of a series
MIN_LABEL_SHARE = 0.045  # smaller parts have no room for their number
# Texts of the data are never read as formulas or addresses.
WORKBOOK_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
FIXED_DATE = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook knows no zone


def draw_chart(shapes: Any, chart: SlideChart, box: Box) -> Any:
    """Add a chart to the shapes of a slide and return its frame."""
    data = CategoryChartData(number_format=chart.number_format)
    data.categories = [truncate_words(name, LABEL_SIZE) for name in chart.categories]
    for series in chart.series:
        data.add_series(truncate_words(series.name, MAX_SERIES_NAME), series.values)
    sides = (Inches(v) for v in (box.left, box.top, box.width, box.height))
    frame = shapes.add_chart(CHART_TYPES[chart.chart_type], *sides, data)
    drawn = frame.chart
    drawn.part.chart_workbook.update_from_xlsx_blob(_workbook(chart))
    drawn.has_title = False
    drawn.font.name, drawn.font.size = style.FONT_NAME, Pt(12)
    drawn.font.color.rgb = RGBColor.from_string(style.INK_COLOUR)
    _legend(drawn, chart)
    _axes(drawn, chart)
    _spacing(drawn, chart)
    for shown, series in zip(drawn.plots[0].series, chart.series, strict=True):
        _paint(shown, series)
        _label(shown, series, chart)
        if series.low:
            _whiskers(shown, series)
    return frame


def chart_alt_text(chart: SlideChart) -> str:
    """Return the alternative text of a chart."""
    parts = []
    for series in chart.series:
        pairs = zip(chart.categories, series.values, strict=True)
        shown = (f"{name} {_value_text(value, chart.number_format)}" for name, value in pairs)
        parts.append(f"{series.name}: {', '.join(shown)}")
    return slide_text(f"Chart. {chart.heading}. {'. '.join(parts)}.")


def _value_text(value: float | None, number: str) -> str:
    if value is None:
        return "unknown"
    if number.endswith("%"):
        return f"{value:.1%}"
    return f"{value:,.0f}" if number.startswith("#,##0") else f"{value:.3f}"


def _workbook(chart: SlideChart) -> bytes:
    """Return the data in the layout of python-pptx, so that charts can be edited."""
    file = io.BytesIO()
    with Workbook(file, WORKBOOK_OPTIONS) as book:
        book.set_properties({"created": FIXED_DATE})
        sheet = book.add_worksheet()
        form = book.add_format({"num_format": chart.number_format})
        for row, name in enumerate(chart.categories, start=1):
            sheet.write_string(row, 0, truncate_words(name, LABEL_SIZE))
        for column, series in enumerate(chart.series, start=1):
            sheet.write_string(0, column, truncate_words(series.name, MAX_SERIES_NAME))
            for row, value in enumerate(series.values, start=1):
                if value is not None:
                    sheet.write_number(row, column, value, form)
    return file.getvalue()


def _legend(drawn: Any, chart: SlideChart) -> None:
    drawn.has_legend = len(chart.series) > 1
    if drawn.has_legend:
        drawn.legend.position = kinds.XL_LEGEND_POSITION.BOTTOM
        drawn.legend.include_in_layout = False
        drawn.legend.font.size = Pt(12)


def _axes(drawn: Any, chart: SlideChart) -> None:
    names, values = drawn.category_axis, drawn.value_axis
    names.format.line.color.rgb = RGBColor.from_string(style.RULE_COLOUR)
    names.major_tick_mark = kinds.XL_TICK_MARK.NONE
    names.tick_label_position = kinds.XL_TICK_LABEL_POSITION.LOW
    names.tick_labels.font.size = Pt(12)
    names.has_major_gridlines = values.has_major_gridlines = False
    names.reverse_order = chart.chart_type != "columns"  # the first category is on top
    values.visible = any(series.low for series in chart.series)
    if values.visible:
        _scale(values, chart)
    elif chart.chart_type == "parts":
        values.minimum_scale, values.maximum_scale = 0, 1
    else:
        _room(values, chart)


def _scale(values: Any, chart: SlideChart) -> None:
    """Draw the value axis, where intervals leave no room for numbers."""
    values.has_major_gridlines = True
    for line in (values.major_gridlines.format.line, values.format.line):
        line.color.rgb = RGBColor.from_string(style.RULE_COLOUR)
    values.major_tick_mark = kinds.XL_TICK_MARK.NONE
    labels = values.tick_labels
    labels.font.size, labels.font.color.rgb = Pt(11), RGBColor.from_string(style.SOFT_COLOUR)
    labels.number_format, labels.number_format_is_linked = chart.number_format, False


def _room(values: Any, chart: SlideChart) -> None:
    """Leave room for the numbers at the ends of the bars."""
    known = [v for series in chart.series for v in series.values if v is not None]
    low, high = min(0.0, *known, 0.0), max(0.0, *known, 0.0)
    room = 0.18 * ((high - low) or 1.0)
    values.minimum_scale = low - room if low < 0 else 0
    values.maximum_scale = high + room


def _spacing(drawn: Any, chart: SlideChart) -> None:
    plot = drawn.plots[0]
    plot.vary_by_categories = False
    plot.gap_width = 45 if chart.chart_type == "parts" else 60
    if chart.chart_type != "parts":
        plot.overlap = 0


def _paint(shown: Any, series: ChartSeries) -> None:
    if series.colours:  # none where a chart has no marks
        _fill(shown, series.colours[0])
    shown.invert_if_negative = False
    if len(series.colours) > 1:
        for place, colour in enumerate(series.colours):
            _fill(shown.points[place], colour)


def _fill(mark: Any, colour: str) -> None:
    mark.format.fill.solid()
    mark.format.fill.fore_color.rgb = RGBColor.from_string(colour)


def _label(shown: Any, series: ChartSeries, chart: SlideChart) -> None:
    """Write each value at its mark, where there is room for it."""
    labels = shown.data_labels
    labels.show_value = not series.low  # intervals would cross the numbers
    labels.number_format, labels.number_format_is_linked = chart.number_format, False
    labels.font.size = Pt(12)
    if chart.chart_type == "parts":
        labels.font.color.rgb = RGBColor.from_string(style.readable_text_colour(series.colours[0]))
        labels.position = kinds.XL_LABEL_POSITION.CENTER
        for place, value in enumerate(series.values):
            if value is None or value < MIN_LABEL_SHARE:
                _silence(labels, place)
    elif not series.low:
        labels.position = kinds.XL_LABEL_POSITION.OUTSIDE_END


def _silence(labels: Any, place: int) -> None:
    """Leave out the label of one mark."""
    label = labels._element._insert_dLbl_in_sequence(place)
    for child in list(label)[1:]:
        label.remove(child)
    label.append(parse_xml(f'<c:delete {nsdecls("c")} val="1"/>'))


def _whiskers(shown: Any, series: ChartSeries) -> None:
    """Add intervals, which python-pptx does not know (ECMA-376, 21.2.2.55)."""
    ends = list(zip(series.values, series.low, series.high, strict=True))
    up = [None if v is None or h is None else h - v for v, _, h in ends]
    down = [None if v is None or low is None else v - low for v, low, _ in ends]
    bars = parse_xml(
        f'<c:errBars {nsdecls("c", "a")}><c:errBarType val="both"/><c:errValType val="cust"/>'
        f'<c:noEndCap val="1"/>{_lengths("plus", up)}{_lengths("minus", down)}'
        f'<c:spPr><a:ln w="{Pt(1.75)}"><a:solidFill><a:srgbClr val="{style.INK_COLOUR}"/>'
        "</a:solidFill></a:ln></c:spPr></c:errBars>"
    )
    shown._element.find(qn("c:cat")).addprevious(bars)


def _lengths(name: str, sizes: list[float | None]) -> str:
    points = "".join(
        f'<c:pt idx="{place}"><c:v>{float(size)!r}</c:v></c:pt>'
        for place, size in enumerate(sizes)
        if size is not None
    )
    count = f'<c:ptCount val="{len(sizes)}"/>'
    return (
        f"<c:{name}><c:numLit><c:formatCode>General</c:formatCode>{count}{points}"
        f"</c:numLit></c:{name}>"
    )
