"""The routes for programs: equal numbers, and nothing accepted that is not as described."""

import datetime as dt
import json
import re
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from segpredict.errors import ContractError, LimitError
from segpredict.scoring.history import ScoreHistory
from segpredict.service import arrow_lines
from segpredict.service.arrow_lines import read_arrow_lines
from segpredict.service.bodies import (
    CustomerAnswer,
    ModelAnswer,
    Problem,
    ScoreAnswer,
    ScoreBody,
    SegmentsAnswer,
)

AS_OF = "2023-09-01"
LINE = {"customer_id": "1", "time": "2023-02-01", "quantity": 1, "price": 2.5}


def of(lines: pl.DataFrame, customers: list[str]) -> pl.DataFrame:
    return lines.filter(pl.col("customer_id").is_in(customers))


def rows(scores: pl.DataFrame) -> Any:
    return json.loads(scores.write_json())


def arrow(frame: pl.DataFrame | pa.Table, **options: Any) -> bytes:
    table = frame if isinstance(frame, pa.Table) else frame.to_arrow()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as out:
        out.write_table(table)
    return sink.getvalue().to_pybytes()


def post_arrow(service, address: str, body: bytes) -> Any:
    headers = {"content-type": arrow_lines.MEDIA_TYPE}
    return service.client.post(address, content=body, headers=headers)


def test_scores_and_reasons_are_those_of_python(service, lines, buyers):
    own = of(lines, buyers[:12])
    body = {"as_of": AS_OF, "lines": own.to_dicts()}
    expected = service.state.live.scorer.score(own, AS_OF, explain=True)
    explained = service.post("/v1/explain", body)
    assert explained.json()["scores"] == rows(expected)
    assert service.post("/v1/score", body).json()["scores"] == rows(expected.drop("reasons"))
    assert ScoreAnswer.model_validate_json(explained.content).as_of == dt.date(2023, 9, 1)


def test_arrow_gives_the_scores_of_json(service, lines, buyers):
    own = of(lines, buyers[:12])
    found = post_arrow(service, f"/v1/score?as_of={AS_OF}", arrow(own))
    frame = pl.read_ipc_stream(found.content)
    assert frame.equals(service.state.live.scorer.score(own, AS_OF))


def test_a_customer_of_the_run_has_the_scores_of_its_file(service, buyers):
    scores = service.state.live.scores
    for name in buyers[:3]:
        answer = service.client.get(f"/v1/customers/{name}")
        found = CustomerAnswer.model_validate_json(answer.content)
        score = {k: v for k, v in answer.json()["scores"][0].items() if k != "reasons"}
        assert score == rows(scores.filter(customer_id=name))[0]
        assert found.source == "run"
        assert found.orders


