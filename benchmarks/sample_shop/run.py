"""Run the demo's shop over seeds: what is selected, what it gains, and what SHAP finds.

    python benchmarks/sample_shop/run.py --seeds 20 --out artifacts/sample_shop.md

One row a seed in two tables. The log-losses are those of the last three quarters, pooled; *truth*
is the forecast of who knows every customer's nature (`truth.py`). SHAP shares are those of all
columns that show a planted driver.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).parents[1]))

from contest import oracle
from contest.world import Planted
from sample_shop.truth import SampleWorld
from segpredict.config import load
from segpredict.core.window import day_number
from segpredict.data.sample import sample
from segpredict.data.sample.known_future import KnownFuture
from segpredict.pipeline import stages

START, DAYS = "2022-01-03", 728
DRAWS = 200  # plays of the truth: its log-loss is some .005 nats too large
SHOWN = ("markov", "bgnbd_gg", "logit")
NOISE = "who_(age|channel)"  # columns that depend on nothing


def measure(seed: int, customers: int, settings: list[str]) -> dict[str, Any]:
    """Return what a run on the sample shop of one seed found."""
    shop = sample.generate_sample(customers, seed, DAYS, START)
    with TemporaryDirectory() as folder:
        files = sample.write_sample(shop, folder)
        config = load.load_config("sample", settings).with_seed(seed, None)
        prepared = stages.prepare([str(files[0])], config)
        segmented = stages.segment(prepared)
        trained = stages.train(prepared, segmented)
        options = replace(config.explain, refits=0)
        explained = stages.explain(prepared, segmented, trained, options)
        training, evaluation = trained.training, trained.evaluation
        assert training is not None
        losses = {
            name: scores["log_loss"] for name, scores in evaluation["pooled"]["scores"].items()
        }
        known = KnownFuture(sample.draw_truth(customers, seed, DAYS, START), day_number(START))
        world = SampleWorld(known)
        tested = oracle.with_oracle(
            world,
            Planted(DAYS, pl.DataFrame()),
            segmented.segmentation,
            training.backtests,
            config.time,
            draws=DRAWS,
        )
    truth = oracle.distances(tested).filter(pl.col("forecaster") == oracle.NAME)["log_loss"].item()
    wins = [row for row in evaluation["comparisons"] if row["metric"] == "log_loss"]
    shares = explained.explanation.importance.filter(pl.col("scope") == "all").sort(
        "mean_abs", descending=True
    )
    return {
        "seed": seed,
        "selected": evaluation["selected"],
        "weights": evaluation["fit"]["weights"],
        "trees": _share_of_trees(trained),
        "own": losses[evaluation["selected"]],
        **{name: losses[name] for name in SHOWN},
        "truth": truth,
        "beaten": f"{sum(row['beats'] for row in wins)} of {len(wins)}",
        "columns": shares.head(10)["feature"].to_list(),
        **_drivers(shop.drivers, shares),
    }


def _share_of_trees(trained: Any) -> float:
    """Return how much of the size of the margin, around its mean, is that of the trees."""
    model, training = trained.training.ensemble, trained.training
    rows = training.panel.at_cutoffs(training.schedule.production_fold.cutoff)
    parts = [part.predict_margin(rows) for part in (model.xgboost_model, model.pool)]
    centred = [part - part.mean(axis=1, keepdims=True) for part in parts]
    trees, pool = (float(np.abs(part - part.mean(axis=0)).mean()) for part in centred)
    return trees / (trees + pool)


def _drivers(planted: pl.DataFrame, shares: pl.DataFrame) -> dict[str, Any]:
    found: dict[str, float] = {}
    for driver, columns in planted.select("driver", "columns").iter_rows():
        pattern = "^(" + "|".join(columns.split()) + ")"
        found[driver] = shares.filter(pl.col("feature").str.contains(pattern))["share"].sum()
    rank = spearmanr(planted["strength"].to_list(), list(found.values())).statistic
    noise = shares.filter(pl.col("feature").str.contains(NOISE))
    return {
        "planted": dict(planted.select("driver", "strength").iter_rows()),
        "found": found,
        "noise": noise["share"].sum(),
        "rank": float(rank),
    }


def page(results: list[dict[str, Any]]) -> str:
    """Return the tables as Markdown."""
    heads = ("seed", "selected", "weights", "trees", "log-loss", *SHOWN, "truth", "beats", "of gap")
    rows = []
    for r in results:
        best = min(r[name] for name in SHOWN)
        closed = (best - r["own"]) / (best - r["truth"])
        weights = " ".join(f"{name} {weight:.2f}" for name, weight in r["weights"].items())
        numbers = (f"{r[name]:.4f}" for name in ("own", *SHOWN, "truth"))
        rows.append(
            (
                r["seed"],
                r["selected"],
                weights,
                f"{r['trees']:.0%}",
                *numbers,
                r["beaten"],
                f"{closed:.0%}",
            )
        )
    names = list(results[0]["planted"])
    shap = ("seed", *names, "noise", "rank correlation", "first ten columns")
    lines = [
        (
            r["seed"],
            *(f"{r['planted'][n]:.2f} → {r['found'][n]:.1%}" for n in names),
            f"{r['noise']:.1%}",
            f"{r['rank']:.2f}",
            ", ".join(r["columns"]),
        )
        for r in results
    ]
    ranks = [r["rank"] for r in results]
    mean = {n: float(np.mean([r["found"][n] for r in results])) for n in names}
    return "\n".join(
        [
            *_table(heads, rows),
            "",
            *_table(shap, lines),
            "",
            f"Mean rank correlation {np.mean(ranks):.2f}; mean shares: "
            + ", ".join(f"{n} {share:.1%}" for n, share in mean.items())
            + f", noise {np.mean([r['noise'] for r in results]):.1%}.",
            "",
        ]
    )


def _table(heads: tuple[str, ...], rows: list[Any]) -> list[str]:
    cells = [heads, ("---",) * len(heads), *rows]
    return ["| " + " | ".join(map(str, row)) + " |" for row in cells]


def main() -> None:
    """Measure every seed and print the tables; also write them if a file is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--customers", type=int, default=3_000)
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    results: list[Mapping[str, Any]] = []
    for seed in range(args.seeds):
        results.append(measure(seed, args.customers, args.set))
        print(results[-1], file=sys.stderr, flush=True)
    text = page(results)  # type: ignore[arg-type]
    print(text)
    if args.out:
        args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
