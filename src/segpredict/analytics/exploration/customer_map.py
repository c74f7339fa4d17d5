"""Customer map: the plane of the first two principal components."""

import numpy as np
import polars as pl

from segpredict.analytics.exploration.observations import ExplorationData
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.types import JSON

MAX_MAP_CUSTOMERS = 600  # customers on the map, at most
MAP_COLUMNS = {  # variables of the map
    "orders": "orders",
    "spend": "spend",
    "value": "order value",
    "recency": "days since the last order",
    "age": "days since the first order",
}


def customer_map(data: ExplorationData, end_day: int) -> tuple[pl.DataFrame, list[JSON]]:
    """Return a sample of customers in the plane of the first two principal components.

    ``segment``, ``x`` and ``y`` (0 to 100) of every n-th customer by spend; and of both axes the
    share of the variance and the measures that load on it most.

    Orders, spend, order value, recency and age, in logs, each centred and divided by its standard
    deviation over all customers. Signs are such that spend grows along both axes. The map holds no
    ids.
    """
    empty = pl.DataFrame(schema={"segment": pl.Int32, "x": pl.Float64, "y": pl.Float64})
    ranked = data.customers.filter(pl.col("spend") > 0).sort(
        "spend", "orders", "first", "last", "segment"
    )
    if ranked.height < len(MAP_COLUMNS) + 1:
        return empty, []
    measures = np.log1p(
        ranked.select(
            "orders",
            pl.col("spend") / MONEY_SCALE,
            value=pl.col("spend") / MONEY_SCALE / pl.col("orders"),
            recency=end_day - pl.col("last"),
            age=end_day - pl.col("first"),
        )
        .cast(pl.Float64)
        .to_numpy()
    )
    spread = measures.std(axis=0)
    if not spread.any():
        return empty, []  # all bought alike: one point has no axes
    scaled = (measures - measures.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    strength, turns = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    loads = turns[:, ::-1][:, :2]
    loads = loads * np.where(loads[1] < 0, -1.0, 1.0)
    projected = scaled @ loads
    low, high = np.quantile(projected, 0.005, axis=0), np.quantile(projected, 0.995, axis=0)
    inside = np.clip((projected - low) / np.where(high > low, high - low, 1.0), 0, 1)
    every = -(-ranked.height // MAX_MAP_CUSTOMERS)
    x, y = np.round(100 * inside, 1).T
    placed = pl.DataFrame({"segment": ranked["segment"], "x": x, "y": y})
    shown = placed.gather_every(every, offset=every // 2)
    shares = strength[::-1][:2] / strength.sum()
    return shown, [_axis(loads[:, i], float(shares[i])) for i in range(2)]


def _axis(load: np.ndarray, share: float) -> JSON:
    names = list(MAP_COLUMNS.values())
    order = np.argsort(-np.abs(load), kind="stable")
    loaded = [
        f"{'more' if load[i] > 0 else 'less'} {names[i]}" for i in order if abs(load[i]) >= 0.4
    ]
    return {"share": round(share, 4), "loadings": loaded}
