"""CDNOW as the papers on BG/NBD and Gamma-Gamma count it: weeks, at 1997-09-30."""

from importlib.metadata import PackageNotFoundError, distribution

import polars as pl
import pytest


def histories(lines):
    """Return x, t_x and T in weeks, and mean repeat spend, at 1997-09-30."""
    end = pl.date(1997, 9, 30)
    days = (
        lines.select(
            pl.col("customer_id").cast(pl.Int64),
            pl.col("date").cast(pl.String).str.to_date("%Y%m%d"),
            "dollar_value",
        )
        .filter(pl.col("date") <= end)
        .group_by("customer_id", "date")
        .agg(pl.col("dollar_value").sum())
        .sort("customer_id", "date")
    )
    weeks = pl.col("date").last() - pl.col("date").first()
    return days.group_by("customer_id", maintain_order=True).agg(
        x=pl.len() - 1,
        t_x=weeks.dt.total_days() / 7,
        age=(end - pl.col("date").first()).dt.total_days() / 7,
        mean=pl.col("dollar_value").slice(1).mean(),
    )


def sample():
    """Return the 2,357 customers of the papers, from the file of lifetimes.

    The package is not imported: it is of 2020, and only its data are wanted.
    """
    try:
        package = distribution("lifetimes")
    except PackageNotFoundError:
        pytest.skip("lifetimes is not installed: pip install 'segpredict[test]'")
    file = package.locate_file("lifetimes/datasets/CDNOW_sample.txt")
    text = pl.Series(file.read_text().splitlines()).str.strip_chars()
    cells = text.filter(text != "").str.extract_all(r"\S+")
    lines = pl.DataFrame(
        {
            "customer_id": cells.list.get(1),
            "date": cells.list.get(2).cast(pl.Int64),
            "dollar_value": cells.list.get(4).cast(pl.Float64),
        }
    )
    return histories(lines)
