"""Options of cleaning."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import available_timezones

from segpredict.config.fill import Options
from segpredict.errors import ConfigError, UnknownNameError

# Codes that stand for no product in any shop: postage, fees, fixes, vouchers, tests. A
# code must match one of them as a whole. Codes of one shop only (an M for "manual" may
# be a size elsewhere) belong in the config of that shop.
NON_PRODUCT_CODES = (
    *("POST", "POSTAGE", "SHIP", "SHIPPING", "CARRIAGE", "BANK CHARGES", "AMAZONFEE"),
    *("DELIVERY", "FREIGHT", "(?i:versand(kosten)?)", "(?i:porto)", "(?i:frais de port)"),
    *("(?i:envio)", "(?i:verzendkosten)", "(?i:spedizione)"),
    *(r"ADJUST\d*", r"TEST\d*", "gift_.*", "GIFT"),
)


@dataclass(frozen=True, slots=True)
class CleaningOptions(Options):
    """How lines become transactions."""

    section: ClassVar[str] = "cleaning"
    rules: tuple[str, ...] = ("all",)  # Names of the cleaning rules to run; ``all`` for every rule.
    excluded_rules: tuple[str, ...] = ()  # Names of cleaning rules not to run.
    # Regular expressions of codes that are no products; each must match a whole code.
    product_codes: tuple[str, ...] = NON_PRODUCT_CODES
    null_ids: tuple[str, ...] = ()  # Customer ids that mean "no customer", such as ``GUEST``.
    cancel_prefixes: tuple[str, ...] = ("C", "c")  # Prefixes of the numbers of cancelled orders.
    # What counts as revenue: ``net`` (products, net of discounts and refunds), ``gross`` (before
    # both), or ``visits`` where no column holds money: every order counts one.
    revenue: Literal["net", "gross", "visits"] = "net"
    # ``line`` where an amount is that of its line, ``order`` where that of the whole order stands
    # on one or on all of its lines; by default the column decides.
    amount_level: Literal["line", "order"] | None = None
    # What the discount column holds: ``included`` (amounts are after it), or money to take off the
    # ``line``, each ``unit`` or the ``order``, or the ``rate`` of a line.
    discount: Literal["included", "line", "unit", "order", "rate"] = "included"
    # What an empty quantity means; without it an empty quantity cannot be read.
    default_quantity: int | None = None
    # Values of the status column that mean no sale, in addition to those known as such.
    void_statuses: tuple[str, ...] = ()
    # Values of the status column that mean a sale, whatever they are known as.
    sale_statuses: tuple[str, ...] = ()
    # ``fail`` at the first unreadable cell, ``quarantine`` its row (save it as a reject), or
    # ``drop`` it (only count it).
    on_bad_rows: Literal["fail", "quarantine", "drop"] = "fail"
    # How many unreadable rows are accepted: a share such as ``0.1%``, or a count.
    max_bad_rows: str | int = "1%"
    max_guest_share: float = 0.5  # Largest share of rows without a customer.
    # The decimal mark, ``point`` or ``comma``, if the data cannot prove it.
    number_format: Literal["point", "comma"] | None = None
    # ``dmy``, ``mdy`` or ``ymd`` if the data cannot prove it, or a format of strptime, or a list of
    # them (each cell is read by the first that fits); by default the whole column decides.
    time_format: str | tuple[str, ...] | None = None
    # The shop's time zone, such as ``Europe/London``, for times with an offset to UTC.
    timezone: str | None = None
    # 1900 or 1904: the first year of dates that a spreadsheet wrote as numbers.
    excel_epoch: Literal[1900, 1904] = 1900
    # Two-digit years up to this one are in the 2000s, later ones in the 1900s; without it such
    # years are read if all of them are from 1990 to 2039.
    century_pivot: int | None = None
    # The last possible day; rows after it count as unreadable.
    latest_date: str | int | None = None
    currency: str = ""  # A symbol or code to print before money.
    # The cutoff, a date or a day number; rows from it on are not used.
    as_of: str | int | None = None
    first_date: str | int | None = None  # The first day to use; earlier rows are not used.

    def _check(self) -> None:
        if self.timezone is not None and self.timezone not in available_timezones():
            raise UnknownNameError("time zone", self.timezone, available_timezones())
        allowed_bad_rows(self.max_bad_rows, 0)
        for pattern in self.product_codes:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ConfigError(
                    f"{pattern!r} is no regular expression ({error}).",
                    fix="correct it in cleaning.product_codes.",
                ) from None


def allowed_bad_rows(max_bad: str | int, rows: int) -> int:
    """Return how many of these rows may be unreadable.

    Raises `ConfigError` when the limit is neither a share nor a count.

    >>> allowed_bad_rows("0.1%", 5000), allowed_bad_rows(20, 5000)
    (5, 20)
    """
    text = str(max_bad).strip()
    share = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text)
    if share and Decimal(share[1]) <= 100:
        return int(rows * Decimal(share[1]) / 100)
    if text.isdecimal():
        return int(text)
    raise ConfigError(
        f"cleaning.max_bad_rows is {max_bad!r}, neither a share nor a count.",
        fix="write a share such as 0.1% or a count such as 20.",
    )
