"""Raw lines → `Transactions`, the rules in one tuple, and a ledger that adds up."""

from segpredict.cleaning._clean import clean
from segpredict.cleaning._describe import describe
from segpredict.cleaning._ledger import ledger_table
from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rules import NO_CUSTOMER, RULES
from segpredict.cleaning._support import supported
from segpredict.cleaning._times import TimeAsked
from segpredict.cleaning._times import parsed as as_days

__all__ = [
    "NO_CUSTOMER",
    "RULES",
    "CleaningPlan",
    "TimeAsked",
    "as_days",
    "clean",
    "describe",
    "ledger_table",
    "supported",
]
