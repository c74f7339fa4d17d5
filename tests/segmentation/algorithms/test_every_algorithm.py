"""What holds for every algorithm of the room, unasked: a new one is tested by being."""

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import shop
from segpredict import features, segmentation
from segpredict.config.segmentation import SegmentationOptions
from segpredict.errors import ExtraMissingError, SegpredictError
from segpredict.segmentation import Segmentation
from segpredict.segmentation.algorithms import (
    CLUSTERERS,
    Clusterer,
    Clusters,
    WeightedPoints,
    euclidean_distances,
)
from segpredict.segmentation.selection.choose_k import cluster_shares

NAMES = CLUSTERERS.names()

# What takes long and is no matter here.
QUICK = {"autoencoder_kmeans": {"epochs": 20}}


def quick(name: str) -> Clusterer:
    return CLUSTERERS.get(name).with_settings(QUICK.get(name, {}))


def needs(name: str) -> None:
    if CLUSTERERS.get(name).required_extra and find_spec("torch") is None:
        pytest.skip(f"{name} needs the extra {CLUSTERERS.get(name).required_extra}")


@pytest.fixture(params=NAMES)
def part(request) -> Clusterer:
    needs(request.param)
    return quick(request.param)


def cloud(rows: int = 600, seed: int = 3) -> np.ndarray:
    """Return log spend and log days as a shop has them: one mass, whole-day atoms."""
    rng = np.random.default_rng(seed)
    days = 1 + rng.negative_binomial(1, 0.45, rows)
    spend = days * rng.lognormal(3.5, 0.8, rows)
    logs = np.log1p(np.stack([spend, days], axis=1))
    return (logs - logs.mean(axis=0)) / logs.std(axis=0)


def fit(part: Clusterer, matrix: np.ndarray, k: int = 3) -> Clusters:
    return part.fit(WeightedPoints.from_matrix(matrix), k, seed=0, n_init=3)


@cache
def fitted(part: Clusterer) -> Clusters:
    """Return the groups of the cloud, found once for all tests that read them."""
    return fit(part, cloud())


@pytest.mark.parametrize("name", NAMES)
def test_it_says_how_simple_it_is_and_declares_its_options(name):
    part = CLUSTERERS.get(name)
    assert part.complexity_rank >= 0
    assert part.with_settings({}) == part


@pytest.mark.parametrize("name", NAMES)
def test_the_manual_names_it_and_its_options(name):
    manual = (Path(__file__).parents[3] / "docs" / "reference" / "algorithms.md").read_text("utf-8")
    rows = (line.split("|") for line in manual.splitlines() if line.startswith("|"))
    row = next(cells for cells in rows if f"`{name}`" in cells[1])
    options = {f.name for f in fields(CLUSTERERS.get(name))}
    assert options == set(re.findall(r"`(\w+)`", row[5]))


def test_it_makes_as_many_groups_as_asked_and_none_is_empty(part):
    found = fitted(part)
    assert 1 <= found.k <= 8 if part.is_density_based else found.k == 3
    sizes = cluster_shares(WeightedPoints.from_matrix(cloud()), found)
    assert sum(sizes) == pytest.approx(1)
    assert min(sizes) > 0


def test_a_sweep_gives_what_single_fits_give(part):
    points = WeightedPoints.from_matrix(cloud(300))
    swept = part.fit_many(points, (2, 4), seed=1, n_init=2)
    assert swept[1] == part.fit(points, 4, seed=1, n_init=2)


def test_the_order_of_rows_changes_nothing(part):
    mixed = np.random.default_rng(1).permutation(cloud())
    assert fit(part, mixed) == fitted(part)


def test_its_groups_rise_on_the_first_axis(part):
    found = fitted(part)
    assert (np.diff(found.centres[:, 0]) >= 0).all()
    turned = found.reordered(range(found.k)[::-1])
    assert (turned.assign(cloud()) == found.k - 1 - found.assign(cloud())).all()
    assert (turned.centres == found.centres[::-1]).all()


