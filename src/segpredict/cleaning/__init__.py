"""Raw lines → `Transactions`, one rule a file, and a ledger that adds up."""

from segpredict.cleaning._clean import RULES, clean
from segpredict.cleaning._ledger import ledger_table
from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._times import parsed as as_days

__all__ = ["RULES", "CleaningPlan", "as_days", "clean", "ledger_table"]
