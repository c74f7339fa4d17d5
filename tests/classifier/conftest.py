"""One small shop for all tests of the room, trained once."""

import pytest
import small_shop


@pytest.fixture(scope="session")
def small() -> small_shop.Small:
    return small_shop.make()
