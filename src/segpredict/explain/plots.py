"""Plots of explanations: bar, beeswarm, heat map, transition, dependence, waterfall."""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import polars as pl
import shap
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from segpredict.core.text import to_single_line
from segpredict.errors import UnknownNameError

if TYPE_CHECKING:
    from segpredict.explain.explanation import Explanation

INK_COLOUR, BLUE_COLOUR, PLUM_COLOUR, ORANGE_COLOUR = "#333333", "#1f5fa8", "#a8558c", "#f0942e"
SHADES = LinearSegmentedColormap.from_list("shades", ["#f4f7fb", BLUE_COLOUR])
# Dark blue to light orange: distinct for every kind of colour vision, and no shade of it is the
# grey of a missing value.
LOW_TO_HIGH = LinearSegmentedColormap.from_list(
    "low_high", [BLUE_COLOUR, PLUM_COLOUR, ORANGE_COLOUR]
)
MAX_LABEL_LENGTH = 48  # characters of a name
DEPENDENCE_COLUMNS = 3  # columns whose dependence is drawn
PLOT_STYLE: Any = {
    "svg.hashsalt": "segpredict",
    "svg.fonttype": "path",
    "text.color": INK_COLOUR,
    "text.parse_math": False,  # $5 is a price, and a name is no formula
}


def draw_plots(explanation: "Explanation", top: int = 12) -> dict[str, bytes]:
    """Return every plot by name.

    Returned are ``bar``, ``heatmap`` and ``move_<from>_<to>`` (SVG), ``beeswarm_<class id>``, and
    ``dependence_<feature>`` of the three strongest columns (PNG).
    """
    pairs = explanation.transition_drivers.select("from_id", "to_id").unique(maintain_order=True)
    return {
        "bar": bar_plot(explanation, top),
        **_customer_plots(explanation, top),
        "heatmap": heatmap_plot(explanation, top),
        **{f"move_{a}_{b}": transition_plot(explanation, a, b) for a, b in pairs.iter_rows()},
    }


def _customer_plots(explanation: "Explanation", top: int) -> dict[str, bytes]:
    """Return the plots with one dot a customer, as PNG."""
    strongest = explanation.importance.filter(scope="all").sort("rank").head(DEPENDENCE_COLUMNS)
    return {
        **{f"beeswarm_{s.id}": beeswarm_plot(explanation, s.id, top) for s in explanation.classes},
        **{f"dependence_{n}": dependence_plot(explanation, n) for n in strongest["feature"]},
    }


def bar_plot(explanation: "Explanation", top: int = 12) -> bytes:
    """Return a bar chart of mean |SHAP| over customers and future segments, as SVG."""
    cube = _some(explanation.contribution_array())
    with _quiet():
        figure, axes = _canvas(min(top, len(explanation.feature_names)))
        overall = shap.Explanation(
            values=np.abs(cube).mean(axis=1),
            feature_names=[_shown(name) for name in explanation.feature_names],
        )
        shap.plots.bar(overall, max_display=top, ax=axes, show=False)
        for patch in axes.patches:
            patch.set_facecolor(BLUE_COLOUR)
        for label in axes.texts:
            label.set(color=INK_COLOUR, text=label.get_text().lstrip("+"))
        axes.set_xlabel("mean |SHAP|, log-odds")
        return _svg(figure)


def beeswarm_plot(explanation: "Explanation", class_id: str, top: int = 12) -> bytes:
    """Return one dot a customer and feature, for one future segment, as PNG."""
    ids = [segment.id for segment in explanation.classes]
    if class_id not in ids:
        raise UnknownNameError("future segment", class_id, ids)
    cube = _some(explanation.contribution_array()).transpose(0, 2, 1)
    together = shap.Explanation(
        values=cube,
        data=_some(explanation.feature_values()),
        feature_names=[_shown(name) for name in explanation.feature_names],
        output_names=[_shown(segment.name) for segment in explanation.classes],
    )
    with _quiet():
        figure, axes = _canvas(min(top, len(explanation.feature_names)))
        one = together[:, :, ids.index(class_id)]
        size = {"max_display": top, "ax": axes, "plot_size": None, "s": 9}
        rest = {"show": False, "group_remaining_features": False}
        shap.plots.beeswarm(one, color=LOW_TO_HIGH, **size, **rest)
        axes.set_xlabel("SHAP value: change in the log-odds of this segment")
        return _png(figure)


