"""Live scores: lines as values, equal to the bit to those of a file with the same lines."""

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import segpredict
from segpredict.errors import LimitError, LineFieldError, MismatchError, UsageError
from segpredict.scoring.online import OnlineScorer
from segpredict.scoring.predictor import SegmentPredictor
from shop import SAMPLE_ROLES

AS_OF = "2023-09-01"


@pytest.fixture(scope="module")
def predictor(run_folder: Path) -> SegmentPredictor:
    return segpredict.load(run_folder)


@pytest.fixture(scope="module")
def scorer(predictor: SegmentPredictor) -> OnlineScorer:
    return predictor.online()


@pytest.fixture(scope="module")
def lines(sample_file: Path) -> pl.DataFrame:
    rows = pl.read_csv(sample_file, infer_schema=False).drop_nulls("CustomerID")
    return rows.select(*SAMPLE_ROLES)


@pytest.fixture(scope="module")
def begin(sample_file: Path) -> str:
    return min(pl.read_csv(sample_file, infer_schema=False)["InvoiceDate"])[:10]


def typed(rows: pl.DataFrame) -> pl.DataFrame:
    numbers = pl.col("Quantity").cast(pl.Int64), pl.col("UnitPrice", "Discount").cast(pl.Float64)
    return rows.select(*SAMPLE_ROLES).with_columns(*numbers).rename(SAMPLE_ROLES)


def few(lines: pl.DataFrame) -> list[dict[str, Any]]:
    recent = lines.filter(pl.col("InvoiceDate").is_between(pl.lit("2023-07"), pl.lit(AS_OF)))
    customer = recent.filter(~pl.col("InvoiceNo").str.starts_with("C"))["CustomerID"].min()
    return typed(lines.filter(CustomerID=customer)).to_dicts()


def test_live_scores_of_many_customers_equal_those_of_a_file(
    scorer: OnlineScorer, lines: pl.DataFrame, begin: str
) -> None:
    returned = lines.filter(pl.col("InvoiceNo").str.starts_with("C"))["CustomerID"].unique().sort()
    chosen = lines.filter(pl.col("CustomerID").is_in(returned[:60].implode()))
    rows = typed(chosen)
    expected = scorer.predictor.score(chosen, AS_OF, since=begin)
    assert expected["is_eligible"].n_unique() == 2
    for given_rows in (rows.to_dicts(), rows, rows.to_arrow(), rows.lazy()):
        assert scorer.score(given_rows, AS_OF).equals(expected)


DAYS = st.dates(dt.date(2022, 9, 1), dt.date(2023, 9, 20))
LINES = st.tuples(
    st.sampled_from(["12346", "12347", "99123"]),
    st.sampled_from(["1", "2", "3", "C4", "C5"]),
    DAYS,
    st.integers(0, 1439),
    st.sampled_from(["21092", "21093", "POST", None]),
    st.sampled_from([-3, -2, -1, 0, 1, 2, 3]),
    st.sampled_from([0.0, 0.125, 2.55, 2.55555, 19.99]),
)


