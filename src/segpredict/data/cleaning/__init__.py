"""Raw lines → `Transactions`, the rules in one tuple, and a ledger that adds up."""

from segpredict.data.cleaning._clean import clean_lines, fingerprint_lines, sort_canonical
from segpredict.data.cleaning._describe import describe_shop
from segpredict.data.cleaning._ids import normalize_id
from segpredict.data.cleaning._ledger import ledger_table
from segpredict.data.cleaning._proof import read_days
from segpredict.data.cleaning._rules import CLEANING_RULES, NO_CUSTOMER
from segpredict.data.cleaning._support import require_support
from segpredict.data.cleaning._time_formats import TimeSettings
from segpredict.data.cleaning._times import parse_times
from segpredict.data.cleaning._typed import FIELDS, MAX_LINES, clean_typed_lines, order_key

__all__ = [
    "CLEANING_RULES",
    "FIELDS",
    "MAX_LINES",
    "NO_CUSTOMER",
    "TimeSettings",
    "clean_lines",
    "clean_typed_lines",
    "describe_shop",
    "fingerprint_lines",
    "ledger_table",
    "normalize_id",
    "order_key",
    "parse_times",
    "read_days",
    "require_support",
    "sort_canonical",
]
