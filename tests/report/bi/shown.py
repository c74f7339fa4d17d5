"""Read the figures of a run off what people look at: its page, its deck, the terminal.

A figure bears the name by which `agreement` knows it. What is shown is rounded, so
each reading has the half of its last place as slack; numbers that lie in a chart of the
deck are whole.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lxml.html
from pptx import Presentation

from segpredict.core.transactions import MONEY_SCALE
from segpredict.report.deck.slide import truncate_words
from segpredict.report.formatting import MONTH_ABBREVIATIONS as WORDS

FOUND = re.compile(r"([−-]?)[^\d−-]*(\d[\d,]*)(\.\d+)?\s*(%?)")
Readings = Mapping[str, Sequence["Shown"]]
Named = Iterator[tuple[str, "Shown | None"]]
HEADLINE = {
    "Customers today": "customers",
    "Share of revenue": "revenue share",
    "Expected": "expected",
}
WORTH = {
    "At risk": ("value_at_risk",),
    "Upside": ("upside",),
    "Present rhythm": ("base_value",),
    "Expected spend": ("expected_value",),
    "CLV": ("clv_year",),
}
MONTHS = {
    "Revenue": "revenue",
    "Orders": "orders",
    "Customers": "customers",
    "of these new": "new_customers",
}


class Shown(NamedTuple):
    """One number as it stands somewhere, and half of its last place."""

    value: float
    slack: float

    def times(self, unit: float) -> "Shown":
        return Shown(self.value * unit, self.slack * unit)


def read(text: str) -> Shown | None:
    """Return the first number of a text; None where an en dash stands for it."""
    found = FOUND.search(text)
    if found is None:
        return None
    sign, whole, part, percent = found.groups()
    digits = len(part) - 1 if part else 0
    unit = 0.01 if percent else 1.0
    value = float(whole.replace(",", "") + (part or ""))
    return Shown((-value if sign else value) * unit, 0.5 * 10.0**-digits * unit)


class Names:
    """Which segment is meant by a name, also where it was cut to fit."""

    def __init__(self, sections: Mapping[str, Any]) -> None:
        known = sections["transitions"]
        chips = [*known["badges"], *(row["badge"] for row in known["rows"])]
        chips += [move["badge"] for move in sections["headline"]["segments"]]
        self.by_id = {chip["id"]: chip["name"] for chip in chips}

    def id(self, name: str) -> str:
        bare = name.removeprefix("■ ").strip()
        for key, whole in self.by_id.items():
            if bare == truncate_words(whole, len(bare)):
                return key
        raise KeyError(name)

    def whole(self, name: str) -> str:
        return self.by_id[self.id(name)]


def page(file: Path, sections: Mapping[str, Any]) -> Readings:
    """Return what a page shows, figure by figure."""
    tree = lxml.html.parse(str(file)).getroot()
    names = Names(sections)
    parts = (_headline, _shop, _months, _segments, _matrix, _worth)
    return _gathered(pair for part in parts for pair in part(tree, names))


def deck(file: Path, sections: Mapping[str, Any]) -> Readings:
    """Return what the slides show, figure by figure: texts, tables and charts."""
    shapes = [s for slide in Presentation(file).slides for s in slide.shapes]
    charts = {s.name: s.chart for s in shapes if s.has_chart}
    tables = {s.name: s.table for s in shapes if s.has_table}
    texts = [s.text_frame.text for s in shapes if s.has_text_frame]
    names = Names(sections)
    return _gathered(
        pair
        for part in (
            _mix_chart(charts, names),
            _moves_chart(charts, names),
            _stake_chart(charts, names),
            *(_table(tables, head, names) for head in TABLES),
            _sentences(texts, names),
        )
        for pair in part
    )


def terminal(text: str, sections: Mapping[str, Any]) -> Readings:
    """Return what the command line prints, figure by figure."""
    names = Names(sections)
    return _gathered(_printed(text, names))


def _printed(text: str, names: Names) -> Named:
    if found := re.search(r"SEGMENTS (.+) customers who", text):
        yield "eligible customers", read(found[1])
    number = r"([−+]?[\d,.]+(?: %)?)"
    row = rf" {{9}}(.+?) {{2,}}{number} +{number} +{number} +{number} \({number}\)"
    figures = ("customers", "share", "revenue share", "expected", "expected share")
    for segment, *told in re.findall(row, text):
        name = names.whole(segment)
        yield from (
            (f"{what}, {name}", read(each)) for what, each in zip(figures, told, strict=True)
        )
    if found := re.search(r"expected revenue (\S+)(?: \((\S+) to (\S+)\))?", text):
        yield from _total(f"{found[1]} interval {found[2] or ''} to {found[3] or ''}")
    if found := re.search(r"last window (\S+),", text):
        yield "Revenue, window 0", read(found[1])
    if found := re.search(r"revenue at risk (\S+);", text):
        yield "value_at_risk, %", read(found[1])


def _gathered(pairs: Named) -> Readings:
    found: dict[str, list[Shown]] = defaultdict(list)
    for name, shown in pairs:
        if shown is not None:
            found[name].append(shown)
    return found


def _own(cell: Any) -> str:
    """Return the text of a cell without its small print."""
    return " ".join("".join(cell.xpath("text()")).split())


def _small(cell: Any) -> list[str]:
    return [small.text_content() for small in cell.xpath("small")]


def _rows(table: Any) -> Iterator[tuple[list[str], Any, list[Any]]]:
    """Yield heads, the first cell and the other cells of each row of a table."""
    heads = [_own(head) for head in table.xpath("thead/tr[last()]/*")][1:]
    for row in table.xpath("tbody/tr"):
        first, *cells = row.xpath("*")
        yield heads, first, cells


def _chip(cell: Any) -> str | None:
    found = cell.xpath(".//span[@class='chip']/@data-s")
    return found[0] if found else None


def _headline(tree: Any, names: Names) -> Named:
    (table,) = tree.xpath("//section[@id='summary']//figure//table")
    for heads, first, cells in _rows(table):
        name = names.by_id[_chip(first)]
        for head, figure in HEADLINE.items():
            place = heads.index(head)
            yield f"{figure}, {name}", read(_own(cells[place]))
        place = heads.index("Customers today")
        yield f"share, {name}", read(_own(cells[place + 1]))
        place = heads.index("Expected")
        yield f"expected share, {name}", read(_own(cells[place + 1]))
        if "80 % interval" in heads:
            ends = _own(cells[heads.index("80 % interval")])
            yield from _ends(ends, name)
    for total in tree.xpath("//*[@id='expected_total']"):
        yield from _total(total.text_content())
    for risk in tree.xpath("//*[@id='at_risk']"):
        yield "value_at_risk, %", read(risk.xpath("b")[0].text_content())


def _total(text: str) -> Named:
    """Yield the expected spend of all customers, and the ends of its interval."""
    yield "expected total", read(text)
    _, _, ends = text.partition("interval ")
    low, to, high = ends.partition(" to ")
    if to:
        yield "least expected total", read(low)
        yield "most expected total", read(high)


def _ends(text: str, name: str) -> Named:
    """Yield both ends of the interval of a share, of which one sign stands for two."""
    low, to, high = text.replace("\u202f", " ").partition(" to ")
    if to:
        yield f"least expected share, {name}", read(f"{low.rstrip('% ')}%")
        yield f"most expected share, {name}", read(high)


def _shop(tree: Any, _names: Names) -> Named:
    table = tree.xpath("//section[@id='kpis']//table")[0]
    for _, first, cells in _rows(table):
        for window, cell in enumerate(cells[:2]):
            yield f"{_own(first)}, window {window}", read(_own(cell))


def _months(tree: Any, _names: Names) -> Named:
    for table in tree.xpath("//section[@id='kpis']//table[@class='snug']"):
        for heads, first, cells in _rows(table):
            month, year = _own(first).split()
            when = f"{year}-{WORDS.index(month) + 1:02d}"
            for head, name in MONTHS.items():
                shown = read(_own(cells[heads.index(head)]))
                is_money = shown is not None and head == "Revenue"
                yield f"{name} of {when}", shown.times(MONEY_SCALE) if is_money else shown


def _segments(tree: Any, names: Names) -> Named:
    (table,) = tree.xpath("//section[@id='segments']//table[@class='cards']")
    for heads, first, cells in _rows(table):
        name = names.by_id[_chip(first)]
        figures = ["customers", "share", "revenue", "revenue share"]
        places = [i for i, head in enumerate(heads) if head]
        for figure, place in zip(figures, places, strict=False):
            if figure != "revenue":
                yield f"{figure}, {name}", read(_own(cells[place]))


def _matrix(tree: Any, _names: Names) -> Named:
    for table in tree.xpath("//section[@id='migration']//table[@class='matrix'][caption]"):
        ends = [_chip(head) for head in table.xpath("thead/tr/th")[1:-1]]
        for _, first, cells in _rows(table):
            start = _chip(first)
            yield f"moves from {start}", read(_own(cells[-1]))
            for end, cell in zip(ends, cells[:-1], strict=True):
                yield f"moves share, {start} to {end}", read(_own(cell))
                yield f"moves, {start} to {end}", read(_small(cell)[0])


def _worth(tree: Any, _names: Names) -> Named:
    part = "//section[@id='customer_value']"
    tables = tree.xpath(f"{part}//table[thead//th[text()='Segment now']]")
    for heads, first, cells in (row for table in tables for row in _rows(table)):
        i = _chip(first) or "%"
        if i == "%":
            yield "eligible customers", read(_own(cells[heads.index("Customers")]))
        for head, figures in WORTH.items():
            cell = cells[heads.index(head)]
            for name, text in zip(figures, [_own(cell), *_small(cell)], strict=True):
                yield f"{name}, {i}", read(text)
    for lead in tree.xpath(f"{part}/p[@class='lead']"):
        yield from _total(lead.text_content().partition("Expected spend: ")[2])
    bold = [each.text_content() for each in tree.xpath(f"{part}/p[@class='lead']/b")]
    if bold:
        names = ("value_at_risk", "base_value", "upside", "expected_value")
        for name, text in zip(names, bold, strict=True):
            yield f"{name}, %", read(text)


def _whole(value: Any) -> Shown | None:
    return None if value is None else Shown(float(value), 0.0)


def _series(charts: Mapping[str, Any], head: str) -> Iterator[tuple[str, str, Any]]:
    """Yield category, series and value of a chart, if the deck has it."""
    for name, chart in charts.items():
        if name.startswith(head):
            plot = chart.plots[0]
            for series in plot.series:
                for category, value in zip(plot.categories, series.values, strict=True):
                    yield str(category), series.name, _whole(value)


def _mix_chart(charts: Mapping[str, Any], names: Names) -> Named:
    figures = {
        "Today": "share",
        "Expected": "expected share",
        "Customers": "share",
        "Revenue": "revenue share",
    }
    for head in ("Customers by segment", "Share of customers and of revenue"):
        for category, series, value in _series(charts, head):
            yield f"{figures[category]}, {names.whole(series)}", value


def _moves_chart(charts: Mapping[str, Any], names: Names) -> Named:
    for category, series, value in _series(charts, "From a segment (bar)"):
        start = names.id(category.removeprefix("From "))
        yield f"moves share, {start} to {names.id(series)}", value


def _stake_chart(charts: Mapping[str, Any], names: Names) -> Named:
    figures = {"Revenue at risk": "value_at_risk", "Upside": "upside"}
    for category, series, value in _series(charts, "At stake in the next window"):
        yield f"{figures[series]}, {names.id(category)}", value


# Heading of a table → column → figure; {} is the segment's name, [] its id.
TABLES: Mapping[str, Mapping[str, str]] = {
    "The mix, with 80 % intervals": {
        "Today": "share, {name}",
        "Expected": "expected share, {name}",
        "80 % interval": "ends",
    },
    "Who they are": {
        "Customers": "customers, {name}",
        "Of revenue": "revenue share, {name}",
    },
    "Share staying, and where most others go": {
        "Customers": "moves from {id}",
        "Stay": "moves share, {id} to {id}",
        "Most others go to": "to",
    },
    "Value of the customers with a forecast": {
        "Customers": "customers, {name}",
        "At risk": "value_at_risk, {id}",
        "Upside": "upside, {id}",
    },
}


def _table(tables: Mapping[str, Any], head: str, names: Names) -> Named:
    for table in (table for name, table in tables.items() if name.startswith(head)):
        heads, *rows = [[cell.text for cell in row.cells] for row in table.rows]
        for row in rows:
            told = dict(zip(heads, row, strict=True))
            for column, figure in TABLES[head].items():
                if column in told:
                    yield from _cell(figure, row[0], told[column], names)


def _cell(figure: str, first: str, text: str, names: Names) -> Named:
    if first == "All":
        named = figure.format(id="%", name="%")
        is_all = named == "customers, %"
        yield "eligible customers" if is_all else named, read(text)
        return
    key, name = names.id(first), names.whole(first)
    if figure == "ends":
        yield from _ends(text, name)
    elif figure == "to":
        end, _, part = text.replace("\u202f", "").rpartition(" ")
        if end:
            yield f"moves share, {key} to {names.id(end)}", read(part)
    else:
        yield figure.format(id=key, name=name), read(text)


def _sentences(texts: Sequence[str], names: Names) -> Named:
    """Yield the numbers of titles and tiles."""
    for text in (text.replace("\u202f", "") for text in texts):
        if found := re.match(r"(.+) is (\S+%) of customers and (\S+%) of", text):
            name = names.whole(found[1])
            yield f"share, {name}", read(found[2])
            yield f"revenue share, {name}", read(found[3])
        elif found := re.match(
            r"(\S+) is at risk, most of it with (.+): (\S+) of ([\d,]+) customers$",
            text,
        ):
            yield "value_at_risk, %", read(found[1])
            yield f"value_at_risk, {names.id(found[2])}", read(found[3])
            yield f"customers, {names.whole(found[2])}", read(found[4])
        elif re.match(r".+\nexpected of today's customers", text):
            yield from _total(text)
        elif found := re.match(r"([\d,]+)\ncustomers with a forecast$", text):
            yield "eligible customers", read(found[1])
