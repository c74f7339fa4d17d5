from dataclasses import replace

import polars as pl
import pytest

import shop
from segpredict.classifier import STATE_FEATURES, build_panel
from segpredict.core import schemas
from segpredict.core.segment import Segment
from segpredict.errors import SegpredictError
from small_shop import TIME

SEGMENTS = (
    Segment(0, "S0", "Inactive"),
    Segment(1, "S1", "One"),
    Segment(2, "S2", "Two"),
)


class ByDays:
    """A segmenter by rule: two or more purchase days make segment 2."""

    segments = SEGMENTS

    def assign(self, instrument, ends=()):
        return instrument.select(
            "customer_id",
            "end",
            segment=pl.col("days").clip(1, 2).cast(pl.Int8),
        )

    extra_inputs = ()
    is_by_purchases = True

    def require_fitted_before(self, cutoff):
        pass


ORDERS = pl.DataFrame(
    # T = 112; windows of 28 days: before [56, 84), now [84, 112), outcome [112, 140)
    [
        ("ann", "a1", 60, 10.0),
        ("ann", "a2", 90, 10.0),
        ("ann", "a3", 91, 10.0),
        ("ann", "a4", 139, 10.0),  # the last day of the outcome
        ("bob", "b1", 84, 10.0),  # the first day of the current window
        ("bob", "b2", 112, 10.0),  # the first day of the outcome
        ("bob", "b3", 120, 10.0),
        ("cat", "c1", 10, 10.0),  # silent since
        ("dan", "d1", 115, 10.0),  # not yet a customer at T
        ("eve", "e1", 100, 10.0),
        ("eve", "e2", 140, 10.0),  # the day after the outcome
    ],
    schema=["customer_id", "order_id", "day", "amount"],
    orient="row",
)


def rows(orders=ORDERS, end_day=141, **changes):
    transactions = shop.transactions(orders, end_day=end_day)
    window = TIME.window_at(112, 0)
    return build_panel(transactions, ByDays(), [window], ["rfm"]).frame.select(
        "customer_id", "state_now", "state_before", "label", "is_new"
    )


def test_states_labels_and_newness_of_five_customers_worked_out_by_hand():
    assert rows().rows() == [
        ("ann", 2, 1, 1, False),
        ("bob", 1, 0, 2, True),
        ("cat", 0, 0, 0, False),
        ("eve", 1, 0, 0, True),
    ]


def test_a_label_is_null_while_the_outcome_is_not_complete():
    assert rows(end_day=140)["label"].null_count() == 0
    early = rows(ORDERS.filter(pl.col("day") < 139), end_day=139)
    assert early["label"].null_count() == 4
    assert early["state_now"].to_list() == [2, 1, 0, 1]


def test_a_gap_moves_the_outcome_and_nothing_else():
    transactions = shop.transactions(ORDERS, end_day=147)
    window = replace(TIME, gap=7).window_at(112, 0)
    found = build_panel(transactions, ByDays(), [window], ["rfm"]).frame
    assert found["label"].to_list() == [1, 1, 0, 1]  # [119, 147)
    assert found["state_now"].to_list() == [2, 1, 0, 1]


def test_the_panel_keeps_its_contract_and_its_order(small):
    frame = small.panel.frame
    schemas.validate_schema(frame.select(list(schemas.PANEL_SCHEMA.columns)), schemas.PANEL_SCHEMA)
    assert frame.equals(frame.sort("cutoff", "customer_id"))
    assert set(small.panel.feature_names) <= set(frame.columns)
    assert small.panel.feature_names[:2] == tuple(state.name for state in STATE_FEATURES)


def test_the_panel_of_a_cutoff_does_not_depend_on_its_company(small):
    cutoff = small.schedule.test_folds[-1].cutoff
    window = small.schedule.time.window_at(cutoff, small.transactions.first_day)
    alone = build_panel(small.transactions, small.segmentation, [window]).frame
    assert alone.equals(small.panel.at_cutoffs(cutoff))


