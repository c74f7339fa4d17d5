"""Golden rows: invented customers whose scores are kept in a run and computed again on load.

A hash says that a file is as it was written. Golden rows say that what was loaded still forecasts
the same: with another version of a library, on another processor, or after a file was changed and
its hash corrected. They are drawn so that they visit as many leaves of the trees as they can.
"""

import hashlib
import json
from collections.abc import Iterator

import numpy as np
import polars as pl

from segpredict import features
from segpredict.classifier import XgboostModel
from segpredict.classifier.training_data import HISTORY_COLUMNS
from segpredict.core import schemas
from segpredict.core.arrays import Float32Array, FloatArray
from segpredict.errors import ArtifactError
from segpredict.scoring.customer_rows import ScoringRows
from segpredict.scoring.predictor import SegmentPredictor
from segpredict.segmentation import OwnSegmentation

N_ROWS = 128
N_DRAWN = 1500  # rows that the golden ones are chosen from
N_CUTOFFS = 4  # days of a forecast, a quarter apart: the season of every week counts
QUARTER = 91
MISSING_SHARE = 0.1  # of the cells of a column
END_SHARE = 0.3  # of clustering inputs, those at the ends of an axis
# Relative, of probabilities, distances and money: a forecast that is nearly sure still tells what
# its trees say by the least of its probabilities.
TOLERANCE = 1e-5
KEPT = "golden_"  # before the names of what is kept of a score
DIGEST = "digest"
# What is computed again of a score; names of segments may change.
SCORES = ("next_segment_id", "set_size", "base_value", "value_at_risk", "upside")
VALUES = ("expected_value", "expected_value_low", "expected_value_high", "clv_year")
PLACES = ("segment", "distance", "margin", "is_unlike")  # of `Segmentation.assign`


def draw_golden_rows(predictor: SegmentPredictor, trees: XgboostModel, cutoff: int) -> pl.DataFrame:
    """Return golden rows with their scores: invented customers, of nobody's data."""
    rng = np.random.default_rng(0)
    drawn = _draw(predictor, trees, cutoff, rng)
    chosen = drawn[_visiting_most_leaves(trees, drawn)]
    rows = chosen.with_columns(
        pl.Series("cutoff", cutoff + QUARTER * (np.arange(chosen.height) % N_CUTOFFS), pl.Int32),
        customer_id=pl.format("g{}", pl.int_range(pl.len()).cast(pl.String).str.zfill(3)),
    ).sort("cutoff", "customer_id")
    kept = _scores(predictor, rows)
    return rows.hstack(kept).with_columns(pl.lit(_digest(predictor)).alias(DIGEST))


def require_golden_scores(predictor: SegmentPredictor, golden: pl.DataFrame) -> None:
    """Refuse a predictor that scores its golden rows in another way than when it was made.

    Raises
    ------
    ArtifactError
        When it does, or is not the one whose digest they keep.
    """
    # Digest first: lengths that somebody changed could keep the scores busy for ever.
    if golden[DIGEST].unique().to_list() != [_digest(predictor)]:
        problem = "its numbers are not those that it was made with"
    else:
        problem = differing_scores(predictor, golden)
    if problem:
        raise ArtifactError(
            f"The run does not forecast as it did when it was made: {problem}.",
            fix="restore the run folder from where it was made, or run again with this version.",
        )


def differing_scores(predictor: SegmentPredictor, golden: pl.DataFrame) -> str:
    """Return what differs from the golden scores, as a clause; empty where nothing does."""
    kept = golden.select(pl.col(f"^{KEPT}.*$"))
    found = _scores(predictor, golden.drop(*kept.columns, DIGEST))
    if found.schema != kept.schema:
        return "other columns are scored"
    for name, now in zip(found.columns, found, strict=True):
        before = kept[name]
        if now.dtype.is_float():
            close = np.isclose(now, before, rtol=TOLERANCE, atol=1e-12, equal_nan=True)
            nulls = (now.is_null() == before.is_null()).all()
            is_same = bool(close.all()) and nulls
        else:
            is_same = now.equals(before)
        if not is_same:
            return f"{name.removeprefix(KEPT)} of its golden rows differs"
    return ""


def _digest(predictor: SegmentPredictor) -> str:
    """Return the digest of every number that decides a score."""
    version, value = predictor.model_version, predictor.value_model
    state = [version.segmentation, version.model, value and value.to_state()]
    return hashlib.sha256(json.dumps(state, default=list).encode()).hexdigest()


def _scores(predictor: SegmentPredictor, rows: pl.DataFrame) -> pl.DataFrame:
    """Return what is kept of the scores of rows that are sorted by cutoff."""
    return pl.concat(_scores_by_cutoff(predictor, rows))


