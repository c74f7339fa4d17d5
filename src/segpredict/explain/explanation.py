"""What an explanation holds: tables, and the matrix that plots are drawn from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict.core.tables import Segment
from segpredict.errors import MismatchError, UnknownNameError, UsageError, quote_value
from segpredict.explain import plots
from segpredict.explain.groups import FeatureGroup
from segpredict.explain.page import explanation_to_html
from segpredict.explain.reasons import forecast_sentence

SEGMENT_COLUMN = "segment"
# How each kind of picture is drawn, and what it must be told that it is of.
PLOT_KINDS: dict[str, tuple[Callable[..., bytes], tuple[str, ...]]] = {
    "bar": (plots.bar_plot, ()),
    "heatmap": (plots.heatmap_plot, ()),
    "beeswarm": (plots.beeswarm_plot, ("a segment",)),
    "move": (plots.transition_plot, ("a segment", "another segment")),
    "dependence": (plots.dependence_plot, ("a feature",)),
    "waterfall": (plots.waterfall_plot, ("a customer",)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why the forecast says what it says, for a sample of customers.

    Contributions are SHAP values on the margin (log-odds up to a constant per
    customer): ``base + sum(contributions) = margin`` for each customer and class.

    Parameters
    ----------
    contributions
        `contracts.CONTRIBUTIONS_SCHEMA`: for each customer the margins of all segments, then
        one contrast, of the segment foretold against staying (or, for those who are
        to stay, against the likeliest move); features in the order of `feature_names`.
    importance
        `contracts.IMPORTANCE_SCHEMA`: of single columns.
    group_importance
        `contracts.GROUP_IMPORTANCE_SCHEMA`: of groups of columns, families and headlines.
    transition_drivers
        What sets movers apart, for each pair of segments (`contrast.transition_drivers`).
    reasons
        Reasons of each customer in words (`reasons.REASONS_SCHEMA`).
    base_values
        Margin of each future segment before any feature is known, by segment id.
    feature_names
        The features, in the order of the booster.
    classes
        The future segments, in the order of the booster's outputs.
    groups
        Which features belong together.
    population
        Customers of whom the explained ones are a sample.
    model_note
        What a reader must know of what is explained.
    """

    contributions: pl.DataFrame
    importance: pl.DataFrame
    group_importance: pl.DataFrame
    transition_drivers: pl.DataFrame
    reasons: pl.DataFrame
    base_values: Mapping[str, float]
    feature_names: tuple[str, ...]
    classes: tuple[Segment, ...]
    groups: tuple[FeatureGroup, ...]
    population: int
    model_note: str = ""

    @property
    def n_customers(self) -> int:
        """Number of customers explained."""
        return self.contributions.height // (len(self.feature_names) * (len(self.classes) + 1))

    def feature_values(self) -> NDArray[np.float64]:
        """Return the feature values, one row a customer, one column a feature."""
        return self._cube("value")[:, 0, :]

    def contribution_array(self) -> NDArray[np.float64]:
        """Return the contributions to margins: customer × class × feature."""
        return self._cube("contribution")[:, :-1, :]

    def contrast_contributions(self) -> NDArray[np.float64]:
        """Return the contributions to each customer's contrast: customer × feature."""
        return self._cube("contribution")[:, -1, :]

    def explained_ids(self, column: str = "customer_id") -> list[str]:
        """Return an id of each explained customer: their own, or their segment's."""
        each = len(self.feature_names) * (len(self.classes) + 1)
        return self.contributions[column].gather_every(each).to_list()

    def plot(self, kind: str = "bar", *of_what: str) -> bytes:
        """Return one picture, as SVG or PNG.

        Parameters
        ----------
        kind
            ``bar_plot``, ``heatmap_plot``, ``beeswarm_plot`` (of a segment), ``transition_plot``
            (of two
            segments), ``dependence_plot`` (of a feature) or ``waterfall_plot`` (of a customer).
        asked
            What the picture is of, where it is of something; segments by name or id.

        Raises
        ------
        UnknownNameError
            When there is no such kind, or nothing of that name.
        UsageError
            When it is not said, or said too often, what the picture is of.
        """
        if kind not in PLOT_KINDS:
            raise UnknownNameError("plot", kind, list(PLOT_KINDS))
        drawn, wanted = PLOT_KINDS[kind]
        if len(of_what) != len(wanted):
            arguments = ", ".join((repr(kind), *wanted))
            raise UsageError(
                f"A {kind} is of {' and '.join(wanted) or 'everything'}, and "
                f"{len(of_what)} names were given.",
                fix=f"plot({arguments}).",
            )
        pairs = zip(wanted, of_what, strict=True)
        names = [self._segment(a) if SEGMENT_COLUMN in of else a for of, a in pairs]
        return drawn(self, *names)

    def _segment(self, name: str) -> str:
        """Return the id of a segment that was named; else the name, to be refused."""
        ids = {segment.name.casefold(): segment.id for segment in self.classes}
        return ids.get(name.casefold(), name)

    def to_html(self) -> str:
        """Return one page with tables, reasons of some customers, and pictures."""
        return explanation_to_html(self)

    def _repr_html_(self) -> str:
        """Show it in a notebook, apart from the notebook's own page."""
        inside = escape(self.to_html(), quote=True)
        return f'<iframe srcdoc="{inside}" width="100%" height="640"></iframe>'

    def customer_contributions(self, customer_id: str) -> pl.DataFrame:
        """Return the contributions for one customer, strongest first in each class.

        Raises
        ------
        MismatchError
            When the customer is not among the explained ones.
        """
        rows = self.contributions.filter(pl.col("customer_id") == customer_id)
        if rows.is_empty():
            raise MismatchError(
                f"Customer {quote_value(customer_id)} is not among the {self.n_customers} "
                "explained customers.",
                fix="explain a frame that holds this customer alone.",
            )
        strength = pl.col("contribution").abs()
        return (
            rows.with_columns(_strength=strength)
            .sort(
                "against_id",
                "class_id",
                "_strength",
                descending=[False, False, True],
                nulls_last=True,
                maintain_order=True,
            )
            .drop("_strength")
        )

    def _cube(self, name: str) -> NDArray[np.float64]:
        column = self.contributions[name].to_numpy()
        return column.reshape(-1, len(self.classes) + 1, len(self.feature_names))


def explained_sentence(explanation: Explanation, names: Mapping[str, str]) -> str:
    """Return the forecast of the first explained customer, as a sentence.

    Parameters
    ----------
    explanation
        An explanation of one customer.
    names
        Names of the segments, by id.
    """
    contrast = explanation.contributions.filter(pl.col("against_id").is_not_null())
    ids = contrast.select("segment_id", "class_id", "against_id").row(0)
    return forecast_sentence(*(names[segment] for segment in ids))
