"""One task, measured: ``python tasks.py NAME JSON`` prints one JSON object."""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

KS = range(2, 13)


def points_like_customers(rows: int) -> np.ndarray:
    """Return standardised logs of spend, purchase days and recency, drawn at random."""
    rng = np.random.default_rng(0)
    rate = rng.gamma(0.6, 4.0, rows)
    days = 1 + rng.poisson(rate)
    spend = days * rng.lognormal(3.5, 0.9, rows)
    recency = np.minimum(rng.exponential(91 / days, rows).astype(int), 90)
    logs = np.log1p(np.stack([np.round(spend, 2), days, recency], axis=1))
    return (logs - logs.mean(axis=0)) / logs.std(axis=0)


def plain(rows: int, starts: int) -> dict[str, Any]:
    from sklearn.cluster import KMeans

    matrix = points_like_customers(rows)
    with clock() as spent:
        fits = [KMeans(k, n_init=starts, random_state=0).fit(matrix) for k in KS]
    return {**spent, "inertia": [fit.inertia_ for fit in fits]}


def ours(rows: int, starts: int) -> dict[str, Any]:
    from segpredict.segmentation.algorithms import CLUSTERERS, WeightedPoints

    matrix, kmeans = points_like_customers(rows), CLUSTERERS.get("kmeans")
    with clock() as spent:
        points = WeightedPoints.from_matrix(matrix)
        fits = kmeans.fit_many(points, KS, seed=0, n_init=starts)
    return {**spent, "inertia": [fit.inertia for fit in fits]}


def parts(
    data: list[str] | None,
    config: str,
    inputs: list[str] | None,
    algorithms: list[str] | None,
) -> dict[str, Any]:
    from dataclasses import replace

    from segpredict.config import load as configs
    from segpredict.data.ingest import read_with_side_tables
    from segpredict.data.sample import sample
    from segpredict.pipeline import selection, stages

    plan = configs.load_config(config)
    given = {"inputs": inputs, "algorithms": algorithms}
    options = replace(plan.segmentation.selection, **{n: tuple(v) for n, v in given.items() if v})
    plan = replace(plan, segmentation=replace(plan.segmentation, selection=options))
    with tempfile.TemporaryDirectory() as folder:
        if not data:
            shop = sample.generate_sample(4_000, seed=0)
            data = [str(sample.write_sample(shop, Path(folder))[0])]
        shop = read_with_side_tables(data, plan, None)
        run = selection._contest(shop, plan, stages.segmentation_windows(shop, plan)[0])
        steps: dict[str, float] = {}
        watch(steps)
        spent_by: dict[str, float] = {}
        kmeans = 0.0
        with clock() as spent:
            n_candidates = 0
            for task in run.tasks:
                begin = time.process_time()
                n_candidates += len(run.run_task(task))
                cost = time.process_time() - begin
                spent_by[task.algorithm] = spent_by.get(task.algorithm, 0.0) + cost
                if (task.algorithm, task.inputs) == (
                    "kmeans",
                    run.tasks[0].inputs,
                ):
                    kmeans = cost
    rest = {"fitting, information gain, all else": sum(spent_by.values()) - sum(steps.values())}
    resamples = run._space(run.tasks[0].inputs).resamples
    return {
        **spent,
        "rows": run.inputs_frame.height,
        "customers": run.inputs_frame["customer_id"].n_unique(),
        "candidates": n_candidates,
        "algorithms": spent_by,
        "steps": {**rest, **steps},
        "kmeans": kmeans,
        "plain": plain_loop(resamples) if kmeans else None,
    }


def plain_loop(resamples: Any) -> float:
    """Return the seconds of a plain loop: all fits repeated, all silhouettes in full."""
    begin = time.process_time()
    for k in resamples.options.segment_counts:
        plain_candidate(resamples, k)
    return time.process_time() - begin


def plain_candidate(resamples: Any, k: int) -> None:
    from sklearn import metrics
    from sklearn.cluster import KMeans

    def rows_of(points: Any) -> np.ndarray:
        return np.repeat(points.matrix, points.weights, axis=0)

    def fit(rows: np.ndarray, seed: int = 0) -> KMeans:
        return KMeans(k, n_init=10, random_state=seed).fit(rows)

    matrix = rows_of(resamples.stability_sample)
    own = fit(matrix)
    metrics.silhouette_score(matrix, own.labels_)
    labels_again = [fit(matrix, seed + 1).labels_ for seed in range(resamples.options.seed_runs)]
    labels_again += [fit(rows_of(drawn)).predict(matrix) for drawn in resamples.bootstrap_samples]
    for labels in labels_again:
        metrics.adjusted_rand_score(own.labels_, labels)
    for half in [half for pair in resamples.split_halves for half in pair]:
        fit(rows_of(half)).predict(matrix)
    for null in (*resamples.gaussian_nulls, *resamples.permuted_nulls):
        rows = rows_of(null.sample)
        metrics.silhouette_score(rows, fit(rows).labels_)


def watch(steps: dict[str, float]) -> None:
    """Add up processor seconds by criterion, in place of the functions themselves."""
    from importlib import import_module

    measure = import_module(
        "segpredict.segmentation.selection.measure"
    )  # the package's name is in use
    named = {
        "internal criteria": (measure, "_internal_metrics"),
        "describability": (measure, "_algorithm_metrics"),
        "the segmentation of one horizon earlier": (measure, "_temporal_stability"),
        "other seeds": (measure, "_with_seed_stability"),
        "bootstrap": (measure, "_bootstrap_draws"),
        "prediction strength": (measure, "_with_prediction_strength"),
        "null samples": (measure, "null_references"),
    }
    for name, (module, function) in named.items():
        steps[name] = 0.0
        setattr(module, function, timed(getattr(module, function), name, steps))


def timed(function: Callable[..., Any], name: str, steps: dict[str, float]) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        begin = time.process_time()
        try:
            return function(*given, **named)
        finally:
            steps[name] += time.process_time() - begin

    return call


@contextmanager
def clock() -> Iterator[dict[str, float]]:
    rest: dict[str, float] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    yield rest
    rest["wall"] = time.perf_counter() - wall
    rest["cpu"] = time.process_time() - cpu
    rest["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    found = globals()[sys.argv[1]](**json.loads(sys.argv[2]))
    print(json.dumps(found))
