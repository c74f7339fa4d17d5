"""Options of the report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportOptions:
    """What the report shows."""

    # Whether the report lists single customers with their ids. Without them it can be sent where
    # ids must not go.
    show_customers: bool = True
    max_listed: int = 10  # How many customers of a segment the page lists, at most.
