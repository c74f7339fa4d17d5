"""Two runs on the same customers: paired forecasts, matched segments, who moves and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.analytics.monitoring import pooled_bands
from segpredict.classifier import EnsembleModel, build_panel
from segpredict.classifier.splits import schedule_folds
from segpredict.classifier.training_data import Forecaster, sample_shop, segment_codes
from segpredict.config.classifier import TimeOptions
from segpredict.config.load import Config
from segpredict.config.outputs import ExplainOptions
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.customer_sample import hash_rank
from segpredict.core.run_folder import RunFolder
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.transactions import Transactions
from segpredict.core.types import DateLike
from segpredict.core.window import day_number
from segpredict.explain import compare_importance, importance_shares, move_reasons
from segpredict.explain.run_comparison import IMPORTANCE_COMPARISON_SCHEMA, MOVE_REASONS_SCHEMA
from segpredict.pipeline import loading
from segpredict.scoring.customer_rows import aligned
from segpredict.scoring.history import ModelVersion
from segpredict.scoring.new_data import NewData, read_new_data
from segpredict.scoring.predictor import SegmentPredictor
from segpredict.segmentation.identity import SegmentIdentity, match_segments

WHOLE, BUYS = "the next segment", "whether a customer buys"
PRODUCTION, BACKTESTS = "the runs as they are", "the challenger's backtests"
BOTH_BACKTESTS = "the backtests of both"
MIN_SAME_OUTCOMES = 0.95  # of customers whose segment is the same by both definitions
MAX_EXPLAINED = 500  # customers whose explanations are compared
PAIRS_SCHEMA = {
    **dict.fromkeys(
        ("champion_id", "champion_segment", "challenger_id", "challenger_segment"), pl.String
    ),
    "customers": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Contender:
    """One of the two runs, and the new data as it reads them."""

    config: Config
    predictor: SegmentPredictor
    version: ModelVersion
    trained_until: int  # the day from which it forecasts
    shop: Transactions
    backtest_models: Mapping[int, EnsembleModel]  # by cutoff; empty where a baseline was selected

    @classmethod
    def of(cls, files: RunFolder, data: NewData, as_of: DateLike) -> "Contender":
        """Return a run with the data read as it does."""
        config, predictor = loading.load_config(files), loading.load_predictor(files)
        shop = read_new_data(data, predictor, config, as_of)
        if predictor.facts is not None:
            predictor.facts.require_same(shop, predictor.cleaning_options.revenue)
        own, models = loading.load_transactions(files), loading.load_models(files)
        folds = schedule_folds(own.first_day, own.end_day, config.time).test_folds
        tested = (
            loading.load(files, "backtest_models") if models.selected is models.ensemble else ()
        )
        return cls(
            config,
            predictor,
            predictor.model_version,
            day_number(files.metadata["windows"]["forecast_from"]),
            shop,
            {fold.cutoff: model for fold, model in zip(folds, tested, strict=False)},
        )

    @property
    def time(self) -> TimeOptions:
        """The lengths of its windows."""
        return self.config.time

    def names(self) -> dict[str, str]:
        """Return the names of its segments by id."""
        return {segment.id: segment.name for segment in self.predictor.segments}


@dataclass(frozen=True, slots=True)
class PairedForecasts:
    """What two runs forecast for the same customers, and what came."""

    cutoff: int
    customers: npt.NDArray[np.str_]
    labels: IntArray  # actual segments, as the champion defines them
    champion: FloatArray  # its probabilities
    own_labels: IntArray  # actual segments, as the challenger defines them
    challenger: FloatArray  # its probabilities
    only_one: int  # customers with a forecast of one run alone

    @classmethod
    def pooled(cls, parts: Sequence["PairedForecasts"]) -> "PairedForecasts":
        """Return the forecasts of several dates as one."""
        names = ("customers", "labels", "champion", "own_labels", "challenger")
        whole = [np.concatenate([getattr(each, name) for each in parts]) for name in names]
        customers, labels, champion, own_labels, challenger = whole
        only_one = sum(each.only_one for each in parts)
        cutoff = parts[-1].cutoff
        return cls(cutoff, customers, labels, champion, own_labels, challenger, only_one)

    def by_purchase(self) -> "PairedForecasts":
        """Return whether a customer buys, in the place of the next segment."""
        p, q = (
            np.column_stack([x[:, INACTIVE_CODE], 1 - x[:, INACTIVE_CODE]])
            for x in (self.champion, self.challenger)
        )
        labels = (self.labels != INACTIVE_CODE).astype(self.labels.dtype)
        return replace(self, labels=labels, own_labels=labels, champion=p, challenger=q)

    def by_segment(self, order: Sequence[int]) -> "PairedForecasts":
        """Return the customers whose actual segment is the same by both definitions.

        * `order`: the challenger's code of each segment of the champion.
        """
        is_same = np.array(order)[self.labels] == self.own_labels
        return replace(
            self,
            customers=self.customers[is_same],
            labels=self.labels[is_same],
            own_labels=self.labels[is_same],
            champion=self.champion[is_same],
            challenger=self.challenger[is_same][:, list(order)],
        )


def comparable_outcome(
    paired: Sequence[PairedForecasts], order: Sequence[int] | None
) -> tuple[list[PairedForecasts], str]:
    """Return the forecasts of an outcome that both runs define alike, and which it is.

    The next segment, where each segment has its match and nearly all customers came to be in the
    same one by either definition; else whether a customer buys.
    """
    if order is not None:
        found = [each.by_segment(order) for each in paired]
        kept, whole = (sum(len(each.labels) for each in parts) for parts in (found, paired))
        if kept >= MIN_SAME_OUTCOMES * whole:
            return found, WHOLE
    return [each.by_purchase() for each in paired], BUYS


def common_dates(one: Contender, other: Contender) -> tuple[list[int], str]:
    """Return the dates whose outcome neither run was trained on, and which models are judged.

    Models of backtests were trained on what came before their date.
    """
    newest = min(each.shop.end_day - each.time.days_to_complete for each in (one, other))
    first = max(one.trained_until, other.trained_until)
    if days := list(range(first, newest + 1, other.time.step)):
        return days, PRODUCTION
    tested = sorted(day for day in other.backtest_models if day <= newest)
    if days := [day for day in tested if day >= one.trained_until]:
        return days, BACKTESTS
    both = [day for day in tested if day in one.backtest_models]
    return both, BOTH_BACKTESTS if both else PRODUCTION


def pair_forecasts(
    one: Contender, other: Contender, cutoff: int, judged_by: str
) -> PairedForecasts:
    """Return what both forecast on a date for the customers whom both can forecast."""
    champion: Forecaster = one.predictor.model
    challenger: Forecaster = other.predictor.model
    if judged_by == BOTH_BACKTESTS:
        champion = one.backtest_models[cutoff]
    if judged_by != PRODUCTION:
        challenger = other.backtest_models[cutoff]
    first, p = _forecast(one, one, cutoff, champion)
    second, q = _forecast(other, one, cutoff, challenger)
    places = aligned(second["customer_id"], first["customer_id"])
    both = places >= 0
    return PairedForecasts(
        cutoff,
        first["customer_id"].to_numpy().astype(np.str_)[both],
        segment_codes(first, "label")[both],
        p[both],
        segment_codes(second, "label")[places[both]],
        q[places[both]],
        first.height + second.height - 2 * int(both.sum()),
    )


def _forecast(
    run: Contender, like: Contender, cutoff: int, model: Forecaster
) -> tuple[pl.DataFrame, FloatArray]:
    """Return the rows of a run on a date, with its forecast; of a large shop, the same sample."""
    shop = sample_shop(run.shop, like.config.classifier)[0]
    window = run.predictor.score_window(shop, cutoff)
    panel = build_panel(shop, run.predictor.segmentation, [window], run.predictor.families)
    rows = panel.at_cutoffs(cutoff).sort("customer_id")
    return rows, model.predict_proba(rows)


def customers_now(one: Contender, other: Contender) -> pl.DataFrame:
    """Return segment now and next of each customer in both runs, on the newest day."""
    parts = []
    for run, suffix in ((one, "champion"), (other, "challenger")):
        end = min(one.shop.end_day, other.shop.end_day)
        scores = run.predictor.score_table(run.shop, end, run.shop.first_day)
        parts.append(
            scores.select(
                "customer_id",
                pl.col("segment_id").alias(f"segment_id_{suffix}"),
                pl.col("next_segment_id").alias(f"next_id_{suffix}"),
            )
        )
    return parts[0].join(parts[1], on="customer_id").sort("customer_id")


def count_pairs(now: pl.DataFrame, name: str, one: Contender, other: Contender) -> pl.DataFrame:
    """Return the customers by segment in either run."""
    ids = [f"{name}_champion", f"{name}_challenger"]
    counts = now.drop_nulls(ids).group_by(ids).agg(customers=pl.len().cast(pl.Int64)).sort(ids)
    first, second = ids
    named = counts.with_columns(
        champion_segment=pl.col(first).replace_strict(one.names()),
        challenger_segment=pl.col(second).replace_strict(other.names()),
    )
    return named.rename({first: "champion_id", second: "challenger_id"}).select(list(PAIRS_SCHEMA))


@dataclass(frozen=True, slots=True)
class MatchedSegments:
    """Which segments of the challenger are those of the champion, by their customers."""

    segments: pl.DataFrame  # customers by segment in either run
    same: Mapping[str, str]  # the champion's id of a segment of the challenger
    order: tuple[int, ...] | None  # the challenger's code of each segment; ``None`` if one has none
    events: tuple[str, ...]  # what became of the champion's segments


def match_by_customers(one: Contender, other: Contender, now: pl.DataFrame) -> MatchedSegments:
    """Return the segments of both runs, matched by the customers that they share now."""
    segments = count_pairs(now, "segment_id", one, other)
    before, after = list(one.names()), list(other.names())
    if one.version.segmentation == other.version.segmentation:
        same = {name: name for name in after}
        return MatchedSegments(segments, same, tuple(range(len(after))), ())
    counts = np.zeros((len(before), len(after)), dtype=np.int64)
    for old, new, n in segments.select("champion_id", "challenger_id", "customers").iter_rows():
        counts[before.index(old), after.index(new)] = n
    # Inactive is the same segment in every run; ids of others begin above all known.
    known = SegmentIdentity(issued_ids=len(before) + len(after))
    found = match_segments(counts, before, known, {INACTIVE_CODE: INACTIVE_CODE})
    same = {new: old for new, old in zip(after, found.ids, strict=True) if old in before}
    called = {**one.names(), **dict(zip(found.ids, other.names().values(), strict=True))}
    events = tuple(event.to_text(called) for event in found.identity.events)
    is_whole = set(found.ids) == set(before)
    order = tuple(found.ids.index(name) for name in before) if is_whole else None
    return MatchedSegments(segments, same, order, events)


def explain_both(
    one: Contender, other: Contender, now: pl.DataFrame, same: Mapping[str, str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return why forecasts differ, and importance side by side, for a sample of customers."""
    end = min(one.shop.end_day, other.shop.end_day)
    runs = [each.predictor for each in (one, other)]
    rows = [
        run.customer_rows(each.shop, run.score_window(each.shop, end)).eligible
        for run, each in zip(runs, (one, other), strict=True)
    ]
    if any(run.explainer is None for run in runs) or any(part.is_empty() for part in rows):
        empty = (MOVE_REASONS_SCHEMA, IMPORTANCE_COMPARISON_SCHEMA)
        return pl.DataFrame(schema=empty[0]), pl.DataFrame(schema=empty[1])
    both = set(rows[0]["customer_id"]) & set(rows[1]["customer_id"])
    chosen = sorted(both, key=hash_rank)[:MAX_EXPLAINED]
    first, second = (
        run.explainer.explain(
            part.filter(pl.col("customer_id").is_in(chosen)), ExplainOptions(MAX_EXPLAINED)
        )
        for run, part in zip(runs, rows, strict=True)
        if run.explainer is not None
    )
    moves = now.drop_nulls().select(
        "customer_id", champion_id="next_id_champion", challenger_id="next_id_challenger"
    )
    rows_explained = rows[0].filter(pl.col("customer_id").is_in(chosen))
    bands = _bands(one, rows_explained)
    return move_reasons(first, second, moves, same), compare_importance(first, second, bands)


def _bands(run: Contender, customers: pl.DataFrame) -> dict[str, tuple[float | None, float | None]]:
    """Return the shares of importance that another training could give, by those of backtests."""
    if run.predictor.explainer is None or not run.backtest_models:
        return {}
    found = [importance_shares(run.predictor.explainer.model, customers)]
    found += [importance_shares(model, customers) for model in run.backtest_models.values()]
    # Shares vary about alike on the scale of their roots.
    roots = {name: [each.get(name, 0.0) ** 0.5 for each in found] for name in found[0]}
    bands = pooled_bands(roots, len(roots))
    return {name: tuple(_share(end) for end in (b.low, b.high)) for name, b in bands.items()}  # type: ignore[misc]


def _share(root: float | None) -> float | None:
    return None if root is None else min(1.0, max(0.0, root)) ** 2
