"""The append-only history of scores: the segment of each customer, by day and model."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from segpredict.analytics.transitions.states import ERASED_STATE, LAPSED_STATE, NEW_STATE
from segpredict.core import disk
from segpredict.core.customer_ids import IdForm
from segpredict.core.removal import Removal
from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.core.work_folder import WorkFolder
from segpredict.errors import ArtifactError, BusyError, MismatchError, SchemaError, UsageError

SCORE_HISTORY_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String,
        "as_of": pl.Date,
        "is_eligible": pl.Boolean,
        "segment_id": pl.String,
        "segment": pl.String,
        "segment_code": pl.Int8,
        "next_segment_id": pl.String,
        "p_next": pl.Float64,
        "next_until": pl.Date,
        "segmentation": pl.String,
        "segmentation_version": pl.Int64,
        "model": pl.String,
    }
)
ENTRY_COLUMNS = ["as_of", "segmentation", "segmentation_version", "model"]
COMPARED_COLUMNS = ["segment_id", "next_segment_id"]
INACTIVE_ID = f"S{INACTIVE_CODE}"
MAX_LISTED = 8  # days or models that a message names


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """The segmentation and the model that scored, each by its digest."""

    segmentation: str  # digest of all that decides a customer's segment; names are not part of it
    number: int  # number of the fit of the segments; 1 for the first
    model: str  # digest of all that decides a forecast, the segments included
    segments: tuple[Segment, ...]  # all segments
    outcome: int  # days from the day of a score to the end of its outcome window


@dataclass(frozen=True, slots=True)
class HistoryUpdate:
    """The result of adding scores to a history."""

    as_of: date  # the day of the scores
    new: int  # customers that were added
    known: int  # customers who were in it already, for this day and model; they stay as they are
    changed: int  # how many of these would get another segment now, or another forecast

    def summary_sentence(self) -> str:
        """Return the update as a sentence.

        >>> HistoryUpdate(date(2024, 1, 1), 0, 3, 1).summary_sentence()
        'History: 2024-01-01 is known with this model; nothing added. 1 of its 3 \
customers would have another result now; the saved one stays.'
        """
        text = f"{self.as_of} is known with this model; nothing added."
        if self.new and not self.known:
            text = f"{self.as_of} added, {self.new:,} customers."
        elif self.new:
            text = f"{self.new:,} customers added to {self.as_of}."
        if self.changed:
            share = f"{self.changed:,} of its {self.known:,} customers"
            text += f" {share} would have another result now; the saved one stays."
        return f"History: {text}"


@dataclass(frozen=True, slots=True)
class ScoreHistory:
    """An append-only table of scores: one row a customer, day and model.

    A file is written once, atomically, and never changed: the same customer, day and model add
    nothing, another model adds new rows.

    >>> history = ScoreHistory("history")  # doctest: +SKIP
    >>> scores = predictor.score(frame, as_of="2024-01-01")  # doctest: +SKIP
    >>> history.add_scores(scores, predictor.model_version).new  # doctest: +SKIP
    4306
    """

    # The folder; created with the first scores. Its Parquet files are one data set, for Polars,
    # DuckDB or any reader of ``FOLDER/*.parquet``.
    folder: Path | str

    def lock(self) -> AbstractContextManager[WorkFolder]:
        """Be the only one who adds to the history."""
        return disk.lock_folder(Path(self.folder))

    def add_scores(
        self, scores: pl.DataFrame, version: ModelVersion, work: WorkFolder | None = None
    ) -> HistoryUpdate:
        """Add the scores of one day; customers already saved stay as they are.

        `work` is the lock of the history, where the caller holds it.

        Raises `BusyError` when another process adds to it; `MismatchError` when customer ids have
        another form than those in the history.
        """
        if work is None:
            with self.lock() as own:
                return self.add_scores(scores, version, own)
        days = scores["as_of"].unique().to_list()
        if len(days) != 1:
            raise SchemaError("scores", [f"as_of has {len(days)} days"])
        rows = _rows(scores, version)
        day = days[0]
        self._require_form_of_ids(rows["customer_id"])
        known = self.read_scores(day, version.model)
        new_rows = rows.join(known, on="customer_id", how="anti").sort("customer_id")
        changed = _changed(rows, known)
        if new_rows.height:
            path = self._next(day, version.model)
            if not disk.write_new_file(path, new_rows.write_parquet, work):
                raise BusyError(str(self.folder))  # somebody who asked for no lock
        return HistoryUpdate(day, new_rows.height, known.height, changed)

    @contextmanager
    def removing(self, customers: Collection[str]) -> Iterator[Removal]:
        """Yield the history without some customers: the only change that a file ever has.

        A file of nobody else stays, without rows: the day was scored.
        """
        with self.lock() as work:
            is_gone = pl.col("customer_id").is_in(list(customers))
            rows: dict[str, int] = {}
            drafts = []
            for path in self._files(None, None):
                saved = _read(path)
                left = saved.filter(~is_gone)
                if left.height < saved.height:
                    rows[path.name] = saved.height - left.height
                    drafts.append(disk.draft_in(work, path, left.write_parquet))
            yield Removal.of_files(rows, drafts)

    def _require_form_of_ids(self, ids: pl.Series) -> None:
        files = self._files(None, None)
        if not files:
            return
        saved = _read(files[-1], ["customer_id"])["customer_id"]
        if clause := IdForm.of(saved).difference(IdForm.of(ids)):
            raise MismatchError(
                f"These scores are not like those in the history {self.folder}: {clause}.",
                fix="give the ids in the form of the history, or name another --history.",
            )

    def read_scores(self, as_of: date | None = None, model: str | None = None) -> pl.DataFrame:
        """Return the whole table, or that of a day, or of a day and model."""
        files = self._files(as_of, model)
        parts = [pl.DataFrame(schema=SCORE_HISTORY_SCHEMA), *(_read(path) for path in files)]
        return pl.concat(parts).sort("as_of", "model", "customer_id")

    def scores_of(self, customer_id: str) -> pl.DataFrame:
        """Return the rows of one customer, the newest first."""
        parts = [pl.DataFrame(schema=SCORE_HISTORY_SCHEMA)]
        for path in self._files(None, None):
            with _readable(path):
                rows = pl.scan_parquet(path, glob=False)
                parts.append(rows.filter(pl.col("customer_id") == customer_id).collect())
        return pl.concat(parts).sort("as_of", "model", descending=[True, False])

    def list_entries(self) -> pl.DataFrame:
        """Return the entries: one row a day and model, with the number of customers."""
        parts = [
            pl.DataFrame(schema={name: SCORE_HISTORY_SCHEMA[name] for name in ENTRY_COLUMNS}),
            *(_read(path, ENTRY_COLUMNS) for path in self._files(None, None)),
        ]
        whole = pl.concat(parts)
        return whole.group_by(ENTRY_COLUMNS).agg(customers=pl.len()).sort(ENTRY_COLUMNS)

    def segments(self, transitions: pl.DataFrame) -> tuple[Segment, ...]:
        """Return the segments of these transitions, with their latest names."""
        days = [*transitions["since"].unique(), *transitions["until"].unique()]
        named = (
            pl.concat([self.read_scores(day) for day in days])
            .join(transitions.select("segmentation").unique(), on="segmentation", how="semi")
            .sort("as_of")
            .group_by("segment_code", "segment_id")
            .agg(pl.col("segment").last())
            .sort("segment_code")
        )
        found = tuple(Segment(*row) for row in named.iter_rows())
        # It is a state of every matrix, whether or not anybody is in it.
        is_there = bool(found) and found[0].code == INACTIVE_CODE
        return found if is_there else (Segment(INACTIVE_CODE, INACTIVE_ID, "Inactive"), *found)

    def transitions_between(
        self, since: date, until: date, model: str | None = None
    ) -> pl.DataFrame:
        """Return the segment of each customer on one day and on a later one."""
        first, second = self._pair(since, until, model)
        before = self.read_scores(since, first)
        after = self.read_scores(until, second).select(
            "customer_id", to_id="segment_id", is_later="is_eligible"
        )
        is_predicted, lapsed = pl.col("next_until") == until, pl.lit(LAPSED_STATE.id)
        began = before.select(
            *("customer_id", "is_eligible"),
            from_id=pl.when("is_eligible").then("segment_id").otherwise(lapsed),
            predicted_id=pl.when(is_predicted).then("next_segment_id"),
            p_predicted=pl.when(is_predicted).then("p_next"),
        )
        moved = began.join(after, on="customer_id", how="full", coalesce=True)
        # A shop's own segments may hold those who long lapsed: without an order they stay so.
        is_active = pl.col("is_eligible").fill_null(value=False) | pl.col("is_later")
        to_id = pl.when(~is_active).then(pl.lit(INACTIVE_ID)).otherwise("to_id").alias("to_id")
        return moved.select(
            "customer_id",
            pl.lit(since).alias("since"),
            pl.lit(until).alias("until"),
            pl.lit(None, pl.String).alias("previous_id"),
            pl.col("from_id").fill_null(NEW_STATE.id),
            to_id.fill_null(ERASED_STATE.id),
            *("predicted_id", "p_predicted"),
            pl.lit(before["segmentation"][0]).alias("segmentation"),
        ).sort("customer_id")

    def _pair(self, since: date, until: date, model: str | None) -> tuple[str, str]:
        """Return the models whose scores of the two days can be compared."""
        if since >= until:
            raise UsageError(f"{since} is not before {until}.", fix="give the earlier day first.")
        known = self.list_entries()
        first, second = (self._at(known, day, model) for day in (since, until))
        both = first.join(second, on="segmentation", how="inner", suffix="_second")
        if both.is_empty():
            raise MismatchError(
                f"{since} and {until} were scored with segments of different fits; transitions "
                "between them would mix customer behaviour with a change of definitions.",
                fix="score both days with one run: segpredict score --run RUN "
                f"--as-of {since} --history {self.folder}.",
            )
        same = both.filter(pl.col("model") == pl.col("model_second"))
        chosen = same if same.height else both
        if chosen.height > 1:
            names = chosen["model"].unique().sort().str.head(12).to_list()
            raise UsageError(
                f"Several models scored {since} and {until}: {', '.join(names[:MAX_LISTED])}.",
                fix="choose one of them with --model.",
            )
        return chosen["model"][0], chosen["model_second"][0]

    def _at(self, known: pl.DataFrame, day: date, model: str | None) -> pl.DataFrame:
        found = known.filter(pl.col("model").str.starts_with(model or ""), as_of=day)
        if found.is_empty():
            days = known["as_of"].unique().sort().cast(pl.String).to_list()
            text = f"{day} was not scored" + (f" by {model}" if model else "")
            raise UsageError(
                f"{text}; the history {self.folder} knows "
                f"{', '.join(days[-MAX_LISTED:]) or 'nothing'}.",
                fix=f"segpredict score --as-of {day} --history {self.folder}, or another day.",
            )
        return found

    def _next(self, day: date, model: str) -> Path:
        taken = [int(path.stem.split(".")[-1]) for path in self._files(day, model)]
        part = max(taken, default=-1) + 1
        return Path(self.folder) / f"{_stem(day, model)}.{part:04d}.parquet"

    def _files(self, day: date | None, model: str | None) -> list[Path]:
        stem = "*" if day is None else f"{day}.*" if model is None else _stem(day, model)
        return sorted(Path(self.folder).glob(f"{stem}.*parquet"))


def _stem(day: date, model: str) -> str:
    return f"{day}.{model[:16]}"


def _rows(scores: pl.DataFrame, version: ModelVersion) -> pl.DataFrame:
    codes = {segment.id: segment.code for segment in version.segments}
    named = [pl.when(pl.col("next_segment_id") == i).then(f"p_{i}").alias(f"_{i}") for i in codes]
    after = pl.col("as_of").dt.offset_by(f"{version.outcome}d")
    scored = scores.with_columns(
        p_next=pl.coalesce(named),
        segment_code=pl.col("segment_id").replace_strict(codes),
        next_until=pl.when("is_eligible").then(after),
        segmentation=pl.lit(version.segmentation),
        segmentation_version=version.number,
        model=pl.lit(version.model),
    )
    return scored.select(pl.col(name).cast(kind) for name, kind in SCORE_HISTORY_SCHEMA.items())


def _changed(rows: pl.DataFrame, known: pl.DataFrame) -> int:
    both = rows.join(known, on="customer_id", how="inner", suffix="_saved")
    differs = [pl.col(name).ne_missing(pl.col(f"{name}_saved")) for name in COMPARED_COLUMNS]
    return both.filter(pl.any_horizontal(differs)).height


def _read(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    with _readable(path):
        return pl.read_parquet(path, columns=columns, glob=False)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say which file it is that cannot be read."""
    try:
        if pl.read_parquet_schema(path) != SCORE_HISTORY_SCHEMA:
            raise _damaged(path, "its columns are not those of a history")
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(path, str(error).split("\n")[0]) from None


def _damaged(path: Path, reason: str) -> ArtifactError:
    return ArtifactError(
        f"{path} cannot be read as part of a history: {reason}.",
        fix="take it out of the folder, and score that day again.",
        file=str(path),
    )
