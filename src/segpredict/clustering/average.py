"""Average linkage: join the two groups whose rows lie nearest on the mean."""

from segpredict.clustering._linkage import Linkage

PART = Linkage("average")
