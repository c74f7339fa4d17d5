"""The segmentation as a scikit-learn estimator, for any numeric customer features."""

import warnings
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON
from segpredict.errors import SupportError
from segpredict.segmentation.algorithms import (
    CLUSTERERS,
    COORDINATE_SCALE,
    Clusters,
    WeightedPoints,
    euclidean_distances,
)

MAX_POINTS = 200_000
MAX_VALUE = 1e100  # squares of larger values, and sums of them, are no longer finite
MAX_COORDINATE = 2**53 / COORDINATE_SCALE  # whole steps beyond it are not exact


def _is_soft(segmentation: "Segmenter") -> bool:
    """Return whether the fitted groups are a mixture; an error says why not."""
    check_is_fitted(segmentation)
    if not segmentation.clusters_.assignment_rule.is_soft:
        raise AttributeError(
            f"{segmentation.algorithm} puts each customer into one segment; "
            "choose gmm for probabilities."
        )
    return True


class Segmenter(ClusterMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Find segments with any of this package's algorithms, the scikit-learn way.

    Parameters
    ----------
    n_segments
        Number of segments; algorithms that find it themselves ignore it.
    algorithm
        Name of a part of `segpredict.segmentation.algorithms`, such as ``kmeans`` or ``ward``.
    scale
        Whether to standardise the columns first, so that all have equal weight.
    n_init
        Random starts of the algorithm.
    algorithm_settings
        Options of the algorithm that differ from its defaults, by name.
    random_state
        Random seed.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,)
        The segment of each row of `fit`, 0 … ``n_segments_`` − 1.
    cluster_centers_ : ndarray of shape (``n_segments_``, ``n_features_in_``)
        Mean of each segment, in the units of the columns.
    n_segments_ : int
        How many segments there are.
    inertia_ : float
        Sum of squared distances of the rows to the centres of their segments, in
        squared standard deviations where the columns are standardised.
    clusters_ : Clusters
        The frozen groups; their ``to_state()`` is plain JSON.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Their names, where they have names.

    See Also
    --------
    segpredict.segmentation.fit_segmentation : segments of a shop, with ids and names.

    Notes
    -----
    The algorithms are those of `segpredict cluster`: distinct points
    with weights, exact sums, one thread, no dependence on the order of rows. Values are
    rounded to 10⁻⁶ (of a standard deviation, if scaled).

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> customers = np.array([[20.0, 1], [30, 1], [25, 2], [900, 9], [950, 12]])
    >>> model = make_pipeline(FunctionTransformer(np.log1p), Segmenter(n_segments=2))
    >>> model.fit(customers).predict([[22.0, 1], [1000, 10]]).tolist()
    [0, 1]
    >>> model.transform(customers).shape
    (5, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_segments": [Interval(Integral, 1, None, closed="left")],
        "algorithm": [StrOptions(set(CLUSTERERS.names()))],
        "scale": ["boolean"],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "algorithm_settings": [dict, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_segments: int = 4,
        *,
        algorithm: str = "kmeans",
        scale: bool = True,
        n_init: int = 20,
        algorithm_settings: dict[str, JSON] | None = None,
        random_state: int | np.integer[Any] | np.random.RandomState | None = 0,
    ) -> None:
        self.n_segments = n_segments
        self.algorithm = algorithm
        self.scale = scale
        self.n_init = n_init
        self.algorithm_settings = algorithm_settings
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: object = None) -> "Segmenter":  # noqa: ARG002
        """Find the segments of these rows.

        Parameters
        ----------
        X
            One row a customer, one column a feature; finite numbers.
        y
            Not used.

        Raises
        ------
        ValueError
            When there are fewer rows than segments, or X is no table of finite numbers, or they
            are too large to be compared exactly (above 9 · 10⁹ after scaling).

        Warns
        -----
        ConvergenceWarning
            When there are fewer distinct rows than segments, or an algorithm that looks
            for dense regions finds none: all rows are in one segment then.
        """
        self._validate_params()
        matrix = _in_range(validate_data(self, X, dtype=np.float64), MAX_VALUE, "Values")
        if len(matrix) < self.n_segments:
            raise ValueError(f"n_samples={len(matrix)} should be >= n_segments={self.n_segments}.")
        self._mean, self._scale = _scales(matrix, is_scaled=self.scale)
        rows = _in_range(self._scaled(matrix), MAX_COORDINATE, "Values on the scale of the fit")
        points = WeightedPoints.from_matrix(rows).quantize(MAX_POINTS)
        self.clusters_ = self._fit_clusters(points)
        self.n_segments_ = self.clusters_.k
        self.inertia_ = self.clusters_.inertia
        self.cluster_centers_ = self.clusters_.centres * self._scale + self._mean
        self.labels_ = self.clusters_.assign(rows)
        return self

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Return the segment of each row, seen or new."""
        points = self._validated(X)  # first, so that an unfitted estimator says so
        return self.clusters_.assign(points)

    @available_if(_is_soft)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: npt.ArrayLike) -> FloatArray:
        """Return the probability of each segment for each row, adding up to 1; of mixtures only."""
        return self.clusters_.predict_proba(self._validated(X))

    def transform(self, X: npt.ArrayLike) -> FloatArray:
        """Return the distance of each row to the centre of each segment.

        In standard deviations where the columns are standardised; one column for each segment.
        """
        points = self._validated(X)
        return euclidean_distances(points, self.clusters_.centres)

    def score(self, X: npt.ArrayLike, y: object = None) -> float:  # noqa: ARG002
        """Return how well the segments fit these rows: the higher, the better.

        Minus the sum of squared distances of the rows to the centres of their segments, as with
        ``KMeans``; for searches such as ``GridSearchCV``.
        """
        points = self._validated(X)
        distances = euclidean_distances(points, self.clusters_.centres)
        own = distances[np.arange(len(points)), self.clusters_.assign(points)]
        return -float(np.square(own).sum())

    def get_feature_names_out(
        self,
        input_features: object = None,  # noqa: ARG002
    ) -> npt.NDArray[np.object_]:
        """Return the names of what `transform` gives: ``segmenter0`` and so on."""
        check_is_fitted(self)
        return np.array([f"segmenter{i}" for i in range(self.n_segments_)], dtype=object)

    def _fit_clusters(self, points: WeightedPoints) -> Clusters:
        clusterer = CLUSTERERS.get(self.algorithm).with_settings(self.algorithm_settings or {})
        k = min(self.n_segments, len(points))
        if k < self.n_segments:
            note = f"There are {k} distinct rows, so {k} segments are made."
            warnings.warn(note, ConvergenceWarning, stacklevel=3)
        seed = self.random_state
        if isinstance(seed, int | np.integer):
            seed = int(seed)
        else:
            seed = int(check_random_state(seed).randint(2**31 - 1))
        try:
            return clusterer.fit(points, k, seed=seed, n_init=self.n_init)
        except SupportError as error:
            if not clusterer.is_density_based:
                raise ValueError(error.message) from None
            note = f"{error.message} All rows are one segment."
            warnings.warn(note, ConvergenceWarning, stacklevel=3)
            everyone = points.group_means(np.zeros(len(points), np.intp), points.matrix[:1])
            return Clusters.from_centres(points, everyone)

    def _validated(self, X: npt.ArrayLike) -> FloatArray:
        check_is_fitted(self)
        matrix = validate_data(self, X, dtype=np.float64, reset=False)
        return self._scaled(_in_range(matrix, MAX_VALUE, "Values"))

    def _scaled(self, matrix: FloatArray) -> FloatArray:
        return np.asarray((matrix - self._mean) / self._scale, np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def _in_range(matrix: FloatArray, limit: float, what: str) -> FloatArray:
    """Return a matrix if no value is beyond a limit."""
    largest = np.abs(matrix).max(initial=0.0)
    if largest > limit:
        raise ValueError(
            f"{what} reach {largest:.3g}, and segments are exact up to {limit:.3g} only; "
            "transform the column, for instance to logarithms."
        )
    return matrix


def _scales(matrix: FloatArray, *, is_scaled: bool) -> tuple[FloatArray, FloatArray]:
    """Return mean and spread of each column, equal for any order of the rows."""
    if not is_scaled:
        return np.zeros(matrix.shape[1]), np.ones(matrix.shape[1])
    ordered = np.sort(matrix, axis=0)
    spread = ordered.std(axis=0)
    # Rounding errors alone are no spread.
    threshold = 10 * np.finfo(np.float64).eps * np.abs(ordered).max(axis=0)
    return ordered.mean(axis=0), np.where(spread > threshold, spread, 1.0)
