"""Leaks that no single room can rule out; the others are tested in their rooms."""

from pathlib import Path

import polars as pl
import pytest

import segpredict
from segpredict import pipeline
from segpredict.config import load
from segpredict.errors import MismatchError


def test_l7_a_status_that_the_shop_keeps_up_to_date_is_never_read(
    run_folder: Path, sample_file: Path
) -> None:
    predictor = segpredict.load(run_folder)
    lines = pl.read_csv(sample_file, infer_schema=False)
    status = pl.when(pl.col("Quantity").str.len_chars() > 1).then(pl.lit("gold"))
    told = lines.with_columns(status=status, total_spend=pl.lit("1000000"))
    assert predictor.score(told).equals(predictor.score(lines))


def test_l12_two_exports_that_overlap_count_once(sample_file: Path, tmp_path: Path) -> None:
    lines = pl.read_csv(sample_file, infer_schema=False)
    middle = lines.height // 2
    lines.head(middle + 500).write_csv(tmp_path / "first.csv")
    lines.tail(lines.height - middle).write_csv(tmp_path / "second.csv")
    plan = load.load_config("online_retail")
    whole = pipeline.read_transactions([str(sample_file)], plan)
    parts = pipeline.read_transactions([str(tmp_path)], plan)
    assert parts.fingerprint == whole.fingerprint
    assert parts.ledger.adds_up


def test_scores_past_the_end_of_the_data_are_refused(run_folder: Path, sample_file: Path) -> None:
    """Days that nobody observed would be read as customers who fell silent."""
    predictor = segpredict.load(run_folder)
    lines = pl.read_csv(sample_file, infer_schema=False)
    for as_of in ("2024-06-01", "2022-02-01"):
        with pytest.raises(MismatchError, match=r"The data (end|begin)"):
            predictor.score(lines, as_of)
