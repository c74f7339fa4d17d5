"""Stored trees that would let XGBoost read memory that is not theirs are refused before."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from segpredict.classifier.models import xgboost
from segpredict.classifier.models.trees_check import MAX_TREE_DEPTH, require_sound_trees
from segpredict.errors import TamperedFileError


@pytest.fixture(scope="module")
def stored(small) -> tuple[bytes, tuple[str, ...], int]:
    given = small.training_data()
    model = xgboost.fit_fixed_rounds(given, given.feature_names, 3)
    return model.to_state()["model"].encode(), model.feature_names, model.n_classes


def edited(content: bytes, edit: Callable[[Any, Any], None]) -> bytes:
    """Return the model after an edit of the whole and of its first tree with splits."""
    model = json.loads(content)
    trees = model["learner"]["gradient_booster"]["model"]["trees"]
    edit(model, next(tree for tree in trees if len(tree["left_children"]) > 3))
    return json.dumps(model).encode()


def put(name: str, place: int, value: Any) -> Callable[[Any, Any], None]:
    return lambda _, tree: tree[name].__setitem__(place, value)


def swap_in_a_circle(_: Any, tree: Any) -> None:
    """Let two nodes lead to each other, reached once each and from no root."""
    left, parents = tree["left_children"], tree["parents"]
    child = next(n for n in range(1, len(left)) if left[n] != -1)
    parent = parents[child]
    side = "left_children" if left[parent] == child else "right_children"
    grandchild = left[child]
    tree[side][parent], left[child] = grandchild, child
    parents[grandchild], parents[child] = parent, child


def learner(model: Any) -> Any:
    return model["learner"]


EDITS: dict[str, Callable[[Any, Any], None]] = {
    "child far away": put("left_children", 0, 10**6),
    "child below": put("left_children", 0, -5),
    "child is the root": put("right_children", 0, 0),
    "one child": put("left_children", 0, -1),
    "both children the same": lambda _, t: put("left_children", 0, t["right_children"][0])(_, t),
    "a circle": swap_in_a_circle,
    "another parent": put("parents", 1, 2),
    "column not there": put("split_indices", 0, 10**4),
    "column below": put("split_indices", 0, -1),
    "no number": put("split_conditions", 0, "0.5"),
    "too large for 32 bits": put("split_conditions", 0, 1e39),
    "fraction as a child": put("left_children", 0, 1.0),
    "huge whole number": put("left_children", 0, 10**40),
    "categorical split": put("split_type", 0, 1),
    "no flag": put("default_left", 0, 2),
    "one value more": lambda _, t: t["split_conditions"].append(0.5),
    "one node less": lambda _, t: t["sum_hessian"].pop(),
    "more nodes than said": lambda _, t: t["tree_param"].update(num_nodes="99999"),
    "other columns in a tree": lambda _, t: t["tree_param"].update(num_feature="1"),
    "deleted nodes": lambda _, t: t["tree_param"].update(num_deleted="1"),
    "vector leaves": lambda _, t: t["tree_param"].update(size_leaf_vector="9"),
    "categories": lambda _, t: t["categories"].append(1),
    "no list": lambda _, t: t.update(left_children=None),
    "a part is missing": lambda _, t: t.pop("parents"),
    "id of another": lambda _, t: t.update(id=10**9),
    "no trees": lambda m, _: learner(m)["gradient_booster"]["model"].update(trees=[]),
    "classes": lambda m, _: learner(m)["learner_model_param"].update(num_class="1000000"),
    "columns": lambda m, _: learner(m)["learner_model_param"].update(num_feature="1000000"),
    "targets": lambda m, _: learner(m)["learner_model_param"].update(num_target="7"),
    "start": lambda m, _: learner(m)["learner_model_param"].update(base_score="9E-1"),
    "objective": lambda m, _: learner(m)["objective"].update(name="reg:squarederror"),
    "booster": lambda m, _: learner(m)["gradient_booster"].update(name="dart"),
    "names": lambda m, _: learner(m).update(feature_names=["a"]),
    "types": lambda m, _: learner(m).update(feature_types=["c"]),
    "version": lambda m, _: m.update(version=[3]),
    "rounds": lambda m, _: learner(m)["gradient_booster"]["model"].update(iteration_indptr=[0, 99]),
    "classes of trees": lambda m, _: learner(m)["gradient_booster"]["model"]["tree_info"].reverse(),
    "number of trees": lambda m, _: learner(m)["gradient_booster"]["model"][
        "gbtree_model_param"
    ].update(num_trees="1000000000"),
}


def test_what_was_trained_is_sound(stored) -> None:
    content, names, classes = stored
    require_sound_trees(content, names, classes, xgboost.BASE_SCORE)
    require_sound_trees(edited(content, lambda *_: None), names, classes, xgboost.BASE_SCORE)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_trees_that_are_none_are_refused(stored, edit: Callable[[Any, Any], None]) -> None:
    content, names, classes = stored
    with pytest.raises(TamperedFileError, match="stored trees"):
        require_sound_trees(edited(content, edit), names, classes, xgboost.BASE_SCORE)


def test_trees_are_checked_before_xgboost_reads_them(stored, monkeypatch) -> None:
    content, names, classes = stored
    bad = edited(content, put("left_children", 0, 10**6)).decode()
    monkeypatch.setattr(xgboost, "_loaded", lambda _: pytest.fail("XGBoost was asked"))
    state = {"kind": "xgboost", "model": bad, "feature_names": names, "start": [0.0] * classes}
    with pytest.raises(TamperedFileError):
        xgboost.XgboostModel.from_state(state)


def test_a_model_of_another_run_is_refused(stored) -> None:
    content, names, classes = stored
    for other in [(names[:-1], classes), (names[::-1], classes), (names, classes + 1), (names, 0)]:
        with pytest.raises(TamperedFileError):
            require_sound_trees(content, *other, xgboost.BASE_SCORE)


def test_a_tree_that_is_far_too_deep_is_refused(stored) -> None:
    content, names, classes = stored

    def chain(_: Any, tree: Any) -> None:
        depth = MAX_TREE_DEPTH + 1
        nodes = 2 * depth + 1
        inner = [2 * n for n in range(depth)]
        tree.update({name: [0] * nodes for name in ("split_indices", "split_type", "default_left")})
        numbers = ("split_conditions", "base_weights", "loss_changes", "sum_hessian")
        tree.update({name: [0.5] * nodes for name in numbers})
        left, right, parents = [-1] * nodes, [-1] * nodes, [2**31 - 1] * nodes
        for node in inner:
            left[node], right[node] = node + 1, node + 2
            parents[node + 1] = parents[node + 2] = node
        tree.update(left_children=left, right_children=right, parents=parents)
        tree["tree_param"]["num_nodes"] = str(nodes)

    with pytest.raises(TamperedFileError, match="a tree is deeper"):
        require_sound_trees(edited(content, chain), names, classes, xgboost.BASE_SCORE)
