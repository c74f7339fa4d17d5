"""One task of the explaining benchmark, in a process of its own; see run.py."""

import json
import resource
import sys
import time

import numpy as np
import polars as pl
import xgboost as xgb

from segpredict.classifier.training_data import feature_matrix
from segpredict.core.run_folder import open_run
from segpredict.explain.additive_model import AdditiveModel
from segpredict.pipeline import loading

ALONE = 20  # customers explained one by one


def crowd(customers: pl.DataFrame, rows: int) -> pl.DataFrame:
    """Return so many customers: those given, again and again, a little different."""
    rng = np.random.default_rng(0)
    picked = customers[rng.integers(0, customers.height, rows)]
    numbers = [n for n, t in picked.schema.items() if t == pl.Float64]
    noise = 1 + 0.01 * rng.standard_normal(rows)
    return picked.with_columns(
        pl.col(numbers) * pl.Series(noise),
        customer_id=pl.int_range(rows).cast(pl.String),
    )


def main() -> None:
    folder, task, rows, threads = sys.argv[1:]
    files = open_run(folder)
    predictor, shop = loading.load_predictor(files), loading.load_transactions(files)
    known = predictor.customer_rows(shop, predictor.score_window(shop)).eligible
    explainer = predictor.explainer or predictor.explainer_for(known)
    customers = crowd(known, int(rows))
    trees = loading.load_models(files).ensemble.xgboost_model
    model = AdditiveModel(trees) if task == "trees" else explainer.model
    cells = feature_matrix(customers, trees.feature_names) if task == "xgboost" else None
    wall, cpu = time.perf_counter(), time.process_time()
    if cells is not None:
        trees.booster.set_param({"nthread": int(threads)})
        table = xgb.DMatrix(cells, feature_names=list(trees.feature_names), nthread=int(threads))
        found = trees.booster.predict(table, pred_contribs=True)
        assert found.shape[0] == customers.height
    elif task == "reasons":
        assert explainer.explain_reasons(customers, int(threads)).height
    else:
        parts = model.shap_chunks(customers, threads=int(threads))
        assert sum(len(cube) for _, cube in parts) == customers.height
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    wall = time.perf_counter()
    for place in range(ALONE if task == "reasons" else 0):
        explainer.explain_reasons(customers[place])
    alone = (time.perf_counter() - wall) / ALONE
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = {
        **spent,
        "alone": alone,
        "peak": peak,
        "features": len(trees.feature_names),
        "classes": trees.n_classes,
        "rounds": trees.n_rounds,
        "threads": int(threads),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
