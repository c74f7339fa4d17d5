"""Reasons in words: the groups that support a customer's forecast, and oppose it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.panel import Feature
from segpredict.core.segment import Segment
from segpredict.explain.groups import FeatureGroup, group_contributions

SUPPORTING, OPPOSING = 3, 1  # reasons shown of each kind, at most
CANDIDATES = 6  # groups of each kind that are checked until enough hold
MIN_LOG_ODDS = 0.1  # log-odds below which a reason is not shown
NO_REASON_TEXT = "No single reason stands out: close to the average customer"

REASONS_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("customer_id", "segment_id", "next_id", "against_id"), pl.String),
    "rank": pl.Int32,
    **dict.fromkeys(("direction", "group", "feature"), pl.String),
    **dict.fromkeys(("value", "reference", "contribution", "odds_ratio"), pl.Float64),
    # of the customer: all contributions together, and the probability of the segment before and
    # after them
    **dict.fromkeys(("total", "start", "end"), pl.Float64),
    "text": pl.String,
}
# The effects of moving columns to their references on the log-odds of some customers (rows).
MoveToReference = Callable[[Mapping[str, IntArray]], Mapping[str, FloatArray]]


@dataclass(frozen=True, slots=True, eq=False)
class ReasonLexicon:
    """What the texts of reasons are made from."""

    glossary: Mapping[str, Feature]  # declarations of the columns, by name
    classes: tuple[Segment, ...]  # the segments
    # what values are compared with: the median of each column among all customers, and the
    # commonest segment
    references: Mapping[str, float | None]
    # log-odds below which a group's contribution changes sign too often to be shown
    min_contribution: Mapping[str, float]
    currency: str = ""  # currency sign; may be empty

    def format_value(self, name: str, value: float | None) -> str:
        """Return a value as formatted text.

        >>> spend = Feature("spend_91", "Spend.", "currency")
        >>> lexicon = ReasonLexicon({"spend_91": spend}, (), {}, {}, "£")
        >>> lexicon.format_value("spend_91", 1234.5), lexicon.format_value("spend_91", None)
        ('£1,234', 'none')
        """
        if value is None or np.isnan(value):
            return "none"
        feature = self.glossary.get(name)
        unit = feature.unit if feature is not None else ""
        if unit == "segment":
            names = {segment.code: segment.name for segment in self.classes}
            return names.get(int(value), str(int(value)))
        if unit == "currency":
            return f"{self.currency}{value:,.0f}"
        if unit == "share":
            return f"{value:.0%}"
        return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.1f}"

    def short_meaning(self, name: str) -> str:
        """Return the short meaning of a column, without its explanation and full stop."""
        feature = self.glossary.get(name)
        return name if feature is None else short_meaning(feature.meaning)


@dataclass(frozen=True, slots=True, eq=False)
class ContrastContributions:
    """Contributions towards one segment and away from another, for each customer."""

    customers: Sequence[str]  # ids, one a row
    # codes of the segment now, of the one explained, and of the one it is compared with
    states: IntArray
    targets: IntArray
    references: IntArray
    values: FloatArray  # cells, customers × columns
    contributions: FloatArray  # contributions to the log-odds of `targets` over `references`
    # probability of `targets` for a customer of whom nothing is known, and for this customer
    start: FloatArray
    end: FloatArray


def short_meaning(meaning: str) -> str:
    """Return the meaning of a column without its explanation and full stop.

    >>> short_meaning("Spend in 91 days: before returns.")
    'Spend in 91 days'
    """
    return meaning.split(": ")[0].split("; ")[0].split(", less what")[0].rstrip(".")


def forecast_sentence(current: str, target: str, reference: str) -> str:
    """Return the forecast that the reasons explain, as a sentence.

    >>> forecast_sentence("Core", "Inactive", "Core")
    'Expected to go from Core to Inactive rather than to stay.'
    >>> forecast_sentence("Core", "Core", "Regular")
    'Expected to stay in Core rather than go to Regular.'
    """
    if current == target:
        return f"Expected to stay in {current} rather than go to {reference}."
    return f"Expected to go from {current} to {target} rather than to stay."


def explained_share(total: float, contributions: Iterable[float]) -> float | None:
    """Return the part of the distance that some contributions explain.

    It is above one where others work against them, and ``None`` where they do not point to where
    the forecast went.

    >>> explained_share(2.0, [1.0, 0.4]), explained_share(-1.0, [0.5])
    (0.7, None)
    """
    share = sum(contributions) / total if total else 0.0
    return share if share > 0 else None


def reason_texts(
    contrasts: ContrastContributions,
    names: Sequence[str],
    groups: Sequence[FeatureGroup],
    lexicon: ReasonLexicon,
    move: MoveToReference,
) -> pl.DataFrame:
    """Return the reasons of each customer, strongest first, opposing ones last.

    At most three groups for and one against. A contribution is left out below .1 log-odds, and
    below the size at which its sign changed in more than one of five models refitted on other
    customers. A reason names the leading column of a group, its value and the reference. It is
    shown only where the model agrees: moved to the reference, the column changes the log-odds in
    the direction of the contribution. A customer without any gets `NO_REASON_TEXT`.
    """
    sums = group_contributions(contrasts.contributions[:, None, :], names, groups)[:, 0, :]
    floor = np.array([max(MIN_LOG_ODDS, lexicon.min_contribution.get(g.name, 0.0)) for g in groups])
    candidates = _candidates(contrasts, names, groups, np.where(np.abs(sums) >= floor, sums, 0.0))
    held = _confirmed(candidates, names, move)
    rows = list(_rows(contrasts, names, groups, lexicon, held))
    # Whole columns become a frame in a fraction of the time that rows take.
    columns = zip(*rows, strict=True) if rows else [()] * len(REASONS_SCHEMA)
    return pl.DataFrame(dict(zip(REASONS_SCHEMA, columns, strict=True)), schema=REASONS_SCHEMA)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A group that may be a reason: customer (row), group, leading column, log-odds."""

    row: int
    group: int
    column: int
    size: float


