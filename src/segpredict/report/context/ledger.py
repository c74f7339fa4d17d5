"""Where every row of the input went, and everything needed to repeat the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from segpredict.core.ledger import LedgerCount, LedgerStage
from segpredict.report.formatting import (
    MISSING_TEXT,
    format_cell,
    format_day,
    format_day_range,
    name_to_words,
)
from segpredict.report.input import ReportInput


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line of the ledger; money in units of 10⁻⁴.

    Parameters
    ----------
    stage
        ``in``, ``rejected``, ``excluded``, ``used`` or ``noted``.
    rule, meaning
        The rule of cleaning, and what it says in a sentence.
    count
        How much it concerns.
    """

    stage: str
    rule: str
    meaning: str
    count: LedgerCount


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """One file that was read.

    Parameters
    ----------
    name, rows
        The file as it was given, and its rows.
    sha256
        Hash of its bytes; empty for frames.
    detected
        What was found out on the way, by topic.
    """

    name: str
    rows: int
    sha256: str
    detected: dict[str, str]


@dataclass(frozen=True, slots=True)
class LedgerSection:
    """The section.

    Parameters
    ----------
    read, left_out, used
        What came in, what was left out and why, what was used.
    noted
        Parts of what was used that deserve a word.
    adds_up
        Whether used and left out make what came in, in all four columns.
    share_used
        Rows used of rows read.
    files
        What was read.
    """

    read: tuple[LedgerRow, ...]
    left_out: tuple[LedgerRow, ...]
    used: tuple[LedgerRow, ...]
    noted: tuple[LedgerRow, ...]
    adds_up: bool
    share_used: float | None
    files: tuple[LedgerFile, ...]


def ledger_section(bundle: ReportInput) -> LedgerSection:
    """Return the context of the ledger."""
    book = bundle.ledger

    def lines(*stages: LedgerStage) -> tuple[LedgerRow, ...]:
        found = (entry for entry in book.entries if entry.stage in stages)
        return tuple(LedgerRow(e.stage, e.rule, e.meaning, e.count) for e in found)

    rows = book.total("in").rows
    return LedgerSection(
        read=lines("in"),
        left_out=lines("rejected", "excluded"),
        used=lines("used"),
        noted=lines("noted"),
        adds_up=book.adds_up,
        share_used=book.total("used").rows / rows if rows else None,
        files=tuple(LedgerFile(f.name, f.rows, f.sha256, f.detected.shown()) for f in bundle.files),
    )


@dataclass(frozen=True, slots=True)
class Topic:
    """Facts of one kind, as pairs of name and text."""

    title: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class GlossaryTerm:
    """One feature: its name, meaning, unit and range.

    Parameters
    ----------
    name, meaning, unit
        As declared.
    range
        The least and the most that a value can be, as text.
    """

    name: str
    meaning: str
    unit: str
    range: str


@dataclass(frozen=True, slots=True)
class GlossaryFamily:
    """The features of one family.

    Parameters
    ----------
    family
        Name of the family.
    terms
        Its features.
    """

    family: str
    terms: tuple[GlossaryTerm, ...]


@dataclass(frozen=True, slots=True)
class AppendixSection:
    """The section.

    Parameters
    ----------
    topics
        The window, then what the manifest says, topic by topic.
    glossary
        All features, family by family.
    """

    topics: tuple[Topic, ...]
    glossary: tuple[GlossaryFamily, ...]


def appendix_section(bundle: ReportInput) -> AppendixSection:
    """Return the context of the appendix."""
    plain = {k: v for k, v in bundle.manifest.items() if not isinstance(v, Mapping)}
    nested = {k: v for k, v in bundle.manifest.items() if isinstance(v, Mapping)}
    topics = [_window(bundle)]
    topics += [Topic("Run", _facts(plain))] if plain else []
    topics += [Topic(name_to_words(str(k)), _facts(v)) for k, v in nested.items()]
    return AppendixSection(tuple(topics), _glossary(bundle))


def _window(bundle: ReportInput) -> Topic:
    window = bundle.window
    facts = [
        ("Data", format_day_range(bundle.first_day, bundle.end_day)),
        ("Cutoff", format_day(window.cutoff)),
        ("Look-back", f"{window.lookback} days, {format_day_range(window.start, window.cutoff)}"),
        ("Gap", f"{window.gap} days"),
        (
            "Outcome",
            f"{window.horizon} days, {format_day_range(window.outcome_start, window.outcome_end)}",
        ),
    ]
    return Topic("Window", tuple(facts))


def _facts(values: Mapping[str, Any], above: str = "") -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            found += _facts(value, f"{name}.")
        else:
            found.append((name, _text(value)))
    return tuple(found)


def _text(value: Any) -> str:
    is_plain = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_plain else format_cell(value, "text")


def _glossary(bundle: ReportInput) -> tuple[GlossaryFamily, ...]:
    ordered = sorted(bundle.glossary, key=lambda f: f.family)
    return tuple(
        GlossaryFamily(
            family,
            tuple(GlossaryTerm(f.name, f.meaning, f.unit, _range(f.low, f.high)) for f in features),
        )
        for family, features in groupby(ordered, key=lambda f: f.family)
    )


def _range(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return "any"
    if high is None:
        return f"from {low:g}"
    return f"{low:g} {MISSING_TEXT} {high:g}" if low is not None else f"up to {high:g}"