def test_segments_and_the_models_card(service):
    segments = SegmentsAnswer.model_validate_json(service.client.get("/v1/segments").content)
    live = service.state.live
    assert [each.name for each in segments.segments] == [
        each.name for each in live.scorer.predictor.segments
    ]
    assert sum(each.customers for each in segments.segments) == live.scores.height
    card = ModelAnswer.model_validate_json(service.client.get("/v1/model").content)
    assert card.verdict
    assert card.model.run == live.digest


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ('{"customer_id": "1", "time": "2023-02-01", "quantity": NaN, "price": 1}', "quantity"),
        ('{"customer_id": "1", "time": "2023-02-01", "quantity": 1, "price": Infinity}', "price"),
        ('{"customer_id": "1", "time": "2023-02-01", "quantity": 1, "price": 1e999}', "price"),
        ('{"customer_id": "1", "time": "2023-02-01", "quantity": true, "price": 1}', "quantity"),
        ('{"customer_id": "1", "time": "2023-02-01", "quantity": "2", "price": 1}', "quantity"),
        ('{"customer_id": "1", "time": "2023-02-01", "quantity": 1, "path": "/etc"}', "path"),
        ('{"customer_id": true, "time": "2023-02-01", "quantity": 1, "price": 1}', "customer_id"),
        ('{"customer_id": "", "time": "2023-02-01", "quantity": 1, "price": 1}', "customer_id"),
        ('{"time": "2023-02-01", "quantity": 1, "price": 1}', "customer_id"),
        ('{"customer_id": "1", "time": "soon", "quantity": 1, "price": 1}', "time"),
        ('{"customer_id": "1", "time": "2023-02-31", "quantity": 1, "price": 1}', "time"),
        ('{"customer_id": "1", "time": "2023-02-01", "price": 1}', "quantity"),
        ('{"customer_id": "1", "time": "2023-02-01", "quantity": 1, "price": 1e12}', "price"),
        (
            '{"customer_id": "' + "9" * 401 + '", "time": "2023-02-01", "quantity": 1}',
            "customer_id",
        ),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(service, line, field):
    body = f'{{"as_of": "{AS_OF}", "lines": [{line}]}}'
    headers = {"content-type": "application/json"}
    answer = service.client.post("/v1/score", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"].rpartition(".")[2] == field


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"[" * 100_000, "application/json", 422),
        (b'{"as_of": "2023-09-01", "lines": []}', "application/json", 422),
        (b'{"as_of": 3, "lines": [{}]}', "application/json", 422),
        (b'{"as_of": "2023-09-01", "lines": [], "url": "http://x"}', "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b" " * (2**23 + 1), "application/json", 413),
    ],
)
def test_a_body_that_is_none_is_refused(service, body, kind, status):
    answer = service.client.post("/v1/score", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("lines", "errors", "field"),
    [
        ("[" + ",".join(["{}"] * 99_000) + "]", 2, "lines.0.customer_id"),
        ("[{" + ",".join(f'"x{n}": 0' for n in range(20_000)) + "}]", 20_002, "body"),
    ],
)
def test_a_body_that_is_wrong_everywhere_costs_no_more_than_a_good_one(
    service, lines, errors, field
):
    text = f'{{"as_of": "{AS_OF}", "lines": {lines}}}'
    with pytest.raises(ValidationError) as refused:
        ScoreBody.model_validate_json(text)
    assert refused.value.error_count() == errors
    headers = {"content-type": "application/json"}
    answer = service.client.post("/v1/score", content=text, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_more_lines_than_a_body_may_hold_are_refused(service):
    body = {"as_of": AS_OF, "lines": [{"customer_id": 1, "time": "2023-02-01"}] * 100_001}
    assert service.post("/v1/score", body).json()["field"] == "lines"


def test_a_customer_who_is_not_there_is_not_found(service):
    answer = service.client.get("/v1/customers/nobody")
    assert (answer.status_code, answer.json()["code"]) == (404, "SP-L002")


def test_arrow_needs_its_day_in_the_query(service, lines):
    answer = post_arrow(service, "/v1/score", arrow(lines.head(1)))
    assert (answer.status_code, answer.json()["field"]) == (422, "as_of")


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_compressed_arrow_is_refused_before_it_is_unpacked(codec):
    bomb = arrow(pl.DataFrame({"price": [0.0] * 1_000_000}), compression=codec)
    assert len(bomb) < 100_000
    with pytest.raises(ContractError, match="compressed"):
        read_arrow_lines(bomb)


def test_compression_that_an_old_format_names_elsewhere_is_refused():
    """Arrow V4 names the codec in custom metadata; made here from a V5 stream."""
    table = pa.table({"description": ["x" * 2000] * 5_000})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as out:
        named = {"ARROW:experimental_compression": "zstd"}
        out.write_batch(table.to_batches()[0], custom_metadata=named)
    body = bytearray(sink.getvalue().to_pybytes())
    source = pa.BufferReader(bytes(body))
    pa.ipc.read_message(source)
    begin = source.tell()
    meta = pa.ipc.read_message(source).metadata.to_pybytes()
    start = bytes(body).index(meta, begin)
    root = struct.unpack_from("<I", meta, 0)[0]
    version = arrow_lines._field(meta, root, 0)
    place = arrow_lines._field(meta, root, arrow_lines.HEADER_FIELD)
    batch = place + struct.unpack_from("<I", meta, place)[0]
    fields = batch - struct.unpack_from("<i", meta, batch)[0] + 4
    struct.pack_into("<h", body, start + version, 3)  # V4
    struct.pack_into("<H", body, start + fields + 2 * arrow_lines.COMPRESSION_FIELD, 0)
    with pa.ipc.open_stream(bytes(body)) as stream:
        assert stream.read_all().equals(table)  # pyarrow unpacks it
    assert len(body) < table.nbytes / 100
    with pytest.raises(ContractError, match="old format"):
        read_arrow_lines(bytes(body))


def test_arrow_texts_that_could_share_their_bytes_or_are_long_are_refused():
    views = pa.table({"description": pa.array(["x" * 20], pa.string_view())})
    with pytest.raises(ContractError, match="type string_view"):
        read_arrow_lines(arrow(views))
    for kind in (pa.string(), pa.large_string()):
        kept = pa.table({"description": pa.array(["é" * 400, None], kind)})
        assert read_arrow_lines(arrow(kept)).height == 2
        with pytest.raises(ContractError, match="more than 400 characters"):
            read_arrow_lines(arrow(pa.table({"description": pa.array(["x" * 401], kind)})))


def test_arrow_decimals_that_polars_cannot_read_are_refused():
    for kind in (pa.decimal32(5, 2), pa.decimal64(10, 2), pa.decimal256(50, 2)):
        with pytest.raises(ContractError, match="type decimal"):
            read_arrow_lines(arrow(pa.table({"price": pa.array([None], kind)})))
    assert read_arrow_lines(arrow(pa.table({"price": pa.array([1], pa.decimal128(9, 2))}))).height


def test_arrow_columns_that_no_line_has_are_refused():
    nested = pa.table({"customer_id": [["a"]]})
    with pytest.raises(ContractError, match="type list"):
        read_arrow_lines(arrow(nested))
    categories = pa.table({"customer_id": pa.array(["a"]).dictionary_encode()})
    with pytest.raises(ContractError, match=r"categories|type dictionary"):
        read_arrow_lines(arrow(categories))
    many = pa.table({"quantity": pa.nulls(100_001, pa.int64())})
    with pytest.raises(LimitError):
        read_arrow_lines(arrow(many))


@pytest.mark.parametrize("days", [-800_000, -1, 100_000, 2_000_000_000])
def test_arrow_times_that_no_calendar_has_are_refused(days):
    times = pl.Series("time", [0, None, days], dtype=pl.Int32).cast(pl.Date)
    moments = pl.Series("time", [days * 86_400_000], dtype=pl.Int64).cast(pl.Datetime("ms"))
    for column in (times, moments):
        with pytest.raises(ContractError, match="before 1970 or after 2199"):
            read_arrow_lines(arrow(column.to_frame()))


def test_names_of_arrow_columns_that_are_no_text_are_refused():
    body = arrow(pl.DataFrame([LINE]))
    place = body.index(b"price")
    with pytest.raises(ContractError, match="no Arrow"):
        read_arrow_lines(body[:place] + b"\xf0" + body[place + 1 :])
    twice = pa.Table.from_arrays([pa.array(["a"])] * 2, names=["customer_id"] * 2)
    with pytest.raises(ContractError, match="no Arrow"):
        read_arrow_lines(arrow(twice))


GOOD = arrow(pl.DataFrame([LINE, LINE]))


@given(st.data())
def test_no_bytes_do_more_than_be_refused(data):
    place = data.draw(st.integers(0, len(GOOD) - 1))
    cut = data.draw(st.sampled_from([GOOD[:place], b"", b"PK\x03\x04", GOOD[place:]]))
    other = bytearray(GOOD)
    other[place] ^= data.draw(st.integers(1, 255))
    for body in (cut, bytes(other)):
        with suppress(ContractError, LimitError):  # any other error is a bug
            assert read_arrow_lines(body).height <= 2


def test_no_request_can_name_a_file_or_an_address(service):
    text = service.client.get("/openapi.json").text
    described = json.loads(text)
    bodies = described["components"]["schemas"]
    names = {name for body in bodies.values() for name in body.get("properties", {})}
    names |= {
        p["name"]
        for path in described["paths"].values()
        for o in path.values()
        for p in o.get("parameters", ())
    }
    assert "customer_id" in names
    assert not names & {
        "path",
        "file",
        "filename",
        "folder",
        "url",
        "uri",
        "run_folder",
        "model_path",
    }


def test_the_bodies_of_the_guide_are_taken(service):
    guide = Path(__file__).parents[2] / "docs" / "guide" / "service.md"
    lines, order = re.findall(r"```json\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    assert service.post("/v1/score", json.loads(lines)).status_code == 200
    assert service.send("12346", json.loads(order)).json()["added"]


IDS = st.one_of(
    st.text(max_size=30), st.integers(-(2**70), 2**70), st.sampled_from(["1", 1, "nan"])
)
NUMBERS = st.one_of(
    st.integers(-(10**12), 10**12), st.floats(), st.sampled_from([0, -1, 0.1, 1e11, "1", True])
)
TIMES = st.one_of(
    st.dates().map(str),
    st.datetimes(timezones=st.none() | st.timezones()).map(dt.datetime.isoformat),
    st.dates(dt.date(2022, 1, 1), dt.date(2023, 8, 31)).map(str),
    st.text(max_size=20),
)
HOSTILE_LINES = st.lists(
    st.fixed_dictionaries(
        {"customer_id": IDS, "time": TIMES},
        optional={
            **dict.fromkeys(("quantity", "price", "amount", "discount"), NUMBERS),
            **dict.fromkeys(("order_id", "product_id"), IDS),
            **dict.fromkeys(("description", "country", "status"), st.text(max_size=30)),
        },
    ),
    min_size=1,
    max_size=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HOSTILE_LINES)
def test_any_lines_are_scored_or_refused(service, lines):
    body = json.dumps({"as_of": AS_OF, "lines": lines})
    headers = {"content-type": "application/json"}
    answer = service.client.post("/v1/explain", content=body, headers=headers)
    if answer.status_code == 200:
        assert ScoreAnswer.model_validate_json(answer.content).scores
    else:
        assert answer.status_code in (413, 422)
        assert Problem.model_validate_json(answer.content).fix


def test_a_large_body_of_unknown_fields_is_refused_before_they_are_listed(service, monkeypatch):
    def listed(*_: Any) -> None:
        raise AssertionError("every field is listed")

    monkeypatch.setattr(ScoreBody, "model_validate_json", listed)
    many = {f"a{number}": 1 for number in range(120_000)}
    for body in (many, {"as_of": AS_OF, "lines": [LINE | many]}):
        answer = service.post("/v1/score", body)
        assert answer.status_code == 422
        assert answer.json()["field"] == "body"


def test_past_scores_of_a_customer_are_those_of_the_history(start, buyers, tmp_path):
    scored = start().state.live
    history = ScoreHistory(tmp_path / "history")
    assert start(history=tmp_path / "history").state.past_scores(buyers[0]) == []
    for day in (30, 0):
        rows_then = scored.scores.with_columns(pl.col("as_of") - pl.duration(days=day))
        history.add_scores(rows_then, scored.version)
    served = start(history=tmp_path / "history")
    found = served.client.get(f"/v1/customers/{buyers[0]}").json()
    own = scored.scores.filter(customer_id=buyers[0]).row(0, named=True)
    known = [(row["as_of"], row["segment"], row["next_segment_id"]) for row in found["history"]]
    days = [own["as_of"] - dt.timedelta(days=day) for day in (0, 30)]
    assert known == [(str(day), own["segment"], own["next_segment_id"]) for day in days]
    text = served.client.get(f"/customers?id={buyers[0]}").text
    assert "Scored before" in text
    assert text.count(own["segment"]) > 2
