"""Do intervals of campaign readouts cover a planted effect as often as they say?

For each of several invented shops a model is trained, then lists of all its customers with a
forecast are drawn with many keys of assignment. What came is what the shop sold; the treated got
further orders with a known probability. The true effect is known for each customer, so coverage is
counted, not estimated.

    python benchmarks/monitor/experiments.py --shops 20 --draws 10
    python benchmarks/monitor/experiments.py --real RUN 'online_retail_ii_*.parquet'   # A/A
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

import segpredict
from segpredict.analytics import campaigns
from segpredict.analytics.campaigns import Campaign, CampaignListRequest, ReadoutCosts, ReadoutLook
from segpredict.config.outputs import CampaignOptions
from segpredict.core.run_folder import open_run
from segpredict.core.window import day_number
from segpredict.data.sample import sample
from segpredict.pipeline import campaign_planning, loading, readout

START = "2023-10-02"
EXTRA_ORDERS = 0.08  # of each treated customer, on average
QUICK = {
    "classifier": {"families": ["rfm"], "bootstrap_draws": 100},
    "time": {"test_windows": 1},
}
EVERYBODY = Campaign("everybody", "All", "Mail.", kpi="buys")
OUTCOMES = ("purchase_rate", "orders", "revenue")


@dataclass(frozen=True)
class Shop:
    """A shop after its forecast: customers of the list, and what each did without a campaign."""

    customers: pl.DataFrame  # with a forecast
    segments: tuple
    whole: pl.DataFrame  # outcomes of the whole window, by customer
    half: pl.DataFrame  # of its first half


def shop_of(run: Path, data: list[str], as_of: str) -> Shop:
    """Return the customers of a run, and their outcomes in later data."""
    files = open_run(run)
    predictor = loading.load_predictor(files)
    scores = loading.load(files, "scores")
    shop, later = loading.load_transactions(files), predictor.read_transactions(data)
    customers = campaign_planning.campaign_customers(shop, scores, predictor, EVERYBODY)
    start = day_number(as_of)
    window = predictor.time.window_at(start)
    record = {"as_of": as_of, "kpi": "buys"}
    ids = customers.select("customer_id")
    outcomes = []
    for end in (window.outcome_end, (start + window.outcome_end) // 2):
        look = ReadoutLook(1, str(np.datetime64(end, "D")), 1.0, 0.05)
        outcomes.append(readout._with_outcomes(ids, record, predictor, later, look))
    return Shop(customers, predictor.segments, *outcomes)


def invented_shop(seed: int, customers: int) -> Shop:
    """Return an invented shop of this seed."""
    with TemporaryDirectory() as folder:
        sales = sample.generate_sample(customers, seed=seed).lines
        path, run = Path(folder) / "sales.parquet", Path(folder) / "run"
        sales.write_parquet(path)
        segpredict.fit(sales, QUICK, out=run, as_of=START)
        return shop_of(run, [str(path)], START)


def with_campaign(outcomes: pl.DataFrame, rng: np.random.Generator, extra: float) -> pl.DataFrame:
    """Return what each customer would do if treated: some order once more."""
    orders = outcomes["orders"].to_numpy()
    bought = rng.random(len(orders)) < extra
    mean = outcomes["revenue"].sum() / max(outcomes["orders"].sum(), 1)
    return outcomes.with_columns(
        orders=pl.Series(orders + bought),
        revenue=outcomes["revenue"] + pl.Series(bought * rng.gamma(2, mean / 2, len(orders))),
        purchase_rate=pl.Series(np.maximum(outcomes["purchase_rate"].to_numpy(), bought)),
    )


def experiments(shop: Shop, draws: int, extra: float, holdout: float, seed: int) -> Iterator[dict]:
    """Yield one row an experiment and outcome."""
    request = CampaignListRequest(EVERYBODY, holdout)
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])
        options = CampaignOptions(assignment_key=f"{seed}/{draw}")
        marked = campaigns.mark_universal_holdout(shop.customers, options, {})
        table = campaigns.build_campaign_list(marked, shop.segments, request, options, {})
        listed = campaigns.assigned_customers(table).with_columns(
            is_found=pl.lit(value=True), is_contacted=pl.lit(None, pl.Boolean)
        )
        record = {"campaign": "everybody", "kpi": "buys", "readout": "", "alpha": 0.05}
        record["forecasts"] = True
        treated = with_campaign(shop.whole, rng, extra)
        halves = with_campaign(shop.half, rng, extra / 2)
        first = campaigns.level_of_look(0.5, {}, 0.05)
        last = campaigns.level_of_look(1.0, {0.5: first}, 0.05)
        looks = {
            "one look": (shop.whole, treated, ReadoutLook(1, "", 1.0, 0.05)),
            "early": (shop.half, halves, ReadoutLook(1, "", 0.5, first)),
            "final": (shop.whole, treated, ReadoutLook(2, "", 1.0, last)),
        }
        for which, (without, with_it, look) in looks.items():
            rows = observed(listed, without, with_it)
            truth = {name: float((with_it[name] - without[name]).mean()) for name in OUTCOMES}
            found = campaigns.read_out("0001-everybody", record, rows, look, ReadoutCosts())
            for effect in found.effects:
                for kind in ("adjusted", "unadjusted"):
                    ends = getattr(effect, kind)
                    real = truth[effect.outcome]
                    yield {
                        "experiment": f"{seed}/{draw}",
                        "look": which,
                        "outcome": effect.outcome,
                        "kind": kind,
                        "covers": ends.low <= real <= ends.high,
                        "is_clear": ends.low > 0 or ends.high < 0,
                        "width": ends.high - ends.low,
                        "bias": ends.difference - real,
                        "truth": real,
                    }


def observed(listed: pl.DataFrame, without: pl.DataFrame, with_it: pl.DataFrame) -> pl.DataFrame:
    """Return the list with what happened: each customer as the arm says."""
    names = ["customer_id", *OUTCOMES]
    is_treated = pl.col("arm") == "treatment"
    return pl.concat(
        [
            listed.filter(is_treated).join(with_it.select(names), on="customer_id"),
            listed.filter(~is_treated).join(without.select(names), on="customer_id"),
        ]
    )


def summary(rows: pl.DataFrame) -> pl.DataFrame:
    """Return coverage, power and width by look and outcome."""
    return (
        rows.group_by("look", "outcome", "kind", maintain_order=True)
        .agg(
            experiments=pl.len(),
            covered=pl.col("covers").mean(),
            clear=pl.col("is_clear").mean(),
            width=pl.col("width").mean(),
            bias=pl.col("bias").mean(),
            truth=pl.col("truth").mean(),
        )
        .sort("look", "outcome", "kind")
    )


def main() -> None:
    """Print the table for a planted effect and for none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=20)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--holdout", type=float, default=0.5)
    parser.add_argument("--real", nargs=2, metavar=("RUN", "DATA"))
    given = parser.parse_args()
    if given.real:
        run, data = Path(given.real[0]), given.real[1]
        as_of = open_run(run).metadata["windows"]["forecast_from"]
        shops = [shop_of(run, [data], as_of)]
    else:
        shops = [invented_shop(seed, given.customers) for seed in range(given.shops)]
    pl.Config.set_tbl_rows(40)
    pl.Config.set_tbl_cols(12)
    for extra in (EXTRA_ORDERS, 0.0):
        rows = [
            row
            for seed, shop in enumerate(shops)
            for row in experiments(shop, given.draws, extra, given.holdout, seed)
        ]
        found = pl.DataFrame(rows)
        print(f"extra orders of the treated: {extra}")
        print(summary(found))
        both = found.filter(pl.col("look") != "one look", kind="adjusted")
        either = both.group_by("experiment", "outcome").agg(pl.col("is_clear").any())
        print(either.group_by("outcome").agg(clear_in_either_look=pl.col("is_clear").mean()))


if __name__ == "__main__":
    main()
