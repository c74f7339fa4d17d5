"""Importance of single features: overall, per future segment, per current segment."""

from dataclasses import dataclass

import polars as pl

from segpredict.report.html.badges import SegmentBadge, segment_badges
from segpredict.report.input import ReportInput
from segpredict.report.model_names import model_label

MAX_FEATURES_SHOWN = 12
CAUSALITY_NOTES = (
    "These are associations that the model uses, not causes: changing a feature need "
    "not change a customer.",
    "Importance depends on how the segments are defined; with others it would differ.",
    "Correlated features share their importance.",
    "A large contribution is not the same as a contribution to accuracy.",
    "It is expected, and no discovery, that the current segment and recency matter.",
    "The overall importance is dominated by the segments with the most customers.",
    "Do not compare sizes between two models.",
)


@dataclass(frozen=True, slots=True)
class FeatureDriver:
    """One feature."""

    # what it is
    feature: str
    meaning: str
    family: str
    mean_abs: float  # mean |SHAP| over customers and future segments, in log-odds
    share: float  # of the sum over all features
    width: float  # length of its bar, in percent of the longest


@dataclass(frozen=True, slots=True)
class FamilyImportance:
    """All features of one family together."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class ImportancePlot:
    """One embedded picture."""

    plot: str  # name of the picture
    badge: SegmentBadge | None  # the segment
    alt: str  # its content, in words


@dataclass(frozen=True, slots=True)
class ImportanceMatrix:
    """Shares of importance: one row a feature, one column a segment."""

    # columns and rows
    badges: tuple[SegmentBadge, ...]
    features: tuple[str, ...]
    shares: tuple[tuple[float | None, ...], ...]  # of all importance in the column
    top: float  # the largest of them, shaded darkest


@dataclass(frozen=True, slots=True)
class ImportanceSection:
    """The section."""

    drivers: tuple[FeatureDriver, ...]  # the strongest features
    other_share: float  # share of all other features together
    families: tuple[FamilyImportance, ...]  # shares of the families, largest first
    plots: tuple[ImportancePlot, ...]  # beeswarms, one a future segment
    now: ImportanceMatrix | None  # importance among customers by their current segment
    # importance for each future segment, as numbers to the beeswarms
    future: ImportanceMatrix | None
    n_explained: int  # customers that were explained
    in_use: str = ""  # the selected model, where the ensemble is explained in its place; else empty
    cautions: tuple[str, ...] = CAUSALITY_NOTES  # warnings that belong to every number here


def importance_section(bundle: ReportInput) -> ImportanceSection:
    """Return the context of the section; empty where nothing was explained."""
    table = bundle.importance
    if table is None or table.is_empty():
        return ImportanceSection((), 0.0, (), (), None, None, 0)
    overall = table.filter(scope="all").sort("rank")
    evaluation = bundle.evaluation or {}
    selected = str(evaluation.get("selected", ""))
    is_other = bool(bundle.reasons_note) and selected not in {"", evaluation.get("model")}
    drivers = _drivers(overall, bundle)
    names = [driver.feature for driver in drivers]
    now = importance_matrix(table.filter(scope="segment"), names, bundle)
    future = importance_matrix(table.filter(scope="class"), names, bundle)
    return ImportanceSection(
        drivers=drivers,
        other_share=max(0.0, 1.0 - sum(d.share for d in drivers)),
        families=_families(overall),
        plots=_pictures(bundle),
        now=now if now.badges else None,
        future=future if future.badges else None,
        n_explained=bundle.n_explained,
        in_use=model_label(selected) if is_other else "",
    )


def _drivers(overall: pl.DataFrame, bundle: ReportInput) -> tuple[FeatureDriver, ...]:
    meanings = {feature.name: feature.meaning for feature in bundle.glossary}
    longest = max(overall["mean_abs"].to_list(), default=0.0) or 1.0
    return tuple(
        FeatureDriver(
            **{column: row[column] for column in ("feature", "family", "mean_abs", "share")},
            meaning=meanings.get(row["feature"], ""),
            width=round(100 * row["mean_abs"] / longest, 2),
        )
        for row in overall.head(MAX_FEATURES_SHOWN).to_dicts()
    )


def _families(overall: pl.DataFrame) -> tuple[FamilyImportance, ...]:
    sums = overall.group_by("family", maintain_order=True).agg(pl.col("share").sum())
    ordered = sums.sort("share", "family", descending=[True, False])
    return tuple(FamilyImportance(row["family"], row["share"]) for row in ordered.to_dicts())


def _pictures(bundle: ReportInput) -> tuple[ImportancePlot, ...]:
    known = segment_badges(bundle.segments)
    return tuple(
        ImportancePlot(
            plot=f"beeswarm_{i}",
            badge=chip,
            alt=f"One dot per customer and feature: how each feature moves the "
            f"log-odds of being in {chip.name} next. The numbers are in the table.",
        )
        for i, chip in known.items()
        if f"beeswarm_{i}" in bundle.plots
    )


def importance_matrix(
    scoped: pl.DataFrame, names: list[str], bundle: ReportInput
) -> ImportanceMatrix:
    """Return the shares of some features by segment; without columns where none are known."""
    shares = {(r["segment_id"], r["feature"]): r["share"] for r in scoped.to_dicts()}
    present = {segment for segment, _ in shares}
    shown = [(i, c) for i, c in segment_badges(bundle.segments).items() if i in present]
    rows = tuple(tuple(shares.get((i, name)) for i, _ in shown) for name in names)
    top = max((value or 0.0 for row in rows for value in row), default=0.0)
    return ImportanceMatrix(tuple(chip for _, chip in shown), tuple(names), rows, top)