def _candidates(
    contrasts: ContrastContributions,
    names: Sequence[str],
    groups: Sequence[FeatureGroup],
    sums: FloatArray,
) -> list[_Candidate]:
    """Return the strongest groups of each customer, for and against."""
    places = {name: place for place, name in enumerate(names)}
    members = [np.array([places[n] for n in g.features]) for g in groups]
    order = np.argsort(-sums, axis=1, kind="stable")
    found = []
    for row in range(len(sums)):
        first, last = order[row, :CANDIDATES], order[row, : -CANDIDATES - 1 : -1]
        for group in dict.fromkeys([*first, *last]):
            size = float(sums[row, group])
            if size:
                own = contrasts.contributions[row, members[group]] * np.sign(size)
                column = int(members[group][own.argmax()])
                found.append(_Candidate(row, int(group), column, size))
    return found


def _confirmed(
    candidates: Sequence[_Candidate], names: Sequence[str], move: MoveToReference
) -> dict[int, list[_Candidate]]:
    """Return the reasons with which the model agrees, by customer, strongest first."""
    by_column: dict[int, list[_Candidate]] = {}
    for each in candidates:
        by_column.setdefault(each.column, []).append(each)
    held: dict[int, list[_Candidate]] = {}
    moves = {names[column]: np.array([e.row for e in some]) for column, some in by_column.items()}
    effects = move(moves) if moves else {}
    for column, some in by_column.items():
        own = effects[names[column]]
        agreeing = [e for e, effect in zip(some, own, strict=True) if effect * e.size > 0]
        for each in agreeing:
            held.setdefault(each.row, []).append(each)
    return {row: sorted(some, key=lambda e: (-e.size, e.group)) for row, some in held.items()}


def _rows(
    contrasts: ContrastContributions,
    names: Sequence[str],
    groups: Sequence[FeatureGroup],
    lexicon: ReasonLexicon,
    held: Mapping[int, Sequence[_Candidate]],
) -> Iterator[tuple[object, ...]]:
    ids = {segment.code: segment.id for segment in lexicon.classes}
    totals = contrasts.contributions.sum(axis=1)
    for row, customer in enumerate(contrasts.customers):
        codes = (contrasts.states, contrasts.targets, contrasts.references)
        head = (customer, *(ids[int(each[row])] for each in codes))
        tail = (float(totals[row]), float(contrasts.start[row]), float(contrasts.end[row]))
        known = held.get(row, ())
        supporting = [each for each in known if each.size > 0][:SUPPORTING]
        opposing = [each for each in reversed(known) if each.size < 0][:OPPOSING]
        if not supporting:
            yield (*head, 1, "for", "", "", None, None, 0.0, 1.0, *tail, NO_REASON_TEXT)
        first = 1 if supporting else 2
        for rank, each in enumerate([*supporting, *opposing], first):
            name, value = names[each.column], float(contrasts.values[row, each.column])
            reference = lexicon.references.get(name)
            yield (
                *head,
                rank,
                "for" if each.size > 0 else "against",
                groups[each.group].name,
                name,
                None if np.isnan(value) else value,
                reference,
                each.size,
                float(np.exp(each.size)),
                *tail,
                _text(lexicon, name, value, reference, each.size),
            )


def _text(
    lexicon: ReasonLexicon, name: str, value: float, reference: float | None, size: float
) -> str:
    odds = f"odds {'×' if size > 0 else '÷'} {np.exp(abs(size)):.1f}"
    compared = f"{lexicon.short_meaning(name)}: {lexicon.format_value(name, value)}"
    if reference is not None:
        usual = lexicon.format_value(name, reference)
        feature = lexicon.glossary.get(name)
        is_segment = feature is not None and feature.unit == "segment"
        others = f"most customers: {usual}" if is_segment else f"half of all: {usual} or more"
        compared += f" ({others})"
    return f"{compared}; {odds}"
