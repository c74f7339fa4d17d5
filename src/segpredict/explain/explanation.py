"""What an explanation holds: tables, and the matrix that plots are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict.errors import MismatchError, shown
from segpredict.tables import Segment


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why the forecast says what it says, for a sample of customers.

    Contributions are SHAP values on the margin (log-odds up to a constant per
    customer): ``base + sum(contributions) = margin`` for each customer and class.

    Parameters
    ----------
    contributions
        `contracts.CONTRIBUTIONS`, sorted by customer, then class, then feature in the
        order of `names`.
    importance
        `contracts.IMPORTANCE`.
    base
        Margin of each future segment before any feature is known, by segment id.
    names
        The features, in the order of the booster.
    classes
        The future segments, in the order of the booster's outputs.
    population
        Customers of whom the explained ones are a sample.
    """

    contributions: pl.DataFrame
    importance: pl.DataFrame
    base: Mapping[str, float]
    names: tuple[str, ...]
    classes: tuple[Segment, ...]
    population: int

    @property
    def customers(self) -> int:
        """Number of customers explained."""
        return self.contributions.height // (len(self.names) * len(self.classes))

    def values(self) -> NDArray[np.float64]:
        """Return the feature values, one row a customer, one column a feature."""
        column = self.contributions["value"].to_numpy()
        return self._cube(column)[:, 0, :]

    def cube(self) -> NDArray[np.float64]:
        """Return the contributions: customer × class × feature."""
        return self._cube(self.contributions["contribution"].to_numpy())

    def customer(self, customer_id: str) -> pl.DataFrame:
        """Return the reasons for one customer, strongest first within each class.

        Raises
        ------
        MismatchError
            When the customer is not among the explained ones.
        """
        rows = self.contributions.filter(pl.col("customer_id") == customer_id)
        if rows.is_empty():
            raise MismatchError(
                f"Customer {shown(customer_id)} is not among the {self.customers} "
                "explained customers.",
                fix="explain a frame that holds this customer alone.",
            )
        strength = pl.col("contribution").abs()
        return (
            rows.with_columns(_strength=strength)
            .sort(
                "class_id", "_strength", descending=[False, True], maintain_order=True
            )
            .drop("_strength")
        )

    def _cube(self, column: NDArray[np.float64]) -> NDArray[np.float64]:
        return column.reshape(-1, len(self.classes), len(self.names))
