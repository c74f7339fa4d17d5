from pathlib import Path

import pytest
from nightly import DAYS


@pytest.fixture
def drops(tmp_path: Path) -> Path:
    folder = tmp_path / "drops"
    folder.mkdir()
    for name, text in DAYS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
