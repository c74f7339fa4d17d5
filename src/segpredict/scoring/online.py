"""Score customers live: from a handful of lines to probabilities, in milliseconds.

The cleaning rules, features and models are those of files, so a customer gets the same bits.
"""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.customer_ids import IdForm
from segpredict.core.process import refuse_forked_process
from segpredict.core.shop_facts import MIN_CUSTOMERS, ShopFacts
from segpredict.core.transactions import Transactions
from segpredict.core.types import DateLike
from segpredict.core.window import day_number
from segpredict.data.cleaning import clean_typed_lines
from segpredict.errors import UsageError
from segpredict.explain.reasons import REASONS_SCHEMA
from segpredict.scoring.customer_rows import ScoringRows, require_customers
from segpredict.scoring.predictor import SegmentPredictor

LOGS = ("events", "contacts")  # side tables that end with the data of a run
REASON_FIELDS = ("rank", "direction", "feature", "value", "reference", "odds_ratio", "text")


@dataclass(frozen=True, eq=False, repr=False)
class OnlineScorer:
    """A predictor that is ready for single customers; see `SegmentPredictor.online`."""

    predictor: SegmentPredictor
    since: int  # the day on which the shop's records begin

    def __repr__(self) -> str:
        return f"OnlineScorer({self.predictor!r})"

    def score(self, lines: object, as_of: DateLike, *, explain: bool = False) -> pl.DataFrame:
        """Return one row per customer: the columns of `SegmentPredictor.score`.

        * `lines`: all order lines of one or many customers since the shop's records begin, in any
          order: mappings, one a line, or a frame of Polars or any other with the Arrow stream
          interface. Fields are ``customer_id``, ``time`` (a date, a datetime, or ISO 8601),
          ``quantity`` and ``price`` of a piece, or the ``amount`` of the line; and, where there
          are such, ``order_id``, ``product_id``, ``description``, ``country``, ``discount``,
          ``status``, ``cancelled``, ``refund`` and ``order_total``. Returns have a quantity or an
          amount below zero.
        * `as_of`: the cutoff: lines on or after it are not looked at.
        * `explain`: whether to add ``reasons``, a list for each customer, strongest first; null
          without a forecast.

        The scores are equal, to the bit, to those of a file with the same lines.

        Raises `LineFieldError` when a field is unknown, missing, or of another kind: text for a
        number, true for one, NaN or infinity; `LimitError` above 100,000 lines; `MismatchError`
        when no customer has an order before the cutoff, or the data are not like those of training;
        `UsageError` when reasons are asked for and the run was not explained.
        """
        return self.score_shop(self.shop(lines, as_of), explain=explain)

    def shop(
        self, lines: object, as_of: DateLike, known: Transactions | None = None
    ) -> Transactions:
        """Return what `score` scores: the customers' cleaned lines and the run's side tables.

        `known` are earlier orders of the same customers that are cleaned already, such as those of
        the run; an order that is among them is not taken again.
        """
        refuse_forked_process()
        cutoff = day_number(as_of)
        plan = _options_at(self.predictor.cleaning_options, cutoff)
        earlier = None if known is None else known.lines.collect()
        shop = clean_typed_lines(lines, plan, earlier)
        self._require_same_form(shop)
        if known is not None and known.end_day == cutoff:  # up to then these were observed
            logs = {name: getattr(known.side_tables, name) for name in LOGS}
            shop = replace(shop, side_tables=replace(shop.side_tables, **logs))
        return replace(self._with_side_tables(shop), first_day=self.since, end_day=cutoff)

    def score_shop(self, shop: Transactions, *, explain: bool = False) -> pl.DataFrame:
        """Return the scores of what `shop` has returned."""
        predictor = self.predictor
        if explain and predictor.explainer is None:
            raise UsageError(
                "The run was not explained, so there are no reasons.",
                fix="explain it once: segpredict explain --run RUN.",
            )
        window = predictor.time.window_at(shop.end_day, self.since)
        rows = predictor.customer_rows(shop, window)
        require_customers(rows.customers, window)
        p = predictor.predict_rows(rows)
        scores = predictor.score_rows(rows, p)
        return self._with_reasons(scores, rows, p) if explain else scores

    def _require_same_form(self, shop: Transactions) -> None:
        """Refuse customers or times of another form than in training."""
        facts, revenue = self.predictor.facts, self.predictor.cleaning_options.revenue
        if facts is None:
            return
        known = shop.lines.collect()
        ids = {*known["customer_id"].to_list()}
        if len(ids) >= MIN_CUSTOMERS:
            facts.require_same(shop, revenue)
            return
        # A few customers may buy anything: only the form of their ids and times says something.
        form = IdForm.of_few(ids)
        has_clock = known["minute"].null_count() < known.height
        few = ShopFacts(
            *("", has_clock, shop.has_offsets, form.leading_zeros, form.digits, 0.0, revenue),
            customers=len(ids),
        )
        facts.require_agreement(few)

    def _with_side_tables(self, shop: Transactions) -> Transactions:
        """Return the shop with the rows of the run's side tables that its lines need."""
        known, run = shop.lines.collect(), self.predictor.side_tables
        tables = shop.side_tables.frozen_as(run)
        keys = {
            key: pl.Series(sorted({*known[key].to_list()} - {None}), dtype=pl.String)
            for key in {table.key for table in self._tables.values()}
        }
        found: dict[str, Any] = {
            name: table.rows_of(keys[table.key]) for name, table in self._tables.items()
        }
        return replace(shop, side_tables=replace(tables, **found))

    @cached_property
    def _tables(self) -> dict[str, "_KeyedTable"]:
        keys = {"customers": "customer_id", "products": "product_id", "prices": "product_id"}
        given = {name: getattr(self.predictor.side_tables, name) for name in keys}
        return {
            name: _KeyedTable(table.sort(keys[name], maintain_order=True), keys[name])
            for name, table in given.items()
            if table is not None
        }

    def _with_reasons(
        self, scores: pl.DataFrame, rows: ScoringRows, probabilities: FloatArray
    ) -> pl.DataFrame:
        explainer = self.predictor.explainer
        assert explainer is not None
        found: dict[str, list[dict[str, object]]] = {}
        reasons = explainer.explain_reasons(rows.eligible, probabilities=probabilities)
        for row in reasons.select("customer_id", *REASON_FIELDS).to_dicts():
            found.setdefault(row.pop("customer_id"), []).append(row)
        listed = [found.get(name) for name in scores["customer_id"]]
        kind = pl.List(pl.Struct({name: REASONS_SCHEMA[name] for name in REASON_FIELDS}))
        return scores.hstack([pl.Series("reasons", listed, dtype=kind)])


@dataclass(frozen=True, slots=True)
class _KeyedTable:
    """A side table that is searched, not read, for the rows of a few keys."""

    table: pl.DataFrame  # sorted by its key
    key: str

    def rows_of(self, values: pl.Series) -> pl.DataFrame:
        """Return the rows with these keys."""
        own = self.table[self.key]
        starts, ends = (
            own.search_sorted(values, side).to_numpy().astype(np.int64)
            for side in ("left", "right")
        )
        places = [np.arange(a, b) for a, b in zip(starts, ends, strict=True)]
        return self.table[np.concatenate([np.zeros(0, dtype=np.int64), *places])]


@lru_cache(maxsize=8)
def _options_at(options: CleaningOptions, cutoff: int) -> CleaningOptions:
    return replace(options, as_of=cutoff)
