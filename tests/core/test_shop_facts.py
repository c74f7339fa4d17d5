"""What training knew of the data is compared before a model is used on others."""

from dataclasses import replace

import polars as pl
import pytest

from segpredict.core.shop_facts import ShopFacts
from segpredict.data.cleaning import clean_lines
from segpredict.data.readers import from_frame
from segpredict.errors import MismatchError

CUSTOMERS = 30


def shop(
    price: str = "£9.50", when: str = "2023-01-05 10:00:00", pad: int = 5, sku: str | None = "a"
):
    rows = {
        "customer_id": [str(i).zfill(pad) for i in range(1, CUSTOMERS + 1)],
        "date": [when] * CUSTOMERS,
        "sku": [sku] * CUSTOMERS,
        "quantity": ["1"] * CUSTOMERS,
        "price": [price] * CUSTOMERS,
    }
    return clean_lines(from_frame(pl.DataFrame(rows)))


TRAINING = ShopFacts.of(shop(), "net")


def test_the_same_kind_of_data_is_accepted_and_facts_survive_a_file() -> None:
    TRAINING.require_same(shop(price="£19.00"))
    assert ShopFacts.from_state(TRAINING.to_state()) == TRAINING


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"price": "¥9.50"}, "the currency was £ and is ¥"),
        ({"when": "2023-01-05T10:00:00+01:00"}, "times were local and are with an offset"),
        ({"pad": 0}, "customer ids had leading zeros and have none"),
        ({"sku": None}, "features need product numbers, and there are none"),
        ({"price": "£950.00"}, "the median line was 9.50 and is 950.00"),
    ],
)
def test_data_of_another_kind_are_refused_with_the_fact(changed, message) -> None:
    with pytest.raises(MismatchError, match=message):
        TRAINING.require_same(shop(**changed))


def test_another_definition_of_revenue_is_refused() -> None:
    with pytest.raises(MismatchError, match="revenue was net and is gross"):
        TRAINING.require_same(shop(), "gross")


def test_what_is_not_known_contradicts_nothing() -> None:
    unknown = ShopFacts("", False, False, 0.0, 1.0, 0.0, "net")
    assert unknown.contradictions(TRAINING) == []
    assert TRAINING.contradictions(replace(TRAINING, currency="", has_clock=False)) == []


def test_a_few_customers_alone_say_nothing_of_ids_and_amounts() -> None:
    few = clean_lines(
        from_frame(
            pl.DataFrame(
                {
                    "customer_id": ["17"],
                    "date": ["2023-01-05"],
                    "quantity": ["1"],
                    "price": ["£999.00"],
                }
            )
        )
    )
    TRAINING.require_same(few)


def test_only_columns_that_features_need_must_be_there() -> None:
    TRAINING.needing(["minute"]).require_same(shop(sku=None))


def test_facts_of_an_earlier_version_are_read() -> None:
    state = TRAINING.to_state()
    del state["columns"], state["customers"]
    assert ShopFacts.from_state(state | {"has_products": True}).columns == ()