def test_what_is_stored_comes_back_equal(part):
    found = fitted(part)
    back = Clusters.from_state(json.loads(json.dumps(found.to_state())))
    fresh = cloud(400, seed=8)
    assert back == found
    assert (back.assign(fresh) == found.assign(fresh)).all()
    assert back.predict_proba(fresh).tobytes() == found.predict_proba(fresh).tobytes()


def test_a_customer_alone_is_assigned_as_among_others(part):
    found, fresh = fitted(part), cloud(50, seed=8)
    together = found.assign(fresh).tolist()
    assert [int(found.assign(row[None])[0]) for row in fresh] == together
    alone = np.concatenate([found.predict_proba(row[None]) for row in fresh])
    assert alone.tobytes() == found.predict_proba(fresh).tobytes()


def test_nobody_to_assign_is_an_empty_answer(part):
    found, nobody = fitted(part), np.empty((0, 2))
    assert found.assign(nobody).shape == (0,)
    assert found.predict_proba(nobody).shape == (0, found.k)


def test_probabilities_add_up_and_the_likeliest_group_is_the_assigned(part):
    found = fitted(part)
    probabilities = found.predict_proba(cloud())
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert (probabilities.argmax(axis=1) == found.assign(cloud())).all()


def test_centres_are_the_means_of_the_rows_assigned(part):
    matrix = WeightedPoints.from_matrix(cloud()).matrix
    found = fit(part, matrix)
    labels = found.assign(matrix)
    means = [matrix[labels == g].mean(axis=0) for g in range(found.k)]
    assert np.allclose(found.centres, means, atol=1e-9)


def beyond(found: Clusters, matrix: np.ndarray) -> np.ndarray:
    """Return which rows lie beyond the radius of their group."""
    labels = found.assign(matrix)
    own = euclidean_distances(matrix, found.centres)[np.arange(len(matrix)), labels]
    return own > np.array(found.group_radii)[labels]


def test_one_row_in_a_hundred_lies_beyond_the_radius_and_one_far_away_does(part):
    found = fitted(part)
    assert beyond(found, cloud()).mean() <= 0.01
    far = np.array([[60.0, 60.0], [-60.0, 0.0], [0.0, 60.0]])
    assert beyond(found, far).all()


def test_a_hundred_identical_customers_get_one_group(part):
    matrix = np.concatenate([cloud(300), np.full((100, 2), 0.25)])
    assert len(set(fit(part, matrix).assign(matrix[300:]).tolist())) == 1


# Shops that leave an algorithm little to hold on to.
DEGENERATE = {
    "one customer": np.zeros((1, 2)),
    "identical customers": np.zeros((200, 2)),
    "fewer distinct than groups": np.repeat(np.eye(2), 50, axis=0),
    "as many distinct as groups": np.repeat([[0.0, 0], [1, 0], [4, 1]], 30, axis=0),
    "a constant column": np.stack([cloud(300)[:, 0], np.zeros(300)], axis=1),
    "two constant columns": np.zeros((300, 2)),
    "one column": cloud(300)[:, :1],
    "97 % one-time buyers who all spent alike": np.concatenate(
        [np.full((970, 2), -0.2), cloud(30) + 4.0]
    ),
    "97 % one-time buyers": np.stack(
        [cloud(1000)[:, 0], np.where(np.arange(1000) % 33, -0.2, 5.0)], axis=1
    ),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_poor_data_give_a_defined_result_or_a_clear_refusal(part, case):
    matrix = DEGENERATE[case]
    try:
        found = fit(part, matrix)
    except SegpredictError as refusal:
        said = refusal.message, refusal.fix
        assert all(said)
        return
    assert np.isfinite(found.centres).all()
    assert np.isfinite([found.inertia, found.noise_share, *found.group_radii]).all()
    assert np.isfinite(list(found.facts.values())).all()
    assert np.isfinite(found.predict_proba(matrix)).all()
    assert set(found.assign(matrix).tolist()) <= set(range(found.k))
    assert Clusters.from_state(json.loads(json.dumps(found.to_state()))) == found


def test_more_groups_than_distinct_points_are_refused(part):
    points = WeightedPoints.from_matrix(np.array([[0.0, 0.0]] * 5 + [[1.0, 0.0]]))
    with pytest.raises(SegpredictError, match=r"3 groups .* 6 rows hold only 2 distinct"):
        part.fit(points, 3, seed=0, n_init=2)


# What makes no balls of equal size, by its nature: bands of scores.
BANDS = ("rules",)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in BANDS])
def test_planted_groups_are_found(name):
    needs(name)
    rng = np.random.default_rng(3)
    truth = np.arange(900) % 3
    middles = np.array([[-2.0, -1.0], [0.0, 2.0], [2.5, 0.0]])
    matrix = middles[truth] + rng.normal(0, 0.25, (900, 2))
    found = fit(quick(name), matrix)
    assert found.k == 3
    near = euclidean_distances(found.centres, middles).min(axis=1)
    assert near.max() < 0.3
    agree = sum(np.bincount(found.assign(matrix)[truth == g]).max() for g in range(3))
    assert agree / 900 >= 0.97


