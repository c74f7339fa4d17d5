"""Explanations of two models: a planted change is named, and nothing else."""

import numpy as np
import polars as pl
import pytest

from segpredict.core.segment import Segment
from segpredict.explain import Explanation, compare_importance, move_reasons, rank_agreement

CLASSES = (Segment(0, "S0", "Inactive"), Segment(1, "S1", "Core"))
NAMES = ("recency", "orders", "noise")
N = 60


def explanation(weights: dict[str, float], names: tuple[str, ...] = NAMES) -> Explanation:
    """Return an explanation of a linear model of the log-odds of S1."""
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=N) for name in NAMES}
    rows = [
        (
            f"c{i:02}",
            "S0",
            class_id,
            "",
            name,
            name,
            values[name][i],
            sign * weights[name] * values[name][i],
        )
        for i in range(N)
        for class_id, sign in (("S0", -0.5), ("S1", 0.5), ("S1", 1.0))
        for name in names
    ]
    schema = ["customer_id", "segment_id", "class_id", "against_id", "feature", "group", "value"]
    table = pl.DataFrame(rows, schema=[*schema, "contribution"], orient="row")
    empty = pl.DataFrame()
    return Explanation(
        table, empty, empty, empty, empty, {"S0": 0.0, "S1": 0.0}, names, CLASSES, (), N
    )


def test_ranks_signs_and_shares_are_those_that_were_planted():
    one = explanation({"recency": -2.0, "orders": 1.0, "noise": 0.1})
    other = explanation({"recency": -1.0, "orders": -2.0, "noise": 0.1})
    found = compare_importance(one, other, {"recency": (0.5, 0.8), "orders": (0.2, 0.4)})
    rows = {row["feature"]: row for row in found.iter_rows(named=True)}
    assert [rows[n]["rank_champion"] for n in NAMES] == [1, 2, 3]
    assert [rows[n]["rank_challenger"] for n in NAMES] == [2, 1, 3]
    # Towards INACTIVE, so the signs are those of the weights, turned.
    assert [rows[n]["sign_champion"] for n in NAMES[:2]] == [1, -1]
    assert [rows[n]["sign_differs"] for n in NAMES] == [False, True, False]
    assert [rows[n]["is_outside"] for n in NAMES] == [True, True, False]  # noise has no band
    assert rank_agreement(found) == pytest.approx(1 / 3)


def test_a_feature_of_one_model_alone_has_no_rank_in_the_other():
    weights = {"recency": -2.0, "orders": 1.0, "noise": 0.1}
    found = compare_importance(explanation(weights), explanation(weights, NAMES[:2]), {})
    row = found.filter(feature="noise").row(0, named=True)
    assert (row["rank_champion"], row["rank_challenger"], row["is_outside"]) == (3, None, False)


def test_the_feature_behind_a_move_is_the_one_whose_weight_changed():
    one = explanation({"recency": -2.0, "orders": 1.0, "noise": 0.1})
    other = explanation({"recency": -2.0, "orders": 3.0, "noise": 0.1})
    bought = one.feature_values()[:, 1] > 0
    moves = pl.DataFrame({"customer_id": one.explained_ids()}).with_columns(
        champion_id=pl.lit("S0"), challenger_id=pl.Series(np.where(bought, "S1", "S0"))
    )
    found = move_reasons(one, other, moves, {"S0": "S0", "S1": "S1"})
    first = found.row(0, named=True)
    assert found.select("champion_id", "challenger_id").unique().rows() == [("S0", "S1")]
    assert (first["feature"], first["customers"]) == ("orders", int(bought.sum()))
    assert first["difference"] == pytest.approx(2 * one.feature_values()[bought, 1].mean())
    assert first["low"] < first["difference"] < first["high"]
    assert found["difference"][1:].abs().max() == pytest.approx(0.0)
    assert move_reasons(one, other, moves, {"S0": "S0"}).is_empty()  # S1 has no match
