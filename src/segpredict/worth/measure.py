"""Learn what customers are worth, and test it out of time beside plain guesses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict import features
from segpredict.classifier import Fold, Schedule, Segmenter, Training, Trial, pasts
from segpredict.classifier.baselines import transitions
from segpredict.classifier.lesson import Past, codes
from segpredict.core.arrays import Floats
from segpredict.tables import MONEY, Panel, Transactions
from segpredict.window import DAYS_PER_YEAR, as_date
from segpredict.worth.buying import fit
from segpredict.worth.exposure import averaged, exposure
from segpredict.worth.lifetimes import REFERENCE, Span, judged
from segpredict.worth.options import WorthOptions
from segpredict.worth.periods import Period
from segpredict.worth.season import season
from segpredict.worth.sums import Account, Claim, compared
from segpredict.worth.valuer import Valuer

CHAIN, BUYING = "markov", "bgnbd"
RULE = "markov"  # the baseline whose revenue at risk stands beside the forecaster's
LABEL, SPEND, CHANGE = "label", "spend", "change"


@dataclass(frozen=True)
class Worth:
    """What customers are worth, and how far that can be trusted.

    Parameters
    ----------
    valuer
        Values customers on the day after the data.
    sums
        Predicted and realised sums per test, tenth and segment (`sums.SCHEMA`).
    errors
        Errors of lifetime values per customer, beside plain guesses
        (`lifetimes.SCHEMA`).
    """

    valuer: Valuer
    sums: pl.DataFrame
    errors: pl.DataFrame


def measure(
    transactions: Transactions,
    segmentation: Segmenter,
    training: Training,
    options: WorthOptions | None = None,
    *,
    draws: int = 1000,
    seed: int = 7,
) -> Worth:
    """Return what customers are worth, with the back-test.

    Parameters
    ----------
    transactions
        The shop's lines.
    segmentation
        The frozen segmenter of the training.
    training
        Forecasts of the tests and what came, and the panel.
    options
        The discount.
    draws, seed
        Resamples of customers behind each interval, and their start.

    Notes
    -----
    Every test is valued by what had been complete by its day. From each test on, all
    whole windows that the data still hold are asked for: the next one, the next two …
    so that the longest begins at the oldest test.
    """
    days = training.schedule
    plan = _Plan(days, (options or WorthOptions()).discount, seed)
    known = pasts(transactions, segmentation, days)
    spent = _spent(transactions, training.panel, days)
    tests = [
        _asked(trial, _past_rows(spent, fold), known[fold.cutoff], plan)
        for fold, trial in zip(days.outer, training.trials, strict=True)
    ]
    name = training.verdict.shipped
    spans = [
        span for asked in tests for span in _spans(transactions, asked, name, days)
    ]
    by = {"draws": draws, "seed": seed}
    last = days.production
    rows = _past_rows(spent, last)
    return Worth(
        _valuer(rows, known[last.cutoff], training.values, plan),
        compared(
            [_account(asked, name, spans) for asked in tests],
            [segment.id for segment in segmentation.segments],
            **by,
        ),
        judged(spans, **by),
    )


@dataclass(frozen=True)
class _Asked:
    """A test, what values its customers, and what was known of them on the day."""

    trial: Trial
    valuer: Valuer
    known: pl.DataFrame
    usual: float

    @property
    def window(self) -> str:
        return as_date(self.trial.cutoff).isoformat()

    def fact(self, name: str) -> Floats:
        facts = self.known[name].cast(pl.Float64).fill_null(0.0)
        return facts.to_numpy()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What every valuation of a run shares.

    Parameters
    ----------
    days
        The tests, and what each may learn from.
    discount
        Rate a year.
    seed
        Start of random draws.
    """

    days: Schedule
    discount: float
    seed: int


def _asked(trial: Trial, rows: pl.DataFrame, past: Past, plan: _Plan) -> _Asked:
    known = pl.DataFrame({"customer_id": trial.customers}).join(
        past.histories, on="customer_id", how="left", maintain_order="left"
    )
    if trial.facts is not None:
        fresh = [n for n in trial.facts.columns if n not in known.columns]
        known = known.hstack(trial.facts.select(fresh))
    usual = int(rows["spend"].sum()) / rows.height / MONEY
    return _Asked(trial, _valuer(rows, past, trial.values, plan), known, usual)


def _past_rows(spent: pl.DataFrame, fold: Fold) -> pl.DataFrame:
    """Return the labelled rows that were complete by the day of a fold."""
    return spent.filter(pl.col("cutoff").is_in(list(fold.training)))


def _spent(transactions: Transactions, panel: Panel, days: Schedule) -> pl.DataFrame:
    """Return the labelled rows of the panel with what was spent in their outcome."""
    time = days.time
    rows = panel.frame.filter(pl.col("label").is_not_null()).select(
        "customer_id", "cutoff", "state_now", "label"
    )
    cutoffs = rows["cutoff"].unique().sort().to_list()
    spans = [(day + time.gap, day + time.outcome) for day in cutoffs]
    spent = features.instrument(transactions, spans).select(
        "customer_id", "spend", cutoff=(pl.col("end") - time.outcome).cast(pl.Int32)
    )
    keys = ["customer_id", "cutoff"]
    joined = rows.join(spent, on=keys, how="left", maintain_order="left")
    return joined.with_columns(pl.col("spend").fill_null(0)).sort(
        "cutoff", "customer_id"
    )