@pytest.fixture(scope="module")
def years() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the buying of one year of a random shop, and of the year after."""
    world = shop.world(customers=500, days=728)
    cuts = [range(start + 91, start + 365, 91) for start in (0, 364)]
    first, second = (
        features.clustering_inputs(world, [(end - 91, end) for end in ends]) for ends in cuts
    )
    return first, second


ELSEWHERE = """
import json, sys
from pathlib import Path
import polars as pl
from segpredict.config.segmentation import SegmentationOptions
from segpredict.segmentation import Segmentation, fit, fit_segmentation
fit.STABILITY_DRAWS = 5
here = Path(sys.argv[1])
renamed, second = (pl.read_parquet(here / f"{year}.parquet") for year in ("renamed", "second"))
asked = json.loads((here / "asked.json").read_text())
for name, (_, state) in asked.items():
    Segmentation.from_state(state).assign(second).write_parquet(here / f"{name}.parquet")
assert "torch" not in sys.modules
states = {
    name: fit_segmentation(renamed, SegmentationOptions(**options)).to_state()
    for name, (options, _) in asked.items()
}
(here / "states.json").write_text(json.dumps(states))
"""


def test_other_ids_rows_threads_and_processes_change_nothing(years, tmp_path):
    first, second = years
    found, asked = {}, {}
    for name in NAMES:
        part = CLUSTERERS.get(name)
        if part.required_extra and find_spec("torch") is None:
            continue
        options = {"algorithm": name, "algorithm_settings": QUICK.get(name, {})}
        options |= {"k": 3, "n_init": 3}
        try:
            found[name] = segmentation.fit_segmentation(first, SegmentationOptions(**options))
        except SegpredictError:
            assert part.is_density_based, name  # it finds no groups in this shop
            continue
        asked[name] = options, found[name].to_state()
    (tmp_path / "asked.json").write_text(json.dumps(asked))
    renamed = first.with_columns(customer_id="z" + pl.col("customer_id").str.reverse())
    renamed.sample(fraction=1, shuffle=True, seed=4).write_parquet(tmp_path / "renamed.parquet")
    second.write_parquet(tmp_path / "second.parquet")
    # This process has one thread, as the processes of all tests.
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")
    subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(tmp_path)],
        env=os.environ | dict.fromkeys(threads, "2"),
        check=True,
    )
    states = json.loads((tmp_path / "states.json").read_text())
    for name, made in found.items():
        assert Segmentation.from_state(states[name]) == made, name
        here = made.assign(second)
        assert here.equals(pl.read_parquet(tmp_path / f"{name}.parquet")), name
        assert here.height == second.height
        assert here["segment"].is_between(1, made.k).all()
        assert made.clusters.k == made.k


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_extra_is_answered_with_its_install_line(name, monkeypatch):
    part = CLUSTERERS.get(name)
    if not part.required_extra:
        pytest.skip("it needs no extra")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ExtraMissingError) as refusal:
        fit(part, cloud(50))
    assert refusal.value.fix == ("pip install 'segpredict[deep]', or choose another.")
