"""Gaussian mixture: soft groups with covariances; ICL chooses their type."""

from dataclasses import dataclass
from typing import ClassVar

from segpredict.errors import ConfigError
from segpredict.segmentation.algorithms._clusterer import Clusterer, Clusters, require_points
from segpredict.segmentation.algorithms._gaussian_rule import (
    COVARIANCE_TYPES,
    fit_mixture,
    kmeans_starts,
)
from segpredict.segmentation.algorithms._points import WeightedPoints


@dataclass(frozen=True)
class GaussianMixtureClustering(Clusterer):
    """Gaussian mixture by EM on weighted points, started from K-means."""

    complexity_rank: ClassVar[int] = 4
    # ``full``, ``diag``, ``tied``, or ``auto``: that of the three with the least ICL
    covariance_type: str = "auto"
    reg_covar: float = 1e-3  # added to every variance, so that no group can collapse onto one point
    n_starts: int = 3  # seeds of K-means to start from
    sample_rows: int = 5_000  # points that EM works on; they represent all

    def fit(self, points: WeightedPoints, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points; ``facts`` hold ``bic`` and ``icl``."""
        require_points(points, k)
        sample = points.quantize(max(self.sample_rows, k))
        starts = kmeans_starts(sample, k, seed, min(self.n_starts, n_init))
        mixtures = [fit_mixture(sample, starts, s, self.reg_covar) for s in self._covariance_types]
        best = min(mixtures, key=lambda fitted: fitted.icl)
        facts = {"bic": best.bic, "icl": best.icl}
        return Clusters.from_rule(points, best.mixture, facts=facts)

    @property
    def _covariance_types(self) -> tuple[str, ...]:
        if self.covariance_type not in (*COVARIANCE_TYPES, "auto"):
            raise ConfigError(
                f"The covariance type of a Gaussian mixture cannot be {self.covariance_type!r}.",
                fix=f"choose one of {', '.join(COVARIANCE_TYPES)} or auto.",
            )
        return COVARIANCE_TYPES if self.covariance_type == "auto" else (self.covariance_type,)


PART = GaussianMixtureClustering()
