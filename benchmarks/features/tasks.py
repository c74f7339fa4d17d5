"""One task of the features benchmark, run in a process of its own; see run.py."""

import json
import math
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from polars.lazyframe.group_by import LazyGroupBy

import shop
from segpredict import features
from segpredict.core.transactions import MONEY_SCALE
from segpredict.data import store

# The columns of lines that SQL needs, and those that segpredict reads instead.
RFM = {"lines": ["customer_id", "day", "is_return", "void_day", "starts", "amount"]}
FULL = {"lines": [*RFM["lines"], "minute", "product_id", "quantity"]}
_MONEY = ["customer_id", "day", "void_day", "net"]
RFM_KEPT = {"orders": _MONEY, "credits": _MONEY}
FULL_KEPT = {
    "orders": [*_MONEY, "units", "lines", "products", "named"],
    "credits": _MONEY,
    "repeats": ["customer_id", "day", "before", "since", "void_day"],
}
T = shop.WINDOW.cutoff
VOID = (pl.col("void_day") < T).fill_null(value=False)
HERE = Path(__file__).parent


def base(stored: store.StoredTransactions, kind: str = "lines") -> Path:
    files = stored.store
    assert files is not None
    return files.rows_of_file(kind, files.manifest.base).path


def scan(stored: store.StoredTransactions, columns: dict[str, list[str]]) -> None:
    for kind, names in columns.items():
        rows = pl.scan_parquet(base(stored, kind)).select(names)
        rows.select(pl.all().sum()).collect(engine="streaming")


def grouped(stored: store.StoredTransactions, kind: str) -> LazyGroupBy:
    rows = pl.scan_parquet(base(stored, kind)).filter((pl.col("day") < T) & ~VOID)
    money = rows.select("customer_id", "day", "net")
    return money.set_sorted("customer_id").group_by("customer_id")


def rfm(stored: store.StoredTransactions) -> pl.DataFrame:
    """Recency, orders, money, tenure and average order: what orders are kept for."""
    orders = grouped(stored, "orders").agg(
        last=pl.col("day").last(),
        first=pl.col("day").first(),
        orders=pl.len(),
        gross=pl.col("net").sum(),
    )
    credits_ = grouped(stored, "credits").agg(back=pl.col("net").sum())
    return (
        orders.join(credits_, on="customer_id", how="left")
        .sort("customer_id")
        .select(
            recency=(T - pl.col("last")).cast(pl.Float64),
            orders=pl.col("orders").cast(pl.Float64),
            money=(pl.col("gross") + pl.col("back").fill_null(0)) / MONEY_SCALE,
            tenure=(T - pl.col("first")).cast(pl.Float64),
            average=pl.col("gross") / MONEY_SCALE / pl.col("orders"),
        )
        .collect(engine="streaming")
    )


def duckdb(stored: store.StoredTransactions, sql: str) -> pl.DataFrame:
    import duckdb as engine

    with engine.connect() as connection:
        connection.execute(f"set threads = {pl.thread_pool_size()}")
        for kind, view in VIEWS.items():
            file = f"read_parquet('{base(stored, kind)}')"
            connection.execute(f"create view {view} as select * from {file}")
        answer = connection.sql(sql.replace("{T}", str(T))).to_arrow_table()
        frame = pl.from_arrow(answer)
    assert isinstance(frame, pl.DataFrame)
    return frame.select(pl.exclude("customer_id").cast(pl.Float64))


VIEWS = {"lines": "lines", "orders": "orders_kept", "credits": "credits_kept"}
DUCK_RFM_KEPT = """
with known as (
  select customer_id, day, net, true as is_order, void_day from orders_kept
  union all select customer_id, day, net, false, void_day from credits_kept
)
select customer_id, {T} - max(day) filter (is_order) as recency,
  count(*) filter (is_order) as orders, sum(net) / 1e4 as money,
  {T} - min(day) filter (is_order) as tenure,
  sum(net) filter (is_order) / 1e4 / count(*) filter (is_order) as average
from known where day < {T} and (void_day is null or void_day >= {T})
group by customer_id having orders > 0 order by customer_id
"""
DUCK_RFM = """
select customer_id, {T} - max(day) filter (not is_return) as recency,
  count(*) filter (starts and not is_return) as orders, sum(amount) / 1e4 as money,
  {T} - min(day) filter (not is_return) as tenure,
  sum(amount) filter (not is_return) / 1e4
    / count(*) filter (starts and not is_return) as average
from lines where day < {T} and (void_day is null or void_day >= {T})
group by customer_id having orders > 0 order by customer_id
"""


