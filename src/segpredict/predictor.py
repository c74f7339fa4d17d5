"""Score customers with a finished run: all that scoring needs, nothing that learns."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import polars as pl

from segpredict import contracts, sources
from segpredict.classifier import Forecaster, TimeOptions, panel
from segpredict.cleaning import CleaningPlan, clean
from segpredict.companions import priced
from segpredict.errors import MismatchError
from segpredict.segments import Segmentation
from segpredict.sources import Layout
from segpredict.tables import Companions, Panel, RawLines, Segment, Transactions
from segpredict.window import Window, as_date, day_number

Day = date | str | int | None


@dataclass(frozen=True)
class SegmentPredictor:
    """A frozen segmenter and a fitted forecaster, ready for new transactions.

    Parameters
    ----------
    segmentation
        Tells each customer's segment now.
    forecaster
        Gives the probability of each next segment.
    time
        The lengths of the windows it was trained on.
    values
        Mean spend in the outcome window per segment, in code order, in currency.
    families
        Feature families the forecaster was trained on; ``None`` means all.
    layout, cleaning
        How the run's own input was read and cleaned; used for frames.
    companions
        The run's side tables: what was frozen of them, and the customers and products
        that are used where the transactions bring none of their own.

    Examples
    --------
    >>> import segpredict
    >>> predictor = segpredict.load("artifacts/demo/run")  # doctest: +SKIP
    >>> predictor.score(frame, as_of="2023-12-31")  # doctest: +SKIP
    """

    segmentation: Segmentation
    forecaster: Forecaster
    time: TimeOptions
    values: tuple[float, ...]
    families: tuple[str, ...] | None = None
    layout: Layout = field(default_factory=Layout)
    cleaning: CleaningPlan = field(default_factory=CleaningPlan)
    companions: Companions = field(default_factory=Companions)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments in code order, INACTIVE first."""
        return self.segmentation.segments

    def score(
        self, transactions: object, as_of: Day = None, since: Day = None
    ) -> pl.DataFrame:
        """Return one row per customer: segment now, probabilities of the next.

        Parameters
        ----------
        transactions
            `Transactions`, or a frame of Polars, pandas, PyArrow or DuckDB with the
            columns of the run's own input. It should reach back over the look-back
            before `as_of` (features over longer spans are missing otherwise).
        as_of
            The cutoff T: nothing on or after it is looked at. ``None`` means the day
            after the last row.
        since
            The day on which the shop's records begin. ``None`` means the first row.
            Give it when scoring a few customers alone, whose first row says nothing of
            the shop; features of a time before it are missing instead of zero.

        Returns
        -------
        polars.DataFrame
            `contracts.SCORES`, sorted by customer: every customer with an order before
            the cutoff. ``p_<id>`` is the probability of a segment in the outcome
            window, ``p_down`` and ``p_up`` of a less and a more valuable one than now,
            ``expected_value`` the probability-weighted mean spend of the segments in
            currency. Customers without an order in the look-back are INACTIVE and not
            eligible: nothing like them was in training, so they get no probabilities.

        Raises
        ------
        MismatchError
            When nobody is left to score before the cutoff.
        ContractError
            When a frame lacks a column or a cell cannot be read.
        """
        shop = self.transactions(transactions, as_of)
        window = self.window(shop, as_of, since)
        customers = self.customers(shop, window)
        if customers.height == 0:
            raise MismatchError(
                f"No customer has an order before {as_date(window.cutoff)}.",
                fix="give a later --as-of, or data that reach further back.",
            )
        rows = self.rows(shop, window).frame
        return contracts.check(self._scores(rows, customers, window), contracts.SCORES)

    def transactions(self, given: object, as_of: Day = None) -> Transactions:
        """Return what was given as transactions, read and cleaned as in the run."""
        if isinstance(given, Transactions):
            return replace(given, companions=given.companions.frozen(self.companions))
        raw = (
            given
            if isinstance(given, RawLines)
            else sources.from_frame(given, self.layout)
        )
        cutoff = None if as_of is None else day_number(as_of)
        shop = clean(priced(raw, self.companions), replace(self.cleaning, as_of=cutoff))
        return replace(shop, companions=Companions().frozen(self.companions))

    def window(
        self, shop: Transactions, as_of: Day = None, since: Day = None
    ) -> Window:
        """Return the question of a score."""
        cutoff = shop.end_day if as_of is None else day_number(as_of)
        first = shop.first_day if since is None else day_number(since)
        return self.time.window(cutoff, first)

    def rows(self, shop: Transactions, window: Window) -> Panel:
        """Return features and states of the eligible customers, as in training."""
        return panel(shop, self.segmentation, [window], self.families)

    @staticmethod
    def customers(shop: Transactions, window: Window) -> pl.DataFrame:
        """Return the ids of all customers with an order before the cutoff."""
        heads = shop.known(window.cutoff).filter("is_order_head")
        return heads.select("customer_id").unique().sort("customer_id").collect()

    def _scores(
        self, rows: pl.DataFrame, customers: pl.DataFrame, window: Window
    ) -> pl.DataFrame:
        ids = [segment.id for segment in self.segments]
        names = [segment.name for segment in self.segments]
        p = self.forecaster.predict(rows) if rows.height else np.zeros((0, len(ids)))
        known = customers.join(
            forecast(rows, p, self.values),
            on="customer_id",
            how="left",
            maintain_order="left",
        )
        now = pl.col("state_now").fill_null(0)
        return known.select(
            "customer_id",
            pl.lit(as_date(window.cutoff)).alias("as_of"),
            pl.col("next").is_not_null().alias("is_eligible"),
            _labelled(now, ids).alias("segment_id"),
            _labelled(now, names).alias("segment"),
            _labelled(pl.col("next"), ids).alias("next_segment_id"),
            _labelled(pl.col("next"), names).alias("next_segment"),
            *(pl.col(f"p_{code}").alias(f"p_{i}") for code, i in enumerate(ids)),
            "p_down",
            "p_up",
            "expected_value",
        )


