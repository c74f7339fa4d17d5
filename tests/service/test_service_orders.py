"""Orders between two runs: in any order, twice, late and returned, equal to the batch."""

import datetime as dt
import json
import random
import socket
import threading
import time
from typing import Any

import polars as pl
import pytest

import servers
from segpredict.errors import DatabaseError
from segpredict.service import orders
from segpredict.service.orders import Order, OrderConflictError, OrderStore


def later_orders(own: pl.DataFrame, chance: random.Random) -> list[dict[str, Any]]:
    """Return orders of one customer that come after a run: new ones, returns, and a late one."""
    days = [f"2024-01-{day:02d}T10:15" for day in chance.sample(range(2, 28), 3)]
    late = "2023-06-17"  # known only now
    bought = own.filter(pl.col("quantity") > 0).tail(2).to_dicts()
    item = {name: bought[0][name] for name in ("product_id", "quantity", "price")}
    back = {**item, "quantity": -item["quantity"]}
    new = {**item, "quantity": 3}
    return [
        {"order_id": "N1", "time": days[0], "lines": [new, {**item, "price": 9.99}]},
        {"order_id": "N2", "time": min(days), "lines": [new]},
        {"order_id": "N3", "time": late, "lines": [{**item, "quantity": 2}]},
        {"order_id": "R1", "time": "2024-01-29", "lines": [back]},  # of what the run knows
        {"order_id": "N2", "time": min(days), "lines": [{**new, "quantity": -3}]},
    ]


def flat(customer: str, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**line, "customer_id": customer, "order_id": order["order_id"], "time": order["time"]}
        for order in orders
        for line in order["lines"]
    ]


@pytest.mark.parametrize("many", [1, pytest.param(40, marks=pytest.mark.slow)])
def test_events_in_any_order_and_twice_give_the_scores_of_the_batch(service, lines, buyers, many):
    chance = random.Random(7)
    sent = {}
    for customer in buyers[:many]:
        own = lines.filter(customer_id=customer)
        sent[customer] = later_orders(own, chance)
        events = [*sent[customer], *chance.sample(sent[customer], 2)]
        chance.shuffle(events)
        answers = [service.send(customer, event) for event in events]
        assert [a.status_code for a in answers] == [200] * len(events)
        assert sum(a.json()["added"] for a in answers) == len(sent[customer])
    scorer, as_of = service.state.live.scorer, "2024-01-30"
    for customer in sent:
        batch = [*lines.filter(customer_id=customer).to_dicts(), *flat(customer, sent[customer])]
        expected = json.loads(scorer.score(batch, as_of, explain=True).write_json())
        answer = service.client.get(f"/v1/customers/{customer}").json()
        assert (answer["as_of"], answer["source"]) == (as_of, "live")
        assert answer["scores"] == expected


def test_an_order_changes_the_scores_that_it_returns(service, buyers):
    before = service.client.get(f"/v1/customers/{buyers[0]}").json()["scores"][0]
    order = {"order_id": "N1", "time": "2024-01-01", "lines": [{"quantity": 9, "price": 99.0}]}
    after = service.send(buyers[0], order).json()["scores"][0]
    assert after["spent_to_date"] == pytest.approx(before["spent_to_date"] + 891)


def test_a_new_customer_is_scored_from_her_first_order(service):
    order = {"order_id": "N1", "time": "2024-01-05", "lines": [{"quantity": 1, "price": 9.0}]}
    answer = service.send("99001", order).json()
    assert answer["scores"][0]["customer_id"] == "99001"
    assert service.client.get("/v1/customers/99001").status_code == 200


def test_another_order_under_the_same_number_and_day_is_a_conflict(service, buyers):
    order = {"order_id": 17, "time": "2024-01-05", "lines": [{"quantity": 1, "price": 9.0}]}
    assert service.send(buyers[0], order).json()["added"]
    assert not service.send(buyers[0], {**order, "order_id": "17"}).json()["added"]
    other = {**order, "lines": [{"quantity": 2, "price": 9.0}]}
    answer = service.send(buyers[0], other)
    assert (answer.status_code, answer.json()["code"]) == (409, "SP-X002")


def test_an_order_that_the_run_holds_is_not_kept(service, lines, buyers):
    held = lines.filter(customer_id=buyers[0]).filter(pl.col("quantity") > 0).row(0, named=True)
    order = {"order_id": held["order_id"], "time": held["time"][:10]}
    before = service.client.get(f"/v1/customers/{buyers[0]}").json()["scores"]
    for line in ({"quantity": 100, "price": 99.0}, {n: held[n] for n in ("quantity", "price")}):
        answer = service.send(buyers[0], {**order, "lines": [line]})
        assert (answer.status_code, answer.json()["added"]) == (200, False)
        assert answer.json()["scores"] == before
    assert service.state.orders.newest_day() is None
    # What comes back of it under its number is new.
    back = {**order, "time": "2024-01-05", "lines": [{"quantity": -1, "price": 1.0}]}
    assert service.send(buyers[0], back).json()["added"]


