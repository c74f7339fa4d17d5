"""A service in this process, on the run of the invented shop, and the shop's lines."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from starlette.testclient import TestClient

from segpredict.service.app import create_app
from segpredict.service.options import ServiceOptions
from segpredict.service.state import ServiceState
from shop import SAMPLE_ROLES

TODAY = dt.date(2024, 3, 1)  # two months after the run's data end


@dataclass(frozen=True)
class Service:
    client: TestClient
    state: ServiceState

    def post(self, address: str, body: Any) -> Any:
        return self.client.post(address, json=body)

    def send(self, customer: str, order: dict[str, Any]) -> Any:
        return self.post(f"/v1/customers/{customer}/orders", order)


Start = Callable[..., Service]


@pytest.fixture(scope="session")
def live_state(run_folder: Path) -> ServiceState:
    return ServiceState(ServiceOptions(run_folder), lambda: TODAY)


@pytest.fixture(scope="session")
def start(live_state: ServiceState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Return what starts a service with options; its run is loaded once for all."""
    states: list[ServiceState] = []

    def started(**options: Any) -> Service:
        place = str(tmp_path_factory.mktemp("orders") / "orders.sqlite")
        given = {"orders": place, "rate": 0.0, **options}
        plan = ServiceOptions(live_state.live.files.folder, **given)
        state = ServiceState(plan, lambda: TODAY, live_state.live)
        states.append(state)
        app = create_app(plan, state)
        return Service(TestClient(app, "http://localhost", raise_server_exceptions=False), state)

    yield started
    for state in states:
        state.close()


@pytest.fixture(scope="session")
def started(start: Start) -> Service:
    return start()


@pytest.fixture
def service(started: Service) -> Iterator[Service]:
    """Return a service without a token, that keeps no order yet."""
    yield started
    store = started.state.orders
    assert store is not None
    with store._connection() as connection:
        connection.execute(store._table.delete())


@pytest.fixture(scope="session")
def lines(sample_file: Path) -> pl.DataFrame:
    rows = pl.read_csv(sample_file, infer_schema=False).drop_nulls("CustomerID")
    numbers = pl.col("Quantity").cast(pl.Int64), pl.col("UnitPrice", "Discount").cast(pl.Float64)
    return rows.select(*SAMPLE_ROLES).with_columns(*numbers).rename(SAMPLE_ROLES)


@pytest.fixture(scope="session")
def buyers(live_state: ServiceState) -> list[str]:
    """Return customers with a forecast and several orders."""
    return live_state.live.scores.filter("is_eligible")["customer_id"].head(40).to_list()
