"""Metrics: the figures of the shop, by the definitions of docs/metrics.md."""

import polars as pl

from segpredict.bi._star import Star
from segpredict.bi._table import Column, Table, units
from segpredict.metrics import METRICS

COLUMNS = (
    Column("metric", "text", "Which figure; docs/metrics.md defines each."),
    Column("title", "text", "Its name for people."),
    Column("unit", "text", "currency, share, orders, customers or index."),
    Column(
        "scope",
        "text",
        "Of what: all, a segment id, the month of a cohort, or a step of the bridge.",
    ),
    Column(
        "segment_id",
        "text",
        "The scope where it is a segment.",
        "segments.segment_id",
    ),
    Column("age", "whole", "Of cohorts: months since the first order."),
    Column("first_date", "date", "First day of the figure.", "dates.date"),
    Column("last_date", "date", "Last day of it."),
    Column("customers", "whole", "Customers behind it."),
    Column("part", "whole", "Upper side of its fraction, exact; money in 0.0001."),
    Column("whole", "whole", "Lower side of its fraction; null where it is a count."),
    Column("value", "number", "The figure."),
    Column("amount", "money", "The figure where its unit is currency."),
    Column("low", "number", "Lower end of its 95 % interval, if it has one."),
    Column("high", "number", "Upper end."),
)


def metrics(star: Star) -> pl.DataFrame:
    """Return the figures that the run keeps."""
    if star.figures is None:
        return pl.DataFrame(schema=dict.fromkeys((c.name for c in COLUMNS), pl.Null))
    known = [METRICS.get(name) for name in star.figures["metric"].unique().sort()]
    told = pl.DataFrame(
        [(m.name, m.title, m.unit) for m in known],
        schema=dict.fromkeys(("metric", "title", "unit"), pl.String),
        orient="row",
    )
    ids = [segment.id for segment in star.segments]
    return star.figures.join(
        told, on="metric", how="left", maintain_order="left"
    ).with_columns(
        segment_id=pl.when(pl.col("scope").is_in(ids)).then(pl.col("scope")),
        first_date=pl.col("start"),
        last_date=pl.col("end") - 1,
        customers=pl.col("n"),
        amount=pl.when(pl.col("unit") == "currency").then(units(pl.col("value"))),
    )


PART = Table(
    80,
    "fact",
    "one figure of one scope and span of days",
    "Figures are not to be added up: choose one metric, then a scope or days.",
    COLUMNS,
    metrics,
)
