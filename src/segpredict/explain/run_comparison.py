"""Explanations of the same customers by two models: ranks and signs, and why forecasts differ."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from scipy import stats

from segpredict.classifier.models.ensemble import EnsembleModel
from segpredict.core.arrays import FloatArray
from segpredict.core.intervals import Z_ROUNDED
from segpredict.core.segment import INACTIVE_CODE
from segpredict.explain.additive_model import AdditiveModel, additive_model
from segpredict.explain.explanation import Explanation

IMPORTANCE_COMPARISON_SCHEMA: dict[str, type[pl.DataType]] = {
    "feature": pl.String,
    **dict.fromkeys(("rank_champion", "rank_challenger"), pl.Int64),
    **dict.fromkeys(("share_champion", "share_challenger", "low", "high"), pl.Float64),
    **dict.fromkeys(("sign_champion", "sign_challenger"), pl.Int64),
    **dict.fromkeys(("is_outside", "sign_differs"), pl.Boolean),
}
MOVE_REASONS_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("champion_id", "challenger_id", "feature"), pl.String),
    "customers": pl.Int64,
    **dict.fromkeys(("difference", "low", "high"), pl.Float64),
}
MIN_MOVERS = 5  # explained customers from which a mean difference has an interval
MAX_REASONS = 3
Ends = tuple[float | None, float | None]


def importance_shares(
    model: EnsembleModel | AdditiveModel, customers: pl.DataFrame
) -> dict[str, float]:
    """Return each feature's share of all mean |SHAP|, for these customers."""
    if isinstance(model, EnsembleModel):
        model = additive_model(model, model, customers)
    return _shares(model.shap_values(customers), model.feature_names)


def compare_importance(
    champion: Explanation, challenger: Explanation, bands: Mapping[str, Ends]
) -> pl.DataFrame:
    """Return rank, share and sign of each feature in two models, for the same customers.

    ``share`` is the feature's share of all mean |SHAP|. A sign is that of Spearman's correlation of
    a feature's value with its contribution to INACTIVE, the one segment that all runs have; 0 where
    it cannot be told from none.

    * `bands`: the shares, by feature, that another training of the champion could give.
    """
    one, other = _measured(champion), _measured(challenger)
    rows = []
    for name in sorted({*one, *other}):
        rank_a, share_a, sign_a = one.get(name, (None, None, None))
        rank_b, share_b, sign_b = other.get(name, (None, None, None))
        low, high = bands.get(name, (None, None))
        is_known = share_b is not None and low is not None and high is not None
        is_outside = is_known and not low <= share_b <= high  # type: ignore[operator]
        is_opposite = bool(sign_a and sign_b and sign_a != sign_b)
        ends = (low, high, sign_a, sign_b, is_outside, is_opposite)
        rows.append((name, rank_a, rank_b, share_a, share_b, *ends))
    table = pl.DataFrame(rows, IMPORTANCE_COMPARISON_SCHEMA, orient="row")
    return table.sort("rank_champion", "rank_challenger", nulls_last=True)


def _measured(found: Explanation) -> dict[str, tuple[int, float, int]]:
    """Return rank, share and sign of each feature."""
    cube, values = found.contribution_array(), found.feature_values()
    shares = _shares(cube, found.feature_names)
    ranks = stats.rankdata([-share for share in shares.values()], method="ordinal")
    inactive = [segment.code for segment in found.classes].index(INACTIVE_CODE)
    return {
        name: (int(ranks[i]), share, _sign(values[:, i], cube[:, inactive, i]))
        for i, (name, share) in enumerate(shares.items())
    }


def _shares(cube: FloatArray, names: Sequence[str]) -> dict[str, float]:
    size = np.abs(cube - cube.mean(axis=1, keepdims=True)).mean(axis=(0, 1))
    whole = float(size.sum()) or 1.0
    return {name: float(size[i]) / whole for i, name in enumerate(names)}


def _sign(values: FloatArray, contributions: FloatArray) -> int:
    is_known = np.isfinite(values)
    x, y = values[is_known], contributions[is_known]
    if len(x) < MIN_MOVERS or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0
    r = float(stats.spearmanr(x, y).statistic)
    return int(np.sign(r)) if abs(r) > Z_ROUNDED / np.sqrt(len(x)) else 0


def rank_agreement(importance: pl.DataFrame) -> float | None:
    """Return Kendall's τ of the two rankings, over the features that both models have.

    >>> ranks = {"rank_champion": [1, 2, None], "rank_challenger": [2, 1, 3]}
    >>> rank_agreement(pl.DataFrame(ranks))
    -1.0
    """
    both = importance.drop_nulls(["rank_champion", "rank_challenger"])
    if both.height < 2:
        return None
    return float(stats.kendalltau(both["rank_champion"], both["rank_challenger"]).statistic)


def move_reasons(
    champion: Explanation, challenger: Explanation, moves: pl.DataFrame, same: Mapping[str, str]
) -> pl.DataFrame:
    """Return the features that make two models name another next segment.

    * `champion`, `challenger`: explanations of the same customers.
    * `moves`: ``customer_id``, ``champion_id`` and ``challenger_id``, the next segments.
    * `same`: the champion's id of each segment of the challenger that both have.

    A feature's difference is the mean, over the customers of a move, of its contribution to the
    log-odds of the challenger's segment over the champion's: in the challenger minus in the
    champion, with a 95 % interval.
    """
    names = sorted({*champion.feature_names, *challenger.feature_names})
    own = {segment.id: segment.id for segment in champion.classes}
    before, after = _logits(champion, names, own), _logits(challenger, names, same)
    places = {name: i for i, name in enumerate(champion.explained_ids())}
    later = {name: i for i, name in enumerate(challenger.explained_ids())}
    known = moves.filter(pl.col("customer_id").is_in([n for n in places if n in later]))
    tables = [pl.DataFrame(schema=MOVE_REASONS_SCHEMA)]
    groups = known.group_by("champion_id", "challenger_id", maintain_order=True)
    for (start, end), group in groups:
        target = same.get(str(end))
        shared = all(t in each for t in (start, target) for each in (before, after))
        if start == target or not shared or group.height < MIN_MOVERS:
            continue
        ids = group["customer_id"]
        rows, again = [places[n] for n in ids], [later[n] for n in ids]
        gap = (after[str(target)] - after[str(start)])[again]
        gap = gap - (before[str(target)] - before[str(start)])[rows]
        mean, error = gap.mean(axis=0), gap.std(axis=0, ddof=1) / np.sqrt(len(gap))
        top = np.argsort(-np.abs(mean), kind="stable")[:MAX_REASONS]
        ends = (mean + sign * Z_ROUNDED * error for sign in (-1, 1))
        low, high = (each[top] for each in ends)
        columns = [[start] * len(top), [end] * len(top), [names[i] for i in top]]
        values = [*columns, [len(gap)] * len(top), mean[top], low, high]
        tables.append(
            pl.DataFrame(dict(zip(MOVE_REASONS_SCHEMA, values, strict=True)), MOVE_REASONS_SCHEMA)
        )
    return pl.concat(tables)


def _logits(found: Explanation, names: list[str], same: Mapping[str, str]) -> dict[str, FloatArray]:
    """Return the contributions to each segment that both have: customer × feature of `names`."""
    cube, places = found.contribution_array(), {n: i for i, n in enumerate(names)}
    columns = [places[name] for name in found.feature_names]
    logits = {}
    for place, segment in enumerate(found.classes):
        if segment.id in same:
            table = np.zeros((len(cube), len(names)))
            table[:, columns] = cube[:, place, :]
            logits[same[segment.id]] = table
    return logits
