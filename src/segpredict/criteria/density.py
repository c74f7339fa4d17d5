"""DBCV: whether groups are denser inside than the ground between them."""

import numpy as np
from scipy.sparse.csgraph import minimum_spanning_tree

from segpredict.clustering import Floats, Labels, distances


def dbcv(matrix: Floats, labels: Labels) -> float | None:
    """Return the density-based validity of groups of distinct points, in [−1, 1].

    Parameters
    ----------
    matrix
        Distinct points; a copy would have no distance to its neighbour and a density
        without bound.
    labels
        The group of each; groups of one point count for nothing.

    Returns
    -------
    float or None
        ``None`` when fewer than two groups have two points.

    Notes
    -----
    Per group: (separation − sparseness) / max of both, weighted by size. Sparseness is
    the longest inner edge of the group's spanning tree in mutual reachability,
    separation the least mutual reachability to inner points of another group. Only a
    criterion for density methods: it is not for round groups that touch.

    References
    ----------
    Moulavi, Jaskowiak, Campello, Zimek and Sander (2014).

    Examples
    --------
    >>> import numpy as np
    >>> line = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]])
    >>> dbcv(line, np.array([0, 0, 0, 1, 1, 1])) > 0.9
    True
    """
    groups = [np.flatnonzero(labels == g) for g in np.unique(labels)]
    groups = [group for group in groups if len(group) > 1]
    if len(groups) < 2:
        return None
    cores = [_core(matrix[group]) for group in groups]
    trees = [_tree(matrix[g], core) for g, core in zip(groups, cores, strict=True)]
    inner = [group[tree[1]] for group, tree in zip(groups, trees, strict=True)]
    hearts = [core[tree[1]] for core, tree in zip(cores, trees, strict=True)]
    total = 0.0
    for i, group in enumerate(groups):
        separation = min(
            _reach(matrix[inner[i]], hearts[i], matrix[inner[j]], hearts[j]).min()
            for j in range(len(groups))
            if j != i
        )
        sparseness = trees[i][0]
        validity = (separation - sparseness) / max(separation, sparseness)
        total += len(group) / len(labels) * validity
    return float(total)


def _core(members: Floats) -> Floats:
    """Return the all-points core distance of each member of one group."""
    apart = distances(members, members)
    np.fill_diagonal(apart, np.inf)
    near = (1.0 / apart) ** members.shape[1]
    mean = near.sum(axis=1) / (len(members) - 1)
    return np.asarray(mean ** (-1.0 / members.shape[1]), np.float64)


def _reach(first: Floats, own: Floats, second: Floats, other: Floats) -> Floats:
    bound = np.maximum(own[:, None], other)
    return np.asarray(np.maximum(distances(first, second), bound), np.float64)


def _tree(members: Floats, core: Floats) -> tuple[float, Labels]:
    """Return the longest inner edge of the spanning tree, and its inner points."""
    edges = minimum_spanning_tree(_reach(members, core, members, core)).tocoo()
    degree = np.bincount(np.concatenate([edges.row, edges.col]), minlength=len(members))
    inner = np.flatnonzero(degree > 1)
    is_inner = np.isin(edges.row, inner) & np.isin(edges.col, inner)
    if not len(inner):
        inner = np.array([0])
    lengths = edges.data[is_inner] if is_inner.any() else edges.data
    return float(lengths.max()), inner
