"""Money of orders and of lines, discounts, refunds and sums among the rows."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.source import SourceOptions
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.data.cleaning import clean_lines
from segpredict.data.cleaning._money import spread_over_order
from segpredict.data.readers import from_frame
from segpredict.errors import ContractError


def shop(rows: dict[str, list], columns: dict[str, str] | None = None, **plan) -> Transactions:
    layout = SourceOptions(columns=columns or {})
    return clean_lines(from_frame(pl.DataFrame(rows), layout), CleaningOptions(**plan))


def used(found: Transactions) -> float:
    return found.ledger.total("used").money / MONEY_SCALE


def orders(n: int, total: bool) -> dict[str, list]:
    """Return n orders of two products; the amount is the order's total, or the line's."""
    lines = [(i, j) for i in range(n) for j in (0, 1)]
    line = [10 + (7 * i + 3 * j) % 11 for i, j in lines]
    whole = [line[2 * i] + line[2 * i + 1] for i, _ in lines]
    return {
        "order_id": [f"o{i}" for i, _ in lines],
        "customer_id": [f"c{i % 5}" for i, _ in lines],
        "date": [f"2023-01-{1 + i % 27:02d}" for i, _ in lines],
        "sku": [f"p{j}" for _, j in lines],
        "total": [f"{value}.00" for value in (whole if total else line)],
    }


def test_the_total_of_an_order_on_each_of_its_lines_counts_once() -> None:
    repeated, by_line = shop(orders(40, total=True)), shop(orders(40, total=False))
    assert used(repeated) == used(by_line)
    assert any("total of its order" in note for note in repeated.notes)
    assert not any("total of its order" in note for note in by_line.notes)
    assert repeated.lines.collect().height == 80  # every product is still bought


def test_a_person_may_say_that_equal_amounts_are_those_of_lines() -> None:
    rows = orders(40, total=True)
    assert used(shop(rows, amount_level="line")) == sum(map(float, rows["total"]))


def test_a_shop_with_one_price_has_no_totals() -> None:
    rows = {**orders(40, total=True), "total": ["9.99"] * 80}
    assert used(shop(rows)) == pytest.approx(80 * 9.99)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(-1, 50), st.integers(-(10**9), 10**9)),
        min_size=1,
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_the_parts_of_a_total_add_up_to_it_in_any_sequence(rows, random) -> None:
    totals = {order: total for order, _, total in rows}
    frame = pl.DataFrame(
        {
            "customer_id": "a",
            "order_id": [str(order) for order, _, _ in rows],
            "day": 1,
            "item": [str(i) for i in range(len(rows))],
            "weight": [weight for _, weight, _ in rows],
            "total": [totals[order] for order, _, _ in rows],
            "file": 0,
            "row": list(range(len(rows))),
        }
    )
    spread = frame.with_columns(part=spread_over_order(frame, pl.col("total"), pl.col("weight")))
    summed = spread.group_by("order_id").agg(pl.col("part").sum())
    assert {int(o): p for o, p in summed.rows()} == totals
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = frame[order]
    again = shuffled.with_columns(
        part=spread_over_order(shuffled, pl.col("total"), pl.col("weight"))
    )
    assert again.sort("row")["part"].to_list() == spread["part"].to_list()


LINES = {
    "order_id": ["1", "1", "2"],
    "customer_id": ["a", "a", "b"],
    "date": ["2023-01-05", "2023-01-05", "2023-01-06"],
    "sku": ["MUG", "PAN", "MUG"],
    "quantity": ["2", "1", "4"],
    "price": ["10.00", "25.00", "10.00"],
}


@pytest.mark.parametrize(
    ("kind", "cells", "right"),
    [
        ("line", ["5.00", None, "-4.00"], 85 - 9),
        ("unit", ["1.00", None, "0.50"], 85 - 2 - 2),
        ("order", ["9.00", None, "4.00"], 85 - 13),
        ("order", ["9.00", "9.00", "4.00"], 85 - 13),
        ("rate", ["10%", None, "50%"], 85 - 2 - 20),
        ("rate", ["0.1", None, "0.5"], 85 - 2 - 20),
        ("included", ["5.00", None, "4.00"], 85),
    ],
)
def test_a_discount_is_taken_off_as_what_it_is(kind, cells, right) -> None:
    rows = {**LINES, "off": cells}
    found = shop(rows, {"discount": "off"}, discount=kind)
    assert used(found) == right
    assert found.ledger.adds_up
    assert used(shop(rows, {"discount": "off"}, discount=kind, revenue="gross")) == 85


def test_a_refund_is_a_share_of_what_was_paid_where_that_is_known() -> None:
    # Order 1 cost 54 with shipping and tax, of which half was paid back.
    rows = {**LINES, "refunded amount": ["27.00", None, None], "paid": ["54.00", None, "48"]}
    assert used(shop(rows, {"order_total": "paid"})) == 45 / 2 + 40
    assert used(shop(rows)) == 85 - 27
    assert used(shop(rows, revenue="gross")) == 85


def test_an_order_that_was_refunded_in_full_is_no_sale() -> None:
    found = shop({**LINES, "refund": ["45.00", None, "0"]})
    assert found.lines.collect()["order_id"].to_list() == ["2"]
    entry = next(e for e in found.ledger.entries if e.rule == "refunds")
    assert (entry.count.rows, entry.count.orders, entry.count.money) == (2, 1, 450_000)


def test_a_row_without_a_product_that_sums_its_order_is_left_out() -> None:
    head = {
        **{name: [LINES[name][0], *LINES[name]] for name in ("order_id", "customer_id", "date")},
        "sku": [None, *LINES["sku"]],
        "quantity": ["3", *LINES["quantity"]],
        "price": ["45.00", *LINES["price"]],
    }
    assert used(shop(head)) == 85
    fee = {**head, "price": ["4.00", *LINES["price"]]}  # a row that is no sum stays
    assert used(shop(fee)) == 85 + 12


def test_an_amount_beside_quantity_and_price_is_compared_with_their_product() -> None:
    equal = shop({**LINES, "line total": ["20.00", "25.00", "40.00"]})
    assert used(equal) == 85
    assert not any("differ" in note for note in equal.notes)
    apart = shop({**LINES, "line total": ["20.00", "25.00", "44.00"]})
    note = next(note for note in apart.notes if "differ on 33.3% of the rows" in note)
    assert "85.00 and 89.00" in note


def test_a_price_equal_to_the_amount_is_the_money_of_the_line() -> None:
    rows = {**LINES, "price": ["20.00", "25.00", "40.00"], "line total": ["20", "25", "40"]}
    assert used(shop(rows)) == 85


def test_a_price_that_grows_with_the_quantity_is_refused_with_both_sums() -> None:
    n = 30
    pieces = [1 + i % 4 for i in range(n)]
    rows = {
        "order_id": [str(i) for i in range(n)],
        "customer_id": [f"c{i % 7}" for i in range(n)],
        "date": ["2023-01-05"] * n,
        "sku": [f"p{i % 5}" for i in range(n)],
        "quantity": [str(q) for q in pieces],
        "price": [f"{q * (3 + i % 5)}.50" for i, q in enumerate(pieces)],
    }
    rows["price"] = [f"{q * (3 + i % 5):.2f}" for i, q in enumerate(pieces)]
    with pytest.raises(ContractError, match="grows with the quantity"):
        shop(rows)
    unit = {**rows, "price": [f"{3 + i % 5}.00" for i in range(n)]}
    assert used(shop(unit)) == sum(q * (3 + i % 5) for i, q in enumerate(pieces))


def test_a_refund_of_money_alone_keeps_its_money() -> None:
    rows = {
        "order_id": ["1", "1"],
        "customer_id": ["a", "a"],
        "date": ["2023-01-05", "2023-01-09"],
        "quantity": ["4", None],
        "amount": ["100.00", "-30.00"],
    }
    assert used(shop(rows, {"quantity": "quantity", "amount": "amount"})) == 70


def test_visits_count_where_no_column_holds_money() -> None:
    rows = {name: LINES[name] for name in ("order_id", "customer_id", "date", "sku")}
    layout = SourceOptions(deferred_roles=("amount",))
    found = clean_lines(from_frame(pl.DataFrame(rows), layout), CleaningOptions(revenue="visits"))
    assert used(found) == 2
    assert found.lines.collect().height == 3


def test_an_empty_quantity_means_what_the_setting_says() -> None:
    rows = {**LINES, "quantity": ["2", None, "4"]}
    assert used(shop(rows, default_quantity=1)) == 85


def test_equal_amounts_of_few_prices_are_asked_about_not_decided() -> None:
    # Two tickets of one class an order: equal lines are no sign of a total.
    classes = [["20.00", "30.00", "45.00"][i % 3] for i in range(40) for _ in (0, 1)]
    rows = {**orders(40, total=True), "total": classes}
    with pytest.raises(ContractError, match="may be the total of the order"):
        shop(rows)
    assert used(shop(rows, amount_level="line")) == sum(map(float, classes))


def test_most_but_not_all_orders_with_equal_amounts_are_asked_about() -> None:
    rows = orders(40, total=True)
    rows["total"][1] = "1.00"
    rows["total"][3] = "2.00"
    with pytest.raises(ContractError, match="once per order"):
        shop(rows)


def test_a_price_that_is_the_total_of_its_order_is_refused_and_the_hint_works() -> None:
    rows = orders(40, total=True)
    rows["price"] = rows.pop("total")
    rows["quantity"] = [str(1 + i % 3) for i in range(80)]
    with pytest.raises(ContractError, match="order's total") as caught:
        shop(rows)
    assert "--map price= --map amount='price'" in caught.value.fix
    assert used(shop(rows, {"price": "", "amount": "price"})) == used(shop(orders(40, total=True)))


def test_a_negative_price_of_a_product_that_is_sold_is_money_paid_back() -> None:
    rows = {name: [*LINES[name], LINES[name][0]] for name in LINES}
    rows["order_id"][-1], rows["quantity"][-1], rows["price"][-1] = "3", "1", "-10.00"
    assert used(shop(rows)) == 85 - 10
    rows["quantity"][-1] = "-1"  # both signs are one refund, not a sale
    assert used(shop(rows)) == 85 - 10


def test_a_discount_between_the_product_and_the_amount_is_found() -> None:
    rows = {**LINES, "Rabatt": ["5.00", "0", "4.00"], "line total": ["15.00", "25.00", "36.00"]}
    assert used(shop(rows)) == 76


def test_a_total_gives_way_to_the_same_without_tax_and_shipping() -> None:
    rows = {name: LINES[name] for name in ("order_id", "customer_id", "date")}
    rows |= {
        "subtotal net": ["10.00", "20.00", "30.00"],
        "tax": ["1.90", "3.80", "5.70"],
        "shipping": ["4.00", "0.00", "4.00"],
        "total": ["15.90", "23.80", "39.70"],
    }
    assert used(shop({**rows, "order_id": ["1", "2", "3"]})) == 60


def test_the_rows_on_which_sums_are_compared_do_not_depend_on_their_order() -> None:
    n, wrong = 60_000, 5_000  # the columns add up in all rows but the last
    taxed = pl.DataFrame({"customer_id": [f"c{i % 500}" for i in range(n)]}).with_columns(
        date=pl.lit("2023-01-31"), net=pl.int_range(n) + 100, tax=pl.lit(5)
    )
    is_wrong = pl.int_range(n) >= n - wrong
    total = pl.col("net") + pl.when(is_wrong).then(99).otherwise("tax")
    rows = taxed.with_columns(total=total).rename({"net": "subtotal net"})
    found = [from_frame(one).files[0].detected.columns for one in (rows, rows.reverse())]
    assert found[0] == found[1]
    assert found[0]["amount"] == "total"


@pytest.mark.parametrize("discount", ["included", "order"])
def test_totals_that_differ_within_an_order_do_not_depend_on_the_order_of_rows(discount) -> None:
    rows = orders(40, total=True)
    rows["discount"] = ["1.00", "3.00"] * 40
    rows["total"][1] = "99.00"
    plan = {"amount_level": "order", "discount": discount}
    one, other = (shop({n: v[::step] for n, v in rows.items()}, **plan) for step in (1, -1))
    assert one.fingerprint == other.fingerprint
    assert used(one) == used(other)


@pytest.mark.parametrize("label", ["TOTAL", "grand_total", "Sub-Total", "order.total:", "_total_"])
def test_a_row_called_total_among_the_products_is_left_out(label: str) -> None:
    rows = {name: [*LINES[name][:2], LINES[name][0], LINES[name][2]] for name in LINES}
    rows["sku"][2], rows["quantity"][2], rows["price"][2] = label, "1", "45.00"
    assert used(shop(rows)) == 85
