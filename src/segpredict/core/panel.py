"""Features of customers, and the training rows made of them."""

from dataclasses import dataclass

import polars as pl

from segpredict.core.window import Window


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of a feature table and what it means.

    Parameters
    ----------
    name
        The column.
    meaning
        One sentence in plain words.
    unit
        ``days``, ``orders``, ``currency``, ``share``, ``ratio`` …
    low, high
        The range that no value may leave; ``None`` is open. Missing values are null.
    family
        The family that computes it; set by `segpredict.features`.
    """

    name: str
    meaning: str
    unit: str
    low: float | None = 0.0
    high: float | None = None
    family: str = ""


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """One row per customer, one column per feature, as of one cutoff.

    Parameters
    ----------
    frame
        ``customer_id`` and one Float64 column per feature, sorted by customer;
        eligible customers only (at least one valid order in the look-back).
    window
        The window the features were taken on.
    features
        Declarations, in column order.
    """

    frame: pl.DataFrame
    window: Window
    features: tuple[Feature, ...]

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the feature columns, in order."""
        return tuple(f.name for f in self.features)


@dataclass(frozen=True, slots=True)
class Panel:
    """Training rows: one per (customer, origin).

    Parameters
    ----------
    frame
        ``customer_id``, ``cutoff`` (Int32), ``state_now``, ``state_before``, ``label``
        (Int8 codes; label null where the outcome is not complete), ``is_new``, then the
        feature columns. Sorted by cutoff and customer.
    feature_names
        The columns the classifier may use, in order.
    window
        The window of the newest origin.
    """

    frame: pl.DataFrame
    feature_names: tuple[str, ...]
    window: Window

    def at_cutoffs(self, *cutoffs: int) -> pl.DataFrame:
        """Return the rows of these origins."""
        return self.frame.filter(pl.col("cutoff").is_in(list(cutoffs)))
