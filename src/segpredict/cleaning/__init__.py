"""Raw lines → `Transactions`, the rules in one tuple, and a ledger that adds up."""

from segpredict.cleaning._clean import clean_lines
from segpredict.cleaning._describe import describe_shop
from segpredict.cleaning._ledger import ledger_table
from segpredict.cleaning._plan import CleaningOptions
from segpredict.cleaning._rules import CLEANING_RULES, NO_CUSTOMER
from segpredict.cleaning._support import require_support
from segpredict.cleaning._times import TimeSettings, parse_times

__all__ = [
    "CLEANING_RULES",
    "NO_CUSTOMER",
    "CleaningOptions",
    "TimeSettings",
    "clean_lines",
    "describe_shop",
    "ledger_table",
    "parse_times",
    "require_support",
]
