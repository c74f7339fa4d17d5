"""Facts about a shop's data that training relied on, compared when the model is used."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from segpredict.core.customer_ids import IdForm
from segpredict.core.state import from_plain
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.errors import MismatchError

MIN_CUSTOMERS = 20  # customers from which usual amounts and missing columns say anything
MAX_MONEY_RATIO = 20  # times by which the median line may differ: pounds and pence differ by 100
# Columns of lines that features may need, and what they are called.
FEATURE_COLUMNS = {
    "product_id": "product numbers",
    "minute": "times of the day",
    "country": "countries",
}
FIX = (
    "give the data in the form of training (--set cleaning.… and --map do that), or train on "
    "them: segpredict run."
)


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What training knew of the data, as far as it decides what numbers and ids mean.

    >>> pounds = ShopFacts("£", True, False, 0.0, 1.0, 9.5, "net")
    >>> pounds.contradictions(ShopFacts("€", True, False, 0.0, 1.0, 9.5, "net"))
    ['the currency was £ and is €']
    """

    currency: str  # symbol or code of the money; empty if none was found
    has_clock: bool  # whether orders have a time of the day
    has_offsets: bool  # whether that time was written with an offset to UTC
    # of customer ids of digits alone: share that begins with a zero, and share of all ids
    leading_zeros: float
    digit_ids: float
    median_line: float  # median money of a sold line, in currency; 0 if nothing was sold
    revenue: str  # `CleaningOptions.revenue`
    customers: int = 0  # how many customers there are
    # which of `FEATURE_COLUMNS` have values; of a run, which its features need
    columns: tuple[str, ...] = ()

    @classmethod
    def of(cls, shop: Transactions, revenue: str) -> "ShopFacts":
        """Return the facts of a shop."""
        sold = pl.col("amount").filter(~pl.col("is_return") & (pl.col("amount") > 0))
        named = [name for name in FEATURE_COLUMNS if name in shop.lines.collect_schema()]
        there = (pl.col(name).is_not_null().any() for name in named)
        *has_values, median = shop.lines.select(*there, sold.median().alias("m")).collect().row(0)
        columns = tuple(name for name, has in zip(named, has_values, strict=True) if has)
        ids = IdForm.of(shop.lines.select(pl.col("customer_id").unique()).collect().to_series())
        return cls(
            shop.currency,
            "minute" in columns,
            shop.has_offsets,
            ids.leading_zeros,
            ids.digits,
            float(median or 0) / MONEY_SCALE,
            revenue,
            ids.customers,
            columns,
        )

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "ShopFacts":
        """Return the facts of a state made by `to_state`."""
        return from_plain(cls, state)

    def to_state(self) -> dict[str, Any]:
        """Return the facts as plain values."""
        return asdict(self)

    def needing(self, columns: Collection[str]) -> "ShopFacts":
        """Return the facts, with the columns that features need."""
        return replace(self, columns=tuple(name for name in self.columns if name in columns))

    @property
    def ids(self) -> IdForm:
        """What the customer ids look like."""
        return IdForm(self.customers, self.digit_ids, self.leading_zeros)

    def contradictions(self, now: "ShopFacts") -> list[str]:
        """Return what other data say differently, one clause each; unknown facts agree."""
        found = []
        if self.currency and now.currency and self.currency != now.currency:
            found.append(f"the currency was {self.currency} and is {now.currency}")
        if self.has_clock and now.has_clock and self.has_offsets != now.has_offsets:
            clocks = ("local", "with an offset to UTC")
            was, has = clocks[self.has_offsets], clocks[now.has_offsets]
            found.append(f"times were {was} and are {has}")
        if clause := self.ids.difference(now.ids):
            found.append(clause)
        if now.customers >= MIN_CUSTOMERS:  # a few alone may buy anything
            found += self._other_amounts_and_columns(now)
        if self.revenue != now.revenue:
            found.append(f"revenue was {self.revenue} and is {now.revenue}")
        return found

    def _other_amounts_and_columns(self, now: "ShopFacts") -> Iterator[str]:
        was, has = self.median_line, now.median_line
        if was and has and not 1 / MAX_MONEY_RATIO < has / was < MAX_MONEY_RATIO:
            yield f"the median line was {was:,.2f} and is {has:,.2f}"
        lost = [FEATURE_COLUMNS[name] for name in self.columns if name not in now.columns]
        if lost:
            yield f"features need {' and '.join(lost)}, and there are none"

    def require_same(
        self,
        shop: Transactions,
        revenue: str | None = None,
        *,
        known: str = "those of training",
        fix: str = FIX,
    ) -> None:
        """Raise where a shop's data contradict these facts.

        `known` says what the facts are of. The definition of revenue is the same if it is ``None``.

        Raises `MismatchError` when currency, clock, form of ids, unit of money, definition of
        revenue or columns that features need differ.
        """
        now = ShopFacts.of(shop, self.revenue if revenue is None else revenue)
        self.require_agreement(now, known=known, fix=fix)

    def require_agreement(
        self, now: "ShopFacts", *, known: str = "those of training", fix: str = FIX
    ) -> None:
        """Raise `MismatchError` where other facts contradict these."""
        if found := self.contradictions(now):
            raise MismatchError(f"These data are not like {known}: {'; '.join(found)}.", fix=fix)
