"""One scoring path: whatever door, frame, order or company, equal scores."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

import segpredict
from segpredict.core import schemas
from segpredict.errors import (
    BadCellsError,
    ColumnMissingError,
    ConfigError,
    CustomerMissingError,
    MismatchError,
    SegpredictError,
    UsageError,
)
from segpredict.scoring.predictor import SegmentPredictor

AS_OF = "2023-09-01"


@pytest.fixture(scope="module")
def predictor(run_folder: Path) -> SegmentPredictor:
    return segpredict.load(run_folder)


@pytest.fixture(scope="module")
def lines(sample_file: Path) -> pl.DataFrame:
    return pl.read_csv(sample_file, infer_schema=False)


@pytest.fixture(scope="module")
def scores(predictor: SegmentPredictor, lines: pl.DataFrame) -> pl.DataFrame:
    return predictor.score(lines, AS_OF)


def test_the_run_has_scored_the_end_of_its_data(
    predictor: SegmentPredictor, run_folder: Path, lines: pl.DataFrame
) -> None:
    saved = pl.read_parquet(run_folder / "scores.parquet")
    assert predictor.score(lines).equals(saved)


def test_probabilities_add_up_and_split_into_down_stay_and_up(
    scores: pl.DataFrame,
) -> None:
    known = scores.filter("is_eligible")
    shares = known.select(pl.sum_horizontal("^p_S[0-9]+$")).to_series()
    assert (shares - 1).abs().max() < 1e-9
    stay = [row[f"p_{row['segment_id']}"] for row in known.iter_rows(named=True)]
    whole = known["p_down"] + known["p_up"] + pl.Series(stay)
    assert (whole - 1).abs().max() < 1e-9
    schemas.validate_schema(scores, schemas.SCORES_SCHEMA)


def test_customers_silent_for_the_whole_look_back_are_listed_without_a_forecast(
    scores: pl.DataFrame,
) -> None:
    silent = scores.filter(~pl.col("is_eligible"))
    assert silent.height > 0
    assert silent["segment_id"].unique().to_list() == ["S0"]
    assert silent["next_segment"].null_count() == silent.height


@pytest.mark.parametrize("maker", ["lazy", "pandas", "arrow", "duckdb"])
def test_frames_of_any_maker_give_equal_scores(
    predictor: SegmentPredictor,
    lines: pl.DataFrame,
    scores: pl.DataFrame,
    maker: str,
) -> None:
    import duckdb

    connection = duckdb.connect()
    built, kind = {
        "lazy": lambda: (lines.lazy(), pl.DataFrame),
        "pandas": lambda: (lines.to_pandas(), pd.DataFrame),
        "arrow": lambda: (lines.to_arrow(), pa.Table),
        "duckdb": lambda: (connection.from_arrow(lines.to_arrow()), pl.DataFrame),
    }[maker]()
    found = predictor.score(built, AS_OF)
    assert isinstance(found, kind)
    assert_frame_equal(pl.DataFrame(found).cast(dict(scores.schema)), scores, check_exact=True)
    connection.close()


def test_paths_are_scored_and_explained_as_frames_are(
    predictor: SegmentPredictor, sample_file: Path, scores: pl.DataFrame
) -> None:
    for given in (str(sample_file), [sample_file]):
        assert predictor.score(given, AS_OF).equals(scores)
    one = scores.filter("is_eligible")["customer_id"][0]
    assert predictor.explain(sample_file, AS_OF, customers=one).explained_ids() == [one]


def test_a_cutoff_is_a_day_of_any_library(
    predictor: SegmentPredictor, lines: pl.DataFrame, scores: pl.DataFrame
) -> None:
    zoned = pd.Timestamp("2023-09-01 00:30", tz="Asia/Tokyo")
    for when in (zoned, np.datetime64(AS_OF)):
        assert predictor.score(lines, as_of=when).equals(scores)
    begin = pd.Timestamp(lines["InvoiceDate"].min())
    assert predictor.score(lines, AS_OF, since=begin).equals(scores)


def test_other_settings_for_reading_are_those_of_the_run_with_changes(
    predictor: SegmentPredictor, lines: pl.DataFrame, scores: pl.DataFrame
) -> None:
    renamed = lines.rename({"CustomerID": "Who"})
    columns = {"source": {"columns": {"customer_id": "Who"}}}
    assert predictor.score(renamed, AS_OF, config=columns).equals(scores)
    bad = pl.concat([lines, lines.tail(1).with_columns(Quantity=pl.lit("many"))])
    with pytest.raises(BadCellsError, match="quarantine") as caught:
        predictor.score(bad, AS_OF)
    pasted = ast.literal_eval(re.search(r"config=({.*})", caught.value.fix)[1])
    assert predictor.score(bad, AS_OF, config=pasted).equals(scores)
    with pytest.raises(UsageError, match="time"):
        predictor.score(lines, AS_OF, config={"time": {"horizon": 28}})


def test_a_message_in_python_names_parameters(
    predictor: SegmentPredictor, lines: pl.DataFrame
) -> None:
    for when in ("2030-01-01", "2022-03-01"):
        with pytest.raises(MismatchError, match="as_of=") as caught:
            predictor.score(lines, when)
        assert "--" not in str(caught.value)


def test_a_predictor_shows_itself_in_two_lines_and_equals_what_scores_alike(
    predictor: SegmentPredictor, run_folder: Path
) -> None:
    again = segpredict.load(run_folder)
    assert again == predictor
    assert len({again, predictor}) == 1
    assert again != replace(predictor, time=replace(predictor.time, gap=7))
    assert predictor != "a predictor"
    assert len(repr(predictor)) <= 160
    assert "\n" not in repr(predictor)


def test_the_order_of_rows_and_columns_does_not_matter(
    predictor: SegmentPredictor, lines: pl.DataFrame, scores: pl.DataFrame
) -> None:
    shuffled = lines.sample(fraction=1, shuffle=True, seed=1)
    shuffled = shuffled.select(sorted(shuffled.columns, reverse=True))
    assert predictor.score(shuffled, AS_OF).equals(scores)


def test_what_happens_after_the_cutoff_changes_nothing(
    predictor: SegmentPredictor, lines: pl.DataFrame, scores: pl.DataFrame
) -> None:
    past = lines.filter(pl.col("InvoiceDate") < AS_OF)
    assert past.height < lines.height
    assert predictor.score(past, AS_OF).equals(scores)


def test_a_customer_alone_scores_as_among_all(
    predictor: SegmentPredictor, lines: pl.DataFrame, scores: pl.DataFrame
) -> None:
    begin = lines["InvoiceDate"].min()[:10]
    chosen = scores.filter("is_eligible")["customer_id"].gather_every(80)
    for customer in chosen:
        alone = lines.filter(pl.col("CustomerID") == customer)
        one = predictor.score(alone, AS_OF, since=begin)
        assert one.equals(scores.filter(pl.col("customer_id") == customer))


def test_unseen_countries_and_missing_optional_columns_are_scored(
    predictor: SegmentPredictor, lines: pl.DataFrame, scores: pl.DataFrame
) -> None:
    abroad = lines.with_columns(Country=pl.lit("Atlantis"))
    assert predictor.score(abroad, AS_OF).equals(scores)
    fewer = lines.drop("Country", "Description")
    renamed = predictor.score(fewer, AS_OF)
    assert renamed["customer_id"].equals(scores["customer_id"])


def test_data_without_a_column_that_features_need_are_refused(
    predictor: SegmentPredictor, lines: pl.DataFrame
) -> None:
    assert "assortment" in predictor.families
    with pytest.raises(MismatchError, match="features need product numbers"):
        predictor.score(lines.drop("StockCode", "Description"), AS_OF)


def test_a_frame_without_a_needed_column_names_it(
    predictor: SegmentPredictor, lines: pl.DataFrame
) -> None:
    with pytest.raises(ColumnMissingError, match="customer_id"):
        predictor.score(lines.drop("CustomerID"), AS_OF)


def test_nobody_to_score_is_said_and_not_an_empty_table(
    predictor: SegmentPredictor, lines: pl.DataFrame
) -> None:
    with pytest.raises(SegpredictError, match="No "):
        predictor.score(lines, "2001-01-01")


def test_a_version_follows_what_scores_and_not_what_it_is_called(
    predictor: SegmentPredictor,
) -> None:
    named = replace(
        predictor.segmentation,
        warnings=("told",),
        segments=tuple(replace(s, name=f"My {s.name}") for s in predictor.segments),
    )
    renamed = replace(predictor, segmentation=named).model_version
    own = predictor.model_version
    assert (renamed.segmentation, renamed.model) == (own.segmentation, own.model)
    other = replace(predictor, time=replace(predictor.time, gap=7)).model_version
    assert other.segmentation == own.segmentation
    assert other.model != own.model


def test_the_predictor_explains_the_customers_given(
    predictor: SegmentPredictor, lines: pl.DataFrame
) -> None:
    found = predictor.explain(lines, rows=80)
    assert found.n_customers == 80
    one = found.explained_ids()[0]
    alone = predictor.explain(lines, customers=[one])
    assert alone.reasons.equals(found.reasons.filter(customer_id=one))
    with pytest.raises(CustomerMissingError, match="nobody"):
        predictor.explain(lines, customers=["nobody"])


def test_one_id_or_a_number_is_an_id_like_any_other(
    predictor: SegmentPredictor, lines: pl.DataFrame
) -> None:
    one = predictor.explain(lines, rows=80).explained_ids()[0]
    number = int(one)
    for same in (number, [np.float64(one)], pd.Series([number])):
        assert predictor.explain(lines, customers=same).explained_ids() == [one]
    with pytest.raises(CustomerMissingError, match='"404"'):
        predictor.explain(lines, customers=[404])
    with pytest.raises(ConfigError, match=r"explain\.sample_rows is -1"):
        predictor.explain(lines, rows=-1)


def test_without_a_runs_explainer_one_is_made_of_the_customers_given(
    predictor: SegmentPredictor, lines: pl.DataFrame
) -> None:
    assert predictor.explainer is not None
    found = replace(predictor, explainer=None).explain(lines, rows=40)
    assert found.n_customers == 40
    assert found.reasons.height > 0
    known = predictor.explain(lines, rows=40)
    assert found.contributions.equals(known.contributions)


def test_reasons_of_the_selected_ensemble_sum_to_its_probabilities(
    predictor: SegmentPredictor, lines: pl.DataFrame
) -> None:
    assert predictor.model.name == "ensemble"
    result = predictor.explain(lines, rows=40)
    assert result.model_note == ""
    assert {"x_days", "recency_days", "spend_364", "state_now"} <= {*result.feature_names}
    odds = np.exp(
        result.contribution_array().sum(axis=2) + np.array([*result.base_values.values()])
    )
    ids = pl.DataFrame({"customer_id": result.explained_ids()})
    scored = ids.join(predictor.score(lines), on="customer_id", maintain_order="left")
    probabilities = scored.select(f"p_{segment}" for segment in result.base_values).to_numpy()
    np.testing.assert_allclose(odds / odds.sum(axis=1, keepdims=True), probabilities, atol=1e-6)
