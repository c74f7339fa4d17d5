import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_shop import cleaned, from_files, lines

from segpredict.core.orders import KEY
from segpredict.data.cleaning import clean_lines
from segpredict.data.readers import from_frame, read_raw_lines
from segpredict.data.sample import sample

ids = st.sampled_from(["7", "007", "8 ", "8", "Ä", None, "17850.0"])
dirty = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "C3", "c4", "5", "C6", "A7"]),
        st.sampled_from(["p", "q", "POST", "M", "TEST001", "gift_0001_20", None]),
        st.sampled_from(["1", "2", "-1", "-2", "0", "1.5", "x", None]),
        st.sampled_from(
            [
                "2011-01-05",
                "2011-01-05 10:00",
                "2011-02-01T23:59:59",
                "2011-02-30",
                None,
            ]
        ),
        st.sampled_from(["1", "2.5", "0", "-1", "0.00005", "NaN", None]),
        ids,
    ),
    max_size=30,
)
law = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@law
@given(rows=dirty)
def test_the_ledger_adds_up_for_any_lines(rows: list[tuple]) -> None:
    made = cleaned(rows, on_bad_rows="quarantine")
    got = made.lines.collect()
    assert made.ledger.adds_up
    used = made.ledger.total("used")
    assert used.rows == got.height
    assert used.money == got["amount"].sum()
    assert used.customers == got["customer_id"].n_unique()
    counts = [e.count for e in made.ledger.entries if e.stage != "noted"]
    assert all(min(c.rows, c.orders, c.customers) >= 0 for c in counts)


@law
@given(rows=dirty, seed=st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(rows: list[tuple], seed: int) -> None:
    shuffled = random.Random(seed).sample(rows, len(rows))
    one = cleaned(rows, on_bad_rows="quarantine")
    other = cleaned(shuffled, on_bad_rows="quarantine")
    assert one.fingerprint == other.fingerprint
    assert one.lines.collect().equals(other.lines.collect())
    assert one.ledger == other.ledger


@law
@given(rows=dirty)
def test_each_order_of_a_customer_has_one_head(rows: list[tuple]) -> None:
    sales = lines(rows, on_bad_rows="quarantine").filter(~pl.col("is_return"))
    heads = sales.group_by(KEY).agg(pl.col("is_order_head").sum())
    assert (heads["is_order_head"] == 1).all()


@law
@given(rows=dirty, cut=st.integers(0, 7))
def test_files_that_do_not_overlap_are_as_one(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("split")
    # Cut by order number: equal rows then stand in one file.
    low = [row for row in rows if int(row[0][-1]) <= cut]
    high = [row for row in rows if int(row[0][-1]) > cut]
    whole = cleaned(rows, on_bad_rows="quarantine")
    parts = from_files(folder, low, high, on_bad_rows="quarantine")
    assert parts.fingerprint == whole.fingerprint
    assert parts.ledger.total("used") == whole.ledger.total("used")


@law
@given(rows=dirty, cut=st.integers(0, 7))
def test_the_same_lines_in_a_second_file_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("overlap")
    some = [row for row in rows if int(row[0][-1]) <= cut]
    whole = cleaned(rows, on_bad_rows="quarantine")
    parts = from_files(folder, rows, some, on_bad_rows="quarantine")
    assert parts.fingerprint == whole.fingerprint


def test_csv_and_parquet_of_the_sample_shop_are_one(tmp_path: Path) -> None:
    shop = sample.generate_sample(200, seed=2)
    csv, *_ = sample.write_sample(shop, tmp_path)
    parquet = tmp_path / "transactions.parquet"
    shop.lines.write_parquet(parquet)
    one, other = (
        clean_lines(read_raw_lines([str(csv)])),
        clean_lines(read_raw_lines([str(parquet)])),
    )
    assert one.fingerprint == other.fingerprint
    both = clean_lines(read_raw_lines([str(csv), str(parquet)]))
    assert both.fingerprint == one.fingerprint


def test_the_sample_shop_has_something_for_most_rules(tmp_path: Path) -> None:
    made = clean_lines(from_frame(sample.generate_sample(800, seed=2).lines))
    rows = {f"{e.stage} {e.rule}": e.count.rows for e in made.ledger.entries}
    assert rows["excluded no_customer"] > 50
    assert rows["excluded non_product"] > 20
    assert rows["excluded zero_price"] > 5
    assert rows["noted cancellations"] > 50
    assert rows["noted refunded_orders"] > 10


@law
@given(rows=dirty, cutoff=st.integers(14_970, 15_030))
def test_what_is_known_at_a_cutoff_needs_nothing_after_it(rows: list[tuple], cutoff: int) -> None:
    """Leak L8: a refund, whole or in parts, is matched by what came before alone."""
    how = {"on_bad_rows": "quarantine", "excluded_rules": ("cancellations",)}
    later = cleaned(rows, **how).known_at(cutoff).drop("void_day").collect()
    then = cleaned(rows, as_of=cutoff, **how).known_at(cutoff).drop("void_day").collect()
    assert later.equals(then)
