from pathlib import Path

from raw_shop import SHOP, from_files


def test_overlapping_files_count_once_and_repeats_in_a_file_stay(
    tmp_path: Path,
) -> None:
    twice = [SHOP[0], SHOP[1]]
    made = from_files(tmp_path, [*twice, SHOP[3]], [*twice, SHOP[11]])
    assert made.lines.collect().height == 4
    gone = {e.rule: e.count.rows for e in made.ledger.entries}
    assert gone["duplicates"] == 2


def test_of_k_repeats_in_each_file_the_most_are_kept(tmp_path: Path) -> None:
    made = from_files(tmp_path, [SHOP[0]] * 3, [SHOP[0]] * 2)
    assert made.lines.collect().height == 3
