"""What is asked of a run: SQL on its Parquet files, and SQL on its tables for BI."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from segpredict import Report
from segpredict.core.run_folder import open_run
from segpredict.report.bi import BI_TABLES

EPOCH = date(1970, 1, 1)
RUN = {
    "t": "transactions.parquet",
    "s": "scores.parquet",
    "m": "segmentation/transitions.parquet",
    "w": "transitions/customers.parquet",
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
        'SELECT count(*) FROM orders JOIN dates USING (date) WHERE is_order AND "window" = ?',
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
    "Median order value": (
        "SELECT median(v) / 1e4 FROM (SELECT sum(amount) AS v FROM t "
        "WHERE NOT is_return AND stands(void_day) AND nth(day) = ? "
        "GROUP BY customer_id, day, order_id)",
        "SELECT median(amount)::DOUBLE FROM orders JOIN dates USING (date) "
        'WHERE is_order AND "window" = ?',
    ),
    "Purchase frequency": (
        "SELECT count(*) / count(DISTINCT customer_id) FROM o WHERE win = ?",
        "SELECT count(*) / count(DISTINCT customer_id) FROM orders "
        'JOIN dates USING (date) WHERE is_order AND "window" = ?',
    ),
    "Retention from window to window (R1)": (
        "SELECT avg(came::INT) FROM went WHERE win = ? + 1",
        "SELECT value FROM kpis JOIN dates ON last_date = date "
        "WHERE kpi = 'window_retention' AND \"window\" = ?",
    ),
    "Net revenue retention (R5, NRR)": (
        "SELECT sum(later) / sum(net) FROM went WHERE win = ? + 1",
        "SELECT value FROM kpis JOIN dates ON last_date = date "
        "WHERE kpi = 'net_revenue_retention' AND \"window\" = ?",
    ),
    "Gross revenue retention (R5, GRR)": (
        "SELECT sum(least(later, net)) / sum(net) FROM went WHERE win = ? + 1",
        "SELECT value FROM kpis JOIN dates ON last_date = date "
        "WHERE kpi = 'gross_revenue_retention' AND \"window\" = ?",
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
    f"{table.name}.{column.name}": column.key
    for table in BI_TABLES
    for column in table.columns
    if column.key not in ("", "primary")
}
TABLES = sorted({key.split(".")[0] for pair in KEYS.items() for key in pair})


class Asked:
    """A run and its tables, as DuckDB sees them."""

    def __init__(self, run: Path, tables: Path) -> None:
        self.facts = open_run(run).metadata
        self.told = Report(run).to_json()["sections"]
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
