"""The training data of a model, the protocol of a model, and how frames become matrices."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict import features
from segpredict.classifier.panel import SegmentAssigner
from segpredict.classifier.splits import Fold
from segpredict.config.classifier import ClassifierOptions, XgboostOptions
from segpredict.core.arrays import FloatArray as FloatArray
from segpredict.core.arrays import IntArray as IntArray
from segpredict.core.customer_sample import sample_transactions
from segpredict.core.frames import FEW_ROWS
from segpredict.core.panel import Panel
from segpredict.core.transactions import Transactions
from segpredict.core.types import JSON
from segpredict.core.window import DAYS_PER_YEAR
from segpredict.errors import MismatchError, SingleClassError

# What probability models read of a customer: days with a purchase after the first,
# days from the first to the last, days since the first;
# and the last year's rhythm and spend.
HISTORY_COLUMNS = ("x_days", "t_x_days", "age_days", "freq_days_364", "spend_364")


class Forecaster(Protocol):
    """Anything fitted that gives a probability for each future segment.

    >>> from segpredict.classifier.models.baselines.prior import ClassPrior
    >>> forecaster: Forecaster = ClassPrior((0.25, 0.75))
    >>> forecaster.predict_proba(pl.DataFrame({"customer_id": ["a"]})).tolist()
    [[0.25, 0.75]]
    """

    @property
    def name(self) -> str:
        """The name in the evaluation."""

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return one row of probabilities per customer, in code order of segments."""

    def to_state(self) -> JSON:
        """Return all that `load` needs, as JSON."""


@dataclass(frozen=True, slots=True)
class HistoryAtCutoff:
    """What is known on the day of a forecast in addition to the labelled rows."""

    cutoff: int  # the day T* (a day number)
    # days of the outcome, and between the cutoff and it
    horizon: int
    gap: int
    # `HISTORY_COLUMNS` as of the cutoff: all customers with an order, also those inactive for too
    # long to be in the panel. One row a customer.
    customer_histories: pl.DataFrame
    segmentation: SegmentAssigner  # the frozen segmentation
    settlement: int = 0  # days after the outcome until it counts as known
    max_history: int = DAYS_PER_YEAR  # days that `customer_histories` reach back, at most
    # days with a purchase after the first one, over all customers, on each day from the first of
    # the data to the cutoff
    daily_returns: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def days_to_complete(self) -> int:
        """Days from a cutoff to the day on which its outcome is known for good."""
        return self.gap + self.horizon + self.settlement


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Labelled rows and how they may be used."""

    rows: pl.DataFrame  # rows of a panel with a label, sorted by cutoff and customer
    feature_names: tuple[str, ...]  # columns that may be used
    n_classes: int  # number of segments, INACTIVE included
    options: XgboostOptions = field(default_factory=XgboostOptions)  # settings of the boosted trees
    # start of random draws; threads of one fit
    seed: int = 7
    threads: int = 1
    # what is known on the day of the forecast; ``None`` where only rows are given
    history: HistoryAtCutoff | None = None

    def at_cutoffs(self, cutoffs: Sequence[int]) -> "TrainingData":
        """Return the training data of these origins only."""
        return replace(self, rows=self.rows.filter(pl.col("cutoff").is_in(list(cutoffs))))

    @property
    def labels(self) -> IntArray:
        """Future segments, one a row."""
        return segment_codes(self.rows, "label")

    @property
    def states(self) -> IntArray:
        """Current segments, one a row."""
        return segment_codes(self.rows, "state_now")


def training_data_of_fold(
    panel: Panel,
    fold: Fold,
    classes: int,
    options: ClassifierOptions,
    history: HistoryAtCutoff | None = None,
) -> TrainingData:
    """Return the training data of a fold, without columns that separate origins only (leak L10).

    Above `ClassifierOptions.max_rows` only every second origin is used, the newest first: the
    outcomes of neighbours overlap. Where that is not enough, a sample of customers is.
    """
    rows = panel.at_cutoffs(*fold.train_origins).filter(pl.col("label").is_not_null())
    if rows.height > options.max_rows:
        kept = rows["cutoff"].unique().sort(descending=True).gather_every(2)
        rows = rows.filter(pl.col("cutoff").is_in(kept.implode()))
    rows = sample_customers(rows, options.max_rows).sort("cutoff", "customer_id")
    found = rows["label"].unique()
    if len(found) < 2:
        raise SingleClassError(f"S{found[0]}" if len(found) else "none", rows.height)
    return TrainingData(
        rows,
        informative_columns(rows, panel.feature_names),
        classes,
        options.xgboost,
        options.seed,
        options.threads,
        history,
    )


def sample_shop(
    transactions: Transactions, options: ClassifierOptions
) -> tuple[Transactions, float, tuple[str, ...]]:
    """Return the transactions of `ClassifierOptions.max_customers` customers at most.

    And how many customers of the shop each of them stands for, with a note where that is not one.
    """
    sample, weight = sample_transactions(transactions, options.max_customers)
    if weight == 1:
        return transactions, weight, ()
    note = (
        f"Models are trained and tested on a sample of {options.max_customers:,} customers "
        "(classifier.max_customers), by a hash of their ids: figures of the tests are theirs. All "
        "customers are scored."
    )
    return features.with_orders(sample), weight, (note,)


def sample_customers(rows: pl.DataFrame, max_rows: int) -> pl.DataFrame:
    """Return the rows of as many customers as give about so many rows, evenly over their ids.

    >>> rows = pl.DataFrame({"customer_id": ["a", "a", "b", "b", "c", "c"]})
    >>> sample_customers(rows, 4)["customer_id"].unique().sort().to_list()
    ['b', 'c']
    """
    if rows.height <= max_rows:
        return rows
    customers = rows["customer_id"].unique().sort()
    wanted = max(1, len(customers) * max_rows // rows.height)
    # Place i of n is taken where the running number of those wanted grows.
    places = np.arange(len(customers), dtype=np.int64)
    taken = (places + 1) * wanted // len(customers) > places * wanted // len(customers)
    return rows.filter(pl.col("customer_id").is_in(customers.filter(pl.Series(taken)).implode()))


def informative_columns(rows: pl.DataFrame, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that differ between customers at one cutoff at least."""
    varies = rows.group_by("cutoff").agg(pl.col(names).n_unique() > 1).select(pl.col(names).any())
    return tuple(name for name in names if varies[name].item())


