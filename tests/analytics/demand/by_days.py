"""A segmenter that a test can follow: one purchase day, or more of them."""

import polars as pl

from segpredict.core.segment import Segment


class ByDays:
    segments = (
        Segment(0, "S0", "Away"),
        Segment(1, "S1", "Once"),
        Segment(2, "S2", "Often"),
    )
    extra_inputs = ()
    is_by_purchases = True

    def assign(self, instrument: pl.DataFrame, ends: tuple[int, ...] = ()) -> pl.DataFrame:
        code = pl.min_horizontal("days", 2).cast(pl.Int8)
        return instrument.select("customer_id", "end", segment=code)

    def require_fitted_before(self, cutoff: int) -> None:
        """Nothing was fitted."""
