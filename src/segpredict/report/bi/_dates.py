"""The tables of days and of the KPIs of the shop."""

from datetime import date

import polars as pl

from segpredict.analytics.kpis import KPIS
from segpredict.analytics.monitoring import FIGURE_LABELS
from segpredict.core.window import as_date
from segpredict.report.bi._star_schema import StarSchema
from segpredict.report.bi._table import to_money_units


def date_rows(star: StarSchema) -> pl.DataFrame:
    """Return all days of the calendar years of the data and the forecast."""
    first, end = star.shop.first_day, star.shop.end_day
    years = as_date(first).year, as_date(star.window.outcome_end).year
    days = pl.date_range(date(years[0], 1, 1), date(years[1], 12, 31), eager=True).alias("date")
    day, when = pl.col("date").to_physical(), pl.col("date").dt
    covered = pl.col("date").is_between(as_date(first), as_date(end - 1))
    return days.to_frame().with_columns(
        year=when.year(),
        quarter=when.quarter(),
        month=when.month(),
        month_name=when.strftime("%B"),
        month_start=when.month_start(),
        week_start=when.truncate("1w"),
        weekday=when.weekday(),
        weekday_name=when.strftime("%A"),
        is_weekend=when.weekday() > 5,
        is_in_data=covered,
        is_month_whole=(
            (when.month_start() >= as_date(first)) & (when.month_end() <= as_date(end - 1))
        ),
        window=_window(day, star),
    )


def _window(day: pl.Expr, star: StarSchema) -> pl.Expr:
    first, end, ahead = star.shop.first_day, star.shop.end_day, star.window
    past = (end - 1 - day).floordiv(ahead.horizon)
    whole = (end - first) // ahead.horizon
    is_ahead = day.is_between(ahead.outcome_start, ahead.outcome_end - 1)
    return pl.when(is_ahead).then(-1).when((day < end) & (past < whole)).then(past)


EXPECTED_REVENUE = ("expected_revenue", "Expected revenue", "currency")


def kpi_rows(star: StarSchema) -> pl.DataFrame | None:
    """Return the KPIs of the run, and the revenue that is expected."""
    if star.figures is None:
        return None
    titles = pl.DataFrame(
        [*((kpi.name, kpi.title, kpi.unit) for kpi in KPIS), EXPECTED_REVENUE],
        schema=dict.fromkeys(("kpi", "title", "unit"), pl.String),
        orient="row",
    )
    ids = [segment.id for segment in star.segments]
    figures = pl.concat([star.figures, _expected_revenue(star, star.figures)], how="diagonal")
    return figures.join(titles, on="kpi", how="left", maintain_order="left").with_columns(
        segment_id=pl.when(pl.col("scope").is_in(ids)).then(pl.col("scope")),
        first_date=pl.col("start"),
        last_date=pl.col("end") - 1,
        customers=pl.col("n"),
        amount=pl.when(pl.col("unit") == "currency").then(to_money_units(pl.col("value"))),
    )


def _expected_revenue(star: StarSchema, figures: pl.DataFrame) -> pl.DataFrame:
    total, window = star.expected_total, star.window
    if total is None or total.value is None:
        return pl.DataFrame()
    row = {
        "kpi": EXPECTED_REVENUE[0],
        "scope": "all",
        "start": window.outcome_start,
        "end": window.outcome_end,
        "n": total.customers,
        "value": total.value,
        "low": total.low,
        "high": total.high,
    }
    return pl.DataFrame(row, {name: figures.schema[name] for name in row})


def check_rows(star: StarSchema) -> pl.DataFrame | None:
    """Return the figures of forecasts whose outcome came, beside what the backtests promised."""
    if star.checks is None:
        return None
    title = pl.col("figure").replace_strict(FIGURE_LABELS)
    return star.checks.with_columns(
        pl.col("date").str.to_date(), title.alias("title"), pl.col("n").alias("customers")
    )
