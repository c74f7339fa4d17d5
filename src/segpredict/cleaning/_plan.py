"""What cleaning is asked to do: every choice in one frozen value."""

import re
from dataclasses import dataclass
from typing import Literal

from segpredict.errors import ConfigError, UnknownNameError

# Codes that stand for no product in any shop: postage, fees, fixes, vouchers, tests. A
# code must match one of them from its first sign to its last. Codes that mean it in one
# shop only (an M for "manual" may be a size elsewhere) belong into that shop's config.
PRODUCT_CODES = (
    *("POST", "POSTAGE", "SHIPPING", "CARRIAGE", "BANK CHARGES", "AMAZONFEE"),
    *(r"ADJUST\d*", r"TEST\d*", "gift_.*", "GIFT"),
)


@dataclass(frozen=True, slots=True)
class CleaningPlan:
    """How lines become transactions.

    Parameters
    ----------
    rules
        Names of the rules to run; ``all`` stands for every rule there is.
    without
        Names of rules not to run.
    product_codes
        Regular expressions of product codes that are no products.
    null_ids
        Customer ids that mean "no customer", such as ``GUEST``.
    cancel_prefixes
        What the number of a cancelled order starts with.
    on_bad_rows
        ``fail`` at the first unreadable cell, or ``quarantine`` its row.
    time_format
        ``dmy`` or ``mdy`` where the data cannot prove it, or a format of strptime; by
        default the whole column decides.
    currency
        A sign or code to print before money.
    as_of
        The cutoff: a date or day number; later rows are not used.
    first
        The day from which the shop is looked at; earlier rows are not used.

    Raises
    ------
    ConfigError
        When `on_bad_rows` or a pattern cannot be used.
    """

    rules: tuple[str, ...] = ("all",)
    without: tuple[str, ...] = ()
    product_codes: tuple[str, ...] = PRODUCT_CODES
    null_ids: tuple[str, ...] = ()
    cancel_prefixes: tuple[str, ...] = ("C", "c")
    on_bad_rows: Literal["fail", "quarantine"] = "fail"
    time_format: str | None = None
    currency: str = ""
    as_of: str | int | None = None
    first: str | int | None = None

    def __post_init__(self) -> None:
        if self.on_bad_rows not in ("fail", "quarantine"):
            raise UnknownNameError(
                "way with bad rows", self.on_bad_rows, ("fail", "quarantine")
            )
        for pattern in self.product_codes:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ConfigError(
                    f"{pattern!r} is no regular expression ({error}).",
                    fix="correct it in cleaning.product_codes.",
                ) from None