@pytest.mark.parametrize("name", ["a%00b", "%00"])
def test_an_id_with_a_nul_is_refused(service, name):
    order = {"order_id": "N1", "time": "2024-01-05", "lines": [{"quantity": 1, "price": 9.0}]}
    assert service.send(name, order).json()["status"] == 422
    assert service.client.get(f"/v1/customers/{name}").status_code == 422
    assert service.client.get(f"/customers?id={name}").status_code in (200, 404)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time": "2024-03-03"}, "time"),  # the day after tomorrow
        ({"time": "2024-02-30"}, "time"),
        ({"lines": [{"quantity": 1}]}, "price"),
        ({"lines": []}, "lines"),
        ({"lines": [{"quantity": 1, "price": 2, "customer_id": "other"}]}, "lines.0.customer_id"),
        ({"order_id": None}, "order_id"),
        ({"order_id": "N\0"}, "order_id"),
        ({"time": "1990-01-01"}, "time"),  # before the run's first day
    ],
)
def test_an_order_that_cannot_be_scored_is_not_kept(service, buyers, change, field):
    order = {"order_id": "N1", "time": "2024-01-05", "lines": [{"quantity": 1, "price": 9.0}]}
    answer = service.send(buyers[0], order | change)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert service.state.orders.lines_of([buyers[0]]) == []


def test_an_order_with_another_clock_than_the_customers_others_is_not_kept(service):
    order = {"order_id": "N1", "time": "2024-01-05T10:00", "lines": [{"quantity": 1, "price": 9}]}
    assert service.send("99002", order).status_code == 200
    other = {**order, "order_id": "N2", "time": "2024-01-06T10:00+05:00"}
    assert service.send("99002", other).json()["field"] == "time"
    assert len(service.state.orders.lines_of(["99002"])) == 1


def test_without_a_place_for_orders_none_is_taken(start, buyers):
    service = start(orders=None)
    assert service.send(buyers[0], {}).status_code == 405
    assert "/orders" not in service.client.get("/openapi.json").text


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    if request.param == "sqlite":
        yield str(tmp_path / "orders.sqlite")
        return
    with servers.running("postgresql", "segpredict_service") as server:
        yield server.url


def test_orders_outlive_the_service(place):
    order = Order("a", "1", dt.date(2024, 1, 5), is_return=False, lines=({"quantity": 1},))
    first = OrderStore.open(place)
    assert first.add(order)
    first.close()
    again = OrderStore.open(place)
    assert not again.add(order)
    assert again.lines_of(["a"]) == [{"quantity": 1}]
    with pytest.raises(OrderConflictError):
        again.add(Order("a", "1", order.day, is_return=False, lines=({"quantity": 2},)))
    again.close()


def test_processes_that_begin_at_once_make_the_table_once(place):
    stores: list[Any] = []
    ready = threading.Barrier(4)

    def begin() -> None:
        ready.wait()
        try:
            stores.append(OrderStore.open(place))
        except Exception as error:
            stores.append(error)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(store) for store in stores] == [OrderStore] * 4, stores
    for store in stores:
        store.close()


def test_no_statement_waits_for_ever():
    with servers.running("postgresql", "segpredict_service") as server:
        store = OrderStore.open(server.url)
        with store._connection() as connection:
            for name in ("statement_timeout", "lock_timeout"):
                assert connection.exec_driver_sql(f"SHOW {name}").scalar() == "10s"
        store.close()


def test_a_server_that_is_silent_is_given_up(monkeypatch):
    monkeypatch.setattr(orders, "CONNECT_SECONDS", 2)  # the least that the driver takes
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begin = time.monotonic()
        with pytest.raises(DatabaseError):
            OrderStore.open(f"postgresql://x@127.0.0.1:{silent.getsockname()[1]}/d")
        assert time.monotonic() - begin < 8


def test_readiness_waits_for_no_scorer_and_asks_once_a_second(start, monkeypatch):
    service = start()
    asked = []

    def fail() -> None:
        asked.append(1)
        raise DatabaseError("orders", "it is gone", "wait.")

    monkeypatch.setattr(service.state.orders, "newest_day", fail)
    monkeypatch.setattr(service.state, "limiter", None)  # that of scorers is not used
    monkeypatch.setattr("segpredict.service.state.PROBE_SECONDS", 60.0)
    service.state._probed_at = -60.0
    codes = [service.client.get("/ready").status_code for _ in range(3)]
    assert codes == [503] * 3
    assert len(asked) == 1
    monkeypatch.undo()
    monkeypatch.setattr("segpredict.service.state.PROBE_SECONDS", 0)
    assert service.client.get("/ready").status_code == 200