def heatmap_plot(explanation: "Explanation", top: int = 12) -> bytes:
    """Return shares of importance, groups of columns × current segments, as SVG."""
    topics = explanation.group_importance.filter(level="group")
    names = topics.filter(scope="all").sort("rank").head(top)["name"].to_list()
    inside = topics.filter(scope="segment")
    known_ids = set(inside["segment_id"])
    present = [s for s in explanation.classes if s.id in known_ids] or [*explanation.classes]
    cells = (inside.filter(segment_id=s.id, name=name) for name in names for s in present)
    shares = np.array([cell["share"].sum() for cell in cells]).reshape(len(names), len(present))
    with _quiet():
        figure, axes = _canvas(len(names))
        axes.imshow(shares, cmap=SHADES, aspect="auto", vmin=0)
        axes.set_xticks(range(len(present)), [_shown(s.name) for s in present])
        axes.set_yticks(range(len(names)), [_shown(name) for name in names])
        for (row, column), share in np.ndenumerate(shares):
            colour = "white" if share > 0.6 * shares.max(initial=0.01) else INK_COLOUR
            axes.text(column, row, f"{share:.0%}", ha="center", va="center", color=colour)
        axes.set_title("Share of importance, by the segment a customer is in now")
        return _svg(figure)


def transition_plot(explanation: "Explanation", start: str, end: str, top: int = 8) -> bytes:
    """Return the differences of movers and stayers, as SVG: two dots a group."""
    found = explanation.transition_drivers.filter(from_id=start, to_id=end).head(top)
    if found.is_empty():
        known = explanation.transition_drivers.select("from_id", "to_id")
        pairs = [f"{a}:{b}" for a, b in known.unique(maintain_order=True).iter_rows()]
        raise UnknownNameError("move", f"{start}:{end}", pairs)
    named = {s.id: _shown(s.name) for s in explanation.classes}
    rows = found.reverse()
    places = np.arange(rows.height)
    with _quiet():
        figure, axes = _canvas(rows.height)
        axes.axvline(0, color="#cccccc", linewidth=1)
        axes.hlines(places, rows["stayers"], rows["movers"], color="#bbbbbb")
        axes.scatter(rows["stayers"], places, color=BLUE_COLOUR, label="stayers")
        axes.scatter(rows["movers"], places, color=ORANGE_COLOUR, label="movers")
        axes.set_yticks(places, [_shown(name) for name in rows["name"]])
        axes.set_xlabel(f"log-odds of {named[end]} rather than {named[start]}")
        axes.legend(loc="best", frameon=False)
        return _svg(figure)


def dependence_plot(explanation: "Explanation", feature: str) -> bytes:
    """Return contributions against the values of one column, a panel a segment, as PNG.

    Margins are taken against the mean over all segments. Dashed lines are the medians of the
    customers in the segment now.
    """
    if feature not in explanation.feature_names:
        raise UnknownNameError("feature", feature, explanation.feature_names)
    place = explanation.feature_names.index(feature)
    cube = _some(explanation.contribution_array())
    centred = cube[:, :, place] - cube[:, :, place].mean(axis=1, keepdims=True)
    values = _some(explanation.feature_values())[:, place]
    now = np.array(explanation.explained_ids("segment_id") or ["-"])
    known = values[np.isfinite(values)]
    low, high = np.percentile(known, [0, 99]) if len(known) else (0.0, 0.0)
    with _quiet():
        count = len(explanation.classes)
        figure = Figure(figsize=(2.6 * count, 2.9), layout="constrained")
        panels = figure.subplots(1, count, sharex=True, sharey=True, squeeze=False)[0]
        for axes, segment, contribution in zip(panels, explanation.classes, centred.T, strict=True):
            axes.scatter(values, contribution, s=4, color=BLUE_COLOUR, alpha=0.35, linewidths=0)
            axes.axhline(0, color="#cccccc", linewidth=1)
            inside = values[(now == segment.id) & np.isfinite(values)]
            if len(inside):
                axes.axvline(np.median(inside), color=ORANGE_COLOUR, linestyle="--")
            axes.set_title(f"towards {_shown(segment.name)}", fontsize=9)
            if high > low:  # a few extreme customers would squeeze all others
                axes.set_xlim(low, high)
        panels[0].set_ylabel("log-odds against the others")
        figure.supxlabel(_shown(feature))
        return _png(figure)