def _scores_by_cutoff(predictor: SegmentPredictor, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    shares = [f"p_{segment.id}" for segment in predictor.segments]
    for cutoff, some in rows.group_by("cutoff", maintain_order=True):
        window = predictor.time.window_at(int(cutoff[0]), int(cutoff[0]) - 4 * 364)
        customers = some.select(
            "customer_id", pl.lit(0.0).alias("spent_to_date"), segment="state_now"
        )
        scored = predictor.score_rows(ScoringRows(window, customers, some))
        kept = scored.select(*shares, *SCORES, *VALUES)
        if isinstance(predictor.segmentation, OwnSegmentation):
            yield kept.select(pl.all().name.prefix(KEPT))
            continue
        inputs = some.select("customer_id", pl.lit(window.cutoff, pl.Int32).alias("end"))
        measured = some.select(pl.col("^in_.*$").name.map(lambda name: name.removeprefix("in_")))
        placed = predictor.segmentation.assign(inputs.hstack(measured)).select(PLACES)
        yield kept.hstack(placed).select(pl.all().name.prefix(KEPT))


def _draw(
    predictor: SegmentPredictor, trees: XgboostModel, cutoff: int, rng: np.random.Generator
) -> pl.DataFrame:
    """Return invented rows: each cell at a border of a split, just below it, or missing."""
    glossary = features.feature_glossary(predictor.families, predictor.side_tables)
    borders = trees.split_values()
    cells = {each.name: _column(borders.get(each.name), rng) for each in glossary}
    x, t_x, age, days, spend = (
        np.nan_to_num(cells.get(name, _column(None, rng))) for name in HISTORY_COLUMNS
    )
    # A history that can be: no more purchases than days, none after the last.
    age = np.maximum(np.round(age), 1.0)
    t_x = np.clip(np.round(t_x), 0.0, age)
    x = np.clip(np.round(x), 0.0, t_x)
    days = np.clip(np.round(days), 0.0, x + 1)
    past = (x, np.where(x > 0, t_x, 0.0), age, days, np.where(days > 0, np.abs(spend), 0.0))
    cells |= dict(zip(HISTORY_COLUMNS, past, strict=True))
    states = rng.integers(0, len(predictor.segments), (2, N_DRAWN)).astype(np.int8)
    return pl.DataFrame(
        {
            "customer_id": pl.Series([""]).new_from_index(0, N_DRAWN),
            "cutoff": np.full(N_DRAWN, cutoff, dtype=np.int32),
            "state_now": states[0],
            "state_before": states[1],
            **{name: pl.Series(values).fill_nan(None) for name, values in cells.items()},
            "base_value": np.where(rng.random(N_DRAWN) < 0.1, 0.0, _column(None, rng, 0.0)),
            **_inputs(predictor, rng),
        }
    )


def _column(
    borders: Float32Array | None, rng: np.random.Generator, missing: float = MISSING_SHARE
) -> FloatArray:
    """Return a column of cells; without splits, of sizes that money and days have."""
    if borders is None or not len(borders):
        return np.exp(rng.normal(3.0, 2.0, N_DRAWN)).round(2)
    below = np.nextafter(borders, np.float32(-np.inf))
    values = rng.choice(np.concatenate([borders, below]), N_DRAWN).astype(np.float64)
    return np.where(rng.random(N_DRAWN) < missing, np.nan, values)


def _inputs(predictor: SegmentPredictor, rng: np.random.Generator) -> dict[str, pl.Series]:
    """Return clustering inputs all over the range of each axis, beyond it, and at its ends."""
    axes = {axis.column: axis for axis in predictor.segmentation.axes}
    columns = ("days", "spend", *predictor.segmentation.extra_inputs)
    found = {}
    for name, column in schemas.CLUSTERING_INPUTS_SCHEMA.columns.items():
        if name in columns:
            low, high = (axes[name].low, axes[name].high) if name in axes else (1, 1000)
            share = rng.uniform(-0.2, 1.2, N_DRAWN)
            values = np.expm1(np.log1p(max(low, 0)) * (1 - share) + np.log1p(high) * share)
            found[f"in_{name}"] = pl.Series(
                np.maximum(values, 1).astype(np.int64), dtype=column.dtype
            )
    return found


def _visiting_most_leaves(trees: XgboostModel, rows: pl.DataFrame) -> list[int]:
    """Return rows that visit as many leaves as so few can, chosen one after the other."""
    leaves = trees.visited_leaves(rows)
    seen = np.zeros(leaves.max() + 1, dtype=bool)
    chosen: list[int] = []
    for _ in range(N_ROWS):
        gain = (~seen[leaves]).sum(axis=1)
        gain[chosen] = -1
        chosen.append(int(gain.argmax()))
        seen[leaves[chosen[-1]]] = True
    return chosen
