"""Odd shops: each lacks something that a figure or a group needs. Run alone, it counts crashes.

``python tests/pipeline/odd_shops.py --shops 200`` runs the whole pipeline on each shop, prints
what the terminal would, and writes the page, its JSON and Markdown, the slides and the BI tables.
A shop may be refused, but only by an error that says what is missing.
"""

import argparse
import io
import re
import shlex
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import polars as pl

from segpredict import pipeline
from segpredict.cli._check_tables import show_check
from segpredict.cli._output import Output
from segpredict.cli._results import show_results
from segpredict.config.load import Config, load_config
from segpredict.core.run_folder import encode_json
from segpredict.core.wording import name_options
from segpredict.errors import SegpredictError, SupportError
from segpredict.explain import plots
from segpredict.pipeline import report_data
from segpredict.report import render_markdown
from segpredict.report.deck import render_deck

SIZES = (60, 200, 400)  # customers
START = date(2023, 1, 2)
SPAN = 420  # days
KINDS = {
    "customer_id": pl.String,
    "order_id": pl.String,
    "date": pl.Int64,
    "product_id": pl.String,
    "quantity": pl.Int64,
    "price": pl.Float64,
    "country": pl.String,
}
COLUMNS = tuple(KINDS)
QUICK = (
    *("classifier.bootstrap_draws=100", "segmentation.n_init=2", "explain.sample_rows=40"),
    *("classifier.xgboost.learning_rate=0.3", "classifier.xgboost.max_rounds=12"),
    *("classifier.families=['rfm']", "threads=1"),
    *("time.horizon=56", "time.lookback=224", "time.step=28", "time.test_windows=2"),
)
DRAWN = 8  # one shop in so many gets its pictures, which take half of the time
DOT = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01"  # the head of a picture
Rows = list[tuple[str, str, int, str, int, float, str]]


@dataclass(frozen=True)
class OddShop:
    """One shop: the name of its oddity, its rows as text, and the settings it needs."""

    name: str
    rows: pl.DataFrame
    settings: tuple[str, ...] = ()

    @property
    def config(self) -> Config:
        """Quick settings, and those of this shop."""
        return load_config(None, [*QUICK, *self.settings])


@dataclass(frozen=True)
class Habits:
    """How customers buy; each oddity changes one or two of these."""

    starts: tuple[int, int] = (0, SPAN - 30)  # days between which customers begin
    ends: int = SPAN  # the day after the last order
    gap: float = 30.0  # mean days between the orders of a customer
    is_regular: bool = False  # whether that gap never varies
    leaving: float = 0.15  # probability of leaving after each order
    max_orders: int = 1000
    products: int = 20
    countries: tuple[str, ...] = ("France", "Italy", "Spain")
    price: Callable[[np.random.Generator], float] = field(
        default=lambda rng: round(float(rng.gamma(3.0) * 10) + 1, 2)
    )
    closed: tuple[int, int] = (0, 0)  # days on which nobody orders
    refunds: tuple[int, int] = (0, 0)  # days on which most orders so far are refunded
    settings: tuple[str, ...] = ()
    columns: tuple[str, ...] = COLUMNS


def _flat(value: float) -> Callable[[np.random.Generator], float]:
    return lambda rng: value + 0 * float(rng.random())


