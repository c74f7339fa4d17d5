"""Facts about a shop's data that training relied on, compared when the model is used."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.errors import MismatchError

MIN_CUSTOMERS = 20  # customers from which the form of ids and money says anything
ZEROS_SHARE = 0.01  # share of ids with a leading zero that is a form, not an accident
ZONE_FORMAT = r"(^| )(UTC|offset of the shop|to [A-Z]\S+)$"  # how times with offsets were read
MAX_MONEY_RATIO = 20  # times by which the median line may differ: pounds and pence differ by 100


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What training knew of the data, as far as it decides what numbers and ids mean.

    Parameters
    ----------
    currency
        Symbol or code of the money; empty if none was found.
    has_clock
        Whether orders have a time of the day.
    has_offsets
        Whether that time was written with an offset to UTC.
    leading_zeros
        Share of customer ids of digits alone that begin with a zero.
    digit_ids
        Share of customer ids of digits alone.
    median_line
        Median money of a sold line, in currency; 0 if nothing was sold.
    has_products
        Whether lines name products.
    revenue
        `CleaningOptions.revenue`.

    Examples
    --------
    >>> pounds = ShopFacts("£", True, False, 0.0, 1.0, 9.5, True, "net")
    >>> pounds.contradictions(ShopFacts("€", True, False, 0.0, 1.0, 9.5, True, "net"))
    ['the currency was £ and is €']
    """

    currency: str
    has_clock: bool
    has_offsets: bool
    leading_zeros: float
    digit_ids: float
    median_line: float
    has_products: bool
    revenue: str

    @classmethod
    def of(cls, shop: Transactions, revenue: str) -> "ShopFacts":
        """Return the facts of a shop."""
        sold = pl.col("amount").filter(~pl.col("is_return") & (pl.col("amount") > 0))
        clock, products, median = (
            shop.lines.select(
                pl.col("minute").is_not_null().any().alias("clock"),
                pl.col("product_id").is_not_null().any().alias("products"),
                sold.median().alias("median"),
            )
            .collect()
            .row(0)
        )
        ids = shop.lines.select(pl.col("customer_id").unique()).collect().to_series()
        digits = ids.filter(ids.str.contains(r"^\d+$"))
        zeros = digits.str.starts_with("0").mean() if len(digits) else 0.0
        offsets = any(re.search(ZONE_FORMAT, fact.detected.time_format) for fact in shop.files)
        return cls(
            shop.currency,
            bool(clock),
            offsets,
            float(zeros or 0.0),  # type: ignore[arg-type]
            len(digits) / max(len(ids), 1),
            float(median or 0) / MONEY_SCALE,
            bool(products),
            revenue,
        )

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "ShopFacts":
        """Return the facts of a state made by `to_state`."""
        return cls(**state)

    def to_state(self) -> dict[str, Any]:
        """Return the facts as plain values."""
        return asdict(self)

    def contradictions(self, now: "ShopFacts") -> list[str]:
        """Return what other data say differently, one clause each; unknown facts agree."""
        found = []
        if self.currency and now.currency and self.currency != now.currency:
            found.append(f"the currency was {self.currency} and is {now.currency}")
        if self.has_clock and now.has_clock and self.has_offsets != now.has_offsets:
            clocks = ("local", "with an offset to UTC")
            was, has = clocks[self.has_offsets], clocks[now.has_offsets]
            found.append(f"times were {was} and are {has}")
        if self.leading_zeros > ZEROS_SHARE and not now.leading_zeros and now.digit_ids > 0:
            found.append("customer ids had leading zeros and have none")
        if self.median_line and now.median_line:
            ratio = now.median_line / self.median_line
            if not 1 / MAX_MONEY_RATIO < ratio < MAX_MONEY_RATIO:
                found.append(
                    f"the median line was {self.median_line:,.2f} and is {now.median_line:,.2f}"
                )
        if self.revenue != now.revenue:
            found.append(f"revenue was {self.revenue} and is {now.revenue}")
        return found

    def require_same(self, shop: Transactions, revenue: str | None = None) -> None:
        """Raise where a shop's data contradict these facts.

        Raises
        ------
        MismatchError
            When currency, clock, form of ids, unit of money or definition of revenue differ.
        """
        now = ShopFacts.of(shop, self.revenue if revenue is None else revenue)
        if shop.ledger.total("used").customers < MIN_CUSTOMERS:
            # A few customers alone say nothing of the form of ids, or of usual amounts.
            now = replace(now, leading_zeros=self.leading_zeros, median_line=self.median_line)
        found = self.contradictions(now)
        if found:
            raise MismatchError(
                f"These data are not like those of training: {'; '.join(found)}.",
                fix="give the data in the form of training (--set cleaning.… and --map do that), "
                "or train on them: segpredict run.",
            )
