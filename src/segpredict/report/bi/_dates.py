"""The tables of days and of the KPIs of the shop."""

from datetime import date

import polars as pl

from segpredict.analytics.kpis import kpi_named
from segpredict.core.window import as_date
from segpredict.report.bi._star_schema import StarSchema
from segpredict.report.bi._table import BiColumn, BiTable, empty, to_money_units

MONTH_NAMES = pl.Series(
    [
        *("January", "February", "March", "April", "May", "June", "July", "August"),
        *("September", "October", "November", "December"),
    ]
)
WEEKDAY_NAMES = pl.Series(
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
)
DATE_COLUMNS = (
    BiColumn("date", "date", "The day.", "primary"),
    BiColumn("year", "whole", "Calendar year."),
    BiColumn("quarter", "whole", "Quarter of the year, 1 to 4."),
    BiColumn("month", "whole", "Month of the year, 1 to 12."),
    BiColumn("month_name", "text", "Its English name; sort it by month."),
    BiColumn("month_start", "date", "First day of the month."),
    BiColumn("week_start", "date", "Monday of the week."),
    BiColumn("weekday", "whole", "Day of the week: 1 is Monday, 7 is Sunday."),
    BiColumn("weekday_name", "text", "Its English name; sort it by weekday."),
    BiColumn("is_weekend", "flag", "Whether it is a Saturday or a Sunday."),
    BiColumn("is_in_data", "flag", "Whether the data cover the day."),
    BiColumn(
        "is_month_whole",
        "flag",
        "Whether the data cover its whole month; exclude other months from charts by month.",
    ),
    BiColumn(
        "window",
        "whole",
        "Index of its window of the horizon's length: 0 is the newest, 1 the one "
        "before; -1 is the forecast window. Null outside of whole windows.",
    ),
)


def date_rows(star: StarSchema) -> pl.DataFrame:
    """Return all days of the calendar years of the data and the forecast."""
    first, end = star.shop.first_day, star.shop.end_day
    years = as_date(first).year, as_date(star.window.outcome_end).year
    days = pl.date_range(date(years[0], 1, 1), date(years[1], 12, 31), eager=True).alias("date")
    day, when = pl.col("date").to_physical(), pl.col("date").dt
    covered = pl.col("date").is_between(as_date(first), as_date(end - 1))
    return (
        days.to_frame()
        .with_columns(
            year=when.year(),
            quarter=when.quarter(),
            month=when.month(),
            month_start=when.month_start(),
            week_start=when.truncate("1w"),
            weekday=when.weekday(),
            is_weekend=when.weekday() > 5,
            is_in_data=covered,
            is_month_whole=(
                (when.month_start() >= as_date(first)) & (when.month_end() <= as_date(end - 1))
            ),
            window=_window(day, star),
        )
        .with_columns(
            month_name=pl.lit(MONTH_NAMES).gather(pl.col("month").cast(pl.Int64) - 1),
            weekday_name=pl.lit(WEEKDAY_NAMES).gather(pl.col("weekday").cast(pl.Int64) - 1),
        )
    )


def _window(day: pl.Expr, star: StarSchema) -> pl.Expr:
    first, end, ahead = star.shop.first_day, star.shop.end_day, star.window
    past = (end - 1 - day).floordiv(ahead.horizon)
    whole = (end - first) // ahead.horizon
    is_ahead = day.is_between(ahead.outcome_start, ahead.outcome_end - 1)
    return pl.when(is_ahead).then(-1).when((day < end) & (past < whole)).then(past)


DATES = BiTable(
    "dates",
    "dimension",
    "one calendar day",
    "Whole years without a gap, so that it can be marked as the date table. It also "
    "covers the days of the forecast.",
    DATE_COLUMNS,
    date_rows,
)


KPI_COLUMNS = (
    BiColumn(
        "kpi",
        "text",
        "Name of the KPI; docs/kpis.md defines each. expected_revenue is the forecast: expected "
        "spend of the next window by the customers with a forecast.",
    ),
    BiColumn("title", "text", "Its title."),
    BiColumn("unit", "text", "currency, share, orders, customers or index."),
    BiColumn(
        "scope",
        "text",
        "all, a segment id, the month of a cohort, or a step of the gross-net bridge.",
    ),
    BiColumn("segment_id", "text", "The scope where it is a segment.", "segments.segment_id"),
    BiColumn("age", "whole", "Of cohorts: months since the first order."),
    BiColumn("first_date", "date", "First day of its period.", "dates.date"),
    BiColumn("last_date", "date", "Last day of its period."),
    BiColumn("customers", "whole", "Number of customers."),
    BiColumn("part", "whole", "Numerator, exact; money in units of 0.0001."),
    BiColumn("whole", "whole", "Denominator; null where it is a count."),
    BiColumn("value", "number", "The value."),
    BiColumn("amount", "money", "The value where its unit is currency."),
    BiColumn(
        "low",
        "number",
        "Lower end of its 95 % confidence interval, if it has one; of expected_revenue the 80 % "
        "interval from earlier backtests.",
    ),
    BiColumn("high", "number", "Upper end."),
)


EXPECTED_REVENUE = ("expected_revenue", "Expected revenue", "currency")


def kpi_rows(star: StarSchema) -> pl.DataFrame:
    """Return the KPIs of the run, and the revenue that is expected."""
    if star.figures is None:
        return empty(KPI_COLUMNS)
    known = [kpi_named(name) for name in star.figures["kpi"].unique().sort()]
    titles = pl.DataFrame(
        [*((m.name, m.title, m.unit) for m in known), EXPECTED_REVENUE],
        schema=dict.fromkeys(("kpi", "title", "unit"), pl.String),
        orient="row",
    )
    ids = [segment.id for segment in star.segments]
    figures = pl.concat([star.figures, _expected_revenue(star)], how="diagonal")
    return figures.join(titles, on="kpi", how="left", maintain_order="left").with_columns(
        segment_id=pl.when(pl.col("scope").is_in(ids)).then(pl.col("scope")),
        first_date=pl.col("start"),
        last_date=pl.col("end") - 1,
        customers=pl.col("n"),
        amount=pl.when(pl.col("unit") == "currency").then(to_money_units(pl.col("value"))),
    )


def _expected_revenue(star: StarSchema) -> pl.DataFrame:
    total, window, figures = star.expected_total, star.window, star.figures
    if total is None or total.value is None or figures is None:
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


KPIS = BiTable(
    "kpis",
    "fact",
    "one KPI of one scope and period",
    "Do not add values up: choose one KPI, then a scope or period.",
    KPI_COLUMNS,
    kpi_rows,
)
