"""Cross-check importance: shuffle, leave out, fit again, and note disagreements."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl

from segpredict.classifier import metrics
from segpredict.classifier.evaluation.backtest import BacktestReplay
from segpredict.classifier.training_data import feature_matrix, segment_codes
from segpredict.config.outputs import ExplainOptions
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.intervals import Z_ROUNDED
from segpredict.core.types import JSON, ProgressCallback
from segpredict.explain import model_view
from segpredict.explain.additive_model import AdditiveModel, additive_model
from segpredict.explain.explanation import stratified_sample
from segpredict.explain.groups import HEADLINES, FeatureGroup, group_importance

BACKGROUND_ROWS = 100  # background customers of the interventional check
INTERVENTION_ROWS = 60  # customers explained in it
MAX_SIGN_FLIPS = 0.2  # share of refitted models with another sign above which a reason is hidden
MIN_RANK_AGREEMENT = 0.8  # rank correlation below which single columns should not be read

EVIDENCE_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("name", "family", "headline", "features"), pl.String),
    **dict.fromkeys(("shap", "shap_low", "shap_high"), pl.Float64),
    **dict.fromkeys(("rank", "rank_low", "rank_high"), pl.Int32),
    **dict.fromkeys(("loss", "loss_low", "loss_high", "least"), pl.Float64),
    **dict.fromkeys(("without", "without_low", "without_high"), pl.Float64),
    "is_important": pl.Boolean,
}


@dataclass(frozen=True, slots=True, eq=False)
class ImportanceEvidence:
    r"""Whether SHAP importance agrees with other measures, with intervals.

    >>> empty = pl.DataFrame(schema=EVIDENCE_SCHEMA)
    >>> ImportanceEvidence(empty, empty, empty, {"refits": 0.9}, refits=5).to_json()
    {'agreement': {'refits': 0.9}, 'refits': 5, 'notes': []}
    """

    # one row a group (`EVIDENCE_SCHEMA`), on the final test: mean |SHAP| with its rank; the
    # increase in log-loss when the group is shuffled, and when the trees are fitted without it
    # (null where not tried); 95 % intervals; and whether the interval of the shuffled loss excludes
    # zero
    table: pl.DataFrame
    # share of all importance on the final test of each of `groups.HEADLINES`: ``name``, ``share``,
    # ``low``, ``high``
    headlines: pl.DataFrame
    # the shuffled loss and mean |SHAP| on each test: ``cutoff``, ``name``, ``shap``, ``loss``
    tests: pl.DataFrame
    # Kendall's τ of rankings: ``refits`` (mean over refitted models) with ``refits_low``,
    # ``origins`` (mean over pairs of tests), ``shuffled`` (SHAP against shuffled loss); Spearman's
    # ρ of ``interventional`` against path-dependent values
    agreement: dict[str, float | None]
    refits: int  # number of refitted models
    notes: tuple[str, ...] = ()  # where measures disagree, as sentences

    @property
    def min_reliable_contribution(self) -> dict[str, float]:
        """Contribution below which a group's sign is not reliable, by group."""
        return dict(self.table.select("name", "least").iter_rows())

    def to_json(self) -> JSON:
        """Return all but the tables, as JSON."""
        return {"agreement": self.agreement, "refits": self.refits, "notes": list(self.notes)}


