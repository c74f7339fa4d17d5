"""Complete linkage: join the two groups whose farthest rows lie nearest."""

from segpredict.clustering._linkage import Linkage

PART = Linkage("complete")
