"""The explanation of a sample of customers: tables, arrays and plots.

The sample is one that no seed or row order changes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict.core.customer_ids import id_text
from segpredict.core.customer_sample import hash_rank
from segpredict.core.segment import Segment
from segpredict.errors import MismatchError, UnknownNameError, UsageError, quote_value
from segpredict.explain.groups import FeatureGroup
from segpredict.explain.reasons import forecast_sentence


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Explanation:
    """Contributions, importance and reasons for a sample of customers.

    Contributions are SHAP values on the margin (log-odds up to a constant per
    customer): ``base + sum(contributions) = margin`` for each customer and class.
    """

    # `schemas.CONTRIBUTIONS_SCHEMA`: for each customer the margins of all segments, then one
    # contrast, of the predicted segment against staying (or, for customers predicted to stay,
    # against the likeliest move); features in the order of `feature_names`
    contributions: pl.DataFrame
    importance: pl.DataFrame  # `schemas.IMPORTANCE_SCHEMA`: of single columns
    # `schemas.GROUP_IMPORTANCE_SCHEMA`: of groups of columns, families and headlines
    group_importance: pl.DataFrame
    # differences between movers and stayers, for each pair of segments
    # (`importance.transition_drivers`)
    transition_drivers: pl.DataFrame
    reasons: pl.DataFrame  # reasons of each customer in words (`reasons.REASONS_SCHEMA`)
    # margin of each future segment before any feature is known, by segment id
    base_values: Mapping[str, float]
    feature_names: tuple[str, ...]  # the features, in the order of the booster
    classes: tuple[Segment, ...]  # the future segments, in the order of the booster's outputs
    groups: tuple[FeatureGroup, ...]  # which features belong together
    population: int  # number of customers that the sample is drawn from
    model_note: str = ""  # a note on the model that is explained

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

    def __repr__(self) -> str:
        return (
            f"Explanation({self.n_customers} of {self.population} customers, "
            f"{len(self.classes)} segments, {len(self.feature_names)} features)"
        )

    def plot(self, kind: str = "bar", *names: object) -> bytes:
        """Return one plot, as SVG or PNG.

        * `kind`: ``bar``, ``heatmap``, ``beeswarm`` (of a segment), ``move`` (of two segments),
          ``dependence`` (of a feature) or ``waterfall`` (of a customer).
        * `names`: the segments, feature or customer of the plot; segments by name or id.

        Raises `UnknownNameError` when there is no such kind, or no such name; `UsageError` when too
        few or too many names are given.
        """
        from segpredict.explain.plots import PLOT_KINDS  # matplotlib and shap take long to load

        if kind not in PLOT_KINDS:
            raise UnknownNameError("plot", kind, list(PLOT_KINDS))
        drawn, wanted = PLOT_KINDS[kind]
        if len(names) != len(wanted):
            arguments = ", ".join((repr(kind), *wanted))
            raise UsageError(
                f"A {kind} plot needs {' and '.join(wanted) or 'no name'}, and "
                f"{len(names)} names were given.",
                fix=f"plot({arguments}).",
            )
        ids = {segment.name.casefold(): segment.id for segment in self.classes}
        pairs = zip(wanted, map(id_text, names), strict=True)
        return drawn(self, *(ids.get(n.casefold(), n) if "segment" in of else n for of, n in pairs))

    def customer_contributions(self, customer_id: object) -> pl.DataFrame:
        """Return the contributions for one customer, strongest first in each class.

        Raises `MismatchError` when the customer is not among the explained ones.
        """
        customer_id = id_text(customer_id)
        rows = self.contributions.filter(pl.col("customer_id") == customer_id)
        if rows.is_empty():
            raise MismatchError(
                f"Customer {quote_value(customer_id)} is not among the {self.n_customers} "
                "explained customers.",
                fix="explain a frame that holds this customer alone.",
            )
        order = ("against_id", "class_id", -pl.col("contribution").abs())
        return rows.sort(*order, nulls_last=True, maintain_order=True)

    def _cube(self, name: str) -> NDArray[np.float64]:
        column = self.contributions[name].to_numpy()
        return column.reshape(-1, len(self.classes) + 1, len(self.feature_names))


def explained_sentence(explanation: Explanation, names: Mapping[str, str]) -> str:
    """Return the forecast of the first explained customer, as a sentence.

    * `explanation`: an explanation of one customer.
    * `names`: names of the segments, by id.

    >>> from types import SimpleNamespace
    >>> rows = pl.DataFrame({"segment_id": ["S1"], "class_id": ["S2"], "against_id": ["S1"]})
    >>> explained_sentence(SimpleNamespace(contributions=rows), {"S1": "Light", "S2": "Core"})
    'Expected to go from Light to Core rather than to stay.'
    """
    contrast = explanation.contributions.filter(pl.col("against_id").is_not_null())
    ids = contrast.select("segment_id", "class_id", "against_id").row(0)
    return forecast_sentence(*(names[segment] for segment in ids))


def importance_json(explanation: Explanation) -> str:
    """Return importance, base values and what was explained, as JSON."""
    facts = {
        "customers": explanation.n_customers,
        "population": explanation.population,
        "unit": "log-odds",
        "base": dict(explanation.base_values),
        "names": list(explanation.feature_names),
        "note": explanation.model_note,
        "importance": explanation.importance.to_dicts(),
    }
    return json.dumps(facts, allow_nan=False, ensure_ascii=False, indent=1)


def proportional_quotas(sizes: dict[int, int], rows: int) -> dict[int, int]:
    """Allocate the rows of a sample in proportion to the sizes of the strata.

    Largest remainder; equal remainders go to the lower stratum. Shares stay those of the shop, so
    plain means over the sample estimate means over all customers.
    """
    total = sum(sizes.values())
    wanted = min(rows, total)
    if not total:
        return {}
    whole = {stratum: n * wanted // total for stratum, n in sizes.items()}
    rest = {stratum: n * wanted % total for stratum, n in sizes.items()}
    spare = wanted - sum(whole.values())
    first = sorted(rest, key=lambda stratum: (-rest[stratum], stratum))[:spare]
    return {stratum: n + (stratum in first) for stratum, n in whole.items()}


def stratified_sample(customers: pl.DataFrame, rows: int) -> pl.DataFrame:
    """Return at most `rows` customers, stratified by their current segment."""
    ordered = customers.sort("customer_id")
    if ordered.height <= rows:
        return ordered
    drawn = ordered.with_columns(
        pl.Series("_place", [hash_rank(i) for i in ordered["customer_id"]], pl.Binary)
    )
    strata = drawn.group_by("state_now").len().sort("state_now")
    share = proportional_quotas(dict(zip(strata["state_now"], strata["len"], strict=True)), rows)
    chosen = [
        drawn.filter(pl.col("state_now") == stratum).sort("_place").head(n)
        for stratum, n in share.items()
    ]
    return pl.concat(chosen).drop("_place").sort("customer_id")
