"""The ledger, as on the page of a run."""

from segpredict.report.sections.ledger import PART

__all__ = ["PART"]
