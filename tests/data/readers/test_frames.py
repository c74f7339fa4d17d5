"""Frames in memory: every kind of column and index that an analyst brings."""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segpredict.data.readers import from_frame, in_kind_of
from segpredict.errors import ColumnMissingError, ContractError, SourceError

BASE = pd.DataFrame(
    {
        "customer_id": [12346, 12347, 12346],
        "date": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]),
        "amount": [1.5, 2.0, 3.25],
    }
)


def rows(frame: object) -> list[tuple[str, ...]]:
    found = from_frame(frame).frame
    return found.select("customer_id", pl.col("time").str.head(10), "amount").rows()


KNOWN = rows(BASE)
DAYS = BASE["date"]
UNUSED = {
    "mixed": [1, "two", None],
    "of no library": [object(), {1}, 3j],
    "complex": [1 + 2j] * 3,
    "months": DAYS.dt.to_period("M"),
    "intervals": pd.cut(BASE["amount"], 2),
    "durations": DAYS - DAYS[0],
}


@pytest.mark.parametrize(
    "frame",
    [
        BASE.set_index("date"),
        BASE.set_index("customer_id"),
        BASE.set_index(["customer_id", "date"]),
        BASE.assign(customer_id=BASE["customer_id"].astype("category")),
        BASE.assign(customer_id=BASE["customer_id"].astype(str).astype("category")),
        BASE.assign(customer_id=BASE["customer_id"].astype(float)),
        BASE.assign(customer_id=BASE["customer_id"].astype("Int64")),
        BASE.assign(customer_id=BASE["customer_id"].astype(object)),
        BASE.assign(customer_id=pd.Series([12346, 12347.0, np.int16(12346)], dtype=object)),
        BASE.assign(date=DAYS.dt.to_period("D")),
        BASE.assign(date=DAYS.dt.to_period("h")),
        BASE.set_index(pd.PeriodIndex(DAYS, freq="D")).drop(columns="date"),
        BASE.assign(date=DAYS.dt.date),
        BASE.assign(date=DAYS.dt.tz_localize("Europe/Berlin").astype(object)),
        BASE.convert_dtypes(dtype_backend="pyarrow"),
        BASE.assign(**UNUSED),
        pa.Table.from_pandas(BASE),
        pa.Table.from_pandas(BASE).set_column(
            0, "customer_id", pa.chunked_array([BASE["customer_id"]]).dictionary_encode()
        ),
    ],
    ids=range(18),
)
def test_a_frame_gives_the_same_rows_however_it_holds_them(frame: object) -> None:
    assert rows(frame) == KNOWN


def test_missing_categories_are_missing_cells() -> None:
    held = BASE.assign(customer_id=pd.Series(["a", None, "b"], dtype="category"))
    assert from_frame(held).frame["customer_id"].to_list() == ["a", None, "b"]


def test_a_mixed_column_that_is_used_is_named_with_its_types_and_the_fix_works() -> None:
    mixed = BASE.assign(customer_id=[12346, "C7", None])
    with pytest.raises(ContractError, match="1 of type int and 1 of type str") as caught:
        from_frame(mixed)
    assert caught.value.where["column"] == "customer_id"
    code = caught.value.fix.partition(": ")[2].rstrip(".")
    exec(code, {"frame": mixed})
    assert from_frame(mixed).frame["customer_id"].to_list() == ["12346", "C7", None]


@pytest.mark.parametrize("cells", [DAYS.dt.to_period("M"), [1 + 2j] * 3, [object()] * 3])
def test_a_column_that_is_no_text_number_or_date_is_named(cells: object) -> None:
    with pytest.raises(ContractError, match='"date"'):
        from_frame(BASE.assign(date=cells))


@pytest.mark.parametrize("name", ["intervals", "durations"])
def test_an_amount_that_is_no_number_is_named(name: str) -> None:
    with pytest.raises(ContractError, match='"amount"'):
        from_frame(BASE.assign(amount=UNUSED[name]))


def test_an_index_without_a_name_is_named_in_the_error_and_the_fix_works() -> None:
    held = BASE.set_index("date").rename_axis(None)
    with pytest.raises(ColumnMissingError, match=r"rename_axis\('NAME'\)"):
        from_frame(held)
    assert rows(held.rename_axis("date").reset_index()) == KNOWN
    chosen = BASE[BASE["amount"] > 1.6].drop(columns="date")
    with pytest.raises(ColumnMissingError) as caught:
        from_frame(chosen)
    assert "rename_axis" not in caught.value.fix


@pytest.mark.parametrize(
    ("frame", "match"),
    [
        (pd.concat([BASE, BASE[["amount"]]], axis=1), "more than one column"),
        (BASE.set_axis(pd.MultiIndex.from_product([["a"], BASE.columns]), axis=1), "2 levels"),
        (BASE["amount"], "a Series, not a table"),
        (pl.Series([1]), "a Series, not a table"),
        ({"customer_id": [1]}, "a dict, not a table"),
    ],
    ids=["doubles", "levels", "series", "polars", "dict"],
)
def test_what_is_no_table_of_columns_is_refused(frame: object, match: str) -> None:
    with pytest.raises(SourceError, match=match):
        from_frame(frame)


def test_a_result_is_of_the_kind_that_came_in() -> None:
    made = pl.DataFrame({"id": ["a", None], "day": [date(2024, 1, 1)] * 2, "p": [0.5, None]})
    as_pandas = in_kind_of(BASE, made)
    assert isinstance(as_pandas, pd.DataFrame)
    assert as_pandas["day"][0] == pd.Timestamp("2024-01-01")
    as_arrow = in_kind_of(pa.table({"x": [1]}), made)
    assert isinstance(as_arrow, pa.Table)
    assert pl.from_arrow(as_arrow).equals(made)
    for other in (made, made.lazy(), "sales.csv", ["a.csv"]):
        assert in_kind_of(other, made) is made
