"""Ask DuckDB for the figures of a run, and lay them beside what the run tells.

    python tests/bi/agreement.py RUN

prints one row a figure: what SQL on the run's Parquet files says, what
``report.json`` says and what SQL on the tables for BI says. It ends with 1 if any
differ. Counts and money of the past are whole numbers and agree to the last digit;
sums of forecasts are floats and agree to 10⁻⁹ of their size, in tables to the 0.0001
by which each customer is rounded.
"""

import math
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from segpredict import Report
from segpredict.artifacts import open_run

EPOCH = date(1970, 1, 1)
RUN = {
    "t": "transactions.parquet",
    "s": "scores.parquet",
    "m": "segments/migration.parquet",
    "w": "movement/moves.parquet",
}
FACTS = """
CREATE MACRO stands(void_day) AS coalesce(void_day >= {end}, true);
CREATE MACRO nth(day) AS ({end} - 1 - day) // {horizon};
CREATE TABLE o AS SELECT DISTINCT customer_id, day, order_id, nth(day) AS win
  FROM t WHERE NOT is_return AND stands(void_day);
CREATE TABLE c AS SELECT customer_id, nth(day) AS win, sum(amount) AS net,
  sum(amount) FILTER (NOT is_return) AS gross, bool_or(NOT is_return) AS bought
  FROM t WHERE stands(void_day) GROUP BY ALL;
CREATE TABLE went AS SELECT a.win, a.net, coalesce(b.net, 0) AS later,
  coalesce(b.bought, false) AS came
  FROM c a LEFT JOIN c b ON a.customer_id = b.customer_id AND b.win = a.win - 1
  WHERE a.bought;
"""
WINDOW = {  # by window: SQL on the run, title in report.json, SQL on the tables
    "Revenue": (
        "SELECT sum(amount) / 1e4 FROM t WHERE nth(day) = ? AND stands(void_day)",
        'SELECT sum(revenue) FROM orders JOIN dates USING (date) WHERE "window" = ?',
    ),
    "Orders": (
        "SELECT count(*) FROM o WHERE win = ?",
        "SELECT count(*) FROM orders JOIN dates USING (date) "
        'WHERE is_order AND "window" = ?',
    ),
    "Customers who ordered": (
        "SELECT count(DISTINCT customer_id) FROM o WHERE win = ?",
        "SELECT count(DISTINCT customer_id) FROM orders JOIN dates USING (date) "
        'WHERE is_order AND "window" = ?',
    ),
    "Average order value (AOV)": (
        "SELECT (SELECT sum(gross) FROM c WHERE win = $1) / 1e4 / "
        "(SELECT count(*) FROM o WHERE win = $1)",
        "SELECT sum(amount)::DOUBLE / count(*) FROM orders JOIN dates USING (date) "
        'WHERE is_order AND "window" = ?',
    ),
    "Retention from window to window (R1)": (
        "SELECT avg(came::INT) FROM went WHERE win = ? + 1",
        "SELECT value FROM metrics JOIN dates ON last_date = date "
        "WHERE metric = 'retention_window' AND \"window\" = ?",
    ),
    "Net revenue retention (R5, NRR)": (
        "SELECT sum(later) / sum(net) FROM went WHERE win = ? + 1",
        "SELECT value FROM metrics JOIN dates ON last_date = date "
        "WHERE metric = 'net_revenue_retention' AND \"window\" = ?",
    ),
    "Gross revenue retention (R5, GRR)": (
        "SELECT sum(least(later, net)) / sum(net) FROM went WHERE win = ? + 1",
        "SELECT value FROM metrics JOIN dates ON last_date = date "
        "WHERE metric = 'gross_revenue_retention' AND \"window\" = ?",
    ),
}
MONTHS = {
    "revenue": (
        "SELECT sum(amount) FROM t WHERE stands(void_day) AND month(day) = ?",
        "SELECT (sum(revenue) * 10000)::BIGINT FROM orders JOIN dates USING (date) "
        "WHERE strftime(month_start, '%Y-%m') = ?",
    ),
    "orders": (
        "SELECT count(*) FROM o WHERE month(day) = ?",
        "SELECT count(*) FROM orders JOIN dates USING (date) "
        "WHERE is_order AND strftime(month_start, '%Y-%m') = ?",
    ),
    "customers": (
        "SELECT count(DISTINCT customer_id) FROM o WHERE month(day) = ?",
        "SELECT count(DISTINCT customer_id) FROM orders JOIN dates USING (date) "
        "WHERE is_order AND strftime(month_start, '%Y-%m') = ?",
    ),
    "new_customers": (
        "SELECT count(*) FROM (SELECT min(day) AS first FROM o GROUP BY customer_id) "
        "WHERE month(first) = ?",
        "SELECT count(*) FROM customers WHERE strftime(cohort_month, '%Y-%m') = ?",
    ),
}
KEYS = {  # keys of facts, and the dimension that must know each
    "lines.order_key": "orders.order_key",
    "lines.customer_id": "customers.customer_id",
    "lines.date": "dates.date",
    "orders.customer_id": "customers.customer_id",
    "orders.date": "dates.date",
    "customers.segment_id": "segments.segment_id",
    "scores.customer_id": "customers.customer_id",
    "scores.segment_id": "segments.segment_id",
    "scores.next_segment_id": "segments.segment_id",
    "chances.segment_id": "segments.segment_id",
    "moves.from_segment_id": "segments.segment_id",
    "moves.to_segment_id": "segments.segment_id",
    "moves.since": "dates.date",
    "metrics.segment_id": "segments.segment_id",
    "metrics.first_date": "dates.date",
}
TABLES = sorted({key.split(".")[0] for pair in KEYS.items() for key in pair})


