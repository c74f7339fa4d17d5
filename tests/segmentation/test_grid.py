"""The rule grid is an exact partition, safe in ties, blind to ids, and frozen."""

import json
from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segpredict.config.segmentation import RfmCutPointOptions
from segpredict.errors import ArtifactError, ConfigError, SchemaError
from segpredict.segmentation import RuleGrid, fit_rule_grid
from segpredict.segmentation.rule_grid import cell_name, code_names

# Method §4.1 with its overlaps resolved: recency scores, frequency scores, name.
REGIONS = [
    ((1,), (1, 2), "Lost"),
    ((2,), (1, 2), "Hibernating"),
    ((3,), (1, 2), "About to sleep"),
    ((3,), (3,), "Need attention"),
    ((1, 2), (3, 4), "At risk"),
    ((1, 2), (5,), "Cannot lose"),
    ((3, 4), (4, 5), "Loyal"),
    ((5,), (4, 5), "Champions"),
    ((4, 5), (2, 3), "Potential loyalist"),
    ((5,), (1,), "New"),
    ((4,), (1,), "Promising"),
]


def customers(*rows: tuple[str, float, float, float]) -> pl.DataFrame:
    names = ["customer_id", "recency_days", "freq_days_364", "spend_364"]
    kinds = dict(zip(names, [pl.String, *[pl.Float64] * 3], strict=True))
    return pl.DataFrame(rows, schema=kinds, orient="row")


SHOPS = st.lists(
    st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(-3, 9)), min_size=1, max_size=40
).map(
    lambda rows: customers(
        *[(f"c{i:02d}", float(r), float(f), float(m)) for i, (r, f, m) in enumerate(rows)]
    )
)


@pytest.mark.parametrize(("r", "f"), list(product(range(1, 6), repeat=2)))
def test_every_cell_has_exactly_the_name_of_its_region(r, f):
    assert [name for rs, fs, name in REGIONS if r in rs and f in fs] == [cell_name(r, f)]


def test_each_of_the_125_codes_is_there_once_and_has_a_name_and_a_level():
    table = fit_rule_grid(customers(("a", 1.0, 1.0, 1.0))).to_frame()
    codes = ["".join(map(str, scores)) for scores in product(range(1, 6), repeat=3)]
    assert table["code"].to_list() == codes
    assert all(name == cell_name(int(c[0]), int(c[1])) for c, name, _ in table.rows())
    assert table.filter(pl.col("code").str.starts_with("34"))["level"].to_list() == [
        "Low",
        "Low",
        "Mid",
        "High",
        "High",
    ]


def test_names_of_codes_can_be_replaced_and_are_kept():
    shop = customers(*[(f"c{i}", 10.0 * (10 - i), 1.0 + i, 5.0 * i) for i in range(10)])
    grid = fit_rule_grid(shop, names={"55": "Top", "555": "VIP", "11": "Gone"})
    scored = RuleGrid.from_state(json.loads(json.dumps(grid.to_state()))).assign(shop)
    assert scored["name"].to_list()[:2] == ["Gone", "Gone"]
    assert scored["name"].to_list()[-2:] == ["VIP", "VIP"]
    assert grid.to_frame().filter(pl.col("code") == "554")["name"].item() == "Top"


@pytest.mark.parametrize("own", [{"5": "a"}, {"56": "a"}, {"5555": "a"}, {"55": " "}])
def test_a_name_for_what_is_no_code_is_refused(own):
    with pytest.raises(ConfigError, match=r"\[segmentation.rule_grid_names\]"):
        code_names(own)


def test_ten_different_customers_fall_into_fifths_of_two():
    shop = customers(*[(f"c{i}", 10.0 * (10 - i), 1.0 + i, 5.0 * i) for i in range(10)])
    scored = fit_rule_grid(shop).assign(shop)
    assert scored["r"].to_list() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert scored["code"].to_list()[::3] == ["111", "222", "444", "555"]
    assert scored["level"].to_list()[::2] == ["Low", "Low", "Mid", "High", "High"]


def test_customers_with_one_order_score_one_however_many_they_are():
    often = [1.0] * 6 + [2.0, 2.0, 3.0, 9.0]
    shop = customers(*[(f"c{i}", 1.0 + i, f, 1.0 + i) for i, f in enumerate(often)])
    grid = fit_rule_grid(shop)
    assert grid.assign(shop)["f"].to_list() == [1] * 6 + [4, 4, 5, 5]
    assert grid.warnings == (
        "freq_days_364 gives only the scores 1, 4, 5: "
        "many customers share one value, and equal values score equally.",
    )


def test_a_hundred_identical_customers_share_one_code():
    shop = customers(*[(f"c{i}", 5.0, 1.0, 20.0) for i in range(100)])
    grid = fit_rule_grid(shop)
    assert grid.assign(shop)["code"].unique().to_list() == ["333"]
    assert len(grid.warnings) == 3


