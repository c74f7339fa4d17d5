"""Forecast what the next window will be asked for, and test such forecasts in time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.classifier import Schedule, Segmenter, Training
from segpredict.core.arrays import Floats
from segpredict.demand.assortment import INDICES, assortment, suggestions
from segpredict.demand.judge import backtest, standings, tried
from segpredict.demand.options import DemandOptions
from segpredict.demand.orders import orders
from segpredict.demand.outlook import Outlook, outlooks
from segpredict.demand.past import Past, past, season_span, spans
from segpredict.demand.rehearsal import proven, rehearsals, rehearse
from segpredict.demand.sales import (
    CATEGORY,
    LEVELS,
    NOWHERE,
    PRODUCT,
    TOTAL,
    Sales,
    Span,
    sales,
)
from segpredict.tables import Segment, Transactions


@dataclass(frozen=True)
class Demand:
    """What is to be asked for in the next window, and how far that can be trusted.

    Parameters
    ----------
    forecast
        Units and order-up-to quantities of the levels that may be published
        (`orders.FORECAST`).
    levels
        Which levels may be, and why (`judge.STANDING`).
    backtest
        Errors of all forecasters (`judge.BACKTEST`).
    mix
        Customers to be expected in each segment, and the units that one of them takes
        (`MIX`).
    assortment
        Index by segment and category or product (`assortment.INDICES`).
    suggestions
        Products that stand out in each segment.
    """

    forecast: pl.DataFrame
    levels: pl.DataFrame
    backtest: pl.DataFrame
    mix: pl.DataFrame
    assortment: pl.DataFrame
    suggestions: pl.DataFrame

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return all tables by name."""
        return {name: getattr(self, name) for name in TABLES}


TABLES = ("forecast", "levels", "backtest", "mix", "assortment", "suggestions")
MIX = {
    "segment_id": pl.String,
    "known": pl.Float64,
    "newcomers": pl.Float64,
    "units_per_customer": pl.Float64,
}


def measure(
    transactions: Transactions,
    segmentation: Segmenter,
    training: Training,
    scores: pl.DataFrame,
    options: DemandOptions | None = None,
    *,
    draws: int = 1000,
    seed: int = 7,
) -> Demand:
    """Return the demand to be expected, with the back-test that allows to tell it.

    Parameters
    ----------
    transactions
        The shop's lines.
    segmentation
        The frozen segmenter of the training.
    training
        Forecasts of the tests.
    scores
        `contracts.SCORES` at the end of the data.
    options
        How much to order.
    draws, seed
        Resamples behind each interval, and their start.

    Notes
    -----
    N_c = Σ_i p_ic + newcomers_c customers are expected in segment c, and of item s the
    units Σ_c N_c · u_cs · σ_s: u is what a customer of c takes in a window,
    Gamma-Poisson shrunk (`shrinkage`), σ the season's index from last year (`shelves`).
    Each test is answered with what was known on its day.
    """
    wish, days = options or DemandOptions(), training.schedule
    tests = [fold.cutoff for fold in days.outer]
    known = sales(transactions, segmentation, days.time, _needed(days, tests))
    shop = _Shop(transactions, days, known, _levels(known))
    done = [
        tried(each, trial.cutoff, shop.came(trial.cutoff))
        for trial in training.trials
        for each in shop.outlooks(
            trial.cutoff, trial.chances[training.verdict.shipped].sum(axis=0)
        )
    ]
    errors = backtest(done, draws=draws, seed=seed)
    told = standings(done, errors, wish.service)
    now, segments = shop.past(days.end_day), segmentation.segments
    mix = _expected(scores, segments)
    found = shop.outlooks(days.end_day, mix)
    index = [
        assortment(now.windows[0], segments, level)
        for level in shop.levels
        if level != TOTAL
    ]
    told_of = pl.concat([pl.DataFrame(schema=INDICES), *index])
    return Demand(
        orders(transactions, found, told, wish),
        told,
        errors,
        _mix(segments, mix, now, found[0]),
        told_of,
        suggestions(told_of),
    )


@dataclass(frozen=True)
class _Shop:
    """What was sold in all windows, to be asked as any day knew it."""

    transactions: Transactions
    days: Schedule
    known: Mapping[Span, Sales]
    levels: tuple[str, ...]

    def past(self, cutoff: int) -> Past:
        return past(cutoff, self.days.time, self.days.first_day, self.known)

    def came(self, cutoff: int) -> Sales:
        time = self.days.time
        return self.known[cutoff + time.gap, cutoff + time.outcome]

    def outlooks(self, cutoff: int, chances: Floats) -> list[Outlook]:
        time, before = self.days.time, self.past(cutoff)
        learned = proven(
            rehearse(self.transactions, self.past(day), self.came(day), time)
            for day in rehearsals(cutoff, time, self.days.first_day)
        )
        seasons = {level: level in learned for level in self.levels}
        mix = chances + before.newcomers()
        return outlooks(self.transactions, before, mix, time, seasons)


def _needed(days: Schedule, tests: Sequence[int]) -> list[Span]:
    """Return all windows that any question looks at, or is about."""
    time, first = days.time, days.first_day
    asked = {*tests, days.end_day}
    before = {day for cutoff in asked for day in rehearsals(cutoff, time, first)}
    told, asked = {*tests, *before}, asked | before
    found = {span for cutoff in asked for span in spans(cutoff, time, first)}
    found |= {span for cutoff in asked if (span := season_span(cutoff, time, first))}
    found |= {(cutoff + time.gap, cutoff + time.outcome) for cutoff in told}
    return sorted(found)


def _levels(known: Mapping[Span, Sales]) -> tuple[str, ...]:
    """Return the levels that the shop's lines have."""
    bought = [window.bought for window in known.values()]
    has = {
        TOTAL: True,
        CATEGORY: any((each[CATEGORY] != NOWHERE).any() for each in bought),
        PRODUCT: any(each[PRODUCT].null_count() < each.height for each in bought),
    }
    return tuple(level for level in LEVELS if has[level])


def _expected(scores: pl.DataFrame, segments: Sequence[Segment]) -> Floats:
    """Return the customers of today to be expected in each segment, by code."""
    names = [f"p_{segment.id}" for segment in segments]
    chances = scores.filter("is_eligible").select(names).to_numpy()
    found: Floats = chances.sum(axis=0)
    return found


def _mix(
    segments: Sequence[Segment], mix: Floats, now: Past, total: Outlook
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "segment_id": [segment.id for segment in segments],
            "known": mix,
            "newcomers": now.newcomers(),
            "units_per_customer": total.rates[0],
        },
        schema=MIX,
    )
