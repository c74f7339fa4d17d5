"""Features of customers, and the training rows made of them."""

from dataclasses import dataclass

import polars as pl

from segpredict.core.window import Window


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of a feature table and what it means."""

    name: str  # the column
    meaning: str  # one sentence in plain words
    unit: str  # ``days``, ``orders``, ``currency``, ``share``, ``ratio`` …
    # The range that no value may leave; ``None`` is open. Missing values are null.
    low: float | None = 0.0
    high: float | None = None
    family: str = ""  # the family that computes it; set by `segpredict.features`


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """One row per customer, one column per feature, as of one cutoff."""

    # ``customer_id`` and one Float64 column per feature, sorted by customer; eligible customers
    # only (at least one valid order in the look-back)
    frame: pl.DataFrame
    window: Window  # the window the features were taken on
    features: tuple[Feature, ...]  # declarations, in column order

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the feature columns, in order."""
        return tuple(f.name for f in self.features)


@dataclass(frozen=True, slots=True)
class Panel:
    """Training rows: one per (customer, origin)."""

    # ``customer_id``, ``cutoff`` (Int32), ``state_now``, ``state_before``, ``label`` (Int8 codes;
    # label null where the outcome is not complete), ``is_new``, then the feature columns. Sorted by
    # cutoff and customer.
    frame: pl.DataFrame
    feature_names: tuple[str, ...]  # the columns the classifier may use, in order
    window: Window  # the window of the newest origin

    def at_cutoffs(self, *cutoffs: int) -> pl.DataFrame:
        """Return the rows of these origins."""
        return self.frame.filter(pl.col("cutoff").is_in(list(cutoffs)))
