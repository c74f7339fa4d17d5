"""Whether a customer is overdue by their own purchase rhythm."""

import polars as pl

from segpredict.features.engine import measures as m
from segpredict.features.family import Derived, Feature, FeatureFamily, Window


def _derive(_: Window) -> Derived:
    usual = m.gap_or_null("gap_median").clip(lower_bound=1.0)
    return {
        Feature(
            "overdue_ratio",
            "The current pause over the usual one: above 1 the customer is late.",
            "ratio",
        ): pl.col("last_ago") / usual,
        Feature(
            "overdue_sigma",
            "How unusual the current pause is for this customer, in standard deviations: above 2 "
            "is very late.",
            "deviations",
            low=None,
        ): _sigma(),
    }


def _sigma() -> pl.Expr:
    # Wilson and Hilferty: the cube root of a gamma value is very nearly normal, with
    # mean 1 - 1/9k and variance 1/9k after division by its mean. It puts customers in
    # the order of the gamma survival of the current pause.
    relative = (pl.col("last_ago") / m.GAP_MEAN).cbrt()
    variance = 1 / (9 * m.GAP_SHAPE)
    return (relative - (1 - variance)) / variance.sqrt()


PART = FeatureFamily("overdue", _derive, m.gap_measures, steps=m.gap_steps())
