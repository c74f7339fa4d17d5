"""A store knows from which day on a column holds something."""

from pathlib import Path

import polars as pl
import pytest

import shop
from segpredict import features
from segpredict.core.transactions import Transactions
from segpredict.data import store

ROWS = [
    ("a", "1", 10, None, 5.0, None),
    ("a", "2", 20, "p", 5.0, 30),  # a product, and wholly refunded on day 30
    ("a", "3", 40, "q", 5.0, None),
    ("a", "4", 50, "q", -1.0, None),
]
NAMES = ["customer_id", "order_id", "day", "product_id", "amount", "void_day"]


@pytest.fixture
def world() -> Transactions:
    return shop.transactions(pl.DataFrame(ROWS, schema=NAMES, orient="row"), 60)


@pytest.mark.parametrize(
    ("until", "holds"),
    [(None, True), (10, False), (20, False), (21, None), (41, True)],
)
def test_a_voided_line_leaves_it_open(
    world: Transactions, tmp_path: Path, until: int | None, holds: bool | None
) -> None:
    opened = store.write_store(world, tmp_path).store
    assert opened is not None
    assert opened.has_values_before("product_id", until) is holds


@pytest.mark.parametrize("until", [None, 11, 21, 30, 31, 41, 51])
def test_families_are_chosen_as_from_the_lines(
    world: Transactions, tmp_path: Path, until: int | None
) -> None:
    stored = store.write_store(world, tmp_path)
    assert features.choose_families(stored, until=until) == features.choose_families(
        world, until=until
    )


@pytest.mark.parametrize("until", [None, 21, 31, 41, 51])
def test_families_are_chosen_as_from_the_lines_after_days_were_added(
    world: Transactions, tmp_path: Path, until: int | None
) -> None:
    for day in (10, 20, 40, 50):
        lines = world.lines.filter(pl.col("day") <= day)
        stored = store.renew_store(Transactions(lines, 10, day + 1, "", world.ledger), tmp_path)
    assert features.choose_families(stored, until=until) == features.choose_families(
        world, until=until
    )
