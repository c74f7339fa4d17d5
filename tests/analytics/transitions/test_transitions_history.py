"""The history only grows: nothing in it is changed, lost, or there twice."""

import os
import shutil
import tempfile
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transition_rows import SEGMENTS

from segpredict.analytics.transitions import entered_and_left
from segpredict.core import disk
from segpredict.errors import ArtifactError, BusyError, MismatchError, SchemaError, UsageError
from segpredict.scoring.history import SCORE_HISTORY_SCHEMA, ModelVersion, ScoreHistory

JAN, APR = date(2024, 1, 1), date(2024, 4, 1)
FIRST = ModelVersion("a" * 64, 1, "1" * 64, SEGMENTS, 91)
OTHER_MODEL = ModelVersion("a" * 64, 1, "2" * 64, SEGMENTS, 91)
OTHER_SEGMENTS = ModelVersion("b" * 64, 2, "3" * 64, SEGMENTS, 91)


def scores(day: date = JAN, **segments: str) -> pl.DataFrame:
    """Return scores: a customer's segment now, or "-" for who is not eligible."""
    names = {s.id: s.name for s in SEGMENTS}
    rows = [
        (who, day, now != "-", now.replace("-", "S0"), None if now == "-" else "S1")
        for who, now in sorted(segments.items())
    ]
    names_of = ["customer_id", "as_of", "is_eligible", "segment_id", "next_segment_id"]
    result = pl.DataFrame(rows, schema=names_of, orient="row")
    is_known = pl.col("next_segment_id").is_not_null()
    return result.with_columns(
        pl.col("segment_id").replace_strict(names).alias("segment"),
        *(
            pl.when(is_known).then(p).alias(f"p_{i}")
            for i, p in (("S0", 0.2), ("S1", 0.7), ("S2", 0.1))
        ),
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}


def test_a_score_is_kept_with_what_scored_it(tmp_path):
    history = ScoreHistory(tmp_path / "kept")
    added = history.add_scores(scores(a="S2", b="-"), FIRST)
    assert (added.new, added.known, added.changed) == (2, 0, 0)
    result = history.read_scores()
    assert result.schema == SCORE_HISTORY_SCHEMA
    a, b = result.to_dicts()
    assert (a["segment_id"], a["segment"], a["segment_code"]) == ("S2", "Core", 2)
    assert (a["next_segment_id"], a["p_next"], a["next_until"]) == ("S1", 0.7, APR)
    assert (b["is_eligible"], b["p_next"], b["next_until"]) == (False, None, None)
    assert (a["segmentation"], a["segmentation_version"], a["model"]) == (
        *("a" * 64, 1),
        "1" * 64,
    )


def test_the_same_day_and_model_add_nothing(tmp_path):
    history = ScoreHistory(tmp_path)
    history.add_scores(scores(a="S2", b="S1"), FIRST)
    before = contents(tmp_path)
    added = history.add_scores(scores(a="S0", b="S1"), FIRST)
    assert (added.new, added.known, added.changed) == (0, 2, 1)
    assert contents(tmp_path) == before
    assert "nothing added" in added.summary_sentence()
    assert "1 of its 2 customers would have another result now" in added.summary_sentence()


def test_a_few_customers_do_not_take_the_day_from_the_others(tmp_path):
    history = ScoreHistory(tmp_path)
    history.add_scores(scores(b="S1"), FIRST)
    assert history.add_scores(scores(a="S2", b="S1"), FIRST).new == 1
    assert history.read_scores()["customer_id"].to_list() == ["a", "b"]


def test_another_model_stands_beside_the_first(tmp_path):
    history = ScoreHistory(tmp_path)
    history.add_scores(scores(a="S2"), FIRST)
    assert history.add_scores(scores(a="S1"), OTHER_MODEL).new == 1
    assert history.read_scores()["segment_id"].to_list() == ["S2", "S1"]
    assert history.list_entries()["customers"].to_list() == [1, 1]


