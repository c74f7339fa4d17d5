"""What a person may change about segments that the data have made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from segpredict.errors import ConfigError

Column = Literal["spend", "days", "recency", "products", "units", "refunds"]
COLUMNS = get_args(Column)


@dataclass(frozen=True, slots=True)
class ApartOptions:
    """A segment that a rule sets apart before the others are made.

    Parameters
    ----------
    column
        The column of the instrument that the rule reads.
    top
        Share of the customers with the highest values; those who tie with the last of
        them are among them.
    least
        Or the least value: in currency, days, products or pieces.

    Raises
    ------
    ConfigError
        Unless one of `top` and `least` is given, in its range.
    """

    column: Column = "spend"
    top: float | None = None
    least: float | None = None

    def __post_init__(self) -> None:
        is_one = (self.top is None) != (self.least is None)
        if not is_one or (self.top is not None and not 0 < self.top < 0.5):
            raise ConfigError(
                "A segment that is set apart needs either top, a share above 0 and "
                f"below 0.5, or least; found top = {self.top}, least = {self.least}.",
                fix='write it as in [segments.refine.apart] "Key accounts" = '
                '{ column = "spend", top = 0.005 }.',
            )


@dataclass(frozen=True, slots=True)
class RefineOptions:
    """What people decide over the data: all of it logged, ids left as they are.

    Parameters
    ----------
    merge
        Groups of ids that are to be one segment, which bears the first of them, such
        as ``[["S2", "S3"]]``.
    pin
        Ids of segments that a refit must leave where they are.
    weights
        How much each column of the instrument counts in squared distance, 1 where it is
        not named, 0 to leave it out.
    apart
        Segments that a rule sets apart, by name.

    Raises
    ------
    ConfigError
        When a weight is negative, spend is left out, or a merge names fewer than two.
    """

    merge: tuple[tuple[str, ...], ...] = ()
    pin: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    apart: Mapping[str, ApartOptions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        merged = [id_ for ids in self.merge for id_ in ids]
        is_met = {
            f"weights of {', '.join(COLUMNS)}": set(self.weights) <= set(COLUMNS),
            "weights of 0 or more": all(w >= 0 for w in self.weights.values()),
            "a weight of spend above 0": self.weights.get("spend", 1.0) > 0,
            "at least two ids in each merge": all(len(set(m)) > 1 for m in self.merge),
            "no id in two merges": len(merged) == len(set(merged)),
        }
        broken = [rule for rule, is_kept in is_met.items() if not is_kept]
        if broken:
            raise ConfigError(
                f"What [segments.refine] says breaks: {'; '.join(broken)}.",
                fix="correct it in the config, or with --set.",
            )
