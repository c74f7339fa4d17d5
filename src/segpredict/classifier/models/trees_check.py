"""Check stored trees before XGBoost sees them: it reads whatever memory their numbers point to.

"If the model is manipulated, it will crash due to a memory read error" (XGBoost, doc/security.rst).
So each number that decides where it reads is compared with what this package writes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from segpredict.core.arrays import IntArray
from segpredict.core.named_files import parse_json
from segpredict.core.types import JSON
from segpredict.errors import TamperedFileError

WHAT = "the stored trees"
MAX_TREE_DEPTH = 256
NO_CHILD = -1
ROOT_PARENT = 2**31 - 1  # what XGBoost writes for a node without a parent
_WHOLE = ("left_children", "right_children", "parents", "split_indices", "split_type")
_NUMBERS = ("split_conditions", "base_weights", "loss_changes", "sum_hessian")
_UNUSED = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_FLAGS = "default_left"


def require_sound_trees(content: bytes, names: Sequence[str], n_classes: int, start: float) -> None:
    """Refuse XGBoost's JSON where it is not a sound model of these columns and classes.

    Parameters
    ----------
    content
        The model as `Booster.save_raw("json")` gives it.
    names
        The columns.
    n_classes
        Number of segments; each round has one tree for each.
    start
        The base score of all.

    Raises
    ------
    TamperedFileError
        When arrays have not the lengths that are said, a child is not a later node of the same tree
        that only one node leads to, a column is not there, a number is not finite, or an objective
        or a size is not that of the run.

    Examples
    --------
    >>> require_sound_trees(b"{}", ("orders",), 2, 0.5)
    Traceback (most recent call last):
    segpredict.errors.TamperedFileError: "the stored trees" cannot be used: learner is missing...
    """
    model = parse_json(content, WHAT)
    try:
        _require_sound(model, names, n_classes, start)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        missing = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise TamperedFileError(WHAT, f"cannot be used: {missing}") from None


def _require_sound(model: JSON, names: Sequence[str], n_classes: int, start: float) -> None:
    learner = model["learner"]
    booster, size = learner["gradient_booster"], learner["learner_model_param"]
    parts, objective = booster["model"], learner["objective"]
    trees, cats = parts["trees"], parts.get("cats", {})
    rounds = len(trees) // n_classes
    _require(len(model["version"]) == 3, "the version of XGBoost is no version")
    _require(set(map(type, model["version"])) == {int}, "the version of XGBoost is no version")
    _require(booster["name"] == "gbtree", "it is no model of trees")
    _require(objective["name"] == "multi:softprob", "the objective is another one")
    given = {
        "num_class": (size["num_class"], n_classes),
        "num_class of the objective": (
            objective["softmax_multiclass_param"]["num_class"],
            n_classes,
        ),
        "num_feature": (size["num_feature"], len(names)),
        "num_target": (size["num_target"], 1),
        "num_trees": (parts["gbtree_model_param"]["num_trees"], len(trees)),
        "num_parallel_tree": (parts["gbtree_model_param"]["num_parallel_tree"], 1),
    }
    for what, (found, expected) in given.items():
        _require(found == str(expected), f"{what} is {found!r} and not {expected}")
    _require(learner["feature_names"] in ([], list(names)), "the columns are others")
    _require(learner["feature_types"] == [], "a column is not of numbers")
    attributes = learner["attributes"].items()
    _require(all(isinstance(v, str) for _, v in attributes), "an attribute is no text")
    _require(size.get("boost_from_average", "0") in ("0", "1"), "boost_from_average is no flag")
    scores = size["base_score"].strip("[]").split(",")
    _require(len(scores) in (1, n_classes), "base_score is not one a class")
    _require({float(score) for score in scores} == {start}, "base_score is another one")
    _require(all(part == [] for part in cats.values()), "a column is not of numbers")
    _require(parts["tree_info"] == list(range(n_classes)) * rounds, "classes of trees are mixed")
    ends = list(range(0, len(trees) + 1, n_classes))
    _require(parts["iteration_indptr"] == ends, "rounds have not a tree a class")
    _require(bool(trees), "there are no trees")
    _require_sound_nodes(trees, len(names))


def _require_sound_nodes(trees: Sequence[Any], n_features: int) -> None:
    sizes = np.array([len(tree["left_children"]) for tree in trees])
    for place, tree in enumerate(trees):
        param, nodes = tree["tree_param"], str(sizes[place])
        _require(tree["id"] == place, "a tree has the number of another")
        _require(param["num_nodes"] == nodes, f"tree {place} has not as many nodes as it says")
        _require(param["num_feature"] == str(n_features), f"tree {place} is of other columns")
        _require(param["num_deleted"] == "0", f"tree {place} has deleted nodes")
        _require(param["size_leaf_vector"] in ("0", "1"), f"tree {place} has several outputs")
        _require(all(tree[name] == [] for name in _UNUSED), f"tree {place} has categories")
    whole = {name: _joined(trees, name, sizes, {int}) for name in _WHOLE}
    flags = _joined(trees, _FLAGS, sizes, {int, bool})
    _require(bool(((flags == 0) | (flags == 1)).all()), "default_left is no flag")
    for name in _NUMBERS:
        values = _joined(trees, name, sizes, {int, float})
        with np.errstate(over="ignore"):  # beyond 32 bits is infinite
            _require(bool(np.isfinite(values.astype(np.float32)).all()), f"{name} is not finite")
    column = whole["split_indices"]
    _require(bool(((column >= 0) & (column < n_features)).all()), "a column is not there")
    _require(not whole["split_type"].any(), "a split is of categories")
    _require_trees(whole, sizes)


def _joined(trees: Sequence[Any], name: str, sizes: IntArray, kinds: set[type]) -> Any:
    """Return the values of all trees one after the other; none is a text, or cut to fit."""
    lists = [tree[name] for tree in trees]
    _require([len(each) for each in lists] == sizes.tolist(), f"{name} has another length")
    flat = [value for each in lists for value in each]
    _require(set(map(type, flat)) <= kinds, f"{name} holds what is no such number")
    return np.array(flat, dtype=np.float64 if float in kinds else np.int64)


def _require_trees(whole: dict[str, IntArray], sizes: IntArray) -> None:
    """Refuse nodes that are no trees: from each root, every node is reached, and once."""
    roots = np.cumsum(sizes) - sizes
    first = np.repeat(roots, sizes)
    left, right = whole["left_children"], whole["right_children"]
    is_leaf = left == NO_CHILD
    _require(bool((is_leaf == (right == NO_CHILD)).all()), "a node has one child")
    inner = np.flatnonzero(~is_leaf)
    children = np.concatenate([left[inner], right[inner]])
    limit = np.repeat(sizes, sizes)[inner]
    in_tree = (children > 0) & (children < np.tile(limit, 2))
    _require(bool(in_tree.all()), "a child is no node of its tree")
    reached = np.bincount(children + np.tile(first[inner], 2), minlength=len(first))
    reached[roots] += 1
    _require(bool((reached == 1).all()), "a node is reached by none, or twice")
    parent = np.full(len(first), ROOT_PARENT)
    parent[children + np.tile(first[inner], 2)] = np.tile(inner - first[inner], 2)
    _require(bool((parent == whole["parents"]).all()), "a parent is another node")
    # Nodes that lead to each other in a circle are reached once each, but not from a root.
    level, met, depth = roots, 0, 0
    while len(level) and depth <= MAX_TREE_DEPTH:
        met, depth = met + len(level), depth + 1
        level = level[~is_leaf[level]]
        level = np.concatenate([(each + first)[level] for each in (left, right)])
    _require(
        met == len(first), f"nodes lead in a circle, or a tree is deeper than {MAX_TREE_DEPTH}"
    )


def _require(holds: bool, problem: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise ValueError(problem)