def test_it_is_one_data_set_for_others(tmp_path):
    history = ScoreHistory(tmp_path / "kept")
    history.add_scores(scores(a="S2", b="S1"), FIRST)
    history.add_scores(scores(APR, a="S2"), FIRST)
    files = f"{tmp_path}/kept/*.parquet"
    asked = f"select count(*) from read_parquet('{files}')"
    with duckdb.connect() as sql:
        assert sql.execute(asked).fetchall() == [(3,)]
    assert pl.read_parquet(tmp_path / "kept").height == 3


@pytest.mark.parametrize("moment", ["write_synced", "_claim"])
def test_a_write_that_is_interrupted_leaves_the_history_as_it_was(tmp_path, monkeypatch, moment):
    history = ScoreHistory(tmp_path / "kept")
    history.add_scores(scores(a="S2"), FIRST)
    before = contents(tmp_path / "kept")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(disk, moment, stop)
        with pytest.raises(KeyboardInterrupt):
            history.add_scores(scores(APR, a="S1"), FIRST)
    assert contents(tmp_path / "kept") == before
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert history.add_scores(scores(APR, a="S1"), FIRST).new == 1


def test_what_a_killed_process_left_is_no_part_of_it_and_goes(tmp_path):
    history = ScoreHistory(tmp_path / "kept")
    history.add_scores(scores(a="S2"), FIRST)
    with history.lock() as work:
        (work.new_folder() / "2024-04-01.half.0000.parquet").write_bytes(b"PAR1")
        shutil.copytree(work.place, tmp_path / "copy")
    half = shutil.move(tmp_path / "copy", work.place)
    assert history.read_scores().height == 1
    history.add_scores(scores(APR, a="S1"), FIRST)
    assert not half.exists()


def test_of_two_who_add_at_once_the_second_is_told_and_adds_nothing(tmp_path):
    history = ScoreHistory(tmp_path)
    with history.lock() as work:
        with pytest.raises(BusyError, match="is being written"):
            history.add_scores(scores(b="S1", c="S1"), FIRST)
        assert history.add_scores(scores(a="S2", b="S1"), FIRST, work).new == 2
    assert history.add_scores(scores(b="S1", c="S1"), FIRST).new == 1
    assert history.read_scores()["customer_id"].to_list() == ["a", "b", "c"]


def test_a_disk_without_links_keeps_the_rule(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(95, os.strerror(95))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert disk.write_new_file(tmp_path / "kept" / "a", b"first")
    assert not disk.write_new_file(tmp_path / "kept" / "a", b"second")
    assert (tmp_path / "kept" / "a").read_bytes() == b"first"


def test_a_file_that_is_no_history_is_named(tmp_path):
    (tmp_path / "2024-01-01.x.0000.parquet").write_bytes(b"no parquet")
    with pytest.raises(ArtifactError, match=r"x\.0000\.parquet"):
        ScoreHistory(tmp_path).read_scores()
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "2024-01-01.x.0000.parquet")
    with pytest.raises(ArtifactError, match="its columns"):
        ScoreHistory(tmp_path).read_scores()


def test_scores_of_no_day_are_refused(tmp_path):
    with pytest.raises(SchemaError, match="0 days"):
        ScoreHistory(tmp_path).add_scores(scores(a="S1").clear(), FIRST)


def test_moves_between_two_days(tmp_path):
    history = ScoreHistory(tmp_path)
    history.add_scores(scores(a="S2", b="S1", c="-", d="S1"), FIRST)
    history.add_scores(scores(APR, a="S1", b="S1", c="S2", e="S0"), FIRST)
    went = history.transitions_between(JAN, APR)
    rows = went.select("customer_id", "from_id", "to_id", "predicted_id", "p_predicted")
    assert rows.rows() == [
        ("a", "S2", "S1", "S1", 0.7),
        ("b", "S1", "S1", "S1", 0.7),
        ("c", "LAPSED", "S2", None, None),
        ("d", "S1", "ERASED", "S1", 0.7),
        ("e", "NEW", "S0", None, None),
    ]
    assert history.segments(went) == SEGMENTS
    assert entered_and_left(went, SEGMENTS).height == 5


