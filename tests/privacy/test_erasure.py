"""People leave every place or none, and no byte of their ids stays."""

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from whole_shop import NAMES, Shop

from segpredict import pipeline
from segpredict.core.pseudonyms import Pseudonymizer, SecretError
from segpredict.core.removal import Removal
from segpredict.core.run_folder import open_run
from segpredict.data.store import open_store
from segpredict.errors import ArtifactError, FileMissingError, MismatchError, UsageError
from segpredict.pipeline import CampaignRequest
from segpredict.privacy import Places, erase_people, erasure, export_person, find_people
from segpredict.privacy.erasure import RemainsError
from segpredict.scoring.history import ScoreHistory
from segpredict.scoring.new_data import NewData


def drawn(shop: Shop, number: int, seed: int) -> list[str]:
    """Return random people: whom the page shows first, one who is on a list, and any others."""
    scores = pl.read_parquet(shop.folder / "run" / "scores.parquet")
    worst = scores.sort("value_at_risk", descending=True, nulls_last=True)["customer_id"][0]
    assigned = pl.read_parquet(next((shop.folder / "experiments").glob("0001-*[a-z].parquet")))
    chance = random.Random(seed)
    listed = chance.choice(assigned["customer_id"].sort().to_list())
    others = {*scores["customer_id"]} - {worst, listed}
    return list(dict.fromkeys([worst, listed, *chance.sample(sorted(others), 49)]))[:number]


def texts(path: Path) -> Iterable[str]:
    """Yield all that a file says, read without the package."""
    is_parquet = path.read_bytes()[:4] == b"PAR1"
    if is_parquet or path.suffix == ".csv":
        # Numbers of rows and of money may be anybody's: text, and customers.
        whole = pl.read_parquet(path) if is_parquet else pl.read_csv(path, infer_schema_length=None)
        for name in {*whole.select(pl.col(pl.String)).columns, *{"customer_id"} & {*whole.columns}}:
            yield from map(str, whole[name].unique())
    elif path.suffix == ".pptx":
        with zipfile.ZipFile(path) as parts:
            for name in parts.namelist():
                yield re.sub("<[^>]*>", "\n", parts.read(name).decode(errors="ignore"))
    else:
        yield path.read_text(errors="ignore")


def places_with(ids: Iterable[str], folder: Path) -> list[str]:
    """Return the files in which ids stand as words of their own, numbers of the shop aside."""
    word = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, ids))})(?![\w]|\.\d)")
    found = []
    for path in (p for p in folder.rglob("*") if p.is_file()):
        read = "\n".join(texts(path))
        if path.suffix == ".json":
            read = "\n".join(re.findall(r'"((?:[^"\\]|\\.)*)"', read))
        if path.suffix == ".html":
            read = re.sub(r'="[\d.]+"', "", read)
        if word.search(read):
            found.append(str(path))
    return found


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def require_all_works(shop: Shop) -> None:
    """Use every place as the commands do."""
    run, store = shop.folder / "run", str(shop.folder / "store")
    opened = open_run(run)
    for name in opened.manifest["files"]:
        opened.path(name)  # its hash is that of the manifest
    found = pipeline.load(run)
    ledger = pipeline.loading.load_transactions(opened).ledger
    used, lines = ledger.total("used"), shop.lines()
    assert ledger.adds_up
    assert used.rows == lines.height
    assert used.money == lines["amount"].sum()
    assert used.customers == lines["customer_id"].n_unique()
    again = pipeline.score_into_history(shop.folder / "history", run, NewData([store]))
    assert again[2] is not None
    assert again[2].new == 0
    pipeline.history_transitions(shop.folder / "history", "2023-07-01", str(again[2].as_of))
    request = CampaignRequest(pipeline.list_campaigns(run)["campaign"][2], shop.folder / "more.csv")
    pipeline.draw_campaign(run, request, "another day")
    assert found.segments


