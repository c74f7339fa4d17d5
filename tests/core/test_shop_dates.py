"""What a shop plans, as far as it was known on a day."""

import polars as pl

from segpredict.core.shop_dates import marked_days, planned_notes
from segpredict.core.window import Window, day_number

WINDOW = Window(day_number("2024-01-01"), horizon=91)
LEARNED = [WINDOW.at_cutoff(WINDOW.cutoff - 91 * n) for n in (1, 2)]


def dates(*rows: tuple[int, int, str, int | None]) -> pl.DataFrame:
    schema = {"first": pl.Int32, "last": pl.Int32, "kind": pl.String, "known": pl.Int32}
    return pl.DataFrame(rows, schema, orient="row")


def sale(day: int, known: int | None = None) -> tuple[int, int, str, int | None]:
    start = WINDOW.cutoff + day
    return (start, start + 13, "promotion", None if known is None else WINDOW.cutoff + known)


def test_what_is_announced_later_is_not_known():
    planned = dates(sale(10, known=1))
    span = WINDOW.outcome_start, WINDOW.outcome_end
    assert marked_days(planned, "promotion", *span, WINDOW.cutoff).sum() == 0
    assert marked_days(planned, "promotion", *span, WINDOW.cutoff + 1).sum() == 14


def test_days_that_rows_share_and_days_outside_the_span_count_once_and_never():
    planned = dates(sale(10), sale(12), sale(-5), sale(90), sale(200), sale(-100))
    assert marked_days(planned, "promotion", 0, 5, 0).tolist() == [False] * 5
    span = WINDOW.outcome_start, WINDOW.outcome_end
    assert marked_days(planned, "promotion", *span, WINDOW.cutoff).sum() == 16 + 9 + 1


def test_a_window_with_more_or_fewer_planned_days_than_those_learned_from_is_noted():
    more = dates(sale(10), sale(40), sale(-80), sale(-170))
    (note,) = planned_notes(more, LEARNED, WINDOW)
    assert "has 28 days of the kind promotion" in note
    assert "learned from had 14." in note
    (note,) = planned_notes(dates(sale(200), sale(-80), sale(-170)), LEARNED, WINDOW)
    assert "has 0 days of the kind promotion" in note


def test_a_window_like_those_learned_from_is_not_noted():
    assert not list(planned_notes(dates(sale(10), sale(-80)), LEARNED, WINDOW))
    assert not list(planned_notes(None, LEARNED, WINDOW))


def test_a_file_that_ends_before_the_forecast_is_noted():
    (note,) = planned_notes(dates(sale(-30)), LEARNED, WINDOW)
    assert note.startswith("The file of dates ends on 2023-12-15, before the forecast window")