def pandas_lines(stored: store.StoredTransactions, columns: list[str]) -> Any:
    import pandas as pd

    lines = pd.read_parquet(base(stored), columns=columns)
    return lines[(lines["day"] < T) & ~(lines["void_day"] < T)]


def pandas_rfm(stored: store.StoredTransactions) -> pl.DataFrame:
    lines = pandas_lines(stored, RFM["lines"])
    sales = lines[~lines["is_return"]]
    sold = sales.groupby("customer_id").agg(
        last=("day", "max"),
        first=("day", "min"),
        orders=("starts", "sum"),
        gross=("amount", "sum"),
    )
    sold["net"] = lines.groupby("customer_id")["amount"].sum()
    return pl.DataFrame(
        {
            "recency": (T - sold["last"]).to_numpy(dtype=float),
            "orders": sold["orders"].to_numpy(dtype=float),
            "money": (sold["net"] / 1e4).to_numpy(),
            "tenure": (T - sold["first"]).to_numpy(dtype=float),
            "average": (sold["gross"] / 1e4 / sold["orders"]).to_numpy(),
        }
    )


def pandas_full(stored: store.StoredTransactions) -> pl.DataFrame:
    """Two-level group-bys with masked columns: as good as pandas gets by hand."""
    import numpy as np

    lines = pandas_lines(stored, [*FULL["lines"], "order_id"])
    lines["ago"] = T - lines["day"]
    by = lines["customer_id"]
    money = {
        name: (lines["amount"].where(lines["ago"].between(a, b), 0)).groupby(by).sum() / 1e4
        for name, a, b in [
            *((f"spend_{n}", 1, n) for n in (28, 91, 182, 364)),
            ("spend_before", 92, 182),
        ]
    }
    keys = ["customer_id", "day", "order_id"]
    orders = lines[~lines["is_return"]].groupby(keys, sort=True)
    orders = orders.agg(
        value=("amount", "sum"),
        lines=("amount", "size"),
        units=("quantity", "sum"),
        products=("product_id", "nunique"),
    ).reset_index()
    orders["value"] /= 1e4
    orders["units"] /= 1e4
    orders["ago"] = T - orders["day"]
    year = orders["ago"] <= 364
    recent = orders[year].groupby("customer_id")
    named = orders[year & (orders["products"] > 0)].groupby("customer_id")
    found = {
        "aov": recent["value"].mean(),
        "order_max": recent["value"].max(),
        "order_cv": recent["value"].std() / recent["value"].mean(),
        "lines_per_order": recent["lines"].mean(),
        "units_per_order": recent["units"].mean(),
        "products_per_order": named["products"].mean(),
    }
    days = orders.drop_duplicates(["customer_id", "day"])
    own, ago = days["customer_id"], days["ago"]
    pause = days["day"] - days["day"].shift()
    pause = pause.where(own == own.shift())
    gaps = pause.groupby(own)
    count = {
        name: ago.between(a, b).groupby(own).sum()
        for name, a, b in [
            *((f"freq_days_{n}", 1, n) for n in (28, 91, 182, 364)),
            ("days_before", 92, 182),
        ]
    }
    last, first = ago.groupby(own).min(), ago.groupby(own).max()
    inside = days[ago <= 364]
    median = gaps.median()
    rhythm = {
        "recency_days": last,
        "x_days": own.groupby(own).size() - 1,
        "t_x_days": first - last,
        "age_days": first,
        **count,
        "windows_active": ((inside["ago"] - 1) // 91).groupby(inside["customer_id"]).nunique(),
        "trend_days": np.log((count["freq_days_91"] + 0.5) / (count["days_before"] + 0.5)),
        "ipt_mean": gaps.mean(),
        "ipt_median": median,
        "ipt_max": gaps.max(),
        "ipt_last": gaps.last(),
        "ipt_cv": gaps.std() / gaps.mean(),
        "overdue_ratio": last / median.clip(lower=1),
    }
    eligible = last[last <= 364].index
    every = {**rhythm, **found, **money}
    columns = {n: s.reindex(eligible).to_numpy(dtype=float) for n, s in every.items()}
    return pl.DataFrame(columns).fill_nan(None)


def ingest(files: list[Path], cache: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        store.write_store(shop.transactions(files), folder)


def plain(files: list[Path], cache: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        lines = shop.lines(files).sort("customer_id", "day")
        lines.sink_parquet(Path(folder) / "lines.parquet", compression="lz4")


def to_file(stored: store.StoredTransactions, cache: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        features.write_features(stored, shop.WINDOW, Path(folder) / "features.parquet")


def tasks(size: str, cache: Path) -> dict[str, Callable[[], Any]]:
    files, stored = shop.parts(cache, size), shop.stored(cache, size)
    names = ("lines", "orders", "features")
    lines, orders, rest = ((HERE / f"{n}.sql").read_text("utf-8") for n in names)
    window, origins = [shop.WINDOW], shop.ORIGINS
    return {
        "scan rfm": lambda: scan(stored, RFM),
        "scan full": lambda: scan(stored, FULL),
        "scan rfm kept": lambda: scan(stored, RFM_KEPT),
        "scan full kept": lambda: scan(stored, FULL_KEPT),
        "rfm": lambda: rfm(stored),
        "rfm family": lambda: features.build_features(stored, window, ["rfm"])[0].frame,
        "full": lambda: features.build_features(stored, window)[0].frame,
        "file": lambda: to_file(stored, cache),
        "origins": lambda: features.build_features(stored, origins)[0].frame,
        "duckdb rfm": lambda: duckdb(stored, DUCK_RFM),
        "duckdb rfm kept": lambda: duckdb(stored, DUCK_RFM_KEPT),
        "duckdb full": lambda: duckdb(stored, lines + rest),
        "duckdb full kept": lambda: duckdb(stored, orders + rest),
        "pandas rfm": lambda: pandas_rfm(stored),
        "pandas full": lambda: pandas_full(stored),
        "ingest": lambda: ingest(files, cache),
        "plain": lambda: plain(files, cache),
    }


def timed(task: Callable[[], Any], repeat: int) -> tuple[dict[str, float], Any]:
    walls, cpus = [], []
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = task()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"wall": statistics.median(walls), "cpu": statistics.median(cpus)}
    return {**found, "peak": peak}, answer


def facts(size: str, cache: Path) -> dict[str, int]:
    stored = shop.stored(cache, size)
    assert stored.store is not None
    card = stored.store.manifest
    return {
        "lines": card.rows,
        "customers": card.customers,
        "features": len(features.feature_glossary(features.choose_families(stored).names)),
        "threads": pl.thread_pool_size(),
    }


def kept(cache: Path, size: str, task: str) -> Path:
    return cache / f"values-{size}-{task.replace(' ', '-')}.parquet"


def same(one: Path, other: Path) -> dict[str, str]:
    """Compare the columns that both have, to 1e-9 of their size."""
    left, right = pl.read_parquet(one), pl.read_parquet(other)
    names = [name for name in right.columns if name in left.columns]
    if left.height != right.height:
        return {"result": f"{left.height} against {right.height} customers"}
    for name in names:
        a, b = left[name], right[name]
        if not a.is_null().equals(b.is_null(), check_names=False):
            return {"result": f"{name} is missing for different customers"}
        worst = ((a - b).abs() / b.abs().clip(lower_bound=1.0)).max() or 0.0
        if not (isinstance(worst, float) and math.isfinite(worst) and worst <= 1e-9):
            return {"result": f"{name} differs by {worst}"}
    return {"result": f"equal in {len(names)} columns"}


def main() -> None:
    task, size, folder, repeat = sys.argv[1:]
    cache = Path(folder)
    if task == "prepare":
        print(json.dumps(facts(size, cache)))
        return
    if task.startswith("same:"):
        one, other = (kept(cache, size, name) for name in task.split(":")[1:])
        print(json.dumps(same(one, other)))
        return
    found, answer = timed(tasks(size, cache)[task], int(repeat))
    if isinstance(answer, pl.DataFrame):
        answer.write_parquet(kept(cache, size, task))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