def segment_codes(rows: pl.DataFrame, column: str) -> IntArray:
    """Return a column of segment codes as whole numbers."""
    return rows[column].to_numpy().astype(np.int64)


def normalised(weights: FloatArray) -> FloatArray:
    """Return the rows divided by their sums."""
    # Segment by segment: a row's sum must not depend on how many rows there are.
    total = np.zeros(len(weights))
    for column in weights.T:
        total = total + column
    return np.asarray(weights / total[:, None], dtype=np.float64)


_NUMBERS = (pl.Boolean, pl.Null)  # kinds of columns beside the numeric ones
_PLAIN = {pl.Float64, pl.Int8}  # those of scored rows, which 64 bits hold exactly


def feature_matrix(customers: pl.DataFrame, names: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return the named columns, in this order; null and infinite become NaN.

    >>> feature_matrix(pl.DataFrame({"b": [1, None], "a": [2.5, 3]}), ["a", "b"]).tolist()
    [[2.5, 1.0], [3.0, nan]]
    """
    there = set(customers.columns)
    if customers.height <= FEW_ROWS and there.issuperset(names):
        some = customers.select(names)
        if {*some.dtypes} <= _PLAIN:
            with np.errstate(over="ignore"):
                few = some.to_numpy().astype(np.float32)
            few[np.isinf(few)] = np.nan
            return few
    columns = [customers.get_column(name) for name in names if name in there]
    text = [each for each in columns if not (each.dtype.is_numeric() or each.dtype in _NUMBERS)]
    if len(columns) < len(names) or text:
        missing = [name for name in names if name not in there]
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"holds {each.name} as {each.dtype}" for each in text]
        raise MismatchError(
            f"The frame to score does not fit the model: it {' and '.join(parts)}.",
            fix="build the features with the version and families of the run.",
            column=(*missing, *(each.name for each in text))[0],
        )
    cells = np.full((len(columns), customers.height), np.nan, dtype=np.float32)
    with np.errstate(over="ignore"):  # beyond 32 bits is infinite
        for place, values in enumerate(columns):
            if values.dtype != pl.Null:
                cells[place] = values.to_numpy()  # null becomes NaN
    cells[np.isinf(cells)] = np.nan
    return np.ascontiguousarray(cells.T)