class Figure(NamedTuple):
    """One figure, told three times; ``None`` where it is not told."""

    name: str
    sql: Any
    json: Any
    bi: Any
    rounded: float = 0.0

    @property
    def agrees(self) -> bool:
        told = [
            (self.json, 0.0),
            (self.bi, self.rounded),
        ]
        return all(_same(self.sql, value, slack) for value, slack in told)


def _same(sql: Any, value: Any, slack: float) -> bool:
    if value is None:
        return True
    if sql is None:
        return False
    if isinstance(sql, int):
        return float(value) == sql
    return math.isclose(float(sql), float(value), rel_tol=1e-9, abs_tol=slack)


class Asked:
    """A run and its tables, as DuckDB sees them."""

    def __init__(self, run: Path, tables: Path) -> None:
        self.facts = open_run(run).facts
        self.told = Report(run).json()["sections"]
        self.files, self.tables = duckdb.connect(), duckdb.connect()
        self.has_moves = (run / RUN["w"]).exists()
        for name, path in RUN.items():
            if (run / path).exists():
                self.files.execute(f"CREATE VIEW {name} AS FROM '{run / path}'")
        for name in TABLES:
            self.tables.execute(f"CREATE VIEW {name} AS FROM '{tables / name}.parquet'")
        last = date.fromisoformat(self.facts["data"]["last_day"])
        self.end = (last - EPOCH).days + 1
        self.time = self.facts["config"]["time"]
        self.files.execute(
            "CREATE MACRO month(day) AS strftime(DATE '1970-01-01' + day, '%Y-%m');"
            + FACTS.format(end=self.end, horizon=self.time["horizon"])
        )

    def run(self, sql: str, *values: Any) -> Any:
        return self.files.execute(sql, values or None).fetchone()[0]  # type: ignore[index]

    def bi(self, sql: str, *values: Any) -> Any:
        return self.tables.execute(sql, values or None).fetchone()[0]  # type: ignore[index]


def figures(run: Path, tables: Path) -> Iterator[Figure]:
    """Yield the figures of a run, each as three sources tell it."""
    asked = Asked(run, tables)
    for part in (_windows, _months, _segments, _moves, _worth, _whole):
        yield from part(asked)


def _windows(asked: Asked) -> Iterator[Figure]:
    lines = {line["title"]: line for line in asked.told["shop"]["lines"]}
    for title, (sql, bi) in WINDOW.items():
        for window, when in ((0, "now"), (1, "before")):
            known = lines[title][when]
            told = None if known is None else known["value"]
            yield Figure(
                f"{title}, window {window}",
                asked.run(sql, window),
                told,
                asked.bi(bi, window),
            )


def _months(asked: Asked) -> Iterator[Figure]:
    for row in asked.told["shop"]["months"]:
        for name, (sql, bi) in MONTHS.items():
            month = row["scope"]
            yield Figure(
                f"{name} of {month}",
                asked.run(sql, month) or 0,
                row[name],
                asked.bi(bi, month) or 0,
            )


def _segments(asked: Asked) -> Iterator[Figure]:
    lookback = asked.end - asked.time["lookback"]
    able = asked.run(
        f"SELECT count(DISTINCT customer_id) FROM o WHERE day >= {lookback}"
    )
    moves = asked.told["headline"]["moves"]
    now = sum(move["now"] for move in moves)
    yield Figure(
        "eligible customers",
        able,
        now,
        asked.bi("SELECT count(*) FROM customers WHERE is_eligible"),
    )
    for move in moves:
        i, name = move["chip"]["id"], move["chip"]["name"]
        n = asked.run("SELECT count(*) FROM s WHERE is_eligible AND segment_id = ?", i)
        own = "FROM segments WHERE segment_id = ?"
        yield Figure(
            f"customers, {name}", n, move["now"], asked.bi(f"SELECT customers {own}", i)
        )
        yield Figure(
            f"customers counted, {name}",
            n,
            None,
            asked.bi(
                "SELECT count(*) FROM customers WHERE is_eligible AND segment_id = ?", i
            ),
        )
        yield Figure(
            f"share, {name}",
            n / able,
            move["share_now"],
            asked.bi(f"SELECT customers_share {own}", i),
        )
        coming = asked.run(f'SELECT fsum("p_{i}") FROM s')
        yield Figure(
            f"expected, {name}",
            coming,
            move["expected"],
            asked.bi("SELECT fsum(probability) FROM chances WHERE segment_id = ?", i),
        )
        yield Figure(
            f"expected share, {name}",
            coming / able,
            move["share_expected"],
            asked.bi(f"SELECT expected_share {own}", i),
        )