@pytest.mark.parametrize("number", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_people_leave_every_place(shop, number):
    people, before = drawn(shop, number, seed=1), shop.lines()
    ledger = open_store(shop.folder / "store").ledger
    assert len(places_with(people, shop.folder)) > 25
    receipt = erase_people(people, shop.places, NAMES, shop.folder / "receipts", "then")
    (shop.folder / "list.csv").unlink()  # the shop's own
    assert places_with(people, shop.folder) == []
    kinds = {each["kind"] for each in receipt["places"] if each["rows"]}
    assert kinds == {"store", "run", "history", "log"}
    assert [each["run"] for each in receipt["fitted"]] == [str(shop.folder / "run")]
    assert receipt["searched"]["found"] == 0
    # The others are as they were.
    assert shop.lines().equals(before.filter(~pl.col("customer_id").is_in(people)))
    now = open_store(shop.folder / "store")
    assert now.ledger.adds_up
    assert now.ledger.total("in").rows == ledger.total("in").rows
    assert now.lines.collect().equals(shop.lines().select(now.lines.collect_schema().names()))
    require_all_works(shop)
    # And do not come back.
    more = shop.folder / "more_sales.csv"
    more.write_text(shop.sales.read_text() + "\n")
    settings = pipeline.loading.load_config(open_run(shop.folder / "run"))
    for other, error in ((None, SecretError), (Pseudonymizer(b"some other secret"), MismatchError)):
        with pytest.raises(error):
            pipeline.ingest(more, shop.folder / "store", settings, pseudonyms=other)
    back = pipeline.ingest(more, shop.folder / "store", settings, pseudonyms=NAMES)
    assert back.added == (str(more),)
    assert back.shop.fingerprint == now.fingerprint
    assert back.shop.ledger.adds_up
    again = pipeline.ingest(more, shop.folder / "store", settings, replace=True, pseudonyms=NAMES)
    assert again.shop.fingerprint == now.fingerprint
    more.unlink()
    assert places_with(people, shop.folder) == []
    with pytest.raises(UsageError, match="None of these places"):
        erase_people(people, shop.places, NAMES, shop.folder / "receipts")


@pytest.mark.parametrize(
    ("last", "with_run"),
    [(1, False), *(pytest.param(n, True, marks=pytest.mark.slow) for n in range(4))],
)
def test_a_call_that_is_stopped_is_finished_by_the_next(shop, monkeypatch, last, with_run):
    people, receipts = drawn(shop, 2, seed=2), shop.folder / "receipts"
    places = shop.places if with_run else replace(shop.places, runs=())
    rows = find_people(people, places, NAMES)
    real, begun = erasure._removals, []

    def removals(*given):
        for place, removal in real(*given):

            def publish(kept=removal.publish):
                begun.append(kept)
                if len(begun) > last:
                    raise KeyboardInterrupt
                kept()

            yield place, Removal(removal.rows, removal.drafts, publish)

    monkeypatch.setattr(erasure, "_removals", removals)
    with pytest.raises(KeyboardInterrupt):
        erase_people(people, places, NAMES, receipts, "first")
    monkeypatch.setattr(erasure, "_removals", real)
    kept = [shop.folder / each for each in ("store", "history", "experiments")]
    kept += [shop.folder / "run"] if with_run else []
    assert any(places_with(people, folder) for folder in kept)
    note = receipts / "pending.json"
    assert note.stat().st_mode & 0o077 == 0
    # Whoever is erased next: what was begun is finished first.
    other = next(p for p in drawn(shop, 9, seed=4) if p not in people)
    erase_people(other, places, NAMES, receipts, "second")
    assert not any(places_with([*people, other], folder) for folder in kept)
    first, second = (json.loads(path.read_text()) for path in sorted(receipts.glob("0*.json")))
    assert first["places"] == rows
    assert (first["created"], second["created"]) == ("first", "second")
    if with_run:
        require_all_works(shop)


def test_nothing_changes_where_one_place_cannot_be_written(shop):
    history = next((shop.folder / "history").glob("*.parquet"))
    history.write_bytes(history.read_bytes()[:100])
    before = digests(shop.folder)
    places = replace(shop.places, runs=())
    with pytest.raises(ArtifactError):
        erase_people(drawn(shop, 2, seed=5), places, NAMES, shop.folder / "receipts")
    assert digests(shop.folder) == before


@pytest.mark.slow
def test_a_look_changes_nothing(shop):
    before = digests(shop.folder)
    person = drawn(shop, 1, seed=6)[0]
    found = find_people(person, shop.places, NAMES)
    held = export_person(person, shop.places)
    assert digests(shop.folder) == before
    for goes, shown in zip(found, held, strict=True):
        counts = {name: len(rows) for name, rows in shown["rows"].items()}
        assert counts.items() <= goes["rows"].items()
        assert counts or goes["kind"] == "log"
    raw = next(iter(held[0]["rows"].values()))
    own = pl.read_csv(shop.sales, infer_schema=False).filter(CustomerID=person)
    assert len(raw) == own.height
    assert json.dumps(held, default=str)


@pytest.mark.slow
def test_a_file_that_nobody_knows_is_told(shop):
    person = drawn(shop, 1, seed=7)[0]
    (shop.folder / "store" / "notes.txt").write_text(f"call {person} back")
    with pytest.raises(RemainsError, match=r"notes\.txt"):
        erase_people(person, shop.places, NAMES, shop.folder / "receipts")
    (shop.folder / "store" / "notes.txt").unlink()
    receipt = erase_people(person, shop.places, NAMES, shop.folder / "receipts")
    assert receipt["searched"]["found"] == 0


@pytest.mark.slow
def test_hidden_ids_leave_too(shop):
    run, person = shop.folder / "run", drawn(shop, 1, seed=8)[0]
    hidden = pipeline.ExportRequest(created="then", pseudonyms=NAMES)
    for form in ("html", "json"):
        pipeline.export_report(run, form, hidden)
    pipeline.export_bi_tables(run, hidden)
    known = NAMES.hash_id(person)
    assert known in (run / "report.html").read_text()
    erase_people(person, shop.places, NAMES, shop.folder / "receipts")
    (shop.folder / "list.csv").unlink()
    assert places_with([person, known], shop.folder) == []
    others = shop.lines()["customer_id"].unique().sort().to_list()
    page = (run / "report.html").read_text()
    assert not [each for each in others if f">{each}<" in page]  # it hides ids as before


@pytest.mark.parametrize("ask", [find_people, lambda *given: erase_people(*given, "receipts")])
def test_a_store_stays_whole_when_it_does_not_hold_the_person(shop, tmp_path, monkeypatch, ask):
    monkeypatch.chdir(tmp_path)
    before = digests(shop.folder)
    with suppress(UsageError):
        ask("nobody", Places(stores=shop.places.stores), NAMES)
    assert digests(shop.folder) == before


def test_places_must_be_there(shop):
    with pytest.raises(UsageError, match="No place"):
        find_people("1", Places(), NAMES)
    with pytest.raises(FileMissingError):
        find_people("1", Places(histories=(str(shop.folder / "nowhere"),)), NAMES)
    assert not (shop.folder / "nowhere").exists()


def test_days_of_a_history_stay_when_all_their_customers_go(shop):
    history = ScoreHistory(shop.folder / "history")
    entries = history.list_entries().select("as_of")
    everybody = history.read_scores()["customer_id"].unique().to_list()
    with history.removing(everybody[:-1]) as removal:
        removal.publish()
    assert history.read_scores()["customer_id"].unique().to_list() == everybody[-1:]
    assert history.list_entries().select("as_of").height <= entries.height


KILLED = """
import os, signal, sys
from pathlib import Path
from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.core.removal import Removal
from segpredict.privacy import Places, erase_people, erasure
folder, person, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
real, seen = erasure._removals, []
def removals(*given):
    for place, removal in real(*given):
        def publish(kept=removal.publish):
            seen.append(1)
            if len(seen) > last:
                os.kill(os.getpid(), signal.SIGKILL)
            kept()
        yield place, Removal(removal.rows, removal.drafts, publish)
erasure._removals = removals
names = [(str(folder / name),) for name in ("store", "run", "history", "experiments")]
erase_people(person, Places(*names), Pseudonymizer(b"a secret of 16 or more bytes"), folder / "r")
"""


@pytest.mark.slow
@pytest.mark.parametrize("last", range(4))
def test_a_process_that_is_killed_leaves_what_the_next_call_finishes(shop, last):
    person = drawn(shop, 1, seed=last)[0]
    command = [sys.executable, "-c", KILLED, str(shop.folder), person, str(last)]
    done = subprocess.run(command, check=False, env={**os.environ})
    assert done.returncode == -signal.SIGKILL
    require_all_works(shop)  # each place is whole, old or new
    erase_people(person, shop.places, NAMES, shop.folder / "r")
    for name in ("list.csv", "more.csv"):
        (shop.folder / name).unlink()
    assert places_with([person], shop.folder) == []
    require_all_works(shop)
