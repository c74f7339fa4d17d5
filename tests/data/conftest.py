"""The rooms of the data are below all doors: their messages are read as they are written."""

from collections.abc import Iterator

import pytest

from segpredict._wording import name_options


@pytest.fixture(autouse=True)
def _options() -> Iterator[None]:
    with name_options():
        yield