def waterfall_plot(explanation: "Explanation", customer_id: str, top: int = 8) -> bytes:
    """Return the contributions of groups to one customer's contrast, as SVG."""
    rows = explanation.customer_contributions(customer_id)
    rows = rows.filter(pl.col("against_id").is_not_null())
    towards, against = rows["class_id"][0], rows["against_id"][0]
    sums = (
        rows.group_by("group", maintain_order=True)
        .agg(pl.col("contribution").sum())
        .sort(pl.col("contribution").abs(), descending=True)
    )
    largest = sums.head(top)
    names = [*largest["group"], "everything else"]
    sizes = np.array([*largest["contribution"], sums[top:]["contribution"].sum()])
    base = explanation.base_values[towards] - explanation.base_values[against]
    ends = base + np.cumsum(sizes)
    named = {s.id: _shown(s.name) for s in explanation.classes}
    with _quiet():
        figure, axes = _canvas(len(names))
        places = np.arange(len(names))[::-1]
        colours = [ORANGE_COLOUR if size > 0 else BLUE_COLOUR for size in sizes]
        axes.barh(places, sizes, left=ends - sizes, color=colours)
        axes.use_sticky_edges = False  # a first bar from the base would fill the edge
        axes.margins(x=0.08)
        axes.axvline(base, color="#cccccc", linewidth=1)
        axes.axvline(float(ends[-1]), color=INK_COLOUR, linestyle="--", linewidth=1)
        axes.set_yticks(places, [_shown(name) for name in names])
        axes.set_xlabel(
            f"log-odds of {named[towards]} rather than {named[against]}; from "
            f"{base:+.2f} on average to {ends[-1]:+.2f}"
        )
        axes.set_title(f"Customer {_shown(customer_id)}")
        return _svg(figure)


def _shown(name: str) -> str:
    """Return a name, shortened to the room of a plot."""
    line = to_single_line(name)
    return line if len(line) <= MAX_LABEL_LENGTH else f"{line[: MAX_LABEL_LENGTH - 1]}…"


def _some(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows, or one row of zeros where there are none: axes need a range."""
    return rows if len(rows) else np.zeros((1, *rows.shape[1:]))


def _canvas(rows: int) -> tuple[Figure, Axes]:
    # No pyplot: nothing is registered, so there is nothing to close or to leak.
    figure = Figure(figsize=(8, 0.36 * rows + 1.3), layout="constrained")
    return figure, figure.add_subplot()


def _saved(figure: Figure, **options: Any) -> bytes:
    page = io.BytesIO()
    figure.savefig(page, **options)
    return page.getvalue()


_svg = partial(_saved, format="svg", metadata={"Date": None, "Creator": None})
_png = partial(_saved, format="png", dpi=140, metadata={"Software": None})


@contextmanager
def _quiet() -> Iterator[None]:
    """Draw the same on every run, and restore shared state."""
    legacy = np.random.mtrand._rand  # the generator that shap jitters its dots with
    before = legacy.get_state()
    with mpl.rc_context(PLOT_STYLE), warnings.catch_warnings():
        # A feature that no customer has is all NaN; shap draws it grey, with a warning.
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        # Letters that the font lacks are boxes; the names stand in tables, too.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        legacy.seed(0)
        try:
            yield
        finally:
            legacy.set_state(before)


# The function of each kind of plot, and the arguments that it needs.
PLOT_KINDS: dict[str, tuple[Callable[..., bytes], tuple[str, ...]]] = {
    "bar": (bar_plot, ()),
    "heatmap": (heatmap_plot, ()),
    "beeswarm": (beeswarm_plot, ("a segment",)),
    "move": (transition_plot, ("a segment", "another segment")),
    "dependence": (dependence_plot, ("a feature",)),
    "waterfall": (waterfall_plot, ("a customer",)),
}
