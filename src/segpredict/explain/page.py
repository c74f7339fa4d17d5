"""Show an explanation as one self-contained HTML page."""

from base64 import b64encode
from typing import TYPE_CHECKING

import polars as pl
from jinja2 import Environment

from segpredict.explain.plots import draw_plots
from segpredict.explain.reasons import forecast_sentence

if TYPE_CHECKING:
    from segpredict.explain.explanation import Explanation

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
customer }}</h3> <p>{{ expected }}</p><ul> {% for reason in reasons %}<li>{{ reason.speaks }}:
{{ reason.text }}</li> {% endfor %}</ul> {% endfor %} <h2>Charts</h2> {% for name, address in
charts %}<p><img alt="{{ name }}" src="{{ address }}"></p> {% endfor %}<p><small>{{ caution
}}</small></p></body></html>
"""


def explanation_to_html(explanation: "Explanation") -> str:
    """Return the explanation as HTML: tables, reasons of some customers, charts."""
    overall = explanation.group_importance.filter(scope="all").sort("rank")
    some = explanation.reasons.group_by("customer_id", maintain_order=True)
    customers = [
        (key[0], _expected(explanation, rows), rows.to_dicts())
        for key, rows in list(some)[:MAX_CUSTOMERS]
    ]
    charts = [(name, _address(drawn)) for name, drawn in draw_plots(explanation).items()]
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


def _expected(explanation: "Explanation", rows: pl.DataFrame) -> str:
    named = {segment.id: segment.name for segment in explanation.classes}
    ids = rows.select("segment_id", "next_id", "against_id").row(0)
    return forecast_sentence(*(named[segment] for segment in ids))


def _address(drawn: bytes) -> str:
    kind = "png" if drawn.startswith(b"\x89PNG") else "svg+xml"
    return f"data:image/{kind};base64,{b64encode(drawn).decode()}"