def check_importance(
    replays: Sequence[BacktestReplay],
    groups: Sequence[FeatureGroup],
    options: ExplainOptions,
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> ImportanceEvidence:
    """Return the cross-check of importance on the tests of a run.

    * `replays`: the backtests, oldest first.
    * `groups`: the groups of columns that are compared.
    * `options`: refits, repeats and ablations.
    * `seed`: start of random draws.
    * `progress`: called with the next step and the share done.

    A refit trains the trees of the final test again on customers drawn with replacement, and
    measures on test customers drawn in the same way: its spread holds both kinds of randomness. The
    pool that the trees begin from stays as it was fitted. A column is shuffled among the customers
    of one test, together with all of its group (Breiman 2001; grouped as in Au et al. 2022).
    """
    report = progress or (lambda _what, _share: None)
    rng = np.random.default_rng(seed)
    final = replays[-1]
    shown = additive_model(final.model, final.model, final.customers)
    parts = [g for g in model_view.groups_of_model(groups, shown) if g.features]
    views = []
    for place, replay in enumerate(replays):
        report("shuffling columns", 0.3 * place / len(replays))
        views.append(
            model_view.view_model(replay, replay.model, parts, options.permutation_repeats, rng)
        )
    starts = final.model.starts(final.training_data)
    others = []
    for place in range(options.refits):
        share = 0.3 + 0.5 * place / options.refits
        report(f"fitting again, {place + 1} of {options.refits}", share)
        others.append(model_view.view_refitted_model(final, starts, parts, rng))
    report("leaving groups out", 0.8)
    gains = views[-1].permutation_loss.mean(axis=1)
    without = dict(_ablations(final, starts, parts, gains, options.ablations))
    report("interventional SHAP values", 0.95)
    agreement = _agreement(views, others, gains, _interventional(final, parts))
    table = _table(parts, views[-1], gains, others, without)
    headlines, notes = _headlines(views[-1], others), _notes(table, agreement)
    tests = _by_origin(replays, parts, views)
    return ImportanceEvidence(table, headlines, tests, agreement, len(others), notes)


def _ablations(
    replay: BacktestReplay,
    starts: tuple[FloatArray, FloatArray],
    groups: Sequence[FeatureGroup],
    gains: FloatArray,
    most: int,
) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield the increase in loss when the trees do without a group, and its standard error."""
    model, labels = replay.model, segment_codes(replay.customers, "label")
    whole = metrics.row_log_loss(model.predict_proba(replay.customers), labels)
    for place in np.argsort(-gains, kind="stable")[:most]:
        left_out = set(groups[place].features)
        names = [name for name in replay.training_data.feature_names if name not in left_out]
        if not names:
            continue
        smaller = model.refit(replay.training_data, starts, names)
        lost = metrics.row_log_loss(smaller.predict_proba(replay.customers), labels) - whole
        error = metrics.clustered_standard_error(lost, replay.customers["customer_id"])
        yield groups[place].name, (float(lost.mean()), float(error))


def _interventional(replay: BacktestReplay, groups: Sequence[FeatureGroup]) -> float | None:
    """Return the rank correlation of groups by two kinds of SHAP values of the trees."""
    import shap  # takes long to load, and a run needs none of it
    from scipy.stats import spearmanr

    trees = replay.model.xgboost_model
    few = stratified_sample(replay.customers, INTERVENTION_ROWS)
    if few.height < 2:
        return None
    background = stratified_sample(replay.customers, BACKGROUND_ROWS)
    others = feature_matrix(background, trees.feature_names)
    interventional = shap.TreeExplainer(
        trees.booster, data=others.astype(np.float64), feature_perturbation="interventional"
    )
    cells = feature_matrix(few, trees.feature_names).astype(np.float64)
    found = np.asarray(interventional.shap_values(cells, check_additivity=False), np.float64)
    own = trees.shap_values(few)[:, :, :-1]
    parts = model_view.groups_of_model(groups, AdditiveModel(trees))
    cubes = (found.transpose(0, 2, 1), own)
    ranked = [group_importance(cube, trees.feature_names, parts) for cube in cubes]
    if any(np.ptp(each) == 0 for each in ranked):
        return None  # groups of equal importance have no ranks to correlate
    return float(spearmanr(*ranked).statistic)


def _agreement(
    views: Sequence[model_view.ModelView],
    refitted: Sequence[model_view.ModelView],
    gains: FloatArray,
    interventional: float | None,
) -> dict[str, float | None]:
    final = views[-1].group_importance
    anew = [_tau(final, view.group_importance) for view in refitted]
    pairs = [_tau(a.group_importance, b.group_importance) for a, b in combinations(views, 2)]
    return {
        "refits": float(np.mean(anew)) if anew else None,
        "refits_low": float(np.min(anew)) if anew else None,
        "origins": float(np.mean(pairs)) if pairs else None,
        "shuffled": _tau(final, gains),
        "interventional": interventional,
    }


def _tau(one: FloatArray, other: FloatArray) -> float:
    from scipy.stats import kendalltau

    found = float(kendalltau(one, other).statistic)
    return 0.0 if np.isnan(found) else found


def _table(
    groups: Sequence[FeatureGroup],
    view: model_view.ModelView,
    gains: FloatArray,
    refitted: Sequence[model_view.ModelView],
    without: dict[str, tuple[float, float]],
) -> pl.DataFrame:
    shaps = np.array([s.group_importance for s in refitted] or [view.group_importance])
    losses = np.array([s.permutation_loss[:, 0] for s in refitted] or [gains])
    ranks = np.array([_ranks(size) for size in shaps])
    low, high = _interval(shaps, view.group_importance)
    least, most = _interval(losses, gains)
    ablations = [without.get(group.name, (None, None)) for group in groups]
    lost, error = (pl.Series(part, dtype=pl.Float64) for part in zip(*ablations, strict=True))
    spread = {
        "shap_low": np.maximum(low, 0.0),
        "shap_high": high,
        "rank_low": ranks.min(axis=0),
        "rank_high": ranks.max(axis=0),
        "loss_low": least,
        "loss_high": most,
        "is_important": least > 0,
    }
    columns = {
        **{name: [getattr(g, name) for g in groups] for name in ("name", "family", "headline")},
        "features": [", ".join(group.features) for group in groups],
        "shap": view.group_importance,
        "rank": _ranks(view.group_importance),
        "loss": gains,
        "least": _least(view.group_contributions, [s.group_contributions for s in refitted]),
        "without": lost,
        "without_low": lost - Z_ROUNDED * error,
        "without_high": lost + Z_ROUNDED * error,
        **(spread if refitted else dict.fromkeys(spread, [None] * len(groups))),
    }
    ordered = {name: columns[name] for name in EVIDENCE_SCHEMA}
    return pl.DataFrame(ordered, schema=EVIDENCE_SCHEMA).sort("rank")


def _headlines(
    final: model_view.ModelView, refitted: Sequence[model_view.ModelView]
) -> pl.DataFrame:
    sizes = [view.headline_importance for view in (final, *refitted)]
    own, *shares = [size / (size.sum() or 1.0) for size in sizes]
    ends = _interval(np.array(shares), own) if shares else ()
    found = dict(zip(("low", "high"), ends, strict=False))
    return pl.DataFrame(
        {"name": list(HEADLINES), "share": own, "low": None, "high": None} | found,
        schema_overrides={"low": pl.Float64, "high": pl.Float64},
    ).sort("share", descending=True, maintain_order=True)


def _interval(refitted: FloatArray, own: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the 95 % interval of figures: percentiles of the refits, moved to the own figures.

    Trees fitted on customers drawn with replacement see fewer different ones, so their figures are
    biased; their spread is what counts.
    """
    low, middle, high = np.percentile(refitted, [2.5, 50, 97.5], axis=0)
    return low - middle + own, high - middle + own


def _ranks(sizes: FloatArray) -> IntArray:
    ranks = np.empty(len(sizes), dtype=np.int64)
    ranks[np.argsort(-sizes, kind="stable")] = np.arange(1, len(sizes) + 1)
    return ranks


def _least(own: FloatArray, refitted: Sequence[FloatArray]) -> FloatArray:
    """Return for each group the size above which its sign is stable in most models."""
    if not refitted:
        return np.zeros(own.shape[1])
    flips = np.mean([np.sign(one) != np.sign(own) for one in refitted], axis=0)
    return np.array([_limit(np.abs(own[:, i]), flips[:, i]) for i in range(own.shape[1])])


def _limit(sizes: FloatArray, flips: FloatArray) -> float:
    """Return the size from which no more than `MAX_SIGN_FLIPS` of the models flip the sign.

    The share of flips is taken to fall with size (isotonic regression).
    """
    from sklearn.isotonic import IsotonicRegression

    shares = IsotonicRegression(increasing=False).fit_transform(sizes, flips)
    fine = sizes[shares <= MAX_SIGN_FLIPS]
    return float(fine.min()) if len(fine) else float(sizes.max(initial=0.0)) + 1.0


def _by_origin(
    replays: Sequence[BacktestReplay],
    groups: Sequence[FeatureGroup],
    views: Sequence[model_view.ModelView],
) -> pl.DataFrame:
    schema = {"cutoff": pl.Int32, "name": pl.String, "shap": pl.Float64, "loss": pl.Float64}
    names = [group.name for group in groups]
    tables = []
    for replay, view in zip(replays, views, strict=True):
        losses = [float(loss.mean()) for loss in view.permutation_loss]
        columns = ([replay.cutoff] * len(names), names, view.group_importance, losses)
        tables.append(pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema))
    return pl.concat(tables)


def _notes(table: pl.DataFrame, agreement: dict[str, float | None]) -> tuple[str, ...]:
    notes = []
    between = agreement["interventional"]
    if between is not None and between < MIN_RANK_AGREEMENT:
        notes.append(
            f"Two kinds of SHAP values rank the groups differently (ρ = {between:.2f}): "
            "read groups, not single columns."
        )
    unconfirmed = table.filter(~pl.col("is_important"), pl.col("rank") <= 8)
    if unconfirmed.height:
        notes.append(
            "Large contributions, but no significant loss when shuffled: "
            f"{', '.join(unconfirmed['name'])}. "
            "Other columns hold the same information, or it does not help the forecast."
        )
    redundant = table.filter(pl.col("without_low") <= 0)
    if redundant.height:
        notes.append(f"Trees fitted without these do as well: {', '.join(redundant['name'])}.")
    return tuple(notes)
