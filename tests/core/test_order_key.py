"""An order is one customer, one number, one day: from a file as from any store."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from segpredict import features, pipeline
from segpredict.analytics.exploration.explore import exploration_data
from segpredict.analytics.kpis import OrderBook
from segpredict.config import load
from segpredict.config.cleaning import CleaningOptions
from segpredict.core.orders import KEY, count_orders
from segpredict.core.transactions import Transactions
from segpredict.core.window import Window
from segpredict.data import store
from segpredict.data.cleaning import clean_lines
from segpredict.data.cleaning._clean import fingerprint_lines
from segpredict.data.cleaning._describe import describe_shop
from segpredict.data.readers import from_frame
from segpredict.data.store import write

Rows = list[tuple[str, ...]]
COLUMNS = ["customer_id", "order_id", "date", "product_id", "quantity", "price"]
# Few customers and numbers: each number comes again, on the next day and years later.
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["1", "1", "2", "C3"]),
        st.sampled_from(["2011-01-31", "2011-02-01", "2012-01-31", "2012-06-30"]),
        st.sampled_from(["p", "q"]),
        st.sampled_from(["1", "2", "-1"]),
        st.sampled_from(["1", "2.50"]),
    ),
    min_size=4,
    max_size=24,
).filter(lambda rows: any(row[4] != "-1" and row[1] != "C3" for row in rows))
NEW_YEARS_DAYS = [
    ("a", "1", "2011-01-31", "p", "1", "2.50"),
    ("a", "1", "2012-06-30", "q", "2", "1"),
]


def cleaned(rows: Rows) -> Transactions:
    frame = pl.DataFrame(rows, dict.fromkeys(COLUMNS, pl.String), orient="row")
    return clean_lines(from_frame(frame), CleaningOptions(max_bad_rows="100%"))


def summary(shop: Transactions) -> dict[str, Any]:
    """Return what is made from orders: features, metrics, tables, exploration."""
    window = Window(shop.end_day, first_day=shop.first_day)
    lines = shop.lines.collect()
    books = OrderBook.from_shop(shop)
    buyers = lines.filter("is_order_head").select("customer_id").unique()
    owners = buyers.with_columns(segment_id=pl.lit("S1"), is_eligible=True)
    seen = exploration_data(shop, owners, ("S0", "S1"))
    return {
        "lines": lines,
        "features": features.compute_features(shop, window).frame,
        "spend": features.clustering_inputs(shop, [(shop.first_day, shop.end_day)]),
        "entries": books.entries,
        "customers": books.customers,
        "activity": books.window_activity,
        "explored": seen.orders,
        "described": describe_shop(shop),
        "printed": fingerprint_lines(lines),
    }


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, value in one.items():
        if isinstance(value, pl.DataFrame):
            assert_frame_equal(value, other[name], check_exact=True)
        else:
            assert value == other[name], name


def assert_one_order_a_key(shop: Transactions, made: dict[str, Any]) -> None:
    sold = made["lines"].filter(~pl.col("is_return"))
    keys = set(sold.select(KEY).rows())
    assert sold["is_order_head"].sum() == len(keys) == count_orders(sold)
    bought = made["entries"].filter(~pl.col("is_return"))
    assert bought.height == len(keys)
    kept = shop.known_at(shop.end_day).filter(~pl.col("is_return")).collect()
    assert made["explored"].height == count_orders(kept)


@settings(max_examples=6)
@given(ROWS, st.randoms(use_true_random=False), st.integers(1, 4), st.booleans())
def test_a_store_of_any_nights_has_the_orders_of_the_file(
    rows: Rows, draw: Any, nights: int, is_tail: bool
) -> None:
    whole = cleaned(rows)
    wanted = summary(whole)
    assert_one_order_a_key(whole, wanted)
    shuffled = draw.sample(rows, len(rows))
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "MAX_TAIL_SHARE", 0 if is_tail else write.MAX_TAIL_SHARE)
        for night in range(nights):
            end = len(rows) * (night + 1) // nights
            stored = store.renew_store(cleaned(shuffled[: max(1, end)]), folder)
        assert stored.fingerprint == whole.fingerprint
        assert_same(wanted, summary(stored))


@settings(max_examples=6)
@given(ROWS, st.integers(1, 4), st.integers(0, 99), st.booleans())
def test_lines_added_in_any_order_make_the_orders_of_the_file(
    rows: Rows, nights: int, seed: int, is_tail: bool
) -> None:
    whole = cleaned(rows)
    lines = whole.lines.collect()
    night = pl.int_range(pl.len()).hash(seed) % nights
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "MAX_TAIL_SHARE", 0 if is_tail else write.MAX_TAIL_SHARE)
        for n in range(nights):
            part = lines.filter(night <= n).lazy()
            stored = store.renew_store(replace(whole, lines=part), folder)
        assert stored.fingerprint == whole.fingerprint
        assert_same(summary(whole), summary(stored))


@pytest.mark.parametrize("turn", [1, -1], ids=["in order", "backwards"])
def test_a_number_of_january_used_again_next_june_is_two_orders(tmp_path: Path, turn: int) -> None:
    """A store once took them for one, and the last day for that of January."""
    files = []
    for i, row in enumerate(NEW_YEARS_DAYS):
        path = tmp_path / f"{i}.csv"
        pl.DataFrame([row], COLUMNS, orient="row").write_csv(path)
        files.append(str(path))
    plan = load.load_config(overrides=["cleaning.max_bad_rows=9"])
    from_files = pipeline.read_transactions(files, plan)
    for name in files[::turn]:
        pipeline.ingest([name], tmp_path / "store", plan)
    stored = pipeline.read_transactions([str(tmp_path / "store")], plan)
    for shop in (from_files, stored):
        heads = shop.lines.filter("is_order_head").collect()
        assert heads["day"].to_list() == [15005, 15521]
        assert OrderBook.from_shop(shop).valid_orders["day"].to_list() == [15005, 15521]
        assert describe_shop(shop)["distributions"][0]["max"] == 2
        assert shop.ledger.total("used").orders == 2
    assert_same(summary(from_files), summary(stored))


def test_a_line_without_customer_or_day_is_of_the_order_of_its_number() -> None:
    lines = pl.DataFrame(
        {
            "customer_id": ["a", "a", None, None, "b", None],
            "order_id": ["1", "1", "1", "2", "3", None],
            "day": [0, 9, 0, None, None, 4],
        }
    )
    assert count_orders(lines) == 4
