"""Whether orders in any sequence, sent twice and late, end in the scores of a batch.

    python benchmarks/service/events.py --run RUN --data TRANSACTIONS.csv [--customers 1000]

Invents two orders for each of some customers of the sample shop's run, the second one late: on a
day before the run's data end. All are sent in a random sequence, each twice. Then every customer is
asked for, and the answer is compared with the scores of one file: the run's lines and all orders.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from served import exchange, serving

import segpredict

LATEST = 20  # days after the run's data on which orders come, at most


def invented(lines: pl.DataFrame, customers: list[str], end: date, seed: int) -> pl.DataFrame:
    """Return rows as the file has them, of two new orders a customer."""
    chance = random.Random(seed)
    products = lines.select("StockCode", "Description").unique().sort("StockCode").head(500)
    rows = []
    for number, customer in enumerate(customers):
        days = (
            end + timedelta(chance.randrange(LATEST)),
            end - timedelta(chance.randrange(2, 200)),
        )
        for nth, day in enumerate(days):
            product, text = products.row(chance.randrange(products.height))
            rows.append(
                {
                    "InvoiceNo": f"9{number:05d}{nth}",
                    "StockCode": product,
                    "Description": text,
                    "Quantity": str(chance.randrange(1, 9)),
                    "InvoiceDate": f"{day} {chance.randrange(8, 20):02d}:15",
                    "UnitPrice": f"{chance.randrange(100, 2000) / 100:.2f}",
                    "CustomerID": customer,
                    "Country": "United Kingdom",
                    "Discount": "0.00",
                }
            )
    return pl.DataFrame(rows)


def sent(row: dict[str, str]) -> dict[str, Any]:
    """Return a row as the body of an order."""
    line = {
        "product_id": row["StockCode"],
        "description": row["Description"],
        "country": row["Country"],
        "quantity": int(row["Quantity"]),
        "price": float(row["UnitPrice"]),
        "discount": float(row["Discount"]),
    }
    time_ = row["InvoiceDate"].replace(" ", "T")
    return {"order_id": row["InvoiceNo"], "time": time_, "lines": [line]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument(
        "--data", type=Path, required=True, help="the file that the run was made of"
    )
    parser.add_argument("--customers", type=int, default=1000)
    given = parser.parse_args()
    predictor = segpredict.load(given.run)
    lines = pl.read_csv(given.data, infer_schema=False)
    end = date.fromisoformat(max(lines["InvoiceDate"])[:10]) + timedelta(1)
    known = lines["CustomerID"].drop_nulls().unique().sort()
    customers = known.sample(given.customers, seed=1).to_list()
    rows = invented(lines, customers, end, 1)
    events = rows.to_dicts() * 2
    random.Random(2).shuffle(events)
    begin = time.monotonic()
    with serving(given.run) as served:
        connection, cpu = served.connect(), served.cpu()
        added = 0
        for row in events:
            place = f"/v1/customers/{row['CustomerID']}/orders"
            status, content = exchange(connection, "POST", place, sent(row), "application/json")
            assert status == 200, content
            added += b'"added": true' in content
        per_order = 1000 * (served.cpu() - cpu) / len(events)
        answers = [
            exchange(connection, "GET", f"/v1/customers/{name}", None, "")[1] for name in customers
        ]
    as_of = date.fromisoformat(max(rows["InvoiceDate"])[:10]) + timedelta(1)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "all.csv"
        pl.concat([lines, rows.select(lines.columns)]).write_csv(whole)
        batch = json.loads(predictor.score(str(whole), as_of).fill_nan(None).write_json())
    expected = {row["customer_id"]: row for row in batch}
    equal = 0
    for name, answer in zip(customers, answers, strict=True):
        (found,) = json.loads(answer)["scores"]
        found.pop("reasons", None)
        equal += found == expected[name]
    print(
        f"{len(events):,} orders sent ({added:,} new) for {len(customers):,} customers: "
        f"{equal:,} equal to the batch; {per_order:.0f} ms CPU an order, "
        f"{time.monotonic() - begin:.0f} s in all"
    )
    return int(equal < len(customers))


if __name__ == "__main__":
    sys.exit(main())
