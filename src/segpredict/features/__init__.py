"""One row a customer, one column a question; one family of questions a file.

Transactions and windows go in, a `FeatureTable` per window comes out. A family is a
pure function of one customer's rows and a `Window`: nothing looks across customers, so
rows may be split by customer among threads, files or machines.
"""

from segpredict.features._build import (
    Choice,
    build,
    choose,
    compute,
    glossary,
    instrument,
    write,
)
from segpredict.features._family import FAMILIES, Family

__all__ = [
    "FAMILIES",
    "Choice",
    "Family",
    "build",
    "choose",
    "compute",
    "glossary",
    "instrument",
    "write",
]
