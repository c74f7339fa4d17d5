"""A forecast as a sum: what each column adds to the log-odds of each segment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.baselines.bgnbd_gg import BgNbdGg
from segpredict.classifier.blend import Blend
from segpredict.classifier.booster import Booster
from segpredict.classifier.calibration import Calibrated
from segpredict.classifier.lesson import HISTORY, Floats, Forecaster, matrix
from segpredict.explain.buying import PLAYERS, Buying, reference
from segpredict.tables import JSON

CHUNK = 10_000  # customers at a time, to bound memory


@dataclass(frozen=True, slots=True, eq=False)
class Additive:
    """Trees, and beside them a model of purchases, whose log-odds add up.

    Parameters
    ----------
    trees
        The boosted trees.
    buying
        The model of purchases with its reference; ``None`` where trees stand alone.
    weight
        Share of the trees in the log-odds.
    note
        What a reader must know where this is not just what ships.
    shipped
        What ships, where this is not just that: its forecast is the one to explain.

    Notes
    -----
    A geometric mean of two forecasts is a sum of their log-odds, so the contributions
    to the blend are those to its parts, times their weights. The part of BG/NBD is put
    on the columns of `PLAYERS`.
    """

    trees: Booster
    buying: Buying | None = None
    weight: float = 1.0
    note: str = ""
    shipped: Forecaster | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that contributions are given for."""
        more = () if self.buying is None else tuple(PLAYERS)
        known = self.trees.names
        return (*known, *(name for name in more if name not in known))

    @property
    def classes(self) -> int:
        """Number of segments, INACTIVE included."""
        return self.trees.classes

    def base(self) -> Floats:
        """Return the margin of each segment before anything is known."""
        nobody = pl.DataFrame(
            {name: [None] for name in self.trees.names},
            schema=dict.fromkeys(self.trees.names, pl.Float32),
        )
        start = self.trees.contributions(nobody)[0, :, -1].astype(np.float64)
        if self.buying is None:
            return start
        return self.weight * start + (1 - self.weight) * self.buying.base()

    def margins(self, customers: pl.DataFrame) -> Floats:
        """Return the log-odds, up to a constant for each customer."""
        if not customers.height:
            return np.zeros((0, self.classes))
        trees = self.trees.margins(customers).astype(np.float64)
        if self.buying is None:
            return trees
        logs = self.buying.logs(customers)
        return self.weight * trees + (1 - self.weight) * logs

    def chances(self, customers: pl.DataFrame) -> Floats:
        """Return the probability of each segment, as it is scored."""
        if self.shipped is not None:
            return self.shipped.predict(customers)
        raw = self.margins(customers)
        power = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(power / power.sum(axis=1, keepdims=True), np.float64)

    def values(self, customers: pl.DataFrame) -> Floats:
        """Return the cells behind the contributions; what is unknown is NaN."""
        present = [n for n in self.names if n in customers.columns]
        cells = dict(zip(present, matrix(customers, present).T, strict=True))
        missing = np.full(customers.height, np.nan, np.float32)
        return np.column_stack([cells.get(n, missing) for n in self.names])

    def contributions(self, customers: pl.DataFrame) -> Floats:
        """Return what each column adds, customers × segments × `names`.

        A row and `base` add up to `margins`.
        """
        shape = (customers.height, self.classes, len(self.names))
        found = np.zeros(shape)
        if not customers.height:
            return found
        known = len(self.trees.names)
        trees = self.trees.contributions(customers)[:, :, :-1]
        found[:, :, :known] = self.weight * trees
        if self.buying is not None:
            parts = self.buying.contributions(customers)
            for place, name in enumerate(PLAYERS):
                more = (1 - self.weight) * parts[:, :, place]
                found[:, :, self.names.index(name)] += more
        return found

    def chunks(
        self, customers: pl.DataFrame, rows: int = CHUNK, threads: int = 1
    ) -> Iterator[tuple[pl.DataFrame, Floats]]:
        """Yield customers with their contributions, some at a time, in their order.

        Parameters
        ----------
        customers
            One row a customer, with the columns of the model.
        rows
            Customers at a time.
        threads
            Chunks worked on side by side; no more are held. XGBoost works without the
            interpreter's lock, and no bit depends on the number.
        """
        starts = range(0, customers.height, rows)
        with ThreadPoolExecutor(threads) as pool:
            for place in range(0, len(starts), threads):
                some = [customers.slice(s, rows) for s in starts[place:][:threads]]
                yield from zip(some, pool.map(self.contributions, some), strict=True)

    def state(self) -> JSON:
        """Return what `restored` needs beside the forecaster, as JSON."""
        return None if self.buying is None else self.buying.state()


def additive(
    forecaster: Forecaster, trees: Booster, customers: pl.DataFrame
) -> Additive:
    """Return what ships as a sum of contributions.

    Parameters
    ----------
    forecaster
        What ships.
    trees
        The trees of the run, explained where what ships is no sum of columns.
    customers
        One row a customer with ``state_now`` and the columns; the reference for BG/NBD
        is taken from them.
    """
    shipped, _ = _uncovered(forecaster, trees)
    buying = _buying(shipped)
    if buying is None or not set(HISTORY) <= set(customers.columns):
        return _summed(forecaster, trees, None)
    return _summed(forecaster, trees, Buying(buying, *reference(customers)))


def restored(forecaster: Forecaster, trees: Booster, state: JSON) -> Additive:
    """Return the sum that gave a state."""
    shipped, _ = _uncovered(forecaster, trees)
    buying = _buying(shipped)
    if buying is None or state is None:
        return _summed(forecaster, trees, None)
    rows, shares = np.array(state["rows"]), np.array(state["shares"])
    return _summed(forecaster, trees, Buying(buying, rows, shares))


def _summed(forecaster: Forecaster, trees: Booster, buying: Buying | None) -> Additive:
    shipped, note = _uncovered(forecaster, trees)
    weight = 1.0 if buying is None else _weight(shipped)
    told = forecaster if note else None
    return Additive(_trees(shipped, trees), buying, weight, note, told)


def _uncovered(forecaster: Forecaster, trees: Booster) -> tuple[Forecaster, str]:
    if isinstance(forecaster, Calibrated):
        inner, note = _uncovered(forecaster.forecaster, trees)
        return inner, (note or "The forecast before it was calibrated is explained.")
    if isinstance(forecaster, Blend | Booster):
        return forecaster, ""
    return trees, (
        f"What ships is {forecaster.name}, which is no sum of columns: the reasons are "
        "those of the trees, which did not ship."
    )


def _trees(shipped: Forecaster, trees: Booster) -> Booster:
    return shipped.trees if isinstance(shipped, Blend) else trees


def _buying(shipped: Forecaster) -> BgNbdGg | None:
    is_part = isinstance(shipped, Blend) and shipped.weight < 1
    return shipped.buying if isinstance(shipped, Blend) and is_part else None


def _weight(shipped: Forecaster) -> float:
    return shipped.weight if isinstance(shipped, Blend) else 1.0
