"""What is planted in the sample shop is what its people do."""

import numpy as np
import polars as pl
import pytest

from segpredict.data.sample import sample
from segpredict.data.sample.customers import FIRST_EFFECTS, PRODUCT_KINDS
from segpredict.data.sample.drivers import DRIVER_COLUMNS, SampleTruth, driver_strengths

START, DAYS, CUTOFF = "2022-01-03", 728, 637
# As docs/reference/sample-shop.md says; the first three are nearly equal.
STRENGTHS = {
    "visits": 0.64,
    "rhythm": 0.59,
    "sales": 0.55,
    "price tier": 0.26,
    "first category": 0.18,
}


@pytest.fixture(scope="module")
def drawn() -> SampleTruth:
    return sample.draw_truth(4_000, 3, DAYS, START)


@pytest.fixture(scope="module")
def shop() -> sample.SampleShop:
    return sample.generate_sample(4_000, 3)


def test_the_true_probability_of_silence_is_the_share_who_stay_silent(drawn: SampleTruth) -> None:
    past, known = drawn.past_at(CUTOFF)
    times = drawn.orders.time
    buyers = drawn.orders.customer[(times >= CUTOFF) & (times < CUTOFF + 91)]
    is_silent, said = ~np.isin(known, buyers), past.probability_of_silence()
    for low, high in ((0.0, 0.05), (0.05, 0.3), (0.3, 0.7), (0.7, 0.95), (0.95, 1.0)):
        part = (said >= low) & (said <= high)
        error = np.sqrt(said[part].mean() * (1 - said[part].mean()) / part.sum())
        assert is_silent[part].mean() == pytest.approx(said[part].mean(), abs=4 * error + 0.02)


@pytest.mark.parametrize("driver", STRENGTHS)
def test_a_forecast_without_a_driver_is_worse(drawn: SampleTruth, driver: str) -> None:
    past, known = drawn.past_at(CUTOFF)
    times = drawn.orders.time
    buyers = drawn.orders.customer[(times >= CUTOFF) & (times < CUTOFF + 91)]
    is_silent = ~np.isin(known, buyers)

    def loss(probability: np.ndarray) -> float:
        right = np.where(is_silent, probability, 1 - probability)
        return float(-np.log(np.maximum(right, 1e-9)).mean())

    whole = loss(past.probability_of_silence())
    assert loss(past.probability_of_silence(without=driver)) > whole


def test_drivers_have_the_stated_strengths(shop: sample.SampleShop, drawn: SampleTruth) -> None:
    found = dict(shop.drivers.select("driver", "strength").iter_rows())
    assert found == pytest.approx(STRENGTHS, abs=0.06)
    assert shop.drivers["strength"].is_sorted(descending=True)
    assert set(DRIVER_COLUMNS) == set(STRENGTHS)
    assert shop.drivers.equals(driver_strengths(drawn.past_at(DAYS)[0]))


def test_who_waits_for_sales_buys_at_a_discount(shop: sample.SampleShop) -> None:
    sold = shop.lines.filter(pl.col("Quantity") > 0).join(
        shop.truth, left_on="CustomerID", right_on="customer_id"
    )
    reduced = sold.group_by("sale_kind").agg((pl.col("Discount") > 0).mean())
    share = dict(reduced.iter_rows())
    assert share["sales only"] > 0.4 > share["both"] > 0.1 > share["full price"]


def test_customers_buy_in_their_price_tier(shop: sample.SampleShop) -> None:
    lines = shop.lines.join(shop.products, on="StockCode").join(
        shop.truth, left_on="CustomerID", right_on="customer_id"
    )
    own = lines.group_by("price_tier").agg((pl.col("Tier") == pl.col("price_tier")).mean())
    assert (own["Tier"] > 0.9).all()


def test_a_first_basket_is_of_the_category_in_the_customers_table(
    shop: sample.SampleShop,
) -> None:
    sold = shop.lines.filter(pl.col("Quantity") > 0).join(shop.products, on="StockCode")
    first = sold.filter(
        pl.col("InvoiceDate") == pl.col("InvoiceDate").min().over("CustomerID")
    ).join(shop.customers, on="CustomerID")
    assert first.select((pl.col("Category") == pl.col("first_category")).mean()).item() > 0.7
    left = shop.truth.group_by("first_category").agg(pl.col("dropout_p").mean())
    by_kind = dict(left.iter_rows())
    held, lost = (PRODUCT_KINDS[i] for i in (FIRST_EFFECTS.argmin(), FIRST_EFFECTS.argmax()))
    assert by_kind[held] == min(by_kind.values())
    assert by_kind[lost] == max(by_kind.values())


def test_visits_fade_after_the_last_order_of_who_has_left(drawn: SampleTruth) -> None:
    orders = drawn.orders
    gone = (~orders.is_alive) & (orders.last < DAYS - 120) & (drawn.people.visits > 0)
    seen = drawn.visits.to_numpy()
    later = seen[:, 1] + 0.5 - orders.last[seen[:, 0]]
    own = gone[seen[:, 0]] & (later > 0.5)
    by_month = np.bincount((later[own] // 28).astype(int), seen[own, 2])[:4]
    assert by_month[0] > 4 * by_month[1] > 4 * by_month[2]


def test_age_and_channel_say_nothing(shop: sample.SampleShop) -> None:
    joined = shop.customers.join(shop.truth, left_on="CustomerID", right_on="customer_id")
    assert abs(joined.select(pl.corr("age", "dropout_p")).item()) < 4 / len(joined) ** 0.5
    by_channel = joined.group_by("channel").agg(pl.col("dropout_p").mean())["dropout_p"]
    assert by_channel.max() - by_channel.min() < 0.05
