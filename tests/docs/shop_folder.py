"""A folder where the commands of the documentation run: exports and tables."""

import shutil
from pathlib import Path

import polars as pl

RUNS = (
    "RUN",
    "FOLDER",
    "artifacts/run",
    "artifacts/shop",
    "artifacts/may",
    "artifacts/june",
)  # as pages name it


def make(folder: Path, sample_file: Path) -> None:
    """Write the files that pages name, from the sample shop."""
    folder.mkdir(parents=True)
    lines = pl.read_csv(sample_file, infer_schema=False)
    for name in ("sales.csv", "FILE"):
        lines.write_csv(folder / name)
    (folder / "drops").mkdir()
    for (year,), part in lines.group_by(pl.col("InvoiceDate").str.slice(0, 4)):
        part.write_csv(folder / f"{year}.csv")
        part.write_csv(folder / "drops" / f"{year}.csv")
    customers = lines["CustomerID"].drop_nulls().unique().sort()
    pl.DataFrame({"id": customers, "region": ["north", "south"] * (len(customers) // 2)}).write_csv(
        folder / "customers.csv"
    )
    first = lines["InvoiceDate"].str.slice(0, 10).sort()[0]
    tiers = pl.Series(["Gold", "Silver"] * (len(customers) // 2))
    pl.DataFrame({"customer_id": customers, "date": first, "segment": tiers}).write_csv(
        folder / "segments.csv"
    )
    products = lines.unique("StockCode").sort("StockCode")
    products.select(
        sku="StockCode", department=pl.col("Description").str.split(" ").list.get(0)
    ).write_csv(folder / "products.csv")
    visits = lines.filter(pl.col("CustomerID").is_not_null())
    visits.select(id="CustomerID", at="InvoiceDate", event=pl.lit("page_view")).write_csv(
        folder / "events.csv"
    )


def put_run(run_folder: Path, target: Path) -> None:
    """Put the finished run where a command would have made one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(run_folder, target, dirs_exist_ok=True)
