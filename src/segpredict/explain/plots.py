"""Draw importance with shap: a bar chart, and a beeswarm for each future segment."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
import shap
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from segpredict.errors import UnknownNameError
from segpredict.explain.explanation import Explanation

INK, BLUE, PLUM, ORANGE = "#333333", "#1f5fa8", "#a8558c", "#f0942e"
STYLE: Any = {"svg.hashsalt": "segpredict", "svg.fonttype": "path", "text.color": INK}


def draw(explanation: Explanation, top: int = 12) -> dict[str, bytes]:
    """Return every plot by name: ``bar`` (SVG) and ``beeswarm_<class id>`` (PNG)."""
    swarms = {
        f"beeswarm_{segment.id}": beeswarm(explanation, segment.id, top)
        for segment in explanation.classes
    }
    return {"bar": bar(explanation, top), **swarms}


def bar(explanation: Explanation, top: int = 12) -> bytes:
    """Return a bar chart of mean |SHAP| over customers and future segments, as SVG."""
    cube = _some(explanation.cube())
    with _quiet():
        figure, axes = _canvas(min(top, len(explanation.names)))
        overall = shap.Explanation(
            values=np.abs(cube).mean(axis=1), feature_names=list(explanation.names)
        )
        shap.plots.bar(overall, max_display=top, ax=axes, show=False)
        for patch in axes.patches:
            patch.set_facecolor(BLUE)
        for label in axes.texts:
            label.set(color=INK, text=label.get_text().lstrip("+"))
        axes.set_xlabel("mean |SHAP|, log-odds")
        return _svg(figure)


def beeswarm(explanation: Explanation, class_id: str, top: int = 12) -> bytes:
    """Return one dot a customer and feature, for one future segment, as PNG.

    Raises
    ------
    UnknownNameError
        When no future segment has that id.
    """
    ids = [segment.id for segment in explanation.classes]
    if class_id not in ids:
        raise UnknownNameError("future segment", class_id, ids)
    cube = _some(explanation.cube()).transpose(0, 2, 1)
    together = shap.Explanation(
        values=cube,
        data=_some(explanation.values()),
        feature_names=list(explanation.names),
        output_names=[segment.name for segment in explanation.classes],
    )
    with _quiet():
        figure, axes = _canvas(min(top, len(explanation.names)))
        one = together[:, :, ids.index(class_id)]
        shap.plots.beeswarm(
            one,
            max_display=top,
            ax=axes,
            plot_size=None,
            show=False,
            s=9,
            color=_map(),
            group_remaining_features=False,
        )
        axes.set_xlabel("SHAP value: moves the log-odds of this segment")
        return _png(figure)


def _map() -> LinearSegmentedColormap:
    # Dark blue to light orange: told apart by every kind of colour vision, and no
    # shade of it is the grey that stands for a missing value.
    return LinearSegmentedColormap.from_list("low_high", [BLUE, PLUM, ORANGE])


def _some(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows, or one row of zeros where there are none: axes need a range."""
    return rows if len(rows) else np.zeros((1, *rows.shape[1:]))


def _canvas(rows: int) -> tuple[Figure, Axes]:
    # No pyplot: nothing is registered, so there is nothing to close or to leak.
    figure = Figure(figsize=(8, 0.36 * rows + 1.3), layout="constrained")
    return figure, figure.add_subplot()


def _svg(figure: Figure) -> bytes:
    page = io.BytesIO()
    figure.savefig(page, format="svg", metadata={"Date": None, "Creator": None})
    return page.getvalue()


def _png(figure: Figure) -> bytes:
    page = io.BytesIO()
    figure.savefig(page, format="png", dpi=140, metadata={"Software": None})
    return page.getvalue()


@contextmanager
def _quiet() -> Iterator[None]:
    """Draw alike on every run, and leave no trace in shared state."""
    legacy = np.random.mtrand._rand  # the generator that shap jitters its dots with
    before = legacy.get_state()
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # A feature that no customer has is all NaN; shap draws it grey, with a warning.
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        legacy.seed(0)
        try:
            yield
        finally:
            legacy.set_state(before)
