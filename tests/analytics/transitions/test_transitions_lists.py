"""Everybody who moved is in two lists, and nobody who stayed is in any."""

from hypothesis import given
from hypothesis import strategies as st
from transition_rows import IDS, SEGMENTS, moves

from segpredict.analytics.transitions import entered_and_left, observed_matrix


def result(*rows: tuple[str, str]) -> list[tuple]:
    listed = entered_and_left(moves(*rows), SEGMENTS)
    return listed.select("segment", "direction", "customer_id", "other_segment").rows()


def test_who_moves_enters_one_list_and_leaves_another():
    assert result(("S1", "S2"), ("S0", "S0")) == [
        ("Occasional", "left", "c00000", "Core"),
        ("Core", "entered", "c00000", "Occasional"),
    ]


def test_the_new_only_enter_and_the_gone_only_leave():
    assert result(("NEW", "S1"), ("S2", "ERASED"), ("LAPSED", "S2")) == [
        ("Occasional", "entered", "c00000", "New"),
        ("Core", "entered", "c00002", "Lapsed"),
        ("Core", "left", "c00001", "Erased"),
    ]


def test_silence_that_goes_on_is_no_move():
    assert result(("LAPSED", "S0")) == []


@given(st.lists(st.tuples(st.sampled_from([*IDS, "NEW", "LAPSED"]), st.sampled_from(IDS))))
def test_lists_and_matrix_say_the_same(rows):
    went = moves(*rows)
    listed = entered_and_left(went, SEGMENTS)
    table = observed_matrix(went, SEGMENTS)
    for segment in IDS:
        for direction, mine, other in (
            ("entered", "to_id", "from_id"),
            ("left", "from_id", "to_id"),
        ):
            mine_in = listed.filter(segment_id=segment, direction=direction)
            counted = table.filter(table[mine] == segment, table[other] != segment)
            silent = table.filter(
                table[mine] == segment,
                table["from_id"] == "LAPSED",
                table["to_id"] == "S0",
            )
            assert mine_in.height == counted["n"].sum() - silent["n"].sum()
