"""What the manifest of a run records: versions, options, data and windows."""

import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

from segpredict import features
from segpredict._version import __version__
from segpredict.core.shop_facts import ShopFacts
from segpredict.core.types import JSON
from segpredict.core.window import as_date
from segpredict.pipeline.results import Prepared, Segmented

DISTRIBUTIONS = {"xgboost": ("xgboost", "xgboost-cpu")}  # the same module from either
RECORDED_LIBRARIES = ("polars", "scikit-learn", "xgboost", "shap", "numpy", "pandera")


def run_metadata(prepared: Prepared, segmented: Segmented, created: str = "") -> dict[str, JSON]:
    """Return what the manifest of a run records: versions, options, data and windows."""
    shop, time = prepared.transactions, segmented.config.time
    facts = ShopFacts.of(shop, segmented.config.cleaning.revenue)
    needed = features.needed_columns(segmented.config.classifier.families or ())
    return {
        "segpredict": __version__,
        "created": created,
        "python": platform.python_version(),
        "libraries": {name: library_version(name) for name in RECORDED_LIBRARIES},
        "config": segmented.config.to_state(),
        **prepared.facts,
        "data": {
            "first_day": as_date(shop.first_day).isoformat(),
            "last_day": as_date(shop.end_day - 1).isoformat(),
            "fingerprint": shop.fingerprint,
            "currency": shop.currency,
            "facts": facts.needing(needed).to_state(),
            "files": [asdict(fact) for fact in shop.files],
            "notes": list(shop.notes),
        },
        "notes": list(segmented.notes),
        "windows": {
            "segmenter_saw_until": as_date(segmented.segmentation.fit_end - 1).isoformat(),
            "horizon": time.horizon,
            "lookback": time.lookback,
            "gap": time.gap,
            "forecast_from": as_date(shop.end_day).isoformat(),
        },
    }


def library_version(name: str) -> str:
    """Return the version of a library, whichever distribution it was installed from."""
    known = DISTRIBUTIONS.get(name, (name,))
    for distribution in known:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return "unknown"
