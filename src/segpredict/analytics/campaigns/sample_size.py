"""Sample sizes of two-sided campaign tests, and the smallest uplift that they detect."""

import math
from dataclasses import dataclass
from statistics import NormalDist

BISECTION_STEPS = 60  # halvings; more than double precision can resolve


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Error rates of a test."""

    alpha: float = 0.05  # probability of detecting an uplift where there is none, two-sided
    power: float = 0.80  # probability of detecting the uplift if it exists

    @property
    def z_alpha(self) -> float:
        """Z of the level, z(1 − α/2)."""
        return NormalDist().inv_cdf(1 - self.alpha / 2)

    @property
    def z_power(self) -> float:
        """Z of the power."""
        return NormalDist().inv_cdf(self.power)


DEFAULT_ERROR_RATES = ErrorRates()


def sample_size_for_share(
    base_rate: float, uplift: float, errors: ErrorRates = DEFAULT_ERROR_RATES, ratio: float = 1.0
) -> int | None:
    """Return the size of the control group that detects a rise of a share.

    n = (z(1−α/2)·√((r+1)·p̄q̄) + z(power)·√(r·p₀q₀ + p₁q₁))² / (r·(p₁−p₀)²) with
    p̄ = (p₀ + r·p₁)/(r + 1), the normal approximation without continuity correction
    (Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, §4;
    R's ``power.prop.test`` is the case r = 1).

    >>> sample_size_for_share(0.50, 0.25, ErrorRates(power=0.90))
    77
    """
    treated_rate = base_rate + uplift
    if not 0 <= base_rate <= 1 or not 0 <= treated_rate <= 1 or not uplift:
        return None
    mean = (base_rate + ratio * treated_rate) / (ratio + 1)
    pooled_spread = math.sqrt((ratio + 1) * mean * (1 - mean))
    variances = ratio * base_rate * (1 - base_rate) + treated_rate * (1 - treated_rate)
    spread = errors.z_alpha * pooled_spread + errors.z_power * math.sqrt(variances)
    return max(2, math.ceil(spread**2 / (ratio * uplift**2)))


def sample_size_for_mean(
    sd: float,
    difference: float,
    rho: float = 0.0,
    errors: ErrorRates = DEFAULT_ERROR_RATES,
    ratio: float = 1.0,
) -> int | None:
    """Return the size of the control group that detects a rise of a mean.

    n = (1 + 1/r)·(z(1−α/2) + z(power))²·σ²(1−ρ²)/δ². What a customer spent before is taken out of
    the outcome (CUPED: Deng, Xu, Kohavi and Walker 2013), which leaves the share 1 − ρ² of the
    variance. At r = 1 and ρ = 0 this is Lehr's rule of sixteen: 15.7 σ²/δ².

    >>> [sample_size_for_mean(10.0, 1.0, rho) for rho in (0.0, 0.5)]
    [1570, 1178]
    """
    if not difference or sd <= 0 or not math.isfinite(sd):
        return None
    z = errors.z_alpha + errors.z_power
    left = sd**2 * (1 - rho**2)
    return max(2, math.ceil((1 + 1 / ratio) * z**2 * left / difference**2))


def minimum_detectable_share(
    base_rate: float, n_control: int, n_treated: int, errors: ErrorRates = DEFAULT_ERROR_RATES
) -> float | None:
    """Return the smallest rise of a share for which `sample_size_for_share` gives these sizes.

    >>> round(minimum_detectable_share(0.50, 77, 77, ErrorRates(power=0.90)), 2)
    0.25
    """
    if n_control < 2 or n_treated < 2 or not 0 <= base_rate < 1:
        return None
    low, high = 0.0, 1 - base_rate
    if not _is_detectable(base_rate, high, n_control, n_treated, errors):
        return None
    for _ in range(BISECTION_STEPS):
        middle = (low + high) / 2
        if _is_detectable(base_rate, middle, n_control, n_treated, errors):
            high = middle
        else:
            low = middle
    return high


def _is_detectable(
    base: float, uplift: float, n_control: int, n_treated: int, errors: ErrorRates
) -> bool:
    needed = sample_size_for_share(base, uplift, errors, n_treated / n_control)
    return needed is not None and needed <= n_control


def minimum_detectable_mean(
    sd: float,
    n_control: int,
    n_treated: int,
    rho: float = 0.0,
    errors: ErrorRates = DEFAULT_ERROR_RATES,
) -> float | None:
    """Return the smallest rise of a mean that arms of these sizes detect.

    >>> round(minimum_detectable_mean(10.0, 1570, 1570), 3)
    1.0
    """
    if n_control < 2 or n_treated < 2 or not math.isfinite(sd):
        return None
    left = max(0.0, 1 - rho**2)  # rounding can lift a correlation above one
    spread = sd * math.sqrt(left * (1 / n_control + 1 / n_treated))
    return (errors.z_alpha + errors.z_power) * spread


def minimum_holdout_share(
    base_rate: float, uplift: float, n: int, errors: ErrorRates
) -> float | None:
    """Return the least holdout share that detects the uplift.

    >>> minimum_holdout_share(0.5, 0.25, 400, ErrorRates())
    0.08
    """
    for percent in range(1, 51):
        n_control = n * percent // 100
        n_treated = n - n_control
        if n_control and _is_detectable(base_rate, uplift, n_control, n_treated, errors):
            return percent / 100
    return None
