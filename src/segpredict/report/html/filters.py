"""The data of the page's filters: counts by segment, country and month, packed."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from segpredict.analytics.exploration import MONEY_CHARTS
from segpredict.analytics.transitions import LAPSED_STATE, NEW_STATE
from segpredict.core.transactions import MONEY_SCALE
from segpredict.report.formatting import Row
from segpredict.report.input import ReportInput

MAX_FILTER_NUMBERS = 12_000  # numbers of a chart in the page; with more, months are left out
CENTS_PER_UNIT = 100
PARTS_OF_CUSTOMER = 10_000  # expected numbers are integers in units of 1 / 10 000 customer
FILTER_COLUMNS = ["segment", "country", "period", "bin"]
NO_SEGMENT = -1  # segment or month of rows that have none


def filter_data(bundle: ReportInput) -> dict[str, Any]:
    """Return the names to choose from, and each chart's numbers.

    By chart: the number of its ``bins``, how many numbers make one (``per``) and ``cells`` of
    ``[segment, country, period, bin, number]``, where −1 belongs to none.

    Notes
    -----
    All are sums over customers, each of whom has one segment and one country, so that
    they add up to the unfiltered numbers of the page.
    """
    explored = bundle.exploration
    if not explored or explored["cells"].is_empty():
        return {"countries": [], "periods": [], "charts": {}}
    facts = explored["facts"]
    charts = {
        name: _chart(explored["cells"].filter(chart=name), name, len(labels))
        for name, labels in facts["bins"].items()
    }
    ids = [segment.id for segment in bundle.segments]
    if "coming" in explored:
        rows = _placed(explored["coming"], facts["countries"], {"segment_id": ids})
        for name, per in (("now", 1), ("expected", PARTS_OF_CUSTOMER)):
            counts = rows.with_columns(value=pl.col(name).mul(per).round())
            charts[name] = _plain(_summed(counts), len(ids), per)
    by_country = bundle.transitions.get("countries")
    if by_country is not None:
        names = {"from_id": start_states(ids), "to_id": ids}
        rows = _placed(by_country, facts["countries"], names)
        counts = _summed(rows.with_columns(value="n"))
        charts["transitions"] = _plain(counts, len(names["from_id"]) * len(ids), 1)
    return {"countries": facts["countries"], "periods": facts["periods"], "charts": charts}


def start_states(ids: Sequence[str]) -> list[str]:
    """Return the states of origin, in the order of the filter data."""
    return [*ids, NEW_STATE.id, LAPSED_STATE.id]


def pack_charts(charts: Mapping[str, Row]) -> dict[str, Any]:
    """Return charts in half the size: positions as steps from one to the next.

    A position is ``((segment · countries + country) · months + month) · bins + bin``, with
    a length of 1 for a dimension that the chart lacks; ``by`` has the lengths.

    >>> cells = [[0, 0, -1, 1, 7], [1, 0, -1, 0, 9]]
    >>> pack_charts({"spend": {"bins": 2, "per": 1, "cells": cells}})["spend"]["at"]
    [1, 1]
    """
    return {name: _packed(chart) for name, chart in charts.items()}


def _packed(chart: Row) -> dict[str, Any]:
    cells = chart["cells"]
    by = [max((cell[i] for cell in cells), default=0) + 1 for i in range(3)]
    lengths = [length or 1 for length in by]
    places = {
        ((max(s, 0) * lengths[1] + max(c, 0)) * lengths[2] + max(p, 0)) * chart["bins"] + b: value
        for s, c, p, b, value in cells
    }
    ordered = sorted(places)
    steps = [b - a for a, b in zip([0, *ordered], ordered, strict=False)]
    numbers = [places[place] for place in ordered]
    return {"bins": chart["bins"], "per": chart["per"], "by": by, "at": steps, "n": numbers}


def _chart(own: pl.DataFrame, name: str, bins: int) -> dict[str, Any]:
    if own.height > MAX_FILTER_NUMBERS:
        own = _summed(own.with_columns(period=pl.lit(NO_SEGMENT)))
    if name not in MONEY_CHARTS:
        return _plain(own, bins, 1)
    is_cents = (own["value"] % (MONEY_SCALE // CENTS_PER_UNIT) == 0).all()
    per = CENTS_PER_UNIT if is_cents else MONEY_SCALE
    return _plain(own.with_columns(pl.col("value") // (MONEY_SCALE // per)), bins, per)


def _plain(own: pl.DataFrame, bins: int, per: int) -> dict[str, Any]:
    rows = own.select(*FILTER_COLUMNS, pl.col("value").cast(pl.Int64)).rows()
    return {"bins": bins, "per": per, "cells": [list(row) for row in rows]}


def _placed(
    rows: pl.DataFrame, countries: list[str], names: Mapping[str, list[str]]
) -> pl.DataFrame:
    """Return rows with the index of the country, and a bin from one or two names.

    Rows with unknown names are dropped, as on the page.
    """

    def number(column: str, known: list[str], default: int | None) -> pl.Expr:
        numbers = {name: i for i, name in enumerate(known)}
        return pl.col(column).replace_strict(numbers, default=default, return_dtype=pl.Int64)

    place = pl.lit(0)
    for column, known in names.items():
        place = place * len(known) + number(column, known, None)
    return rows.with_columns(
        bin=place,
        country=number("country", countries, len(countries) - 1),
        segment=pl.lit(NO_SEGMENT),
        period=pl.lit(NO_SEGMENT),
    ).drop_nulls("bin")


def _summed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.group_by(FILTER_COLUMNS).agg(pl.col("value").sum()).sort(FILTER_COLUMNS)
