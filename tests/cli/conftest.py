import pytest
from door import Door


@pytest.fixture
def segpredict(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Door:
    return Door(monkeypatch, capsys)
