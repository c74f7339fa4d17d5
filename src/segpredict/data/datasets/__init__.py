"""Get public data sets from where their owners publish them.

In: a name. Out: files in a folder of that name, whole or not at all. Nothing is taken
from anybody but the address in the catalogue, and nothing is run.
"""

from segpredict.data.datasets.catalogue import DATASETS, get_dataset
from segpredict.data.datasets.download import fetch_dataset

__all__ = [
    "DATASETS",
    "fetch_dataset",
    "get_dataset",
]
