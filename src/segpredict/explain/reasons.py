"""Reasons in words: the groups that support a customer's forecast, and oppose it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.panel import Feature
from segpredict.core.segment import Segment
from segpredict.explain.groups import FeatureGroup, group_contributions

SUPPORTING, OPPOSING = 3, 1  # reasons shown of each kind, at most
MIN_LOG_ODDS = 0.1  # log-odds below which a reason is not shown

REASONS_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("customer_id", "segment_id", "next_id", "against_id"), pl.String),
    "rank": pl.Int32,
    **dict.fromkeys(("direction", "group", "feature"), pl.String),
    **dict.fromkeys(("value", "typical", "contribution", "odds_ratio"), pl.Float64),
    "text": pl.String,
}


@dataclass(frozen=True, slots=True, eq=False)
class ReasonLexicon:
    """What the texts of reasons are made from."""

    glossary: Mapping[str, Feature]  # declarations of the columns, by name
    classes: tuple[Segment, ...]  # the segments
    # median of each column among the customers now in a segment, by segment id
    typical_values: Mapping[str, Mapping[str, float | None]]
    # log-odds below which a group's contribution changes sign too often to be shown
    min_contribution: Mapping[str, float]
    currency: str = ""  # currency sign; may be empty

    def format_value(self, name: str, value: float | None) -> str:
        """Return a value as formatted text.

        Examples
        --------
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
        if feature is None:
            return name
        short = feature.meaning.split(": ")[0].split("; ")[0].split(", less what")[0]
        return short.rstrip(".")


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


def reason_texts(
    contrasts: ContrastContributions,
    names: Sequence[str],
    groups: Sequence[FeatureGroup],
    lexicon: ReasonLexicon,
) -> pl.DataFrame:
    """Return the reasons of each customer, strongest first, opposing ones last.

    At most three groups for and one against. A contribution is left out below .1 log-odds, and
    below the size at which its sign changed in more than one of five models refitted on other
    customers.
    """
    sums = group_contributions(contrasts.contributions[:, None, :], names, groups)[:, 0, :]
    floor = np.array([max(MIN_LOG_ODDS, lexicon.min_contribution.get(g.name, 0.0)) for g in groups])
    shown = np.where(np.abs(sums) >= floor, sums, 0.0)
    order = np.argsort(-shown, axis=1, kind="stable")
    chosen = np.concatenate([order[:, :SUPPORTING], order[:, : -OPPOSING - 1 : -1]], axis=1)
    direction = ["for"] * min(SUPPORTING, len(groups)) + ["against"] * min(OPPOSING, len(groups))
    rows = _rows(
        contrasts, names, groups, lexicon, explanation=shown, chosen=chosen, direction=direction
    )
    return pl.DataFrame(rows, schema=REASONS_SCHEMA, orient="row")


def _rows(
    contrasts: ContrastContributions,
    names: Sequence[str],
    groups: Sequence[FeatureGroup],
    lexicon: ReasonLexicon,
    *,
    explanation: FloatArray,
    chosen: IntArray,
    direction: Sequence[str],
) -> Iterator[tuple[object, ...]]:
    places = {name: place for place, name in enumerate(names)}
    members = [np.array([places[n] for n in g.features]) for g in groups]
    ids = {segment.code: segment.id for segment in lexicon.classes}
    for row, customer in enumerate(contrasts.customers):
        codes = (contrasts.states, contrasts.targets, contrasts.references)
        now, to, by = (int(each[row]) for each in codes)
        rank = 0
        for place, side in zip(chosen[row], direction, strict=True):
            size = float(explanation[row, place])
            if size == 0 or (size > 0) != (side == "for"):
                continue
            own = contrasts.contributions[row, members[place]] * np.sign(size)
            lead = int(members[place][own.argmax()])
            value = float(contrasts.values[row, lead])
            usual = lexicon.typical_values.get(ids[now], {}).get(names[lead])
            rank += 1
            yield (
                customer,
                ids[now],
                ids[to],
                ids[by],
                rank,
                side,
                groups[place].name,
                names[lead],
                None if np.isnan(value) else value,
                usual,
                size,
                float(np.exp(size)),
                _text(lexicon, names[lead], value, usual, now, size),
            )


def _text(
    lexicon: ReasonLexicon, name: str, value: float, usual: float | None, now: int, size: float
) -> str:
    text = f"{lexicon.short_meaning(name)}: {lexicon.format_value(name, value)}"
    if usual is not None:
        segment = {s.code: s.name for s in lexicon.classes}[now]
        text += f" (typical of {segment}: {lexicon.format_value(name, usual)})"
    factor = np.exp(abs(size))
    return f"{text}; odds {'×' if size > 0 else '÷'} {factor:.1f}"