def _valuer(
    rows: pl.DataFrame, past: Past, values: tuple[float, ...], plan: _Plan
) -> Valuer:
    """Return what values customers on a day, learned from what was complete by then."""
    time = plan.days.time
    moves = transitions(codes(rows, "state_now"), codes(rows, "label"), len(values))
    return Valuer(
        values,
        tuple(map(tuple, moves.tolist())),
        season(rows, past.cutoff, time.horizon, time.complete, plan.seed),
        fit(past.histories),
        time.horizon,
        time.gap,
        plan.discount,
    )


def _account(asked: _Asked, name: str, spans: Sequence[Span]) -> Account:
    """Return all that was claimed in a test, in the order in which it is told."""
    trial = asked.trial
    claims = [
        claim
        for who in dict.fromkeys((name, RULE))
        if who in trial.chances
        for claim in _exposed(asked, who)
    ]
    everybody = np.ones(len(trial.states), dtype=bool)
    claims += [
        Claim("clv", method, everybody, span.said[method], {SPEND: span.came}, n)
        for span in spans
        if span.window == asked.window
        for method in (CHAIN, BUYING)
        if method in span.said and (n := span.windows)
    ]
    return Account(asked.window, trial.customers, trial.states, tuple(claims))


def _exposed(asked: _Asked, name: str) -> list[Claim]:
    """Return what a forecaster said of loss, gain and spend, and what came.

    Notes
    -----
    Counted by label, a customer who fell from z to y cost μ_z − μ_y: sums agree
    wherever the probabilities are right. Counted by spend it is μ_z less what the
    customer really spent, for which μ must be right, too. Counted by change it is what
    the customer spent in the window before less what came then: what the shop sees in
    its books, and not what is claimed.
    """
    trial = asked.trial
    values = asked.valuer.values_at(trial.cutoff)
    own, worth = np.array(values)[trial.states], np.array(values)[trial.labels]
    spend, before = asked.fact("spend_next"), asked.fact("spend_now")
    fell, rose = trial.labels < trial.states, trial.labels > trial.states
    risk, upside = exposure(trial.chances[name], trial.states, values)
    lost = np.maximum(own - worth, 0.0) * fell
    gained = np.maximum(worth - own, 0.0) * rose
    top = len(values) - 1
    return [
        Claim(
            "value_at_risk",
            name,
            trial.states > 0,
            risk,
            {LABEL: lost, SPEND: (own - spend) * fell, CHANGE: (before - spend) * fell},
        ),
        Claim(
            "upside",
            name,
            trial.states < top,
            upside,
            {
                LABEL: gained,
                SPEND: (spend - own) * rose,
                CHANGE: (spend - before) * rose,
            },
        ),
        Claim(
            "expected_value",
            name,
            np.ones(len(spend), dtype=bool),
            averaged(trial.chances[name], values),
            {LABEL: worth, SPEND: spend},
        ),
    ]


def _spans(
    transactions: Transactions, asked: _Asked, name: str, days: Schedule
) -> list[Span]:
    """Return what was said of all whole windows that the data hold after a test."""
    time, cutoff = days.time, asked.trial.cutoff
    count = (days.end_day - time.settle - cutoff - time.gap) // time.horizon
    ahead = asked.valuer.ahead(count * time.horizon)
    each = _came(transactions, asked.trial, ahead)
    return [
        Span(
            asked.window,
            n,
            n * time.horizon,
            asked.trial.customers,
            _said(asked, name, ahead[:n], days),
            np.sum(each[:n], axis=0),
        )
        for n in range(1, count + 1)
    ]


def _came(
    transactions: Transactions, trial: Trial, ahead: Sequence[Period]
) -> list[Floats]:
    """Return what each customer spent in each window, as it counts on the day."""
    spans = [(trial.cutoff + a.start, trial.cutoff + a.end) for a in ahead]
    spent = features.instrument(transactions, spans)
    asked = pl.DataFrame({"customer_id": trial.customers})
    return [
        a.discount
        / MONEY
        * asked.join(
            spent.filter(pl.col("end") == end),
            on="customer_id",
            how="left",
            maintain_order="left",
        )["spend"]
        .fill_null(0)
        .to_numpy()
        for a, (_, end) in zip(ahead, spans, strict=True)
    ]


def _said(
    asked: _Asked, name: str, ahead: Sequence[Period], days: Schedule
) -> dict[str, Floats]:
    """Return worth by method: both models, and three guesses that need none."""
    trial, valuer = asked.trial, asked.valuer
    chained = valuer.chained(trial.chances[name], trial.cutoff, ahead)
    said = {CHAIN: chained}
    if valuer.buying is not None:
        bought = valuer.buying.worth(asked.known, ahead)
        said |= {BUYING: bought} if np.isfinite(bought).all() else {}
    counted = sum(a.discount for a in ahead)
    time = days.time
    observed = min(DAYS_PER_YEAR, trial.cutoff - days.first_day)
    pace = asked.fact("spend_364") * (time.horizon / observed)
    return said | {
        REFERENCE: pace * counted,
        "last_window": asked.fact("spend_now") * counted,
        "mean": np.full(len(chained), asked.usual * counted),
    }
