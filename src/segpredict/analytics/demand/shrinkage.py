"""Gamma-Poisson shrinkage: rates of small items are shrunk to their family."""

import numpy as np

from segpredict.core.arrays import FloatArray, IntArray


def gamma_poisson_rates(
    units: FloatArray,
    scatter: FloatArray,
    exposure: FloatArray,
    family: IntArray,
    mean: FloatArray | None = None,
) -> FloatArray:
    """Return rates, each shrunk to the mean of its family by its uncertainty.

    One rate for each of `units`. Without exposure it is the family's mean.

    A rate is drawn from a gamma distribution with the family's mean m and variance τ². Units vary
    by φ · mean, where φ = Σ(y − ȳ)² / Σy: buyers arrive by Poisson and each takes a batch (with φ =
    1 it is the plain Gamma-Poisson). φ is each item's own, with the family's at the weight of one
    piece: a wholesaler's thousand make one product uncertain and not all of them. The posterior
    mean is m + w(r − m) with w = E / (E + φm/τ²). τ² is what the rates r of a family differ by more
    than chance, Σ E(r − m)² − Σ φm (times 1 − 1/J where m is fitted to the J rows), over ΣE −
    ΣE²/ΣE; with a given mean over ΣE.

    After Efron and Morris, Data analysis using Stein's estimator (1975); Fader and Hardie on
    Gamma-Poisson purchase rates.

    Two rows of ten customers differ by no more than Poisson would have them.

    >>> import numpy as np
    >>> sold, ten = np.array([[4.0], [6.0]]), np.array([[10.0], [10.0]])
    >>> gamma_poisson_rates(sold, sold, ten, np.array([0, 0]))[:, 0].tolist()
    [0.5, 0.5]
    """
    count = int(family.max()) + 1 if len(family) else 0

    def total(values: FloatArray) -> FloatArray:
        sums = np.zeros((count, units.shape[1]))
        np.add.at(sums, family, values)
        return sums

    sold, reach = total(units), total(exposure)
    centre = _over(sold, reach) if mean is None else mean
    family_mean = centre[family]
    rate = np.where(exposure > 0, _over(units, exposure), family_mean)
    family_batch = np.where(sold > 0, _over(total(scatter), sold), 1.0)
    batch = (scatter + family_batch[family]) / (units + 1)
    noise = batch * family_mean
    expected_noise = total(np.where(exposure > 0, noise, 0.0))
    effective_exposure = reach
    if mean is None:
        rows = total((exposure > 0).astype(float))
        expected_noise = expected_noise * (1 - _over(np.ones_like(rows), rows))
        effective_exposure = reach - _over(total(exposure**2), reach)
    squared_deviation = total(exposure * (rate - family_mean) ** 2)
    variance = np.maximum(_over(squared_deviation - expected_noise, effective_exposure), 0.0)
    spread = variance[family] * exposure
    return family_mean + _over(spread, spread + noise) * (rate - family_mean)


def _over(above: FloatArray, below: FloatArray) -> FloatArray:
    """Return a quotient, 0 where there is nothing to divide by."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
