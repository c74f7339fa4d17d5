"""Ask a small tree whether the groups can be told in a few rules."""

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from segpredict.clustering import Labels, Points

DEPTH, LEAVES = 3, 8


def describability(points: Points, labels: Labels) -> float:
    """Return the balanced accuracy of a tree of depth 3 and at most 8 leaves.

    Notes
    -----
    Balanced accuracy is the mean share of each group's rows that the tree finds, so
    that a small group counts as much as a large one. Measured on the rows it was grown
    on: eight leaves cannot learn thousands of rows by heart.

    Examples
    --------
    >>> import numpy as np
    >>> describability(Points.of(np.array([[0.0], [1.0], [5.0]])), np.array([0, 0, 1]))
    1.0
    """
    tree = DecisionTreeClassifier(
        max_depth=DEPTH,
        max_leaf_nodes=LEAVES,
        class_weight="balanced",
        random_state=0,
    )
    tree.fit(points.matrix, labels, sample_weight=points.weights)
    found = (tree.predict(points.matrix) == labels) * points.weights
    size = np.bincount(labels, points.weights)
    return float((np.bincount(labels, found)[size > 0] / size[size > 0]).mean())
