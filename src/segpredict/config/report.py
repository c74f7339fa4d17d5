"""What the page shows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportOptions:
    """What the page shows.

    Parameters
    ----------
    show_customers
        Whether single customers stand on it, with their ids. Without them the page can
        be sent where ids must not go.
    max_listed
        How many of them a list holds at most.
    """

    show_customers: bool = True
    max_listed: int = 100