@settings(max_examples=8)
@given(drawn=st.lists(LINES, min_size=1, max_size=25), data=st.data())
def test_random_lines_score_as_a_file_with_them(
    scorer: OnlineScorer, begin: str, drawn: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    # One order to score at all, and one in the night: clocks that all say midnight are none.
    anchor = ("12346", "9", dt.date(2023, 7, 1), 77, "21092", 1, 5.0)
    some = data.draw(st.permutations([anchor, *drawn]))
    rows = [
        {
            "customer_id": customer,
            "order_id": order,
            "time": dt.datetime.combine(day, dt.time(minute // 60, minute % 60)),
            "product_id": product,
            "quantity": quantity,
            "price": price,
        }
        for customer, order, day, minute, product, quantity, price in some
    ]
    file = pl.DataFrame(rows).rename({v: k for k, v in SAMPLE_ROLES.items() if v in rows[0]})
    predictor = scorer.predictor
    columns = {"source": {"columns": {"country": "", "description": "", "discount": ""}}}
    lenient = {"cleaning": {"on_bad_rows": "fail", "amount_level": "line"}}
    expected = predictor.score(file, AS_OF, since=begin, config=columns | lenient)
    assert scorer.score(rows, AS_OF).equals(expected)


def test_reasons_are_those_of_the_explainer(
    scorer: OnlineScorer, lines: pl.DataFrame, begin: str
) -> None:
    rows = few(lines)
    one = rows[0]["customer_id"]
    found = scorer.score(rows, AS_OF, explain=True)
    explained = scorer.predictor.explain(
        lines.filter(CustomerID=one), AS_OF, begin, customers=[one]
    )
    texts = [reason["text"] for reason in found["reasons"][0]]
    assert texts == explained.reasons["text"].to_list()
    assert found.drop("reasons").equals(scorer.score(rows, AS_OF))
    bare = segpredict.SegmentPredictor(
        scorer.predictor.segmentation,
        scorer.predictor.model,
        scorer.predictor.time,
        scorer.predictor.families,
        first_day=scorer.since,
    )
    with pytest.raises(UsageError, match="not explained"):
        bare.online().score(rows, AS_OF, explain=True)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("quantity", True, "quantity of line 1 is .*True.*finite number"),
        ("quantity", "2", "quantity of line 1"),
        ("quantity", None, "quantity of line 1 is missing"),
        ("price", math.nan, "price of line 1"),
        ("price", -math.inf, "price of line 1"),
        ("price", Decimal("Infinity"), "price of line 1"),
        ("price", 1e13, "price of line 1"),
        ("customer_id", 12.5, "customer_id of line 1"),
        ("customer_id", False, "customer_id of line 1"),
        ("customer_id", " ", "customer_id of line 1 is missing"),
        ("customer_id", "x" * 300, "customer_id of line 1"),
        ("order_id", ["1"], "order_id of line 1"),
        ("time", "yesterday", "time of line 1"),
        ("time", 1_700_000_000, "time of line 1"),
        ("time", dt.date(1970, 1, 1), "time of line 1"),
        ("colour", "red", "no field .*colour"),
    ],
)
def test_a_field_that_is_not_what_its_name_says_is_named(
    scorer: OnlineScorer, lines: pl.DataFrame, field: str, value: Any, message: str
) -> None:
    rows = few(lines)
    rows[0] = {**rows[0], field: value}
    with pytest.raises(LineFieldError, match=message) as caught:
        scorer.score(rows, AS_OF)
    assert caught.value.where["column"] == field


def test_what_is_no_line_or_nobody_is_said(scorer: OnlineScorer, lines: pl.DataFrame) -> None:
    rows = few(lines)
    with pytest.raises(LineFieldError, match="mapping"):
        scorer.score(["12346"], AS_OF)
    for nothing in ([], rows[:0], typed(lines.head(0))):
        with pytest.raises(MismatchError, match="No customer"):
            scorer.score(nothing, AS_OF)
    with pytest.raises(MismatchError, match="No customer"):
        scorer.score(rows, "2022-01-01")
    with pytest.raises(MismatchError, match="ids"):
        scorer.score([{**row, "customer_id": f"A-{i}"} for i, row in enumerate(rows * 40)], AS_OF)
    with pytest.raises(LimitError, match="lines are more"):
        scorer.score(rows * (100_000 // len(rows) + 1), AS_OF)


def test_numbers_of_any_library_are_numbers(scorer: OnlineScorer, lines: pl.DataFrame) -> None:
    rows, expected = few(lines), scorer.score(few(lines), AS_OF)
    other = [
        {
            **row,
            "customer_id": int(row["customer_id"]),
            "quantity": np.int32(row["quantity"]),
            "price": Decimal(str(row["price"])),
            "time": dt.datetime.fromisoformat(row["time"]),
        }
        for row in rows
    ]
    assert scorer.score(other, AS_OF).equals(expected)
    small = pl.DataFrame(rows).with_columns(pl.col("price").cast(pl.Float32))
    assert scorer.score(small, AS_OF).equals(expected)


def test_when_records_begin_is_known_from_the_run_or_said(
    predictor: SegmentPredictor, lines: pl.DataFrame, begin: str
) -> None:
    rows = few(lines)
    assert predictor.online(begin).since == predictor.online().since
    late = predictor.online("2023-01-01").score(rows, AS_OF)
    assert late["customer_id"][0] == rows[0]["customer_id"]


def test_loading_a_run_imports_nothing_that_scoring_does_not_need(run_folder: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys, segpredict\n"
        f"scorer = segpredict.load({str(run_folder)!r}).online()\n"
        "row = dict(customer_id='12346', time='2023-07-01', quantity=1, price=2.5)\n"
        f"scorer.score([row], {AS_OF!r})\n"
        "print(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = set(done.stdout.split())
    # XGBoost itself imports scikit-learn's base, scipy.stats and pandas where they are installed.
    unwanted = {"shap", "matplotlib", "pandera", "pptx", "openpyxl", "duckdb", "jinja2"}
    unwanted |= {"sklearn.cluster", "sklearn.tree", "sklearn.linear_model", "scipy.cluster"}
    unwanted |= {"segpredict.report", "segpredict.pipeline.runs", "segpredict.pipeline.stages"}
    assert not found & unwanted
