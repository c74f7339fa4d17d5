"""The data ledger: what happened to every row; and all that is needed to repeat the run."""

from collections.abc import Mapping
from dataclasses import dataclass

from segpredict.core.ledger import LedgerEntry, LedgerStage
from segpredict.core.panel import Feature
from segpredict.report.formatting import (
    Row,
    format_cell,
    format_day,
    format_day_range,
    name_to_words,
)
from segpredict.report.input import ReportInput
from segpredict.report.model_names import replace_model_names


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """One file that was read."""

    # the file name as given, and its rows
    name: str
    rows: int
    sha256: str  # hash of its bytes; empty for frames
    detected: dict[str, str]  # what was detected while reading, by topic


@dataclass(frozen=True, slots=True)
class LedgerSection:
    """The section."""

    # what was read, what was excluded and why, what was used
    read: tuple[LedgerEntry, ...]
    left_out: tuple[LedgerEntry, ...]
    used: tuple[LedgerEntry, ...]
    noted: tuple[LedgerEntry, ...]  # parts of the used rows that deserve a note
    # whether used and excluded rows reconcile with the rows read, in all four columns
    adds_up: bool
    share_used: float | None  # rows used of rows read
    files: tuple[LedgerFile, ...]  # what was read


def ledger_section(bundle: ReportInput) -> LedgerSection:
    """Return the context of the ledger."""
    ledger = bundle.ledger

    def lines(*stages: LedgerStage) -> tuple[LedgerEntry, ...]:
        return tuple(entry for entry in ledger.entries if entry.stage in stages)

    rows = ledger.total("in").rows
    return LedgerSection(
        read=lines("in"),
        left_out=lines("rejected", "excluded"),
        used=lines("used"),
        noted=lines("noted"),
        adds_up=ledger.adds_up,
        share_used=ledger.total("used").rows / rows if rows else None,
        files=tuple(LedgerFile(f.name, f.rows, f.sha256, f.detected.shown()) for f in bundle.files),
    )


NOTES = "notes"  # of the run and of its data in the manifest


@dataclass(frozen=True, slots=True)
class AppendixTopic:
    """Facts of one kind, as pairs of name and text."""

    title: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AppendixSection:
    """The section."""

    notes: tuple[str, ...]  # what the run noted, for a reviewer
    topics: tuple[AppendixTopic, ...]  # the window, then the manifest, topic by topic
    glossary: tuple[Feature, ...]  # all features, family by family


def appendix_section(bundle: ReportInput) -> AppendixSection:
    """Return the context of the appendix."""
    plain = {k: v for k, v in bundle.manifest.items() if not isinstance(v, Mapping)}
    nested = {k: v for k, v in bundle.manifest.items() if isinstance(v, Mapping)}
    topics = [_window(bundle)]
    topics += [AppendixTopic("Run", _facts(plain))] if plain else []
    topics += [AppendixTopic(name_to_words(str(k)), _facts(v)) for k, v in nested.items()]
    glossary = sorted(bundle.glossary, key=lambda feature: feature.family)
    return AppendixSection(_notes(bundle), tuple(topics), tuple(glossary))


def _notes(bundle: ReportInput) -> tuple[str, ...]:
    from_evaluation = (bundle.evaluation or {}).get("warnings") or ()
    names = {segment.id: f"{segment.name} ({segment.id})" for segment in bundle.segments}
    named = (replace_model_names(replace_model_names(str(text)), names) for text in from_evaluation)
    own = (replace_model_names(text) for text in bundle.warnings)
    return tuple(dict.fromkeys([*own, *named]))


def _window(bundle: ReportInput) -> AppendixTopic:
    window = bundle.window
    outcome = format_day_range(window.outcome_start, window.outcome_end)
    facts = [
        ("Data", format_day_range(bundle.first_day, bundle.end_day)),
        ("Cutoff", format_day(window.cutoff)),
        ("Look-back", f"{window.lookback} days, {format_day_range(window.start, window.cutoff)}"),
        ("Gap", f"{window.gap} days"),
        ("Outcome", f"{window.horizon} days, {outcome}"),
    ]
    return AppendixTopic("Window", tuple(facts))


def _facts(values: Row, above: str = "") -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{above}{key}"
        if name == NOTES:
            continue  # the section has them as a list
        if isinstance(value, Mapping):
            found += _facts(value, f"{name}.")
        else:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            found.append((name, str(value) if is_number else format_cell(value, "text")))
    return tuple(found)