ONCE = {"max_orders": 1}
ODDITIES: Mapping[str, Habits] = {
    "plain": Habits(),
    "all begin in one month": Habits(starts=(0, 25), leaving=0.05),
    "one rhythm, one price": Habits(
        starts=(0, 3), gap=10, is_regular=True, leaving=0, price=_flat(10), products=1
    ),
    "one country": Habits(countries=("France",)),
    "no country": Habits(columns=COLUMNS[:-1]),
    "nobody lost": Habits(starts=(0, 20), gap=12, leaving=0),
    "nobody returned": Habits(gap=2, leaving=0.6),
    "one order each": Habits(max_orders=1),
    "one order each, all on one day": Habits(max_orders=1, starts=(0, 1), ends=1),
    "one product": Habits(products=1),
    "no product column": Habits(
        columns=("customer_id", "order_id", "date", "quantity", "price", "country")
    ),
    "a single day": Habits(starts=(0, 1), ends=1),
    "refunds only at the end": Habits(ends=SPAN - 60, refunds=(SPAN - 30, SPAN)),
    "everything refunded": Habits(refunds=(SPAN // 2, SPAN)),
    "constant amounts": Habits(price=_flat(25)),
    "huge amounts": Habits(price=lambda rng: float(rng.integers(1, 9)) * 1e9),
    "free of charge": Habits(price=_flat(0)),
    "pennies": Habits(price=_flat(0.01)),
    "long gaps": Habits(starts=(0, 60), closed=(100, 330)),
    "closed at the end": Habits(ends=SPAN - 120, starts=(0, 200), refunds=(SPAN - 1, SPAN)),
    "visits": Habits(
        columns=("customer_id", "order_id", "date"), settings=("cleaning.revenue=visits",)
    ),
    "short horizon": Habits(settings=("time.horizon=7", "time.lookback=28", "time.step=7")),
    "one month": Habits(
        starts=(0, 25), ends=31, gap=6, settings=("time.horizon=7", "time.lookback=14")
    ),
    "ten weeks": Habits(starts=(0, 40), ends=70, gap=9),
    "usual settings": Habits(
        settings=("time.horizon=91", "time.lookback=364", "classifier.families=['default']")
    ),
    "a gap before the outcome": Habits(settings=("time.gap=21", "time.settlement=7")),
    "one test": Habits(ends=200, starts=(0, 120)),
    "a country each": Habits(countries=()),
    "rare buyers": Habits(gap=300, leaving=0),
    "all new at the end": Habits(starts=(SPAN - 60, SPAN - 1), gap=8),
    "rules": Habits(settings=("segmentation.algorithm=rules",)),
    "density": Habits(settings=("segmentation.algorithm=hdbscan",)),
}


def odd_shop(seed: int) -> OddShop:
    """Return the shop of a seed: its oddity and its size go round, its customers are drawn.

    From the second round on, every other shop has a second oddity.
    """
    names = list(ODDITIES)
    which, turn = seed % len(names), seed // len(names)
    rng = np.random.default_rng(seed)
    customers = SIZES[turn % len(SIZES)]
    name, habits = names[which], ODDITIES[names[which]]
    if turn % 2:
        other = names[int(rng.integers(len(names)))]
        name, habits = f"{name} + {other}", _both(habits, ODDITIES[other])
    rows = pl.DataFrame(_rows(rng, habits, customers), schema=KINDS, orient="row")
    when = pl.lit(START) + pl.duration(days=pl.col("date"))
    text = rows.with_columns(when.dt.strftime("%Y-%m-%d").alias("date")).cast(pl.String)
    return OddShop(f"{seed}: {name}, {customers}", text.select(habits.columns), habits.settings)


def _both(one: Habits, two: Habits) -> Habits:
    """Return the habits of the first, and those of the second where the first are usual."""
    usual = Habits()
    found = {
        name: mine if mine != getattr(usual, name) else getattr(two, name)
        for name in Habits.__dataclass_fields__
        if (mine := getattr(one, name)) is not None and name not in ("price", "settings")
    }
    price = one.price if one.price is not Habits.price and one.price != usual.price else two.price
    return Habits(**found, price=price, settings=(*two.settings, *one.settings))


def _rows(rng: np.random.Generator, habits: Habits, customers: int) -> Rows:
    rows: Rows = []
    for i in range(customers):
        day, orders = float(rng.integers(*habits.starts)), 0
        country = habits.countries[i % len(habits.countries)] if habits.countries else f"Land {i}"
        while day < habits.ends and orders < habits.max_orders:
            if not habits.closed[0] <= day < habits.closed[1]:
                rows += _order(rng, habits, (f"k{i:04d}", country), int(day))
            orders += 1
            if rng.random() < habits.leaving:
                break
            day += habits.gap if habits.is_regular else 1 + float(rng.exponential(habits.gap))
    first, last = habits.refunds
    if last > first:
        rows += [
            (id_, f"r{order}", int(rng.integers(max(first, day), last)), product, -n, price, where)
            for id_, order, day, product, n, price, where in rows
            if day < last and rng.random() < 0.9
        ]
    return rows


def _order(rng: np.random.Generator, habits: Habits, who: tuple[str, str], day: int) -> Rows:
    number = f"{who[0]}-{day}"
    lines = 1 if habits.is_regular else int(rng.integers(1, 4))
    return [
        (
            *(who[0], number, day, f"p{int(rng.integers(habits.products)):02d}"),
            *(1 + line, habits.price(rng), who[1]),
        )
        for line in range(lines)
    ]


def run_shop(shop: OddShop, folder: Path) -> dict[str, object]:
    """Check and run one shop, print and export all; return what `check` said of it."""
    output = Output()
    folder.mkdir(exist_ok=True)
    data = folder / "shop.csv"
    shop.rows.write_csv(data)
    found = pipeline.check_data([str(data)], shop.config, page=folder / "check.html")
    show_check(output, found)
    advice = " ".join(found["suggestions"])
    try:
        run = pipeline.run_pipeline([str(data)], shop.config, pipeline.RunTarget(folder / "run"))
    except SegpredictError as error:
        if not found["problem"] and f"A run stops here: {error}" not in advice:
            raise AssertionError(f"check said {advice!r}, and run said {error}") from error
        raise
    if "A run stops here" in advice or found["problem"]:
        raise AssertionError(f"check said {advice!r}, and the run finished")
    show_results(output, run)
    report = pipeline.Report(run.folder)
    facts = report.to_json()
    encode_json([facts, found])
    render_markdown(facts)
    render_deck(report_data.report_input_of_run(run))
    report.to_bi(folder / "bi")
    page = (run.folder / "report.html").read_text()
    shown = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    broken = re.findall(r".{30}\b(?:nan|NaN|inf|None)\b(?! of).{30}", shown)
    if broken:
        raise AssertionError(f"the page shows what is not defined: {broken[:5]}")
    return found


def follow(shop: OddShop, error: SegpredictError, folder: Path) -> str:
    """Follow an error's advice to the letter; return what is wrong with it, if anything."""
    with name_options():
        given = re.findall(r"--set ((?:'[^']*'|[^\s'])+)", error.fix)
    settings = [shlex.split(each)[0] for each in given if not re.search("[A-Z]{3,}", each)]
    if not settings or error.exit_code != SupportError.exit_code:
        return ""
    try:
        run_shop(replace(shop, settings=(*shop.settings, *settings)), folder)
    except SegpredictError as again:
        return f"followed {settings}, and was refused again: {again}"
    return ""


def count_outcomes(seeds: Iterator[int]) -> tuple[list[str], list[str], list[str]]:
    """Run the shops of these seeds; return those finished, refused, and ended by a raw error."""
    finished, refused, raw = [], [], []
    for seed in seeds:
        shop, began = odd_shop(seed), time.perf_counter()
        with TemporaryDirectory() as folder:
            quiet = io.StringIO()
            try:
                with redirect_stdout(quiet), redirect_stderr(quiet), hurry(draw=not seed % DRAWN):
                    try:
                        run_shop(shop, Path(folder))
                        finished.append(shop.name)
                        end = "finished"
                    except SegpredictError as error:
                        misled = follow(shop, error, Path(folder) / "again")
                        is_bug = bool(misled) or error.code == SegpredictError.code
                        (raw if is_bug else refused).append(f"{shop.name}: {error} {misled}")
                        end = f"{misled and 'MISLED '}refused: {error.code} {error} {misled}"
            except Exception:
                raw.append(f"{shop.name}\n{traceback.format_exc()}")
                end = "RAW\n" + traceback.format_exc()
        sys.stdout.write(f"{shop.name} ({time.perf_counter() - began:.0f} s): {end}\n")
        sys.stdout.flush()
    return finished, refused, raw


@contextmanager
def hurry(*, draw: bool) -> Iterator[None]:
    """Save no pictures unless they shall be drawn."""
    if draw:
        yield
    else:
        with patch.multiple(plots, beeswarm_plot=_dot, dependence_plot=_dot):
            yield


def _dot(*_: object) -> bytes:
    return DOT


def main() -> None:
    """Run so many shops, and leave with 1 if one ended with a raw error."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--shops", type=int, default=200)
    asked.add_argument("--first", type=int, default=0)
    given = asked.parse_args()
    finished, refused, raw = count_outcomes(iter(range(given.first, given.first + given.shops)))
    counts = f"{len(finished)} finished, {len(refused)} refused, {len(raw)} raw errors"
    sys.stdout.write(f"\n{counts}\n")
    sys.exit(1 if raw else 0)


if __name__ == "__main__":
    main()
