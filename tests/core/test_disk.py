from pathlib import Path

import pytest

from segpredict.core.disk import point_link, write_file, write_new_file
from segpredict.errors import UsageError


def test_one_file_is_written_whole(tmp_path: Path) -> None:
    write_file(tmp_path / "deep" / "scores.csv", b"a\n")
    assert (tmp_path / "deep" / "scores.csv").read_bytes() == b"a\n"
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["scores.csv"]


def test_a_folder_in_the_way_is_named_and_left(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").mkdir()
    with pytest.raises(UsageError, match=r"scores\.csv"):
        write_file(tmp_path / "scores.csv", b"a")
    assert [p.name for p in tmp_path.iterdir()] == ["scores.csv"]


def test_a_file_that_is_there_is_never_written_again(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "a"
    assert write_new_file(path, b"first")
    assert not write_new_file(path, b"second")
    assert path.read_bytes() == b"first"
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]


def test_a_link_leads_to_another_folder_at_once(tmp_path: Path) -> None:
    for name in ("may", "june"):
        (tmp_path / name).mkdir()
    link = tmp_path / "current"
    point_link(link, tmp_path / "may")
    point_link(link, tmp_path / "june")
    assert link.readlink() == Path("june")  # relative, so that both can be moved together
    assert sorted(p.name for p in tmp_path.iterdir()) == ["current", "june", "may"]


def test_no_folder_is_replaced_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "may").mkdir()
    with pytest.raises(UsageError, match="no link"):
        point_link(tmp_path / "may", tmp_path)
    assert not (tmp_path / "may").is_symlink()