def test_lapsed_customers_of_a_shops_own_segments_enter_none_of_them(tmp_path):
    history = ScoreHistory(tmp_path)
    lapsed = pl.col("customer_id") == "b"
    held = {"segment_id": "S2", "segment": "Core", "is_eligible": False}
    values = [pl.when(lapsed).then(pl.lit(v)).otherwise(n).alias(n) for n, v in held.items()]
    for day in (JAN, APR):
        history.add_scores(scores(day, a="S1", b="-").with_columns(values), FIRST)
    moved = history.transitions_between(JAN, APR)
    ways = moved.select("customer_id", "from_id", "to_id").rows()
    assert ways == [("a", "S1", "S1"), ("b", "LAPSED", "S0")]
    # Nobody is in S0 on either day, and yet it is a state of the matrix.
    assert [segment.code for segment in history.segments(moved)] == [0, 1, 2]
    assert entered_and_left(moved, history.segments(moved)).height == 0


def test_a_forecast_of_another_day_is_not_held_against_it(tmp_path):
    history = ScoreHistory(tmp_path)
    history.add_scores(scores(a="S2"), FIRST)
    history.add_scores(scores(date(2024, 3, 1), a="S2"), FIRST)
    assert history.transitions_between(JAN, date(2024, 3, 1))["predicted_id"].to_list() == [None]


def test_segments_of_other_fits_are_not_compared(tmp_path):
    history = ScoreHistory(tmp_path)
    history.add_scores(scores(a="S2"), FIRST)
    history.add_scores(scores(APR, a="S2"), OTHER_SEGMENTS)
    with pytest.raises(MismatchError, match="different fits"):
        history.transitions_between(JAN, APR)


def test_a_new_model_on_the_same_segments_is_compared(tmp_path):
    history = ScoreHistory(tmp_path)
    history.add_scores(scores(a="S2"), FIRST)
    history.add_scores(scores(APR, a="S1"), OTHER_MODEL)
    assert history.transitions_between(JAN, APR)["to_id"].to_list() == ["S1"]


def test_of_several_models_one_must_be_named(tmp_path):
    history = ScoreHistory(tmp_path)
    for version in (FIRST, OTHER_MODEL):
        history.add_scores(scores(a="S2"), version)
        history.add_scores(scores(APR, a="S1"), version)
    with pytest.raises(UsageError, match="111111111111, 222222222222"):
        history.transitions_between(JAN, APR)
    assert history.transitions_between(JAN, APR, "22").height == 1
    with pytest.raises(UsageError, match="not scored by 9"):
        history.transitions_between(JAN, APR, "9")


def test_a_day_that_was_not_scored_is_told_with_those_that_were(tmp_path):
    history = ScoreHistory(tmp_path)
    history.add_scores(scores(a="S2"), FIRST)
    with pytest.raises(UsageError, match="knows 2024-01-01"):
        history.transitions_between(JAN, APR)
    with pytest.raises(UsageError, match="is not before"):
        history.transitions_between(APR, JAN)


CALLS = st.tuples(
    st.sampled_from([JAN, APR]),
    st.sampled_from([FIRST, OTHER_MODEL, OTHER_SEGMENTS]),
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["S0", "S1", "S2", "-"]), min_size=1),
)


@given(st.lists(CALLS, max_size=4))
def test_it_is_append_only_and_knows_the_first_that_was_said(calls):
    with tempfile.TemporaryDirectory() as place:
        folder, first = Path(place) / "kept", {}
        for day, version, segments in calls:
            before = contents(folder)
            ScoreHistory(folder).add_scores(scores(day, **segments), version)
            after = contents(folder)
            assert {name: after[name] for name in before} == before
            for who, now in segments.items():
                key = (who, day, version.model)
                first.setdefault(key, "S0" if now == "-" else now)
        result = ScoreHistory(folder).read_scores()
        keys = result.select("customer_id", "as_of", "model").rows()
        assert dict(zip(keys, result["segment_id"], strict=True)) == first
        assert len(keys) == len(set(keys))


def test_scores_whose_ids_have_another_form_are_refused(tmp_path: Path) -> None:
    history = ScoreHistory(tmp_path)
    history.add_scores(scores(**{f"{i:03}": "S1" for i in range(30)}), FIRST)
    with pytest.raises(MismatchError, match="had leading zeros and have none"):
        history.add_scores(scores(APR, **{str(i): "S1" for i in range(30)}), OTHER_MODEL)
    assert set(history.list_entries()["as_of"]) == {JAN}
