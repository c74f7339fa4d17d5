from side_shop import ATTRIBUTES, customers
from twelve import answer

from segpredict.core.transactions import SideTables

COHORT = {"cohort_quarter": 2}  # ann first bought on day 100, 1970-04-11


def who(rows: list[tuple], customer: str = "ann") -> dict[str, float | None]:
    tables = SideTables(customers=customers(rows), attributes=ATTRIBUTES)
    return answer("demographics", customer, tables)


def test_a_number_a_date_and_a_level():
    assert who([("ann", None, None, 30e3, 400 - 3653, "silver")]) == {
        **COHORT,
        "who_income": 30_000,
        "who_born_years": round(3653 / 365.25, 6),
        "who_tier_gold": 0,
        "who_tier_silver": 1,
        "who_tier_other": 0,
    }


def test_a_level_that_training_never_saw_is_other():
    found = who([("ann", None, None, None, None, "platinum")])
    assert [found[f"who_tier_{n}"] for n in ("gold", "silver", "other")] == [0, 0, 1]


def test_an_empty_cell_is_missing_and_not_other():
    found = who([("ann", None, None, None, None, None)])
    assert {name: value for name, value in found.items() if value is not None} == COHORT


def test_a_customer_who_is_not_in_the_table_is_missing():
    found = who([("eve", None, None, 1.0, 1, "gold")])
    assert {name: value for name, value in found.items() if value is not None} == COHORT


def test_without_the_table_all_but_the_orders_say_is_missing():
    found = answer("demographics", "ann", SideTables(attributes=ATTRIBUTES))
    assert found.pop("cohort_quarter") == 2
    assert len(found) == 5
    assert set(found.values()) == {None}


def test_the_row_that_held_on_the_day_before_the_cutoff_counts():
    rows = [
        ("ann", 0, 300, 1.0, None, "gold"),
        ("ann", 300, 400, 2.0, None, "gold"),
        ("ann", 400, None, 3.0, None, "gold"),
    ]
    assert who(rows)["who_income"] == 2


def test_nothing_is_known_between_two_rows_that_held():
    rows = [("ann", 0, 300, 1.0, None, "gold"), ("ann", 500, None, 3.0, None, "gold")]
    assert who(rows)["who_income"] is None


def test_a_date_on_or_after_the_cutoff_is_the_future():
    assert who([("ann", None, None, None, 400, "gold")])["who_born_years"] is None
