"""Get public data sets from where their owners publish them.

In: a name. Out: files in a folder of that name, whole or not at all. Nothing is taken
from anybody but the address in the catalogue, and nothing is run.
"""

from segpredict.fetch._catalogue import CATALOGUE, Dataset, Member, named
from segpredict.fetch._download import Fetched, fetch

__all__ = ["CATALOGUE", "Dataset", "Fetched", "Member", "fetch", "named"]
