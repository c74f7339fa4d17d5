"""What drives the forecast, by group of features, and how certain that is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from segpredict.explain import ImportanceEvidence
from segpredict.report.context.importance import (
    ImportanceMatrix,
    feature_names,
    importance_matrix,
)
from segpredict.report.formatting import Row, format_short, format_signed
from segpredict.report.html.badges import SegmentBadge, segment_badges
from segpredict.report.html.chart_layout import PlotAxes, axis_ticks, upright
from segpredict.report.input import ReportInput
from segpredict.report.model_names import replace_model_names

MAX_GROUPS_SHOWN = 12
MAX_DEPENDENCE_PLOTS = 3
VALUE_QUANTILES = (0.01, 0.97)  # values beyond are not drawn, which would squeeze the rest
AGREEMENT_LABELS = {
    "refits": "between refitted models, mean (Kendall's τ)",
    "refits_low": "between refitted models, lowest (τ)",
    "origins": "between test windows, mean (τ)",
    "shuffled": "with the permutation loss (τ)",
    "interventional": "with interventional SHAP values (Spearman's ρ)",
}
CAUSALITY_NOTE = (
    "Associations that the model uses, not causes. Correlated features share "
    "importance, and sizes of two models cannot be compared."
)


@dataclass(frozen=True, slots=True)
class HeadlineShare:
    """A driver in marketing terms, such as recency, with its share of all importance."""

    # the driver, and its share in today's forecast
    name: str
    share: float
    # interval of its share on the final test; ``None`` where it was not cross-checked
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class FeatureGroupRow:
    """A group of correlated features."""

    # its leading feature, the driver it belongs to, that feature's meaning, all features
    name: str
    headline: str
    meaning: str
    columns: str
    # mean size of its contributions, and its share
    mean_abs: float
    share: float
    rank_interval: str = ""  # ranks in refitted models; empty where it was not cross-checked
    # increase of the log-loss on the final test when it is shuffled, with interval; ``None`` where
    # it was not cross-checked
    permutation_loss: float | None = None
    permutation_loss_low: float | None = None
    permutation_loss_high: float | None = None
    # increase of the log-loss when the trees are fitted without it
    ablation_loss: float | None = None
    # whether that increase is significant; ``None`` where it was not cross-checked
    is_important: bool | None = None


@dataclass(frozen=True, slots=True)
class DependencePlot:
    """Contributions of a feature against its values: one dot a customer and future segment."""

    feature: str  # what is on its axis
    axes: PlotAxes  # values across, log-odds up
    zero: float  # position of no contribution (percent from the top)
    paths: tuple[tuple[SegmentBadge, str], ...]  # by future segment, ``d`` of the path


@dataclass(frozen=True, slots=True)
class DriversSection:
    """The section."""

    headlines: tuple[HeadlineShare, ...]  # largest first
    rows: tuple[FeatureGroupRow, ...]  # the strongest groups
    # importance by the segment a customer is in now, one row a group of `rows`
    now: ImportanceMatrix | None
    n_explained: int  # customers that were explained
    refits: int = 0  # models refitted for the intervals; 0 if importance was not cross-checked
    # how alike rankings are, by what they are compared with
    agreement: Mapping[str, float] | None = None
    notes: tuple[str, ...] = ()  # where measures disagree
    note: str = ""  # a note on which model is explained
    # probability of each segment before any feature is known
    base_values: tuple[tuple[SegmentBadge, float], ...] = ()
    dependence: tuple[DependencePlot, ...] = ()  # pictures of the strongest features
    caution: str = CAUSALITY_NOTE  # the warning that belongs to every number here


def drivers_section(bundle: ReportInput) -> DriversSection | None:
    """Return the context; ``None`` where nothing was explained."""
    table = bundle.group_importance
    if table is None or table.is_empty():
        return None
    overall = table.filter(scope="all").sort("rank")
    rows = _rows(overall.filter(level="group").head(MAX_GROUPS_SHOWN), bundle)
    inside = table.filter(scope="segment", level="group").rename({"name": "feature"})
    checked = bundle.evidence
    return DriversSection(
        headlines=_headlines(overall.filter(level="headline"), checked),
        rows=rows,
        now=importance_matrix(inside, [row.name for row in rows], bundle),
        n_explained=bundle.n_explained,
        refits=0 if checked is None else checked.refits,
        agreement=None if checked is None else _agreement(checked),
        notes=() if checked is None else checked.notes,
        note=replace_model_names(bundle.reasons_note),
        base_values=_base(bundle),
        dependence=_dependence(bundle),
    )


def _agreement(checked: ImportanceEvidence) -> dict[str, float]:
    known = {label: checked.agreement.get(name) for name, label in AGREEMENT_LABELS.items()}
    return {label: value for label, value in known.items() if value is not None}


def _base(bundle: ReportInput) -> tuple[tuple[SegmentBadge, float], ...]:
    powers = {name: math.exp(margin) for name, margin in bundle.base_values.items()}
    total = sum(powers.values())
    known = segment_badges(bundle.segments)
    return tuple((known[name], power / total) for name, power in powers.items() if name in known)


def _dependence(bundle: ReportInput) -> tuple[DependencePlot, ...]:
    points = bundle.contribution_points
    if points is None:
        return ()
    names = points["feature"].unique(maintain_order=True).head(MAX_DEPENDENCE_PLOTS)
    plots = (_dependence_plot(points.filter(feature=name), name, bundle) for name in names)
    return tuple(plot for plot in plots if plot is not None)


def _dependence_plot(points: pl.DataFrame, name: str, bundle: ReportInput) -> DependencePlot | None:
    known = points.drop_nulls("value")
    if known.is_empty():
        return None
    first, last = (float(known["value"].quantile(q) or 0.0) for q in VALUE_QUANTILES)
    inside = known.filter(pl.col("value").is_between(first, last))
    low = float(min(0.0, inside["contribution"].min() or 0.0))  # type: ignore[arg-type]
    high = float(max(0.0, inside["contribution"].max() or 0.0))  # type: ignore[arg-type]
    width, height = (last - first) or 1.0, (high - low) or 1.0

    def dots(own: pl.DataFrame) -> str:
        return "".join(
            f"M{100 * (value - first) / width:.1f},{100 * (high - size) / height:.1f}h0"
            for value, size in own.select("value", "contribution").iter_rows()
        )

    badges = segment_badges(bundle.segments)
    up = upright(axis_ticks(low, high, lambda value: format_signed(value, 1)))
    return DependencePlot(
        feature=feature_names(bundle).get(name, name),
        axes=PlotAxes(axis_ticks(first, last, format_short), up),
        zero=round(100 * high / height, 2),
        paths=tuple((badges[i], dots(inside.filter(class_id=i))) for i in badges),
    )


def _headlines(
    table: pl.DataFrame, checked: ImportanceEvidence | None
) -> tuple[HeadlineShare, ...]:
    known = () if checked is None else checked.headlines.select("name", "low", "high").iter_rows()
    bounds = {name: (low, high) for name, low, high in known}
    return tuple(
        HeadlineShare(name, share, *bounds.get(name, (None, None)))
        for name, share in table.select("name", "share").iter_rows()
    )


def _rows(overall: pl.DataFrame, bundle: ReportInput) -> tuple[FeatureGroupRow, ...]:
    meanings = feature_names(bundle)
    table = [] if bundle.evidence is None else bundle.evidence.table.to_dicts()
    checked = {row["name"]: row for row in table}
    return tuple(
        FeatureGroupRow(
            name=row["name"],
            headline=proof.get("headline", ""),
            meaning=meanings.get(row["name"], row["name"]),
            columns=proof.get("features", ""),
            mean_abs=row["mean_abs"],
            share=row["share"],
            rank_interval=_ranks(proof),
            permutation_loss=proof.get("loss"),
            permutation_loss_low=proof.get("loss_low"),
            permutation_loss_high=proof.get("loss_high"),
            ablation_loss=proof.get("without"),
            is_important=proof.get("is_important"),
        )
        for row in overall.to_dicts()
        for proof in (checked.get(row["name"], {}),)
    )


def _ranks(proof: Row) -> str:
    low, high = proof.get("rank_low"), proof.get("rank_high")
    if low is None or high is None:
        return ""
    return f"{low}" if low == high else f"{low} to {high}"
