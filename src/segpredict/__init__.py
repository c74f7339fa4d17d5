"""Customer segments, and an honest forecast of each customer's next segment.

>>> import segpredict
>>> sorted(segpredict.__all__)[:4]
['Config', 'Report', 'SegmentPredictor', 'Segmenter']
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# Before anything loads OpenMP, whichever door is used: idle threads that spin made one fit 35
# times slower on a busy machine. The environment may say otherwise.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from segpredict._version import __version__

if TYPE_CHECKING:
    from segpredict.config.load import Config
    from segpredict.config.load import load_config as load_config
    from segpredict.core.window import Window
    from segpredict.pipeline import Report, fit, ingest, load
    from segpredict.scoring.predictor import SegmentPredictor
    from segpredict.segmentation.estimator import Segmenter

# Loading polars, scikit-learn and xgboost takes seconds: a name comes when asked for.
_HOMES = {
    "Config": ("segpredict.config.load", "Config"),
    "Report": ("segpredict.pipeline", "Report"),
    "SegmentPredictor": ("segpredict.scoring.predictor", "SegmentPredictor"),
    "Segmenter": ("segpredict.segmentation.estimator", "Segmenter"),
    "Window": ("segpredict.core.window", "Window"),
    "fit": ("segpredict.pipeline", "fit"),
    "ingest": ("segpredict.pipeline", "ingest"),
    "load": ("segpredict.pipeline", "load"),
    "load_config": ("segpredict.config.load", "load_config"),
}

__all__ = [
    "Config",
    "Report",
    "SegmentPredictor",
    "Segmenter",
    "Window",
    "__version__",
    "fit",
    "ingest",
    "load",
    "load_config",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'segpredict' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return __all__
