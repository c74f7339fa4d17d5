"""Ward's tree: join what makes the groups least wider."""

from segpredict.clustering._linkage import Linkage

PART = Linkage("ward")
