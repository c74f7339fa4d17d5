"""Score customers with a finished run: all that scoring needs, without any training."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from segpredict import features
from segpredict.analytics.customer_value import ValueModel
from segpredict.classifier import (
    STATE_FEATURES,
    DecisionPolicy,
    EnsembleModel,
    Forecaster,
)
from segpredict.config.classifier import TimeOptions
from segpredict.config.cleaning import CleaningOptions
from segpredict.config.load import ConfigLike
from segpredict.config.outputs import ExplainOptions
from segpredict.config.source import SourceOptions
from segpredict.core import schemas
from segpredict.core.arrays import FloatArray
from segpredict.core.customer_ids import id_texts
from segpredict.core.process import refuse_forked_process
from segpredict.core.segment import Segment
from segpredict.core.shop_facts import ShopFacts
from segpredict.core.transactions import RawLines, SideTables, Transactions
from segpredict.core.types import JSON, DateLike
from segpredict.core.window import Window, as_date, day_number
from segpredict.data import readers
from segpredict.data.cleaning import clean_lines
from segpredict.data.side_tables import fill_list_prices
from segpredict.errors import CustomerMissingError, MismatchError, UsageError
from segpredict.explain import Explanation, ForecastExplainer, build_explainer
from segpredict.features.family import FeatureFamily
from segpredict.scoring.customer_rows import ScoringRows, customer_rows, require_customers
from segpredict.scoring.history import ModelVersion
from segpredict.scoring.reading import changed_reading, find_rows
from segpredict.scoring.scores import score_frame
from segpredict.segmentation import Segmentation

if TYPE_CHECKING:
    from segpredict.scoring.online import OnlineScorer

MAX_DAYS_LATE = 7  # days that a shop may be closed before the cutoff
# The parts of a segmentation that decide segments; names and notes do not.
VERSION_KEYS = ("horizon", "axes", "clusters", "groups", "segment_rules")
MAX_NAMES_LENGTH = 80  # characters of the names of segments that a repr shows


@dataclass(frozen=True, eq=False, repr=False)
class SegmentPredictor:
    """A frozen segmentation and a fitted model, ready for new transactions.

    Two predictors are equal if they give equal segments and forecasts: same segmentation, model,
    values and settings for reading.

    >>> import segpredict
    >>> predictor = segpredict.load("artifacts/demo/run")  # doctest: +SKIP
    >>> predictor.score(frame, as_of="2023-12-31")  # doctest: +SKIP
    """

    segmentation: Segmentation  # assigns each customer's current segment
    model: Forecaster  # gives the probability of each next segment
    time: TimeOptions  # the lengths of the windows it was trained on
    # feature families the model was trained on; ``None`` means all
    families: tuple[str, ...] | None = None
    # how the input of the run was read and cleaned; used for frames
    layout: SourceOptions = field(default_factory=SourceOptions)
    cleaning_options: CleaningOptions = field(default_factory=CleaningOptions)
    # the side tables of the run: their frozen parts, and the customers and products that are used
    # where the transactions have none
    side_tables: SideTables = field(default_factory=SideTables)
    # how probabilities become one segment and a set; ``None``: the likeliest segment is named, and
    # every segment is in the set
    policy: DecisionPolicy | None = None
    # gives the expected spend of the next window and of a year; ``None``: both are missing
    value_model: ValueModel | None = None
    # the explainer of the run; ``None``: `explain` builds one from the customers it is given
    explainer: ForecastExplainer | None = None
    # what training knew of the data; data that contradict it are refused. ``None``: nothing
    facts: ShopFacts | None = None
    # the day on which the records of the run began; ``None``: not known
    first_day: int | None = None

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments in code order, INACTIVE first."""
        return self.segmentation.segments

    @property
    def model_version(self) -> ModelVersion:
        """The digests of segmentation and model, for the `ScoreHistory`."""
        frozen = self.segmentation.to_state()
        groups = {name: frozen[name] for name in VERSION_KEYS}
        ids = [[segment.code, segment.id] for segment in self.segments]
        segmentation = _digest([groups, ids])
        policy = None if self.policy is None else self.policy.to_state()
        parts = [segmentation, self.model.to_state(), policy, asdict(self.time)]
        return ModelVersion(
            segmentation,
            self.segmentation.identity.version,
            _digest([*parts, self.families]),
            self.segments,
            self.time.days_to_outcome,
        )

    def __repr__(self) -> str:
        names = ", ".join(segment.name for segment in self.segments)
        shown = names if len(names) <= MAX_NAMES_LENGTH else names[: MAX_NAMES_LENGTH - 1] + "…"
        return (
            f"SegmentPredictor({self.model.name}, {self.time.horizon} days ahead, "
            f"{len(self.segments)} segments: {shown})"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SegmentPredictor):
            return NotImplemented
        return self._deciding == other._deciding

    def __hash__(self) -> int:
        return hash(self.model_version.model)

    @property
    def _deciding(self) -> tuple[object, ...]:
        """What decides the scores of given data."""
        value = None if self.value_model is None else self.value_model.to_state()
        reading = (self.layout, self.cleaning_options)
        return (self.model_version, reading, value)

    def score(
        self,
        transactions: object,
        as_of: DateLike = None,
        since: DateLike = None,
        *,
        config: ConfigLike | None = None,
    ) -> Any:
        """Return one row per customer: segment now, probabilities of the next.

        * `transactions`: a path, several paths, a store, `Transactions`, or a frame of Polars,
          pandas, PyArrow or DuckDB, with the columns of the run's own input. It should reach back
          over the look-back before `as_of` (features over longer spans are missing otherwise).
        * `as_of`: the cutoff T, a date of any library or text: nothing on or after it is looked at.
          A moment gives the day of its own zone. ``None`` means the day after the last row.
        * `since`: the day on which the shop's records begin. ``None`` means the first row. Give it
          when scoring a few customers alone, whose rows do not show it: all their orders from that
          day to the cutoff must be given.
        * `config`: how these data are read, where not as those of the run: a dict of the settings
          of ``source`` and ``cleaning`` that differ; or a whole config (preset, path, `Config`).

        The frame is of pandas or PyArrow where `transactions` are that, otherwise of Polars. It is
        `schemas.SCORES_SCHEMA`, one row for every customer with an order before the cutoff, sorted.
        ``p_<id>`` is the probability of a segment in the outcome window, ``p_down`` and ``p_up`` of
        a less and a more valuable one than now. In currency: ``base_value`` is what the customer
        would spend in the outcome window if her present rhythm held, ``value_at_risk`` the part of
        it that is expected to be lost, ``upside`` what is expected beyond it, and
        ``expected_value`` = base − risk + upside the expected spend, with a 90 % interval from
        ``expected_value_low`` to ``expected_value_high``. ``spent_to_date`` is what the customer
        paid in the data, less returns; ``clv_year`` the expected spend of twelve months,
        discounted. All of these are expectations of models, not savings. ``segment_set`` is the
        prediction set. Customers without an order in the look-back are INACTIVE and not eligible:
        no such customers were in training, so they get no probabilities.

        Raises `MismatchError` when no customer has an order before the cutoff, or the data do not
        cover the time before it: unobserved days would be read as inactivity; `ContractError` when
        a frame lacks a column or a cell cannot be read.
        """
        scores = self._reading(config).score_table(transactions, as_of, since)
        return readers.in_kind_of(transactions, scores)

    def score_table(
        self, transactions: object, as_of: DateLike = None, since: DateLike = None
    ) -> pl.DataFrame:
        """Return what `score` returns, as a Polars frame whatever is given."""
        shop, window = self._prepared(transactions, as_of, since)
        scores = shop.by_parts(lambda part: self.score_rows(self.customer_rows(part, window)))
        require_customers(scores, window)
        if since is None:
            self._require_cover(shop, window)
        return schemas.validate_schema(scores.sort("customer_id"), schemas.SCORES_SCHEMA)

    def explain(
        self,
        transactions: object,
        as_of: DateLike = None,
        since: DateLike = None,
        *,
        customers: object = (),
        rows: int = 2000,
        config: ConfigLike | None = None,
    ) -> Explanation:
        """Explain the forecasts of customers: tables, plots and reasons in words.

        * `transactions`, `as_of`, `since`: as with `score`.
        * `customers`: the customers to explain, one id or several; empty for a sample of all. Ids
          are text in the data; a whole number of any type is matched as text.
        * `rows`: the most customers to explain.
        * `config`: as with `score`.

        Raises `CustomerMissingError` when one of the customers has no order in the look-back;
        `ConfigError` when `rows` is below one.
        """
        options = ExplainOptions(rows)
        wanted = id_texts(customers)
        found = self._reading(config)._prepared_rows(transactions, as_of, since)
        frame = found.eligible
        explainer = self.explainer or self.explainer_for(frame, found.currency)
        chosen = frame.filter(pl.col("customer_id").is_in(wanted)) if wanted else frame
        known = set(chosen["customer_id"])
        for name in wanted:
            if name not in known:
                raise CustomerMissingError(name, self.time.lookback)
        return explainer.explain(chosen, options)

    def online(self, since: DateLike = None) -> "OnlineScorer":
        """Return a scorer for single customers, whose lines are values and not a file.

        `since` is the day on which the shop's records begin, the first day of the run by default.

        >>> scorer = predictor.online()  # doctest: +SKIP
        >>> scorer.score(lines, as_of="2024-01-01", explain=True)  # doctest: +SKIP
        """
        from segpredict.scoring.online import OnlineScorer

        first = self.first_day if since is None else day_number(since)
        if first is None:
            raise UsageError(
                "It is not known when the shop's records begin.", fix="say it with --since."
            )
        return OnlineScorer(self, first)

    def explainer_for(
        self, frame: pl.DataFrame, currency: str = "", ensemble: EnsembleModel | None = None
    ) -> ForecastExplainer:
        """Return an explainer made of these rows of features, and of the run's ensemble."""
        glossary = (*STATE_FEATURES, *features.feature_glossary(self.families, self.side_tables))
        found = build_explainer(self.model, ensemble, frame, self.segments, glossary, currency)
        return found.with_policy(self.policy)

    def _prepared(
        self, transactions: object, as_of: DateLike, since: DateLike
    ) -> tuple[Transactions, Window]:
        """Return the transactions and the window of a score."""
        refuse_forked_process()
        shop = self.read_transactions(transactions, as_of)
        if self.facts is not None:
            self.facts.require_same(shop, self.cleaning_options.revenue)
        return shop, self.score_window(shop, as_of, since)

    def _prepared_rows(self, transactions: object, as_of: DateLike, since: DateLike) -> ScoringRows:
        """Return all customers before the cutoff, or raise why they cannot be scored."""
        shop, window = self._prepared(transactions, as_of, since)
        rows = self.customer_rows(shop, window)
        require_customers(rows.customers, window)
        if since is None:
            self._require_cover(shop, window)
        return rows

    def read_transactions(self, given: object, as_of: DateLike = None) -> Transactions:
        """Return the transactions, read and cleaned as in the run."""
        if isinstance(given, Transactions):
            return replace(given, side_tables=given.side_tables.frozen_as(self.side_tables))
        raw = given
        if not isinstance(raw, RawLines):
            raw = find_rows(given, self.layout, self.cleaning_options, as_of)
        if isinstance(raw, Transactions):  # a store
            return self.read_transactions(raw)
        cutoff = None if as_of is None else day_number(as_of)
        priced = fill_list_prices(raw, self.side_tables)
        shop = clean_lines(priced, replace(self.cleaning_options, as_of=cutoff))
        return replace(shop, side_tables=SideTables().frozen_as(self.side_tables))

    def _reading(self, config: ConfigLike | None) -> "SegmentPredictor":
        """Return the predictor with other settings for reading data."""
        if config is None:
            return self
        layout, cleaning = changed_reading(self.layout, self.cleaning_options, config)
        return replace(self, layout=layout, cleaning_options=cleaning)

    def score_window(
        self, shop: Transactions, as_of: DateLike = None, since: DateLike = None
    ) -> Window:
        """Return the window of a score."""
        cutoff = shop.end_day if as_of is None else day_number(as_of)
        first = shop.first_day if since is None else day_number(since)
        return self.time.window_at(cutoff, first)

    def customer_rows(self, shop: Transactions, window: Window) -> ScoringRows:
        """Return the customers of a shop, with features and states as in training."""
        families = self._families
        if self.families is None:
            names = features.choose_families(shop, until=window.cutoff).names
            families = features.fitted_families(names, shop.side_tables)
        return customer_rows(shop, self.segmentation, window, families)

    @cached_property
    def _families(self) -> tuple[FeatureFamily, ...]:
        return features.fitted_families(self.families or (), self.side_tables)

    def _require_cover(self, shop: Transactions, window: Window) -> None:
        cutoff, last = as_date(window.cutoff), as_date(shop.end_day - 1)
        if window.cutoff > shop.end_day + MAX_DAYS_LATE:
            raise MismatchError(
                f"The data end on {last}, long before {cutoff}; the days between would "
                "be read as inactivity.",
                fix=f"give data up to {cutoff}, or an earlier --as-of.",
            )
        needed = max(window.horizon, -(-window.lookback // 2))
        if window.covered_days < needed:
            raise MismatchError(
                f"The data begin {window.covered_days} days before {cutoff}; training "
                f"never saw fewer than {needed}.",
                fix="give older data, or a later --as-of; for a few customers alone, "
                "say with --since when the shop's records begin.",
            )

    def predict_rows(self, found: ScoringRows) -> FloatArray:
        """Return the probabilities of the eligible customers."""
        if not found.eligible.height:
            return np.zeros((0, len(self.segments)))
        return self.model.predict_proba(found.eligible)

    def score_rows(self, found: ScoringRows, p: FloatArray | None = None) -> pl.DataFrame:
        """Return the scores of customers whose features are known, and perhaps probabilities."""
        p = self.predict_rows(found) if p is None else p
        return score_frame(found, p, self.segments, self.policy, self.value_model)


def _digest(value: JSON) -> str:
    text = json.dumps(value, sort_keys=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()
