"""What the sample shop may be like: every switch, with the plain shop as default."""

from dataclasses import dataclass

from segpredict.errors import UsageError


@dataclass(frozen=True, slots=True)
class Options:
    """How the world ``shop`` differs from its plain form.

    Parameters
    ----------
    regularity
        Shares of customers whose gaps are Gamma(k, kλ) with k = 1, 2 and 4: as at
        random, steady, like clockwork.
    promotions
        How much a promotion speeds up the customers most sensitive to it: 1 means
        e¹ = 2.7 times as many orders in its week. There are six a year, and prices
        are a fifth lower.
    tiers
        Share of lines bought in the customer's own price tier.
    informative
        How much demographics tell of the latent class, from 0 (nothing) to 1.
    sessions
        Whether to draw web sessions.
    return_days
        Mean days until a line is sent back.
    cancelled, duplicates, free
        Share of orders cancelled within minutes; of lines written twice; of lines
        at price zero.
    guests
        Customers without an id, per customer with one.
    drift_day
        The day (0 is the first) from which new customers are of other classes and the
        season is weaker; ``None`` is never.
    treated_day, uplift
        From that day on a random half of the customers is treated: those of the class
        Occasional order ``1 + uplift`` times as often, Regular ones ``1 + uplift / 2``
        times, Core customers as before and One-timers ``1 - uplift / 2`` times, so
        those most at risk are not those whom a treatment helps most.

    Raises
    ------
    UsageError
        When a share is not between 0 and 1 or a length is negative.
    """

    regularity: tuple[float, float, float] = (0.6, 0.25, 0.15)
    promotions: float = 0.0
    tiers: float = 0.0
    informative: float = 0.5
    sessions: bool = False
    return_days: float = 14.0
    cancelled: float = 0.012
    duplicates: float = 0.005
    free: float = 0.003
    guests: float = 0.12
    drift_day: int | None = None
    treated_day: int | None = None
    uplift: float = 0.3

    def __post_init__(self) -> None:
        shares = ("tiers", "informative", "cancelled", "duplicates", "free", "uplift")
        for name in shares:
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(
                    f"{name} = {getattr(self, name)} is no share.",
                    fix="give a number from 0 to 1.",
                )
        lengths = ("promotions", "guests", "return_days")
        if min(getattr(self, name) for name in lengths) < 0:
            raise UsageError(
                f"{', '.join(lengths)} must not be negative.", fix="give 0 or more."
            )
        if min(self.regularity) < 0 or abs(sum(self.regularity) - 1) > 1e-9:
            raise UsageError(
                f"The shares of regularity, {self.regularity}, do not add up to 1.",
                fix="give three shares, for k = 1, 2 and 4.",
            )
