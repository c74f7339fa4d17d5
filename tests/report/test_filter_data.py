"""What filters read lies in the page in whole numbers, packed, and adds up."""

import json
from itertools import accumulate

import polars as pl
import pytest
from bundles import SEGMENTS, bundle
from exploration_bundle import explored
from hypothesis import given
from hypothesis import strategies as st
from test_page import Reader
from transitions_bundle import tables as moved

from segpredict.report import render_html
from segpredict.report.html.filters import filter_data, pack_charts


def unpacked(chart, lengths):
    """Return the cells of a packed chart, as the script of the page reads them."""
    countries, months = (length or 1 for length in chart["by"][1:])
    for place, number in zip(accumulate(chart["at"]), chart["n"], strict=True):
        rest, bin_ = divmod(place, chart["bins"])
        rest, month = divmod(rest, months)
        segment, country = divmod(rest, countries)
        places = [segment, country, month]
        known = [p if has else -1 for p, has in zip(places, lengths, strict=True)]
        yield [*known, bin_, number]


PLACES = st.tuples(*(st.integers(0, 4) for _ in range(4)))


@given(
    st.dictionaries(PLACES, st.integers(-(10**12), 10**12), min_size=1),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_what_is_packed_is_unpacked(numbers, has):
    cells = {}
    for (*places, bin_), number in numbers.items():
        known = [p if there else -1 for p, there in zip(places, has, strict=True)]
        cells[*known, bin_] = number
    plain = [[*place, number] for place, number in sorted(cells.items())]
    chart = pack_charts({"it": {"bins": 5, "per": 1, "cells": plain}})["it"]
    assert list(unpacked(chart, has)) == plain


def test_a_chart_without_numbers_follows_everything():
    assert pack_charts({"it": {"bins": 5, "per": 1, "cells": []}})["it"]["by"] == [1, 1, 1]


def test_a_chart_of_too_many_numbers_leaves_the_months_out(monkeypatch):
    monkeypatch.setattr("segpredict.report.html.filters.MAX_FILTER_NUMBERS", 20)
    cells = filter_data(bundle())["charts"]["week"]["cells"]
    assert {period for _, _, period, _, _ in cells} == {-1}
    assert sum(cell[4] for cell in cells) == 50


@pytest.mark.parametrize(("price", "per"), [(1.25, 100), (1.2345, 10_000)])
def test_money_is_whole_cents_or_what_it_takes(price, per):
    seen = explored()
    is_sales = pl.col("chart") == "sales"
    value = pl.when(is_sales).then(round(10_000 * price)).otherwise("value")
    cells = seen["cells"].with_columns(value=value)
    chart = filter_data(bundle(exploration={**seen, "cells": cells}))["charts"]["sales"]
    assert chart["per"] == per
    assert {cell[4] / per for cell in chart["cells"]} == {price}


def test_moves_and_expected_sizes_are_read_by_country():
    coming = {"country": ["UK"], "segment_id": ["S2"], "now": [7], "expected": [4.25]}
    moves = {"country": ["UK"] * 2, "from_id": ["S1", "NEW"], "to_id": ["S3", "S0"]}
    found = filter_data(
        bundle(
            exploration={**explored(), "coming": pl.DataFrame(coming)},
            transitions={"countries": pl.DataFrame({**moves, "n": [5, 6]})},
        )
    )["charts"]
    assert found["now"]["cells"] == [[-1, 0, -1, 2, 7]]
    assert found["expected"]["cells"] == [[-1, 0, -1, 2, 42_500]]
    assert found["transitions"]["cells"] == [[-1, 0, -1, 7, 5], [-1, 0, -1, 16, 6]]


def test_segments_that_are_not_shown_are_not_read():
    moves = {"country": ["UK"], "from_id": ["S9"], "to_id": ["S3"], "n": [5]}
    found = filter_data(bundle(transitions={"countries": pl.DataFrame(moves)}))
    assert found["charts"]["transitions"]["cells"] == []


def test_customers_are_not_in_what_filters_read():
    numbers, _ = Reader(render_html(bundle(transitions=moved(SEGMENTS)))).scripts
    found = json.loads(numbers)
    assert set(found) == {"segments", "countries", "periods", "charts"}
    for chart in found["charts"].values():
        assert set(chart) == {"bins", "per", "by", "at", "n"}
        assert all(isinstance(n, int) for n in chart["n"])
