"""Get public data sets from where their owners publish them.

In: a name. Out: files in a folder of that name, whole or not at all. Nothing is taken
from anybody but the address in the catalogue, and nothing is run.
"""

from segpredict.fetch._catalogue import DATASETS, ArchiveMember, PublicDataset, get_dataset
from segpredict.fetch._download import DownloadedDataset, fetch_dataset

__all__ = [
    "DATASETS",
    "ArchiveMember",
    "DownloadedDataset",
    "PublicDataset",
    "fetch_dataset",
    "get_dataset",
]