@given(SHOPS)
def test_equal_values_score_equally_and_better_ones_never_lower(shop):
    scored = fit_rule_grid(shop).assign(shop).join(shop, on="customer_id")
    for column, score, sign in (
        ("recency_days", "r", -1),
        ("freq_days_364", "f", 1),
        ("spend_364", "m", 1),
    ):
        by_worth = scored.sort(sign * pl.col(column))
        assert by_worth[score].is_sorted()
        assert scored.group_by(column).agg(pl.col(score).n_unique())[score].max() == 1


@given(SHOPS, st.randoms())
def test_ids_and_order_change_nothing(shop, random):
    ids = shop["customer_id"].to_list()
    random.shuffle(ids)
    other = shop.with_columns(customer_id=pl.Series(ids)).sort("customer_id")
    grid = fit_rule_grid(shop)
    assert fit_rule_grid(other) == grid
    values = ["recency_days", "freq_days_364", "spend_364"]
    one, two = (
        s.join(grid.assign(s), on="customer_id").select(*values, "code").unique()
        for s in (shop, other)
    )
    assert one.sort(pl.all()).equals(two.sort(pl.all()))


@given(SHOPS)
@settings(max_examples=20)
def test_a_json_round_trip_gives_an_equal_grid(shop):
    grid = fit_rule_grid(shop)
    assert RuleGrid.from_state(json.loads(json.dumps(grid.to_state()))) == grid


def test_frozen_cuts_score_new_customers_by_the_old_fifths():
    shop = customers(*[(f"c{i}", 10.0 * (10 - i), 1.0 + i, 5.0 * i) for i in range(10)])
    late = customers(("x", 1.0, 99.0, 1e6), ("y", 999.0, 0.0, -5.0))
    assert fit_rule_grid(shop).assign(late)["code"].to_list() == ["555", "111"]


@pytest.mark.parametrize(
    "state", [None, {"version": 2}, {"version": 1}, {"version": 2, "names": ["VIP"]}]
)
def test_a_state_that_is_none_is_refused(state):
    with pytest.raises(ArtifactError, match="stored rule grid"):
        RuleGrid.from_state(state)


@pytest.mark.parametrize(
    "shop",
    [
        customers(),
        customers(("a", 1.0, float("nan"), 2.0)),
        customers(("a", 1.0, None, 2.0)),
        customers(("a", 1.0, 1.0, 2.0), ("a", 1.0, 1.0, 2.0)),
        customers(("a", 1.0, 1.0, 2.0)).drop("spend_364"),
    ],
    ids=["nobody", "nan", "null", "twice", "no column"],
)
def test_customers_that_cannot_be_scored_are_refused(shop):
    with pytest.raises(SchemaError, match="customers"):
        fit_rule_grid(shop)


OWN = RfmCutPointOptions(recency=(10, 30, 60, 90), frequency=(2, 3, 5, 9), spend=(1, 2, 3, 4.5))


def varied() -> pl.DataFrame:
    values = zip((10, 11, 30.5, 90, 91), (9, 8, 4, 2, 1), (4.5, 4, 2.5, 1.5, 0), strict=True)
    return customers(
        *[(f"c{i}", float(r), float(f), float(m)) for i, (r, f, m) in enumerate(values)]
    )


def test_cut_points_of_the_shop_give_the_scores():
    grid = fit_rule_grid(varied(), own=OWN)
    assert grid.assign(varied())["code"].to_list() == ["555", "444", "333", "222", "111"]
    assert RuleGrid.from_state(json.loads(json.dumps(grid.to_state()))) == grid
    assert grid.warnings == ()


def test_what_the_shop_does_not_give_stays_by_fifths():
    grid = fit_rule_grid(varied(), own=RfmCutPointOptions(recency=OWN.recency))
    usual = fit_rule_grid(varied())
    assert (grid.frequency, grid.monetary) == (usual.frequency, usual.monetary)
    assert grid.recency.cut_points == (-90, -60, -30, -10)


def test_cut_points_that_leave_a_score_empty_are_refused():
    with pytest.raises(ConfigError, match="no customer of the data has the score 2 or 3 of spend"):
        fit_rule_grid(varied(), own=RfmCutPointOptions(spend=(0.5, 0.6, 0.7, 1.6)))


@pytest.mark.parametrize("cuts", [(1, 2, 2, 3), (4, 3, 2, 1), (1, 2, 3), (1, 2, 3, float("nan"))])
def test_cut_points_that_do_not_rise_are_refused(cuts):
    with pytest.raises(ConfigError, match=r"segmentation\.rfm_cut_points"):
        RfmCutPointOptions(frequency=cuts)
