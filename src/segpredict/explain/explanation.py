"""The explanation of a sample of customers: tables, arrays, plots, and one page of HTML."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import polars as pl
from jinja2 import Environment
from numpy.typing import NDArray

from segpredict.core.customer_ids import id_text
from segpredict.core.segment import Segment
from segpredict.errors import MismatchError, UnknownNameError, UsageError, quote_value
from segpredict.explain import plots
from segpredict.explain.groups import FeatureGroup
from segpredict.explain.reasons import forecast_sentence

MAX_ROWS = 12
MAX_CUSTOMERS = 30  # customers whose reasons are listed
CAUSALITY_NOTE = "Associations that the model uses, not causes."
PAGE_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;color:#1a2027;background:#fff;"
    "max-width:900px;margin:24px auto;padding:0 16px}"
    "table{border-collapse:collapse;font-size:14px}"
    "th,td{text-align:left;padding:4px 14px 4px 0;border-bottom:1px solid #dfe4ea}"
    "img{max-width:100%}small{color:#5b6672}"
)
PAGE_TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Why: what drives the forecast</title>
<style>{{ style }}</style></head><body>
<h1>What drives the forecast</h1>
<p>{{ explanation.n_customers }} customers of {{ explanation.population }}. {{
explanation.model_note }}</p> <table><tr><th>About</th><th>Share</th></tr> {% for row in
headlines %}<tr><td>{{ row.name }}</td> <td>{{ "%.0f"|format(100 * row.share) }} %</td></tr> {%
endfor %}</table> <table><tr><th>Group</th><th>Mean |SHAP|, log-odds</th><th>Share</th></tr> {%
for row in groups %}<tr><td>{{ row.name }}</td> <td>{{ "%.3f"|format(row.mean_abs) }}</td>
<td>{{ "%.0f"|format(100 * row.share) }} %</td></tr> {% endfor %}</table><p><small>{{ caution
}}</small></p> <h2>Reasons</h2> {% for customer, expected, reasons in customers %}<h3>{{
customer }}</h3> <p>{{ expected }}</p><ul> {% for reason in reasons %}<li>{{ reason.direction }}:
{{ reason.text }}</li> {% endfor %}</ul> {% endfor %} <h2>Charts</h2> {% for name, address in
charts %}<p><img alt="{{ name }}" src="{{ address }}"></p> {% endfor %}<p><small>{{ caution
}}</small></p></body></html>
"""
# The function of each kind of plot, and the arguments that it needs.
PLOT_KINDS: dict[str, tuple[Callable[..., bytes], tuple[str, ...]]] = {
    "bar": (plots.bar_plot, ()),
    "heatmap": (plots.heatmap_plot, ()),
    "beeswarm": (plots.beeswarm_plot, ("a segment",)),
    "move": (plots.transition_plot, ("a segment", "another segment")),
    "dependence": (plots.dependence_plot, ("a feature",)),
    "waterfall": (plots.waterfall_plot, ("a customer",)),
}


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
    # (`contrast.transition_drivers`)
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

        Parameters
        ----------
        kind
            ``bar``, ``heatmap``, ``beeswarm`` (of a segment), ``move``
            (of two segments), ``dependence`` (of a feature) or ``waterfall`` (of a customer).
        names
            The segments, feature or customer of the plot; segments by name or id.

        Raises
        ------
        UnknownNameError
            When there is no such kind, or no such name.
        UsageError
            When too few or too many names are given.
        """
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

    def to_html(self) -> str:
        """Return one page with tables, reasons of some customers, and plots."""
        return explanation_to_html(self)

    def _repr_html_(self) -> str:
        """Show it in a notebook, in a frame of its own."""
        inside = escape(self.to_html(), quote=True)
        return f'<iframe srcdoc="{inside}" width="100%" height="640"></iframe>'

    def customer_contributions(self, customer_id: object) -> pl.DataFrame:
        """Return the contributions for one customer, strongest first in each class.

        Raises
        ------
        MismatchError
            When the customer is not among the explained ones.
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

    Parameters
    ----------
    explanation
        An explanation of one customer.
    names
        Names of the segments, by id.

    Examples
    --------
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


def explanation_to_html(explanation: Explanation) -> str:
    """Return the explanation as HTML: tables, reasons of some customers, charts."""
    overall = explanation.group_importance.filter(scope="all").sort("rank")
    some = explanation.reasons.group_by("customer_id", maintain_order=True)
    named = {segment.id: segment.name for segment in explanation.classes}
    customers = []
    for key, rows in list(some)[:MAX_CUSTOMERS]:
        ids = rows.select("segment_id", "next_id", "against_id").row(0)
        expected = forecast_sentence(*(named[segment] for segment in ids))
        customers.append((key[0], expected, rows.to_dicts()))
    charts = [(name, _address(drawn)) for name, drawn in plots.draw_plots(explanation).items()]
    # Names of customers and segments are text, never markup.
    stage = Environment(autoescape=True)
    return stage.from_string(PAGE_TEMPLATE).render(
        explanation=explanation,
        style=PAGE_STYLE,
        headlines=overall.filter(level="headline").to_dicts(),
        groups=overall.filter(level="group").head(MAX_ROWS).to_dicts(),
        customers=customers,
        charts=charts,
        caution=CAUSALITY_NOTE,
    )


def _address(drawn: bytes) -> str:
    kind = "png" if drawn.startswith(b"\x89PNG") else "svg+xml"
    return f"data:image/{kind};base64,{b64encode(drawn).decode()}"
