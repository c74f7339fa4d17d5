"""One run in memory, checked: its predictor, its customers, its page and its lists."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from segpredict.core.orders import KEY
from segpredict.core.run_folder import RunFolder, open_run
from segpredict.core.transactions import MONEY_SCALE, CustomerLog, Transactions
from segpredict.core.types import JSON
from segpredict.core.window import as_date, day_number
from segpredict.data.cleaning import order_key
from segpredict.errors import ArtifactError
from segpredict.pipeline import loading
from segpredict.pipeline.artifacts import MONITOR_PAGE, REPORT_PATHS
from segpredict.scoring.history import ModelVersion
from segpredict.scoring.online import LOGS, OnlineScorer
from segpredict.scoring.what_if import PlannedOrder, best_sellers, what_if
from segpredict.service.orders import Order, OrderStore

PAGE = REPORT_PATHS["html"]
LISTS = "lists/"
MAX_SHOWN_ORDERS = 50
MAX_FOUND = 20  # ids that a search offers


@dataclass(frozen=True, slots=True)
class CustomerView:
    """What is known of one customer."""

    customer_id: str
    as_of: date
    source: str  # ``run`` or ``live``: see `bodies.CustomerAnswer`
    score: pl.DataFrame  # one row, or none
    orders: list[dict[str, Any]]  # the newest first
    what_if: list[dict[str, Any]]


@dataclass(frozen=True, eq=False)
class LiveRun:
    """A run that is served; another one takes its place as a whole."""

    files: RunFolder
    scorer: OnlineScorer
    shop: Transactions
    scores: pl.DataFrame  # of the run, sorted by customer
    summary: dict[str, Any]
    version: ModelVersion
    campaigns: tuple[dict[str, Any], ...]  # rows of `campaigns.plan_campaigns`
    page: bytes | None
    monitor_page: bytes | None  # of `segpredict monitor --page`
    _reading: threading.Lock = field(default_factory=threading.Lock)  # of the file of lines

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the run of a folder after checking it: hashes, and a customer's scores.

        Raises `ArtifactError` when it cannot be served.
        """
        with loading.translate_load_errors(folder):
            files = open_run(folder)
            predictor = loading.load_predictor(files)
            plans = loading.load_optional(files, "plans")
            found = cls(
                files,
                predictor.online(),
                loading.load_transactions(files),
                loading.load(files, "scores"),
                loading.run_summary(files),
                predictor.model_version,
                () if plans is None else tuple(plans.to_dicts()),
                files.read_bytes(PAGE) if files.has(PAGE) else None,
                files.read_bytes(MONITOR_PAGE) if files.has(MONITOR_PAGE) else None,
            )
            found.check()
        return found

    def check(self) -> None:
        """Refuse a run that cannot score one of its own customers."""
        eligible = self.scores.filter("is_eligible")
        names = eligible["customer_id"].head(1).to_list()
        scores = self.score_known(names, (), self.end) if names else eligible
        names = [f"p_{segment.id}" for segment in self.scorer.predictor.segments]
        sums = scores.select(pl.sum_horizontal(names))
        if scores.is_empty() or not np.allclose(sums.to_numpy(), 1.0):
            message = f"The run {self.files.folder} cannot score its own customers."
            raise ArtifactError(message, fix="make the run again.")

    @property
    def digest(self) -> str:
        """The digest of the run's manifest."""
        return str(self.files.manifest["digest"])

    @property
    def facts(self) -> dict[str, str]:
        """Which run an answer comes from (`bodies.ModelFacts`)."""
        segmentation, model = self.version.segmentation, self.version.model
        return {"run": self.digest, "model": model, "segmentation": segmentation}

    @property
    def end(self) -> date:
        """The day after the last day of the run's data."""
        return as_date(self.shop.end_day)

    @property
    def currency(self) -> str:
        """The sign of the run's money."""
        return self.shop.currency

    @property
    def lists(self) -> tuple[str, ...]:
        """The names of the customer lists that can be downloaded."""
        names = sorted(name for name in self.files.manifest["files"] if name.startswith(LISTS))
        return tuple(name.removeprefix(LISTS) for name in names)

    def read_list(self, name: str) -> bytes | None:
        """Return a customer list as CSV; ``None`` where the run has none of that name."""
        return self.files.read_bytes(LISTS + name) if name in self.lists else None

    @cached_property
    def customers_now(self) -> dict[str, int]:
        """How many customers of the run are in each segment now."""
        return dict(self.scores.group_by("segment_id").len().iter_rows())

    @cached_property
    def best_sellers(self) -> pl.DataFrame:
        """What the run's shop sold, for orders that are tried (`what_if.best_sellers`)."""
        with self._reading:
            return best_sellers(self.shop, self.shop.end_day)

    def find(self, beginning: str) -> list[str]:
        """Return ids of the run that begin with a text, or are it."""
        ids = self.scores["customer_id"]
        start = int(ids.search_sorted(beginning))
        near = ids.slice(start, MAX_FOUND).to_list()
        return [name for name in near if name.startswith(beginning)]

    def customer_id(self, text: str) -> str:
        """Return an id as cleaned lines have it."""
        plan = self.scorer.predictor.cleaning_options
        return order_key(text, text, self.end, plan)[0]

    def order_of(self, customer_id: str, given: dict[str, JSON]) -> Order:
        """Return an order as it is kept: under the customer, number and day of cleaned lines."""
        plan = self.scorer.predictor.cleaning_options
        customer, number, day = order_key(customer_id, given["order_id"], given["time"], plan)
        own = {"customer_id": customer, "order_id": number, "time": given["time"]}
        lines: Any = given["lines"]
        sizes = [line.get("quantity", line.get("amount")) for line in lines]
        is_return = all(size is not None and size < 0 for size in sizes)
        return Order(
            customer, number, as_date(day), is_return, tuple({**line, **own} for line in lines)
        )

    def holds(self, order: Order) -> bool:
        """Return whether lines of the run have the key of an order."""
        key = {**order.key, "day": day_number(order.day)}
        with self._reading:
            return not self.shop.lines.filter(**key).head(1).collect().is_empty()

    def shop_of(
        self, customers: Sequence[str], lines: Sequence[Mapping[str, JSON]], as_of: date
    ) -> Transactions:
        """Return the lines of some customers: those of the run, and those that came later."""
        wanted = pl.Series(customers, dtype=pl.String)
        with self._reading:
            own = self.shop.lines.filter(pl.col("customer_id").is_in(wanted.implode())).collect()
        logs: dict[str, Any] = {}
        for name in LOGS:
            log: CustomerLog | None = getattr(self.shop.side_tables, name)
            if log is not None:
                mine = log.frame.filter(pl.col("customer_id").is_in(wanted.implode()))
                log = replace(log, frame=mine)
            logs[name] = log
        tables = replace(self.shop.side_tables, **logs)
        known = replace(self.shop, lines=own.lazy(), side_tables=tables)
        return self.scorer.shop(list(lines), as_of, known)

    def score_known(
        self, customers: Sequence[str], lines: Sequence[Mapping[str, JSON]], as_of: date
    ) -> pl.DataFrame:
        """Return the scores of customers of the run, with the lines that came later."""
        return self.scorer.score_shop(
            self.shop_of(customers, lines, as_of), explain=self.has_reasons
        )

    @property
    def has_reasons(self) -> bool:
        """Whether the run was explained."""
        return self.scorer.predictor.explainer is not None

    def as_of(self, store: OrderStore | None) -> date:
        """Return the day after the newest line that is known, as a batch takes it."""
        newest = None if store is None else store.newest_day()
        return self.end if newest is None else max(self.end, as_date(day_number(newest) + 1))

    def view(
        self,
        customer_id: str,
        store: OrderStore | None,
        *,
        planned: PlannedOrder | None = None,
        with_what_if: bool = False,
    ) -> CustomerView | None:
        """Return what is known of a customer; ``None`` where she has no order."""
        as_of = self.as_of(store)
        lines = [] if store is None else store.lines_of([customer_id])
        shop = self.shop_of([customer_id], lines, as_of)
        known = shop.lines.collect()
        if known.is_empty():
            return None
        score = self.scorer.score_shop(shop, explain=self.has_reasons)
        cases: list[dict[str, Any]] = []
        if with_what_if and score["is_eligible"].item():
            run = self.scorer.predictor.side_tables
            # The order may be of a product that she never bought.
            tables = replace(shop.side_tables, products=run.products, prices=run.prices)
            whole = replace(shop, side_tables=tables)
            tried = what_if(self.scorer.predictor, whole, customer_id, planned, self.best_sellers)
            cases = tried.to_dicts()
        source = "live" if lines or as_of != self.end else "run"
        return CustomerView(customer_id, as_of, source, score, _orders(known), cases)


def _orders(lines: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the newest orders and returns, with their money."""
    found = lines.group_by(*KEY, "is_return").agg(
        lines=pl.len(),
        amount=pl.col("amount").sum(),
        void_from=pl.col("void_day").max(),
    )
    newest = found.sort("day", "order_id", "is_return", descending=[True, False, False])
    days = pl.col("day", "void_from").cast(pl.Date).cast(pl.String)
    shown = newest.head(MAX_SHOWN_ORDERS).with_columns(days).rename({"day": "date"})
    rows = shown.drop("customer_id").to_dicts()
    return [{**row, "amount": row["amount"] / MONEY_SCALE} for row in rows]
