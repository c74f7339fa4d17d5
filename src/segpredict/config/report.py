"""Options of the report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportOptions:
    """What the report shows.

    Parameters
    ----------
    show_customers
        Whether the report lists single customers with their ids. Without them it can be
        sent where ids must not go.
    max_listed
        How many customers of a segment the page lists, at most.
    """

    show_customers: bool = True
    max_listed: int = 10
