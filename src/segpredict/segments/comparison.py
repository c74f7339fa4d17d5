"""Every way to segment the same windows, measured alike.

A way is an algorithm, a number of segments and an instrument. The work is parted into
heats, one an algorithm and instrument; a heat can be kept and need not be measured
again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from segpredict import contracts
from segpredict.clustering import (
    AIMS,
    CLUSTERERS,
    Clusters,
    Floats,
    Labels,
    Points,
    SegmentOptions,
)
from segpredict.criteria import (
    Bar,
    Bench,
    Contender,
    Earlier,
    Selection,
    Trial,
    coded,
    gap_choices,
    knee,
    likeness,
    measure,
    select,
    separation,
)
from segpredict.errors import ExtraMissingError
from segpredict.segments._transform import INSTRUMENTS, fit_axes, further
from segpredict.tables import JSON, MONEY

SHARED = 2_000  # rows on which the segments of all candidates are laid side by side
FALLBACK, BANDS = "rules", 3  # where no candidate passes

# From labels of the rows and how many groups there are to nats and their error.
Information = Callable[[Labels, int], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Heat:
    """One algorithm on one instrument, at all numbers of segments."""

    instrument: str
    algorithm: str


@dataclass(frozen=True, eq=False)
class Contest:
    """Ways to segment one shop's windows, and what they are measured with.

    Parameters
    ----------
    instrument
        `contracts.INSTRUMENT` with every column that an instrument may need: windows
        of one length, all of which ended on or before the first test cutoff. Without
        the rows that rules set apart: they are grouped nowhere.
    options
        What to compare, and the bar to pass.
    lead
        Days from the end of a window to the end of its outcome.
    information
        Tells how much can be foretold of later segments; ``None`` where history is too
        short for it.
    """

    instrument: pl.DataFrame
    options: SegmentOptions
    lead: int
    information: Information | None = None

    @cached_property
    def heats(self) -> tuple[Heat, ...]:
        """All heats, plainest instrument and simplest algorithm first."""
        bar = self.options.compare
        names = bar.algorithms or CLUSTERERS.names()
        simple = sorted(names, key=lambda name: (CLUSTERERS.get(name).rank, name))
        order = [name for name in INSTRUMENTS if name in bar.instruments]
        return tuple(Heat(i, name) for i in order for name in simple)

    def run(self, heat: Heat) -> list[Trial]:
        """Return the trials of one heat, by rising number of segments.

        What cannot be fitted here is told in the trial's note, and is no failure of the
        comparison.
        """
        clusterer = CLUSTERERS.get(heat.algorithm)
        compare = self.options.compare
        ks = compare.ks[:1] if clusterer.is_density else compare.ks
        blank = Trial(
            instrument=heat.instrument,
            algorithm=heat.algorithm,
            asked=0,
            rank=clusterer.rank,
        )
        trials = {k: replace(blank, asked=k) for k in ks}
        field = self._field(heat.instrument)
        contender = Contender(
            clusterer.tuned(self._settings(heat.algorithm)),
            self.options.n_init,
            compare.starts,
            self.options.seed,
        )
        try:
            found = measure(trials, contender, field.bench, self._bar)
        except ExtraMissingError as error:
            return [replace(trial, note=str(error)) for trial in trials.values()]
        few = "the customers are not varied enough for so many segments"
        return [
            self._outcome(*found[k], field) if k in found else replace(trial, note=few)
            for k, trial in trials.items()
        ]

    def _settings(self, algorithm: str) -> Mapping[str, Any]:
        """Return the settings of one algorithm; those given are of the one named."""
        return self.options.settings if algorithm == self.options.algorithm else {}

    def _outcome(self, trial: Trial, clusters: Clusters, field: "Field") -> Trial:
        labels = clusters.assign(field.places)
        told: dict[str, Any] = {"groups": coded(labels[self._shared])}
        rows, spent, customers = self._later
        if len(rows):
            value, error = separation(spent, labels[rows], customers)
            told.update(value=round(value, 6), value_se=round(error, 6))
        if self.information is not None:
            nats, error = self.information(labels, clusters.k)
            told.update(information=round(nats, 6), information_se=round(error, 6))
        return replace(trial, **told)

    @cached_property
    def _rows(self) -> pl.DataFrame:
        return contracts.check(self.instrument, contracts.INSTRUMENT)

    @cached_property
    def _bar(self) -> Bar:
        active = self._rows.height / self._rows["end"].n_unique()
        return Bar(self.options, self.options.least_customers(active))

    @cached_property
    def _fields(self) -> dict[str, "Field"]:
        return {}

    def _field(self, name: str) -> "Field":
        """Return what one instrument measures; only the last one is kept."""
        if name not in self._fields:
            self._fields.clear()
            self._fields[name] = Field.of(self._rows, name, self.options, self.lead)
        return self._fields[name]

    @cached_property
    def _shared(self) -> Labels:
        """Places of rows at even steps through what was bought, blind to ids."""
        order = self._rows.select(
            pl.struct(pl.exclude("customer_id", "end")).arg_sort()
        ).to_series()
        count = min(len(order), SHARED)
        return order.to_numpy()[np.arange(count) * len(order) // count].astype(np.intp)

    @cached_property
    def _later(self) -> tuple[Labels, Floats, Labels]:
        """Rows whose outcome is known, log revenue in it, and whose they are."""
        rows = self._rows.with_row_index("row")
        ends = rows["end"].unique()
        after = rows.select(
            "customer_id",
            (pl.col("end") - self.lead).cast(pl.Int32).alias("end"),
            later=pl.col("spend"),
        )
        pairs = (
            rows.filter((pl.col("end") + self.lead).is_in(ends.implode()))
            .join(after, on=["customer_id", "end"], how="left", maintain_order="left")
            .with_columns(
                pl.col("customer_id").rank("dense").cast(pl.Int64) - 1,
                (pl.col("later").fill_null(0).clip(0) / MONEY).log1p(),
            )
        )
        return (
            pairs["row"].to_numpy().astype(np.intp),
            pairs["later"].to_numpy(),
            pairs["customer_id"].to_numpy().astype(np.intp),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """The rows as one instrument places them.

    Parameters
    ----------
    places
        One row an instrument's row.
    bench
        What all candidates share.
    """

    places: Floats
    bench: Bench

    @classmethod
    def of(
        cls, rows: pl.DataFrame, name: str, options: SegmentOptions, lead: int
    ) -> "Field":
        """Return the rows in the space that an instrument makes of them."""
        weights = options.refine.weights
        axes = fit_axes(rows, options.winsor, name, weights)
        places = rows.select(axis.place for axis in axes).to_numpy()
        newest = rows["end"].max()
        known = rows.filter(pl.col("end") <= pl.lit(newest) - lead)
        new = rows.filter(pl.col("end") == newest)
        earlier = None
        if known.height:
            before = fit_axes(known, options.winsor, name, weights)
            earlier = Earlier(
                Points.of(known.select(a.place for a in before).to_numpy()),
                new.select(a.place for a in before).to_numpy(),
                new.select(a.place for a in axes).to_numpy(),
            )
        points = Points.of(places).thin(options.max_points)
        windows = rows["end"].n_unique()
        customers = rows["customer_id"].n_unique()
        bench = Bench(
            points, options.compare, windows, customers, options.seed, earlier
        )
        return cls(places, bench)


def columns() -> tuple[str, ...]:
    """Return what `features.instrument` must measure for all instruments."""
    return further(dict.fromkeys(c for names in INSTRUMENTS.values() for c in names))


def comparison_table(trials: Sequence[Trial], selection: Selection) -> pl.DataFrame:
    """Return the comparison, one way to segment a row.

    Returns
    -------
    polars.DataFrame
        The fields of `Trial` but the groups; ``is_elbow`` and ``is_gap`` (what those
        two rules would take), ``score`` with ``behind`` and ``behind_se``, the ranks,
        ``ari_winner``, ``twin`` (a simpler way that makes the same segments, so that
        this one is not ranked) and ``is_chosen``.
    """
    elbows, gaps = _elbows(trials), gap_choices(trials)
    alike = likeness(trials, selection.winner)
    rows = []
    for i, trial in enumerate(trials):
        state = trial.state()
        del state["groups"]
        key = (trial.instrument, trial.algorithm)
        standing = selection.standings.get(i)
        ranks = {} if standing is None else standing.ranks
        rows.append(
            {
                **state,
                "jaccards": " ".join(f"{share:.3f}" for share in trial.jaccards),
                "failed": ", ".join(trial.failed),
                "passes": trial.passes,
                "is_elbow": elbows.get(key) == trial.asked,
                "is_gap": gaps.get(key) == trial.k,
                "score": None if standing is None else standing.score,
                "behind": None if standing is None else standing.behind,
                "behind_se": None if standing is None else standing.behind_se,
                **{f"rank_{aim}": ranks.get(aim) for aim in AIMS},
                "ari_winner": alike[i],
                "twin": _twin(trials, selection, i),
                "is_chosen": selection.winner == i,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col(pl.Null).cast(pl.Float64)
    )


def _twin(trials: Sequence[Trial], selection: Selection, place: int) -> str:
    first = selection.twins.get(place)
    return "" if first is None else trials[first].name


def _elbows(trials: Sequence[Trial]) -> dict[tuple[str, str], int | None]:
    curves: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for trial in trials:
        if trial.inertia is not None:
            key = (trial.instrument, trial.algorithm)
            curves.setdefault(key, []).append((trial.asked, trial.inertia))
    return {
        key: knee([k for k, _ in curve], [spread for _, spread in curve])
        for key, curve in curves.items()
    }


def decide(trials: Sequence[Trial], options: SegmentOptions) -> Selection:
    """Return what the rule of `criteria.select` takes."""
    return select(trials, options.compare)


def taken(
    options: SegmentOptions, trials: Sequence[Trial], selection: Selection
) -> SegmentOptions:
    """Return the options that make the segments which the rule took.

    Where no candidate passes, segments are made by rule: the grid that fails the fewest
    gates, or three bands of it where the grid was not compared.
    """
    if selection.winner is not None:
        winner = trials[selection.winner]
    else:
        grids = [t for t in trials if t.algorithm == FALLBACK and t.k > 1]
        blank = Trial(instrument=options.instrument, algorithm=FALLBACK, asked=BANDS)
        winner = min(grids, key=lambda t: (len(t.failed), t.k), default=blank)
    return replace(
        options,
        algorithm=winner.algorithm,
        instrument=winner.instrument,
        k=winner.asked,
        settings=options.settings if winner.algorithm == options.algorithm else {},
    )


def verdict(trials: Sequence[Trial], selection: Selection) -> JSON:
    """Return what was taken and why, as the run folder keeps it."""
    alike = likeness(trials, selection.winner)

    def told(place: int | None) -> JSON:
        if place is None:
            return None
        trial = trials[place]
        return {
            "name": trial.name,
            "algorithm": trial.algorithm,
            "instrument": trial.instrument,
            "k": trial.k,
            "ari_winner": alike[place],
        }

    return {
        "winner": told(selection.winner),
        "runner_up": told(selection.runner_up),
        "grade": selection.grade,
        "tried": selection.tried,
        "passed": selection.passed,
        "reason": selection.reason,
    }
