"""A world in which the past fixes the future."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.core.arrays import Floats
from segpredict.oracle._world import START, Moment, Planted
from segpredict.sources import sample
from segpredict.window import as_date


@dataclass(frozen=True, slots=True)
class Clockwork:
    """The sample shop's world ``deterministic``: even gaps, orders of one value.

    Parameters
    ----------
    name, meaning
        What it is called, and what is true in it.
    days
        How long it lasts.
    settings
        Settings of the run.
    """

    name: str = "deterministic"
    meaning: str = "Everybody buys like clockwork: the past fixes the future."
    days: int = 728
    settings: tuple[str, ...] = ()

    def draw(self, customers: int, seed: int) -> Planted:
        """Return the purchases of so many customers."""
        shop = sample.generate(
            customers,
            seed=seed,
            world="deterministic",
            days=self.days,
            start=as_date(START).isoformat(),
        )
        told = shop.lines.select(
            customer_id=pl.col("CustomerID").cast(pl.String),
            order_id=pl.col("InvoiceNo"),
            time=pl.col("InvoiceDate").cast(pl.Date),
            amount=pl.col("Quantity") * pl.col("UnitPrice"),
        )
        return Planted(self.days, told)

    def chances(
        self,
        planted: Planted,
        customers: npt.NDArray[np.str_],
        moment: Moment,
        draws: int,
        seed: int,
    ) -> Floats:
        """Return certainty of what the clockwork will do."""
        del draws, seed
        start = moment.cutoff + moment.gap
        found = (
            planted.lines.filter(
                pl.col("time").is_between(
                    as_date(start), as_date(start + moment.horizon), closed="left"
                )
            )
            .group_by("customer_id")
            .agg(days=pl.col("time").n_unique(), spend=pl.col("amount").sum())
        )
        rows = (
            pl.DataFrame({"customer_id": customers})
            .join(found, on="customer_id", how="left", maintain_order="left")
            .fill_null(0)
        )
        days = rows["days"].to_numpy().astype(np.int64)
        codes = moment.segments(days, rows["spend"].to_numpy().astype(np.float64))
        return np.eye(moment.classes)[codes]
