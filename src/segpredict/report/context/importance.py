"""Importance of single features: overall, per future segment, per current segment."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from segpredict.explain import short_meaning
from segpredict.report.formatting import format_signed
from segpredict.report.html.badges import SegmentBadge, segment_badges
from segpredict.report.html.chart_layout import PlotAxes, axis_ticks
from segpredict.report.input import ReportInput
from segpredict.report.model_names import model_label

MAX_FEATURES_SHOWN = 12
SCALE_QUANTILE = 0.995  # of the sizes of contributions; larger ones are drawn at the edge
SHADE_NAMES = ("low", "middle", "high", "none")
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


@dataclass(frozen=True, slots=True)
class FamilyImportance:
    """All features of one family together."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class SwarmRow:
    """One feature of a swarm: its dots as paths for SVG, by shade of its values."""

    feature: str  # its meaning
    paths: tuple[tuple[str, str], ...]  # low, middle, high or none; ``d`` of the path


@dataclass(frozen=True, slots=True)
class Swarm:
    """One dot per customer and feature: contributions to one future segment."""

    badge: SegmentBadge  # the segment
    rows: tuple[SwarmRow, ...]  # the strongest features
    axes: PlotAxes  # log-odds across
    zero: float  # position of zero (percent)


@dataclass(frozen=True, slots=True)
class ImportanceMatrix:
    """Shares of importance: one row a feature, one column a segment."""

    badges: tuple[SegmentBadge, ...]  # columns
    shares: tuple[tuple[float | None, ...], ...]  # of all importance in the column, a row a feature
    top: float  # the largest of them, shaded darkest


@dataclass(frozen=True, slots=True)
class ImportanceSection:
    """The section."""

    drivers: tuple[FeatureDriver, ...]  # the strongest features
    other_share: float  # share of all other features together
    families: tuple[FamilyImportance, ...]  # shares of the families, largest first
    swarms: tuple[Swarm, ...]  # one a future segment
    now: ImportanceMatrix | None  # importance among customers by their current segment
    # importance for each future segment, as numbers to the beeswarms
    future: ImportanceMatrix | None
    n_explained: int  # customers that were explained
    # the same of the ensemble, where a plainer model is selected and explained
    of_ensemble: tuple[FeatureDriver, ...] = ()
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
    return ImportanceSection(
        drivers=drivers,
        other_share=max(0.0, 1.0 - sum(d.share for d in drivers)),
        families=_families(overall),
        swarms=_swarms(bundle),
        now=importance_matrix(table.filter(scope="segment"), names, bundle),
        future=importance_matrix(table.filter(scope="class"), names, bundle),
        n_explained=bundle.n_explained,
        of_ensemble=_ensemble_drivers(bundle),
        in_use=model_label(selected) if is_other else "",
    )


def _drivers(overall: pl.DataFrame, bundle: ReportInput) -> tuple[FeatureDriver, ...]:
    meanings = feature_names(bundle)
    return tuple(
        FeatureDriver(
            **{column: row[column] for column in ("feature", "family", "mean_abs", "share")},
            meaning=meanings.get(row["feature"], row["feature"]),
        )
        for row in overall.head(MAX_FEATURES_SHOWN).to_dicts()
    )


def _ensemble_drivers(bundle: ReportInput) -> tuple[FeatureDriver, ...]:
    table = bundle.ensemble_importance
    return () if table is None else _drivers(table.filter(scope="all").sort("rank"), bundle)


def _families(overall: pl.DataFrame) -> tuple[FamilyImportance, ...]:
    sums = overall.group_by("family", maintain_order=True).agg(pl.col("share").sum())
    ordered = sums.sort("share", "family", descending=[True, False])
    return tuple(FamilyImportance(row["family"], row["share"]) for row in ordered.to_dicts())


def _swarms(bundle: ReportInput) -> tuple[Swarm, ...]:
    points = bundle.contribution_points
    if points is None or points.is_empty():
        return ()
    known = segment_badges(bundle.segments)
    names = feature_names(bundle)
    # One scale for all, so that the charts can be compared.
    most = float(points["contribution"].abs().quantile(SCALE_QUANTILE) or 0.0) or 1.0

    def place(size: float) -> float:
        return round(50 + 50 * min(max(size / most, -1.0), 1.0), 1)

    found = []
    for (class_id,), part in points.group_by("class_id", maintain_order=True):
        rows = tuple(
            SwarmRow(names.get(str(feature), str(feature)), _paths(own, place))
            for (feature,), own in part.group_by("feature", maintain_order=True)
        )
        across = axis_ticks(-most, most, lambda value: format_signed(value, 1))
        if str(class_id) in known:
            found.append(Swarm(known[str(class_id)], rows, PlotAxes(across, ()), 50.0))
    return tuple(found)


def _paths(points: pl.DataFrame, place: Callable[[float], float]) -> tuple[tuple[str, str], ...]:
    """Return the dots of one feature; a dot is a line without length and with round ends."""
    dots: dict[str, list[str]] = {name: [] for name in SHADE_NAMES}
    for shade, size, offset in points.select("shade", "contribution", "offset").iter_rows():
        name = SHADE_NAMES[-1 if shade is None else shade]
        dots[name].append(f"M{place(size)},{round(50 - 40 * offset, 1)}h0")
    return tuple((name, "".join(some)) for name, some in dots.items() if some)


def feature_names(bundle: ReportInput) -> dict[str, str]:
    """Return the meaning of each feature, without its explanation."""
    return {f.name: short_meaning(f.meaning) for f in bundle.glossary if f.meaning}


def importance_matrix(
    scoped: pl.DataFrame, names: list[str], bundle: ReportInput
) -> ImportanceMatrix | None:
    """Return the shares of some features by segment; ``None`` where none are known."""
    shares = {(r["segment_id"], r["feature"]): r["share"] for r in scoped.to_dicts()}
    present = {segment for segment, _ in shares}
    shown = [(i, c) for i, c in segment_badges(bundle.segments).items() if i in present]
    if not shown:
        return None
    rows = tuple(tuple(shares.get((i, name)) for i, _ in shown) for name in names)
    top = max((value or 0.0 for row in rows for value in row), default=0.0)
    return ImportanceMatrix(tuple(chip for _, chip in shown), rows, top)