def test_a_cutoff_without_customers_gives_an_empty_panel():
    transactions = shop.transactions(ORDERS, end_day=141)
    found = build_panel(transactions, ByDays(), [TIME.window_at(5, 0)], ["rfm"])
    assert found.frame.is_empty()


def test_l1_nothing_on_or_after_the_cutoff_changes_what_is_known(small):
    cutoff = small.schedule.test_folds[-1].cutoff
    before = small.transactions.lines.filter(pl.col("day") < cutoff)
    blind = replace(small.transactions, lines=before)
    window = small.schedule.time.window_at(cutoff, small.transactions.first_day)
    found = build_panel(blind, small.segmentation, [window]).frame
    known = small.panel.at_cutoffs(cutoff)
    assert found.drop("label").equals(known.drop("label"))
    assert not found["label"].equals(known["label"])


def test_l1_nothing_before_the_cutoff_changes_a_label():
    later = ORDERS.filter((pl.col("day") >= 112) | (pl.col("order_id") != "a3"))
    labels = dict(rows().select("customer_id", "label").rows())
    assert dict(rows(later).select("customer_id", "label").rows()) == labels


def test_l4_labels_neither_drop_nor_repeat_a_customer():
    future = ORDERS.filter(pl.col("day") < 112)
    assert rows()["customer_id"].equals(rows(future)["customer_id"])
    assert rows(future)["label"].to_list() == [0, 0, 0, 0]


def test_l4_a_join_that_changes_the_population_is_refused():
    class Twice(ByDays):
        def assign(self, instrument, ends=()):
            once = super().assign(instrument, ends)
            return pl.concat([once, once])

    transactions = shop.transactions(ORDERS, end_day=141)
    with pytest.raises(SegpredictError, match="changed the panel from 4 to"):
        build_panel(transactions, Twice(), [TIME.window_at(112, 0)], ["rfm"])


def test_l6_idle_days_at_the_end_change_no_row(small):
    given = small.transactions
    later = replace(given, end_day=given.end_day + 60)
    cutoffs = small.schedule.test_folds[-1].train_origins
    windows = [small.schedule.time.window_at(day, given.first_day) for day in cutoffs]
    found = build_panel(later, small.segmentation, windows).frame
    assert found.equals(small.panel.at_cutoffs(*cutoffs))


def test_l8_what_is_returned_after_the_cutoff_still_counts_at_it():
    back = pl.DataFrame([("eve", "r1", 120, -10.0)], schema=ORDERS.schema, orient="row")
    refunded = pl.concat([ORDERS, back]).with_columns(
        void_day=pl.when(pl.col("order_id").is_in(["e1", "r1"])).then(120)
    )
    transactions = shop.transactions(refunded, end_day=141)
    window = TIME.window_at(112, 0)
    found = build_panel(transactions, ByDays(), [window]).frame
    plain = build_panel(shop.transactions(ORDERS, end_day=141), ByDays(), [window]).frame
    assert found.equals(plain)
    late = build_panel(transactions, ByDays(), [TIME.window_at(121, 0)], ["rfm"]).frame
    assert "eve" not in late["customer_id"]


def test_l10_the_same_shop_a_hundred_days_later_gives_the_same_rows():
    window, later = TIME.window_at(112, 0), TIME.window_at(212, 100)
    moved = ORDERS.with_columns(pl.col("day") + 100)
    given = build_panel(shop.transactions(ORDERS, end_day=141), ByDays(), [window]).frame
    found = build_panel(shop.transactions(moved, end_day=241), ByDays(), [later]).frame
    assert found.drop("cutoff").equals(given.drop("cutoff"))


def test_l10_a_column_that_only_tells_origins_apart_is_not_used(small):
    assert "observed_days" in small.panel.frame.columns
    assert "observed_days" not in small.training.ensemble.xgboost_model.feature_names
    assert "cutoff" not in small.panel.feature_names
