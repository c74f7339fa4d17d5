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
        points = WeightedPoints.of(matrix)
        fits = kmeans.sweep(points, KS, seed=0, n_init=starts)
    return {**spent, "inertia": [fit.inertia for fit in fits]}


def parts(
    data: list[str] | None,
    config: str,
    instruments: list[str] | None,
    algorithms: list[str] | None,
) -> dict[str, Any]:
    from dataclasses import replace

    from segpredict.config import load as configs
    from segpredict.data.ingest import read_with_side_tables
    from segpredict.data.sample import sample
    from segpredict.pipeline import selection, stages

    plan = configs.load_config(config)
    requested = {"instruments": instruments, "algorithms": algorithms}
    compare = replace(plan.segments.compare, **{n: tuple(v) for n, v in requested.items() if v})
    plan = replace(plan, segments=replace(plan.segments, selection=compare))
    with tempfile.TemporaryDirectory() as folder:
        if not data:
            shop = sample.generate_sample(4_000, seed=0)
            data = [str(sample.write_sample(shop, Path(folder))[0])]
        shop = read_with_side_tables(data, plan, None)
        contest = selection._contest(shop, plan, stages.segmentation_windows(shop, plan)[0])
        steps: dict[str, float] = {}
        watch(steps)
        spent_by: dict[str, float] = {}
        kmeans = 0.0
        with clock() as spent:
            n_candidates = 0
            for task in contest.heats:
                begin = time.process_time()
                n_candidates += len(contest.run_task(task))
                cost = time.process_time() - begin
                spent_by[task.algorithm] = spent_by.get(task.algorithm, 0.0) + cost
                if (task.algorithm, task.instrument) == (
                    "kmeans",
                    contest.heats[0].instrument,
                ):
                    kmeans = cost
    result = {
        "fitting, predictable information, all else": sum(spent_by.values()) - sum(steps.values())
    }
    bench = contest._field(contest.heats[0].instrument).resamples
    return {
        **spent,
        "rows": contest.instrument.height,
        "customers": contest.instrument["customer_id"].n_unique(),
        "ways": n_candidates,
        "algorithms": spent_by,
        "steps": {**result, **steps},
        "kmeans": kmeans,
        "plain": plain_loop(bench) if kmeans else None,
    }


def plain_loop(bench: Any) -> float:
    """Return the seconds of what people write: all fits anew, all silhouettes full."""
    begin = time.process_time()
    for k in bench.options.segment_counts:
        plain_way(bench, k)
    return time.process_time() - begin


def plain_way(bench: Any, k: int) -> None:
    from sklearn import metrics
    from sklearn.cluster import KMeans

    def rows_of(points: Any) -> np.ndarray:
        return np.repeat(points.matrix, points.weights, axis=0)

    def fit(rows: np.ndarray, seed: int = 0) -> KMeans:
        return KMeans(k, n_init=10, random_state=seed).fit(rows)

    matrix = rows_of(bench.sample)
    own = fit(matrix)
    metrics.silhouette_score(matrix, own.labels_)
    metrics.calinski_harabasz_score(matrix, own.labels_)
    metrics.davies_bouldin_score(matrix, own.labels_)
    again = [fit(matrix, seed + 1).labels_ for seed in range(bench.options.seed_runs)]
    again += [fit(rows_of(drawn)).predict(matrix) for drawn in bench.resamples]
    for labels in again:
        metrics.adjusted_rand_score(own.labels_, labels)
    for half in [half for pair in bench.split_halves for half in pair]:
        fit(rows_of(half)).predict(matrix)
    for null in (*bench.gaussian_nulls, *bench.permuted):
        rows = rows_of(null.sample)
        metrics.silhouette_score(rows, fit(rows).labels_)


def watch(steps: dict[str, float]) -> None:
    """Add up processor seconds by criterion, in place of the functions themselves."""
    from importlib import import_module

    measure = import_module("segpredict.segmentation.selection.measure")  # the room's name is taken
    named = {
        "internal criteria": (measure, "_inside"),
        "describability, DBCV": (measure, "_told"),
        "the segmenter of one horizon earlier": (measure, "_temporal"),
        "other seeds": (measure, "_seeded"),
        "bootstrap": (measure, "_tallies"),
        "prediction strength": (measure, "_foretold"),
        "null worlds": (measure, "references"),
        "gap statistic": (measure, "gaps"),
    }
    for name, (place, function) in named.items():
        steps[name] = 0.0
        setattr(place, function, timed(getattr(place, function), name, steps))


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
    result: dict[str, float] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    yield result
    result["wall"] = time.perf_counter() - wall
    result["cpu"] = time.process_time() - cpu
    result["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    found = globals()[sys.argv[1]](**json.loads(sys.argv[2]))
    print(json.dumps(found))
