"""What holds for every shop."""

from dataclasses import replace

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

import shop
from segpredict.analytics.kpis import OrderBook, compute_kpis, monthly_figures
from segpredict.analytics.kpis._concentration import lorenz_curve

ENTRY = st.tuples(
    st.sampled_from("abcdefgh"),
    st.integers(0, 399),
    st.integers(-50_000, 200_000).filter(bool).map(lambda pence: pence / 100),
)
SHOPS = st.lists(ENTRY, min_size=1, max_size=40).map(lambda rows: OrderBook.from_orders(rows, 400))
QUICK = 20  # draws: intervals are not what is asked here


def figures(books: OrderBook, *names: str) -> pl.DataFrame:
    return compute_kpis(replace(books, draws=QUICK), names)


@given(SHOPS)
def test_rolling_retention_is_never_below_bounded_and_falls_with_age(
    books: OrderBook,
) -> None:
    both = figures(books, "rolling_retention").join(
        figures(books, "cohort_retention"), on=["scope", "age"], suffix="_bounded"
    )
    assert (both["part"] >= both["part_bounded"]).all()
    later = pl.col("part").diff().over("scope", order_by="age")
    steps = both.filter(pl.col("scope") != "all").select(later).to_series()
    assert (steps.drop_nulls() <= 0).all()


@given(SHOPS)
def test_net_revenue_retention_is_never_below_gross(books: OrderBook) -> None:
    net = figures(books, "net_revenue_retention")
    gross = figures(books, "gross_revenue_retention")
    assert (net["part"] >= gross["part"]).all()
    assert net["whole"].equals(gross["whole"])


@given(SHOPS)
def test_gini_lies_between_nothing_and_one(books: OrderBook) -> None:
    for row in figures(books, "gini").rows(named=True):
        assert -1e-12 <= row["value"] < 1


@given(SHOPS, st.integers(2, 9))
def test_prices_in_another_coin_change_no_share(books: OrderBook, times: int) -> None:
    names = ("gini", "top_decile_share", "net_revenue_retention", "gross_net_bridge")
    dearer = replace(books, entries=books.entries.with_columns(pl.col("amount") * times))
    plain, scaled = figures(books, *names), figures(dearer, *names)
    gap = (plain["value"] - scaled["value"]).abs().max()
    assert gap is None or gap < 1e-12


@given(SHOPS)
def test_the_top_tenth_has_at_least_its_share_and_the_curve_hangs_below(
    books: OrderBook,
) -> None:
    for row in figures(books, "top_decile_share").rows(named=True):
        assert row["value"] >= 0.1 - 1e-12
    curve = lorenz_curve(books)
    assert (curve["revenue"] <= curve["customers"] + 1e-12).all()
    assert (curve["revenue"].diff().drop_nulls() >= 0).all()


@given(SHOPS)
def test_the_bridge_adds_up_and_ends_in_the_revenue_of_all_months(books: OrderBook) -> None:
    rows = figures(books, "gross_net_bridge").filter(start=0)
    part = dict(rows.select("scope", "part").iter_rows())
    net = part.pop("net_revenue")
    assert sum(part.values()) == net
    assert net == monthly_figures(books)["revenue"].sum()


@given(SHOPS)
def test_revenue_to_date_is_the_sum_of_the_months(books: OrderBook) -> None:
    month = figures(books, "cohort_revenue").filter(pl.col("scope") != "all")
    to_date = figures(books, "cohort_revenue_cumulative")
    sums = month.with_columns(pl.col("part").cum_sum().over("scope", order_by="age"))
    both = sums.join(to_date, on=["scope", "age"], suffix="_to_date")
    assert both["part"].equals(both["part_to_date"].rename("part"))


@given(SHOPS)
def test_who_orders_does_so_at_least_once_and_intervals_hold_their_value(
    books: OrderBook,
) -> None:
    found = figures(books, "purchase_frequency")
    assert (found["value"] >= 1).all()
    rates = figures(books, "window_retention", "repeat_rate").drop_nulls("low")
    assert (rates["low"] <= rates["value"] + 1e-12).all()
    assert (rates["high"] >= rates["value"] - 1e-12).all()


def test_the_order_of_lines_changes_no_bit() -> None:
    plain = shop.world(120)
    lines = plain.lines.collect()
    shuffled = replace(plain, lines=lines.sample(fraction=1, shuffle=True, seed=3).lazy())
    assert compute_kpis(OrderBook.from_shop(plain)).equals(
        compute_kpis(OrderBook.from_shop(shuffled))
    )
