"""The key tables of a report as Markdown, made from what `section_contexts` returns."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from segpredict.core.text import to_single_line
from segpredict.report.formatting import (
    MISSING_TEXT,
    Row,
    format_cell,
    format_metric,
    format_money,
    format_number,
    format_share,
)

# Including what turns bare addresses into links in GitHub's Markdown.
MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]<>#+!|~&$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
WINDOW_COLUMNS = ("now", "before", "last_year")
VALUE_LABELS = {
    "base_value": "Present rhythm",
    "value_at_risk": "Revenue at risk",
    "upside": "Upside",
    "expected_value": "Expected spend",
    "spent": "Spent to date",
}


def render_markdown(facts: Row) -> str:
    """Return the key tables of a report as Markdown.

    Parameters
    ----------
    facts
        What `section_contexts` returned, or the content of a ``report.json``.

    Notes
    -----
    Every text is escaped: no name of a segment or a file can become a link, an image,
    a formula or markup.

    Examples
    --------
    >>> facts = {"title": "Shop", "first_day": "2024-01-01", "last_day": "2024-12-31"}
    >>> text = render_markdown({**facts, "created": "now", "version": "1", "sections": {}})
    >>> print(text.splitlines()[0])
    # Shop
    """
    found = facts["sections"]
    currency = str(facts.get("currency", ""))
    parts = [
        f"# {escape_markdown(facts['title'])}",
        f"Data from {escape_markdown(facts['first_day'])} to {escape_markdown(facts['last_day'])}. "
        f"Created {escape_markdown(facts['created'])} by segpredict "
        f"{escape_markdown(facts['version'])}.",
    ]
    for name, write in SECTION_WRITERS.items():
        if name in found:
            parts += write(found[name], currency)
    return "\n\n".join(part for part in parts if part) + "\n"


def escape_markdown(text: Any) -> str:
    r"""Return a text as Markdown shows it: no sign in it has a meaning.

    >>> print(escape_markdown("a|b <script>\n[x](y)"))
    a\|b \<script\> \[x\](y)
    """
    return _escaped(" ".join(str(text).split()))


def _escaped(text: str) -> str:
    return MARKDOWN_SIGNS.sub(r"\\\1", to_single_line(text))


def _headline(it: Row, _currency: str) -> list[str]:
    mix = _table(
        ("Segment", "Now", "Share", "Expected", "Share"),
        (
            (
                escape_markdown(segment["badge"]["name"]),
                format_number(segment["customers_now"]),
                format_share(segment["share_now"]),
                format_number(segment["customers_expected"]),
                format_share(segment["share_expected"]),
            )
            for segment in it["segments"]
        ),
    )
    first = "\n".join(f"* {escape_markdown(text)}" for text in it["read_first"])
    return [
        escape_markdown(it["sentence"]),
        escape_markdown(it["finding"]),
        mix,
        *(_trust(it["trust"]) if it["trust"] else ()),
        "## Read this first",
        first,
    ]


def _trust(it: Row) -> list[str]:
    rows = (
        (
            escape_markdown(score["label"]) + (" (in use)" if score["is_selected"] else ""),
            format_metric(score["accuracy"], True),  # noqa: FBT003 (a filter's argument)
            format_number(score["log_loss"], 3),
            format_share(score["skill"]),
        )
        for score in it["scores"]
    )
    return [
        "## How far to trust it",
        f"{format_number(it['n_forecasts'])} forecasts in {format_number(it['windows'])} windows "
        f"after the training data. {escape_markdown(it['reason'])}",
        _table(("Forecast", "Accuracy", "Log-loss", "Skill"), rows),
    ]


def _shop(it: Row, currency: str) -> list[str]:
    rows = (
        (
            escape_markdown(line["title"]),
            *(_known(line[when], line["kind"], currency) for when in WINDOW_COLUMNS),
        )
        for line in it["kpi_rows"]
    )
    spans = [*it["spans"], MISSING_TEXT, MISSING_TEXT][:3]
    return ["## Business KPIs", _table(("KPI", *map(escape_markdown, spans)), rows)]


def _known(known: Row | None, kind: str, currency: str) -> str:
    return MISSING_TEXT if known is None else _escaped(format_cell(known["value"], kind, currency))


def _transitions(it: Row, _currency: str) -> list[str]:
    if not it["rows"]:
        return []
    names = [escape_markdown(badge["name"]) for badge in it["badges"]]
    rows = (
        (
            escape_markdown(row["badge"]["name"]),
            format_number(row["n"]),
            *(format_share(cell["share"]) for cell in row["cells"][: len(names)]),
        )
        for row in it["rows"]
    )
    return [
        "## Migration, observed",
        escape_markdown(it["note"]),
        _table(("From", "Customers", *names), rows),
    ]


def _customer_value(it: Row, currency: str) -> list[str]:
    rows = (
        (
            escape_markdown(value["badge"]["name"]) if value["badge"] else "All",
            format_number(value["n"]),
            *(_escaped(format_money(value[name], currency)) for name in VALUE_LABELS),
        )
        for value in (*it["segments"], it["total"])
    )
    return [
        "## Customer value",
        _table(("Segment", "Customers", *VALUE_LABELS.values()), rows),
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    written = [" | ".join(row) for row in rows]
    if not written:
        return ""
    rule = " | ".join(["---", *["--:"] * (len(head) - 1)])
    return "\n".join(f"| {line} |" for line in (" | ".join(head), rule, *written))


SECTION_WRITERS: Mapping[str, Callable[[Row, str], list[str]]] = {
    "headline": _headline,
    "shop": _shop,
    "customer_value": _customer_value,
    "transitions": _transitions,
}
