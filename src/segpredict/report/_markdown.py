"""The key tables of a report as Markdown, made from what `contexts` returns."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from segpredict.report._format import (
    NOTHING,
    cell,
    metric,
    money,
    number,
    share,
)
from segpredict.signs import line

Facts = Mapping[str, Any]
# Also what makes links of bare addresses where Markdown is read as on GitHub.
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#+!|~&$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
WORTH = {
    "risk": "Revenue at risk",
    "upside": "Upside",
    "chain_next": "Next window, by the Markov chain",
    "buying_next": "Next window, by BG/NBD",
    "spent": "Spent to date",
}


def markdown(facts: Facts) -> str:
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
        f"# {plain(facts['title'])}",
        f"Data from {plain(facts['first_day'])} to {plain(facts['last_day'])}. "
        f"Made {plain(facts['created'])} by segpredict {plain(facts['version'])}.",
    ]
    for name, write in WRITERS.items():
        if name in found:
            parts += write(found[name], currency)
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(text: Any) -> str:
    r"""Return a text as Markdown shows it: no sign in it means anything.

    Examples
    --------
    >>> print(plain("a|b <script>\n[x](y)"))
    a\|b \<script\> \[x\](y)
    """
    return _escaped(" ".join(str(text).split()))


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", line(text))


def _headline(it: Facts, _currency: str) -> list[str]:
    mix = _table(
        ("Segment", "Now", "Share", "Expected", "Share"),
        (
            (
                plain(move["chip"]["name"]),
                number(move["now"]),
                share(move["share_now"]),
                number(move["expected"]),
                share(move["share_expected"]),
            )
            for move in it["moves"]
        ),
    )
    warnings = "\n".join(f"* {plain(text)}" for text in it["warnings"])
    return [
        plain(it["sentence"]),
        plain(it["finding"]),
        mix,
        *(_trust(it["trust"]) if it["trust"] else ()),
        "## What to know" if warnings else "",
        warnings,
    ]


def _trust(it: Facts) -> list[str]:
    rows = (
        (
            plain(score["label"]) + (" (in use)" if score["is_shipped"] else ""),
            metric(score["accuracy"], True),  # noqa: FBT003 (a filter's argument)
            number(score["log_loss"], 3),
            share(score["skill"]),
        )
        for score in it["scores"]
    )
    return [
        "## How far to trust it",
        f"{number(it['tested'])} forecasts in {number(it['windows'])} windows that the "
        f"model never saw. {plain(it['why'])}",
        _table(("Forecast", "Accuracy", "Log-loss", "Skill"), rows),
    ]


def _shop(it: Facts, currency: str) -> list[str]:
    rows = (
        (
            plain(line["title"]),
            *(_known(line[when], line["kind"], currency) for when in WINDOWS),
        )
        for line in it["lines"]
    )
    spans = [*it["spans"], NOTHING, NOTHING][:3]
    return ["## How the shop is doing", _table(("Figure", *map(plain, spans)), rows)]


WINDOWS = ("now", "before", "last_year")


def _known(known: Facts | None, kind: str, currency: str) -> str:
    if known is None:
        return NOTHING
    return _escaped(cell(known["value"], kind, currency))


def _migration(it: Facts, _currency: str) -> list[str]:
    if not it["rows"]:
        return []
    names = [plain(chip["name"]) for chip in it["chips"]]
    rows = (
        (
            plain(row["chip"]["name"]),
            number(row["n"]),
            *(share(flow["share"]) for flow in row["flows"][: len(names)]),
        )
        for row in it["rows"]
    )
    return [
        "## Where customers went",
        plain(it["note"]),
        _table(("From", "Customers", *names), rows),
    ]


def _worth(it: Facts, currency: str) -> list[str]:
    rows = (
        (
            plain(held["chip"]["name"]) if held["chip"] else "All",
            number(held["n"]),
            *(_escaped(money(held[name], currency)) for name in WORTH),
        )
        for held in (*it["segments"], it["everybody"])
    )
    return [
        "## What is at risk, and what customers are worth",
        _table(("Segment", "Customers", *WORTH.values()), rows),
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    written = [" | ".join(row) for row in rows]
    if not written:
        return ""
    rule = " | ".join(["---", *["--:"] * (len(head) - 1)])
    return "\n".join(f"| {line} |" for line in (" | ".join(head), rule, *written))


WRITERS: Mapping[str, Callable[[Facts, str], list[str]]] = {
    "headline": _headline,
    "shop": _shop,
    "worth": _worth,
    "migration": _migration,
}
