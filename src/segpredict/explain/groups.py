"""Group columns with the same information, and give each group a headline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl

from segpredict.core.arrays import FloatArray
from segpredict.core.panel import Feature
from segpredict.core.types import JSON

MIN_CORRELATION = 0.7  # |Spearman| above which columns are one group
OTHER_FAMILY = "other"  # the family of a column that no family declares

# Families whose columns measure one thing at several times: never split.
WHOLE_FAMILIES = ("history",)

# Recency is the age less the time from the first to the last purchase.
GROUPED_COLUMNS = ("recency_days", "t_x_days", "age_days")

# The headlines that marketers know, and two for all other columns.
HEADLINES = ("Recency", "Frequency", "Monetary", "Segment so far", "Other")
_RECENCY, _FREQUENCY, _MONETARY, _SEGMENT, OTHER_HEADLINE = HEADLINES
_BY_NAME = {
    **dict.fromkeys((*GROUPED_COLUMNS, "windows_since", "share_first_half"), _RECENCY),
    "windows_active": _FREQUENCY,
    "trend_spend": _MONETARY,
}
_FREQUENCY_PREFIXES = ("freq_", "days_")
_BY_FAMILY = {
    **dict.fromkeys(("timing", "trend", "btyd"), _FREQUENCY),
    "segment": _SEGMENT,
    "overdue": _RECENCY,
}


@dataclass(frozen=True, slots=True)
class FeatureGroup:
    """Columns whose contributions are summed before they are compared.

    >>> group = FeatureGroup("spend_91", "rfm", "Monetary", ("spend_91", "spend_182"))
    >>> FeatureGroup.from_state(group.to_state()) == group
    True
    """

    name: str  # the column that represents the group
    # the feature family, and one of `HEADLINES`
    family: str
    headline: str
    features: tuple[str, ...]  # the columns

    def to_state(self) -> JSON:
        """Return the group as JSON."""
        return [self.name, self.family, self.headline, list(self.features)]

    @classmethod
    def from_state(cls, state: JSON) -> "FeatureGroup":
        """Return the group that gave a state."""
        return cls(state[0], state[1], state[2], tuple(state[3]))


def headline_of(feature: Feature) -> str:
    """Return which of `HEADLINES` a column belongs to."""
    if feature.name in _BY_NAME:
        return _BY_NAME[feature.name]
    if feature.name.startswith(_FREQUENCY_PREFIXES):
        return _FREQUENCY
    if feature.unit == "currency":
        return _MONETARY
    return _BY_FAMILY.get(feature.family, OTHER_HEADLINE)


def group_features(
    cells: FloatArray,
    names: Sequence[str],
    glossary: Sequence[Feature],
    importance: FloatArray | None = None,
) -> tuple[FeatureGroup, ...]:
    r"""Return the groups of the columns: correlated and of one headline.

    Average linkage on 1 − \|Spearman\|, cut at 1 − `MIN_CORRELATION`, among columns of one
    headline; those of none stay within their families. Families alone would separate one number
    under two names (days of the last 91, days of the window of 91). Columns of which one follows
    from the others (`GROUPED_COLUMNS`) are never separated.
    """
    known: Mapping[str, Feature] = {feature.name: feature for feature in glossary}
    similarity = np.abs(_spearman(cells))
    declared = [known.get(name, Feature(name, "", "", family=OTHER_FAMILY)) for name in names]
    topics: dict[tuple[str, str], list[int]] = {}
    for place, feature in enumerate(declared):
        about = headline_of(feature)
        is_own = about == OTHER_HEADLINE or feature.family in WHOLE_FAMILIES
        topics.setdefault((about, feature.family if is_own else ""), []).append(place)
    sizes = np.zeros(len(names)) if importance is None else importance
    found = [
        _named(part, declared, sizes)
        for (_, family), places in topics.items()
        for part in ([places] if family in WHOLE_FAMILIES else _split(places, similarity, declared))
    ]
    return tuple(sorted(found, key=lambda group: names.index(group.features[0])))


def group_contributions(
    contributions: FloatArray, names: Sequence[str], groups: Sequence[FeatureGroup]
) -> FloatArray:
    """Return contributions summed within groups: customers × segments × groups."""
    places = {name: place for place, name in enumerate(names)}
    member = np.zeros((len(names), len(groups)))
    for column, group in enumerate(groups):
        member[[places[name] for name in group.features], column] = 1.0
    return np.asarray(contributions @ member, dtype=np.float64)


def group_importance(
    contributions: FloatArray, names: Sequence[str], groups: Sequence[FeatureGroup]
) -> FloatArray:
    """Return the mean absolute contribution of each group, centred over all segments."""
    centred = contributions - contributions.mean(axis=1, keepdims=True)
    sums = group_contributions(centred, names, groups)
    return np.asarray(np.abs(sums).mean(axis=(0, 1)), dtype=np.float64)


def correlated_groups(
    cells: FloatArray, groups: Sequence[FeatureGroup], names: Sequence[str]
) -> tuple[tuple[str, str, float], ...]:
    """Return pairs of groups whose representative columns are correlated."""
    places = [names.index(group.name) for group in groups]
    similarity = np.abs(_spearman(cells[:, places]))
    return tuple(
        (groups[i].name, groups[j].name, round(float(similarity[i, j]), 3))
        for i, j in combinations(range(len(groups)), 2)
        if similarity[i, j] > MIN_CORRELATION
    )


def _spearman(cells: FloatArray) -> FloatArray:
    """Return rank correlations; a missing value gets the mean rank."""
    if len(cells) < 3:
        return np.eye(cells.shape[1])
    frame = pl.DataFrame(cells, schema=[f"c{i}" for i in range(cells.shape[1])])
    ranks = frame.select(pl.all().fill_nan(None).rank()).select(
        pl.all().fill_null(pl.all().mean()).fill_null(0.0)
    )
    centred = ranks.to_numpy() - ranks.to_numpy().mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    size[size == 0] = np.inf
    return np.asarray((centred / size).T @ (centred / size), dtype=np.float64)


def _split(
    places: Sequence[int], similarity: FloatArray, explanation: Sequence[Feature]
) -> list[list[int]]:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(places) == 1:
        return [list(places)]
    apart = np.clip(1 - similarity[np.ix_(places, places)], 0.0, 1.0)
    np.fill_diagonal(apart, 0.0)
    tree = linkage(squareform(apart, checks=False), "average")
    labels = fcluster(tree, 1 - MIN_CORRELATION, "distance")
    parts: dict[int, list[int]] = {}
    pairs = list(zip(places, labels, strict=True))
    one = [label for place, label in pairs if explanation[place].name in GROUPED_COLUMNS]
    for place, label in pairs:
        parts.setdefault(int(one[0] if label in one else label), []).append(place)
    return list(parts.values())


def _named(
    places: Sequence[int], explanation: Sequence[Feature], importance: FloatArray
) -> FeatureGroup:
    lead = explanation[max(places, key=lambda place: (importance[place], -place))]
    columns = tuple(explanation[place].name for place in places)
    return FeatureGroup(lead.name, lead.family or OTHER_FAMILY, headline_of(lead), columns)
