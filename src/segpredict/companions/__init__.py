"""Tables beside the transactions, as they were known at a cutoff.

Customers, products, web events and marketing contacts go in; `Companions` come out.
A column without a time stamp says how things stand today and would leak the future, so
it is left out unless the user vouches that it never changes.
"""

from segpredict.companions._freeze import freeze
from segpredict.companions._options import (
    Asked,
    CustomerTable,
    EventLog,
    ProductTable,
    ReturnTable,
)
from segpredict.companions._products import expecting, priced
from segpredict.companions._read import frames, from_state, read, state

__all__ = [
    "Asked",
    "CustomerTable",
    "EventLog",
    "ProductTable",
    "ReturnTable",
    "expecting",
    "frames",
    "freeze",
    "from_state",
    "priced",
    "read",
    "state",
]