def forecast(
    rows: pl.DataFrame, p: np.ndarray, values: Sequence[float]
) -> pl.DataFrame:
    """Return what follows from the probabilities: most likely, down, up, value.

    Parameters
    ----------
    rows
        ``customer_id`` and ``state_now`` (codes).
    p
        Customers × segments.
    values
        Mean spend per segment, in code order, in currency.

    Examples
    --------
    >>> rows = pl.DataFrame({"customer_id": ["a"], "state_now": [1]})
    >>> out = forecast(rows, np.array([[0.2, 0.5, 0.3]]), (0.0, 10.0, 100.0))
    >>> out.row(0, named=True)["p_down"], out.row(0, named=True)["expected_value"]
    (0.2, 35.0)
    """
    now = rows["state_now"].to_numpy().astype(np.int64)[:, None]
    codes = np.arange(p.shape[1])[None, :]
    # Sums of rounded shares can pass one by a last bit.
    down = np.minimum(np.where(codes < now, p, 0.0).sum(axis=1), 1.0)
    up = np.minimum(np.where(codes > now, p, 0.0).sum(axis=1), 1.0)
    return rows.select("customer_id", "state_now").with_columns(
        pl.Series("next", p.argmax(axis=1), dtype=pl.Int64),
        *(pl.Series(f"p_{code}", p[:, code]) for code in range(p.shape[1])),
        pl.Series("p_down", down),
        pl.Series("p_up", up),
        pl.Series("expected_value", p @ np.asarray(values, dtype=np.float64)),
    )


def _labelled(codes: pl.Expr, labels: Sequence[str]) -> pl.Expr:
    known = list(range(len(labels)))
    return codes.cast(pl.Int64).replace_strict(
        known, list(labels), default=None, return_dtype=pl.String
    )