def _moves(asked: Asked) -> Iterator[Figure]:
    latest = (
        "SELECT customers::BIGINT FROM moves WHERE kind = 'counted' AND since = "
        "(SELECT max(since) FROM moves WHERE kind = 'counted') "
        "AND from_segment_id = ? AND to_segment_id = ?"
    )
    counted = (
        "SELECT coalesce(sum(n), 0)::BIGINT FROM {} WHERE from_id = ? AND to_id = ?"
    )
    # Customer by customer where the run keeps that, else as the run counted.
    who = "(SELECT *, 1 AS n FROM w WHERE since = (SELECT max(since) FROM w))"
    counted = counted.format(who if asked.has_moves else "m")
    known = asked.told["migration"]
    ends = [chip["id"] for chip in known["chips"]]
    for row in known["rows"]:
        start = row["chip"]["id"]
        for end, flow in zip(ends, row["flows"], strict=False):
            if start == "SILENT" and end == ends[0]:
                continue  # `moves` leaves out who was silent and stayed so
            yield Figure(
                f"moves, {start} to {end}",
                asked.run(counted, start, end),
                flow["n"],
                asked.bi(latest, start, end),
            )


def _worth(asked: Asked) -> Iterator[Figure]:
    if "worth" not in asked.told:
        return  # a run of old
    worth = asked.told["worth"]
    columns = {
        "value_at_risk": "risk",
        "upside": "upside",
        "clv_year_markov": "chain",
        "clv_year_bgnbd": "buying",
    }
    for held in (*worth["segments"], worth["everybody"]):
        i = held["chip"]["id"] if held["chip"] else "%"
        n = held["n"]
        for column, name in columns.items():
            own = f"(SELECT {column} FROM {{}} WHERE segment_id LIKE ?)"
            able = own.replace("WHERE", "WHERE is_eligible AND").format("s")
            yield Figure(
                f"{column}, {i}",
                asked.run(f"SELECT coalesce(fsum({column}), 0) FROM {able}", i),
                held[name],
                asked.bi(
                    f"SELECT coalesce(sum({column}), 0) FROM {own.format('scores')}", i
                ),
                rounded=0.00005 * n + 1e-9,
            )
            yield Figure(
                f"{column} in units, {i}",
                int(
                    asked.run(
                        f"SELECT coalesce(sum(round({column} * 1e4)), 0) FROM {able}", i
                    )
                ),
                None,
                asked.bi(
                    f"SELECT (coalesce(sum({column}), 0) * 10000)::BIGINT "
                    f"FROM {own.format('scores')}",
                    i,
                ),
            )


def _whole(asked: Asked) -> Iterator[Figure]:
    yield Figure(
        "amount of all lines",
        int(asked.run("SELECT sum(amount) FROM t")),
        None,
        asked.bi("SELECT (sum(amount) * 10000)::BIGINT FROM lines"),
    )
    yield Figure(
        "lines",
        asked.run("SELECT count(*) FROM t"),
        None,
        asked.bi("SELECT count(*) FROM lines"),
    )
    yield Figure(
        "orders that are not the sum of their lines",
        0,
        None,
        asked.bi(
            "SELECT count(*) FROM (SELECT order_key, sum(revenue) AS r, count(*) AS n "
            "FROM lines GROUP BY order_key) l FULL JOIN orders o USING (order_key) "
            "WHERE l.r IS DISTINCT FROM o.revenue OR l.n IS DISTINCT FROM o.lines"
        ),
    )
    for key, home in KEYS.items():
        (fact, column), (dimension, primary) = key.split("."), home.split(".")
        yield Figure(
            f"rows of {key} without {home}",
            0,
            None,
            asked.bi(
                f"SELECT count(*) FROM {fact} f ANTI JOIN {dimension} d "
                f"ON f.{column} = d.{primary} WHERE f.{column} IS NOT NULL"
            ),
        )
        yield Figure(
            f"rows of {home} beyond the first",
            0,
            None,
            asked.bi(f"SELECT count(*) - count(DISTINCT {primary}) FROM {dimension}"),
        )


def main() -> int:
    run = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        found = list(figures(run, Report(run).to_bi(Path(folder) / "tables")))
    for told in found:
        mark = "agrees" if told.agrees else "DIFFERS"
        print(f"{mark}  {told.name}: {told.sql} | {told.json} | {told.bi}")  # noqa: T201
    off = sum(not told.agrees for told in found)
    print(f"{len(found)} figures, {off} differ.")  # noqa: T201
    return int(off > 0)


if __name__ == "__main__":
    sys.exit(main())
