"""The live page: a customer, her what-if, the lists; every text escaped, and no script at all."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import quote

import polars as pl
import pytest

import payloads
from segpredict.scoring.what_if import PlannedOrder

PAGES = ("/", "/customers", "/customers?id=nobody")


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    @property
    def shape(self) -> list[tuple[str, list[str]]]:
        return [(tag, sorted(attributes)) for tag, attributes in self.found]


def test_a_customer_is_shown_with_score_reasons_and_orders(service, buyers):
    text = service.client.get(f"/customers?id={buyers[0]}").text
    row = service.state.live.scores.filter(customer_id=buyers[0]).row(0, named=True)
    for shown in (
        f"Customer {buyers[0]}",
        row["segment"],
        row["next_segment"],
        "Why",
        "as in the run",
    ):
        assert shown in text
    for reason in service.client.get(f"/v1/customers/{buyers[0]}").json()["scores"][0]["reasons"]:
        assert f"<li>{reason['direction'].title()} {row['next_segment']}: " in text
    assert f"{row['p_inactive'] * 100:.1f}\u202f%" in text


def test_an_order_can_be_tried(service, buyers):
    text = service.client.get(f"/customers?id={buyers[0]}&amount=25.50&product=20812").text
    assert "The order that was entered" in text
    assert "£25.50" in text
    assert service.state.orders.newest_day() is None  # tried, not kept


def test_the_order_that_is_tried_may_be_of_any_product(service, buyers, monkeypatch):
    """The run's facts of products are there, also of those that she never bought."""
    live, seen = service.state.live, []
    products = pl.DataFrame({"product_id": ["20812", "of nobody"], "category": ["a", "b"]})
    tables = replace(live.scorer.predictor.side_tables, products=products)
    scorer = replace(live.scorer, predictor=replace(live.scorer.predictor, side_tables=tables))

    def noted(_, shop, *__):
        seen.append(shop.side_tables.products)
        return pl.DataFrame()

    monkeypatch.setattr("segpredict.service.live_run.what_if", noted)
    planned = PlannedOrder(25_0000, "of nobody")
    replace(live, scorer=scorer).view(buyers[0], None, planned=planned, with_what_if=True)
    assert seen[0].equals(products)


@pytest.mark.parametrize("amount", ["x", "-1", "NaN", "1e99"])
def test_an_order_without_a_value_is_told(service, buyers, amount):
    text = service.client.get(f"/customers?id={buyers[0]}&amount={quote(amount)}").text
    assert 'role="alert"' in text
    assert "The order that was entered" not in text


def test_a_search_offers_ids_that_begin_so(service, buyers):
    text = service.client.get(f"/customers?id={buyers[0][:3]}").text
    assert f'href="/customers?id={buyers[0]}"' in text
    assert service.client.get("/customers?id=nobody").status_code == 404


def test_lists_are_downloaded_as_the_run_has_them(service):
    live = service.state.live
    links = re.findall(r'href="/lists/([\w.]+)"', service.client.get("/").text)
    assert sorted(links) == list(live.lists) != []
    answer = service.client.get(f"/lists/{links[0]}")
    assert answer.content == live.files.read_bytes(f"lists/{links[0]}")
    assert answer.headers["content-disposition"] == f'attachment; filename="{links[0]}"'


@pytest.mark.parametrize(
    "name", ["..%2Fmanifest.json", "%2e%2e%2fmanifest.json", "x.csv", "manifest.json", "%00"]
)
def test_no_other_file_can_be_asked_for(service, name):
    assert service.client.get(f"/lists/{name}").status_code == 404


def test_the_runs_page_is_served_under_a_policy_of_its_own(service):
    answer = service.client.get("/report")
    assert answer.content == service.state.live.page
    policy = answer.headers["content-security-policy"]
    script = re.search(r"script-src ('sha256-[^']+')", answer.text)
    assert script[1] in policy
    assert "style-src-elem 'sha256-" in policy
    assert "script-src 'unsafe" not in policy


def test_the_monitors_page_is_served_where_the_run_has_one(service, monkeypatch):
    assert service.client.get("/monitor").status_code == 404
    assert "/monitor" not in service.client.get("/").text
    page = service.state.live.page
    monkeypatch.setattr(service.state, "live", replace(service.state.live, monitor_page=page))
    answer = service.client.get("/monitor")
    assert answer.content == page
    assert "style-src-elem 'sha256-" in answer.headers["content-security-policy"]
    assert 'href="/monitor"' in service.client.get("/").text


def test_pages_have_no_script_no_style_of_their_own_and_nothing_from_elsewhere(service, buyers):
    for place in (*PAGES, f"/customers?id={buyers[0]}"):
        answer = service.client.get(place)
        assert "unsafe" not in answer.headers["content-security-policy"]
        for tag, attributes in Tags(answer.text).found:
            assert tag not in ("script", "style", "iframe", "object")
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            for name in ("href", "src", "action"):
                assert (attributes.get(name) or "/").startswith(("/", "#", "data:,"))


def test_every_field_of_a_form_has_a_label(service, buyers):
    found = Tags(service.client.get(f"/customers?id={buyers[0]}").text).found
    labels = {a["for"] for tag, a in found if tag == "label"}
    fields = {a["id"] for tag, a in found if tag == "input" and a.get("type") != "hidden"}
    assert fields == labels == {"id", "amount", "product"}
    assert ("html", {"lang": "en"}) in found


def test_hostile_texts_are_shown_and_do_nothing(service):
    plain = service.client.get("/customers?id=nobody").text
    for text in payloads.ALL[::9]:
        found = service.client.get("/customers", params={"id": text})
        assert Tags(found.text).shape == Tags(plain).shape
    api = service.client.get(f"/v1/customers/{quote(payloads.TAGS[0], safe='')}")
    assert api.headers["content-type"] == "application/problem+json"


def test_hostile_texts_in_kept_orders_are_shown_and_do_nothing(service):
    def page(customer: str, number: str) -> str:
        line = {"product_id": "20812", "quantity": 1, "price": 9.0, "description": number}
        order = {"order_id": number, "time": "2024-01-05", "lines": [line]}
        sent = service.client.post(f"/v1/customers/{quote(customer, safe='')}/orders", json=order)
        assert sent.status_code == 200
        return service.client.get("/customers", params={"id": customer}).text

    plain = Tags(page("99003", "N1")).shape
    for text in (payloads.TAGS[0], payloads.BREAKS[0]):
        assert Tags(page("99004" + text, text)).shape == plain
