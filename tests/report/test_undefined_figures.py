"""Every section and slide stands when a table is empty, or its figures are not defined."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace

import polars as pl
import pytest
from bundles import bundle
from demand_bundle import demand

from segpredict.report import ReportInput, render_html
from segpredict.report.deck.deck import slide_pages

# Figures of these are always defined: what explains a forecast is a sum.
DEFINED = ("importance", "group_importance")
HEAD_ALONE = ("customer_value.errors",)  # several rows are one figure


def whole() -> ReportInput:
    return bundle(demand=demand())


def tables_of(found: ReportInput) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield each table of a bundle with its name, dotted within a mapping."""
    for each in fields(found):
        value = getattr(found, each.name)
        parts = value if isinstance(value, Mapping) else {"": value}
        for key, table in parts.items():
            if isinstance(table, pl.DataFrame):
                yield f"{each.name}.{key}".rstrip("."), table


def with_table(found: ReportInput, name: str, table: pl.DataFrame) -> ReportInput:
    first, _, key = name.partition(".")
    return replace(found, **{first: {**getattr(found, first), key: table} if key else table})


def assert_stands(found: ReportInput) -> None:
    page = re.sub(r"<script.*?</script>", "", render_html(found), flags=re.DOTALL)
    assert not re.findall(r".{30}\b(?:nan|NaN|inf|None)\b(?! of).{30}", page)
    slide_pages(found)


NAMES = sorted(dict(tables_of(whole())))
PARTS = sorted({name.partition(".")[0] for name in NAMES})
SINGLE = [pytest.param(name, marks=pytest.mark.slow) for name in NAMES if "." in name]


def test_there_are_tables_to_try():
    assert {"kpis.figures", "scorecard", "demand.forecast", "profile"} <= set(NAMES)


@pytest.mark.parametrize("part", [*PARTS, *SINGLE])
def test_empty_tables_are_shown_as_such(part):
    found = whole()
    for name, table in tables_of(found):
        if f"{name}.".startswith(f"{part}."):
            found = with_table(found, name, table.clear())
    assert_stands(found)


def test_tables_of_one_row_are_shown():
    found = whole()
    for name, table in tables_of(found):
        if name not in HEAD_ALONE:
            found = with_table(found, name, table.head(1))
    assert_stands(found)


def test_what_is_no_number_is_not_defined():
    table = pl.DataFrame({"value": [1.0, float("nan"), float("inf")], "n": [1, 2, 3]})
    found = bundle(scorecard=table, kpis={"figures": table}, transitions={})
    for seen in (found.scorecard, found.kpis["figures"]):
        assert seen["value"].to_list() == [1.0, None, None]


def test_figures_that_are_not_defined_are_shown_as_such():
    found = whole()
    for name, table in tables_of(found):
        if name not in DEFINED:
            unknown = table.with_columns(
                pl.lit(None, table.schema[c]).alias(c) for c in floats(table)
            )
            found = with_table(found, name, unknown)
    assert_stands(found)


def floats(table: pl.DataFrame) -> list[str]:
    return [column for column, kind in table.schema.items() if kind.is_float()]
