"""The key tables of a report as Markdown, made from what `contexts` returns."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from segpredict.core.text import to_single_line
from segpredict.report.formatting import (
    MISSING_TEXT,
    format_cell,
    format_metric,
    format_money,
    format_number,
    format_share,
)

ReportFacts = Mapping[str, Any]
# Also what makes links of bare addresses where Markdown is read as on GitHub.
MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]<>#+!|~&$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
VALUE_LABELS = {
    "risk": "Revenue at risk",
    "upside": "Upside",
    "chain_next": "Next window, by the Markov chain",
    "buying_next": "Next window, by BG/NBD",
    "spent": "Spent to date",
}


def render_markdown(facts: ReportFacts) -> str:
    """Return the key tables of a report as Markdown.

    Parameters
    ----------
    facts
        What `contexts` returned, or the content of a ``report.json``.

    Notes
    -----
    Every text is escaped: no name of a segment or a file can become a link, an image,
    a formula or markup.
    """
    found = facts["sections"]
    currency = str(facts.get("currency", ""))
    parts = [
        f"# {escape_markdown(facts['title'])}",
        f"Data from {escape_markdown(facts['first_day'])} to {escape_markdown(facts['last_day'])}. "
        f"Made {escape_markdown(facts['created'])} by segpredict "
        f"{escape_markdown(facts['version'])}.",
    ]
    for name, write in SECTION_WRITERS.items():
        if name in found:
            parts += write(found[name], currency)
    return "\n\n".join(part for part in parts if part) + "\n"


def escape_markdown(text: Any) -> str:
    r"""Return a text as Markdown shows it: no sign in it means anything.

    Examples
    --------
    >>> print(plain("a|b <script>\n[x](y)"))
    a\|b \<script\> \[x\](y)
    """
    return _escaped(" ".join(str(text).split()))


def _escaped(text: str) -> str:
    return MARKDOWN_SIGNS.sub(r"\\\1", to_single_line(text))


def _headline(it: ReportFacts, _currency: str) -> list[str]:
    mix = _table(
        ("Segment", "Now", "Share", "Expected", "Share"),
        (
            (
                escape_markdown(move["chip"]["name"]),
                format_number(move["now"]),
                format_share(move["share_now"]),
                format_number(move["expected"]),
                format_share(move["share_expected"]),
            )
            for move in it["moves"]
        ),
    )
    warnings = "\n".join(f"* {escape_markdown(text)}" for text in it["warnings"])
    return [
        escape_markdown(it["sentence"]),
        escape_markdown(it["finding"]),
        mix,
        *(_trust(it["trust"]) if it["trust"] else ()),
        "## What to know" if warnings else "",
        warnings,
    ]


def _trust(it: ReportFacts) -> list[str]:
    rows = (
        (
            escape_markdown(score["label"]) + (" (in use)" if score["is_shipped"] else ""),
            format_metric(score["accuracy"], True),  # noqa: FBT003 (a filter's argument)
            format_number(score["log_loss"], 3),
            format_share(score["skill"]),
        )
        for score in it["scores"]
    )
    return [
        "## How far to trust it",
        f"{format_number(it['tested'])} forecasts in {format_number(it['windows'])} windows "
        f"that the model never saw. {escape_markdown(it['why'])}",
        _table(("Forecast", "Accuracy", "Log-loss", "Skill"), rows),
    ]


def _shop(it: ReportFacts, currency: str) -> list[str]:
    rows = (
        (
            escape_markdown(line["title"]),
            *(_known(line[when], line["kind"], currency) for when in WINDOW_COLUMNS),
        )
        for line in it["lines"]
    )
    spans = [*it["spans"], MISSING_TEXT, MISSING_TEXT][:3]
    return ["## How the shop is doing", _table(("Figure", *map(escape_markdown, spans)), rows)]


WINDOW_COLUMNS = ("now", "before", "last_year")


def _known(known: ReportFacts | None, kind: str, currency: str) -> str:
    if known is None:
        return MISSING_TEXT
    return _escaped(format_cell(known["value"], kind, currency))


def _migration(it: ReportFacts, _currency: str) -> list[str]:
    if not it["rows"]:
        return []
    names = [escape_markdown(chip["name"]) for chip in it["chips"]]
    rows = (
        (
            escape_markdown(row["chip"]["name"]),
            format_number(row["n"]),
            *(format_share(flow["share"]) for flow in row["flows"][: len(names)]),
        )
        for row in it["rows"]
    )
    return [
        "## Where customers went",
        escape_markdown(it["note"]),
        _table(("From", "Customers", *names), rows),
    ]


def _worth(it: ReportFacts, currency: str) -> list[str]:
    rows = (
        (
            escape_markdown(held["chip"]["name"]) if held["chip"] else "All",
            format_number(held["n"]),
            *(_escaped(format_money(held[name], currency)) for name in VALUE_LABELS),
        )
        for held in (*it["segments"], it["everybody"])
    )
    return [
        "## What is at risk, and what customers are worth",
        _table(("Segment", "Customers", *VALUE_LABELS.values()), rows),
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    written = [" | ".join(row) for row in rows]
    if not written:
        return ""
    rule = " | ".join(["---", *["--:"] * (len(head) - 1)])
    return "\n".join(f"| {line} |" for line in (" | ".join(head), rule, *written))


SECTION_WRITERS: Mapping[str, Callable[[ReportFacts, str], list[str]]] = {
    "headline": _headline,
    "shop": _shop,
    "worth": _worth,
    "migration": _migration,
}
