"""`segpredict check`: on the terminal, as JSON, as a page, and as a drafted config."""

import html
import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from door import fits
from typer.testing import CliRunner

from segpredict.cli._main import app
from segpredict.config import load
from segpredict.errors import SegpredictError

HEAD = "Kundennummer;Bestellnummer;Bestelldatum;Menge;Einzelpreis;Land"


def german(folder: Path, *extra: str) -> str:
    """Write a German export: semicolons, decimal commas, days first."""
    first = date(2021, 1, 1)
    lines = [
        f"K{i % 40:03d};B{i};{first + timedelta(i % 700):%d.%m.%Y};{1 + i % 3};"
        f"{1 + i % 7},50 €;Deutschland"
        for i in range(400)
    ]
    file = folder / "verkauf.csv"
    file.write_text("\n".join([HEAD, *lines, *extra]), encoding="utf-8")
    return str(file)


def check(*arguments: str):
    return CliRunner().invoke(app, ["check", *arguments])


def test_a_german_export_needs_no_options(tmp_path: Path) -> None:
    done = check("--data", german(tmp_path), "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["adds_up"]
    assert found["currency"] == "€"
    assert found["problem"] is None
    assert found["files"][0]["time_format"] == "dmy"
    assert found["files"][0]["decimal_mark"] == "comma"
    assert (found["first_day"], found["last_day"]) == ("2021-01-01", "2022-02-04")
    assert [row["measure"] for row in found["distributions"]] == [
        "orders per customer",
        "lines per order",
        "value per order",
        "days between purchases",
    ]


def test_the_tables_hide_rules_that_did_nothing(tmp_path: Path) -> None:
    done = check("--data", german(tmp_path, ";B999;01.02.2022;1;1,00 €;Deutschland"))
    assert done.exit_code == 0
    assert fits(done.stdout)
    assert "no_customer" in done.stdout
    assert "zero_quantity" not in done.stdout
    assert "The totals of the ledger reconcile" in done.stdout


def test_every_count_is_printed_on_request(tmp_path: Path) -> None:
    done = check("--data", german(tmp_path), "--verbose")
    assert done.exit_code == 0
    for text in ("Rules of the ledger", "days between purchases", "2021-03", "Which horizon?"):
        assert text in done.stdout


def test_a_drafted_config_reads_the_file_as_it_was_read(tmp_path: Path) -> None:
    data, drafted = german(tmp_path), tmp_path / "drafted.toml"
    first = check("--data", data, "--json", "--write-config", str(drafted))
    plan = load.load_config(str(drafted))
    assert plan.source.columns["customer_id"] == "Kundennummer"
    assert (plan.cleaning.time_format, plan.cleaning.number_format) == ("dmy", "comma")
    again = check("--data", data, "--config", str(drafted), "--json")
    one, other = json.loads(first.stdout), json.loads(again.stdout)
    assert one["fingerprint"] == other["fingerprint"]


def test_columns_of_any_name_survive_the_draft() -> None:
    names = {"time": 'a, "b" = \\c', "customer_id": "d, price = e"}
    found = {
        "files": [
            {
                "file": "x.csv",
                "rows": 1,
                "columns": names,
            }
        ],
        "first_day": "2021-01-01",
        "last_day": "2021-01-01",
        "horizons": [],
        "currency": "",
    }
    text = load.draft_config(found, load.Config())
    assert 'time = "a, \\"b\\" = \\\\c"' in text


def test_the_page_holds_everything_and_loads_nothing(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    bad = ";B999;01.02.2022;<b>viele</b>;1,00 €;Deutschland"
    options = ("--on-bad-rows", "quarantine", "--html", str(page))
    done = check("--data", german(tmp_path, bad), *options)
    assert done.exit_code == 0
    text = page.read_text(encoding="utf-8")
    # One script of its own may run, by its hash, and nothing may be asked for.
    assert text.count("<script>") == 1
    assert "default-src 'none'" in html.unescape(text)
    assert "src=" not in text
    assert "&lt;b&gt;viele&lt;/b&gt;" in text
    assert "Sales by month" in text
    assert "Unreadable rows" in text


@pytest.mark.parametrize("as_json", [False, True])
def test_a_shop_that_cannot_be_modelled_is_shown_and_leaves_with_six(
    tmp_path: Path, as_json: bool
) -> None:
    file = tmp_path / "one.csv"
    rows = {"customer_id": ["a"], "date": ["2021-01-31"], "amount": ["-1"]}
    pl.DataFrame(rows).write_csv(file)
    done = check("--data", str(file), *(["--json"] if as_json else []))
    assert done.exit_code == 6
    assert "Every line is a return" in done.output


def test_too_many_bad_rows_name_the_limit(tmp_path: Path) -> None:
    bad = ["K001;B;01.02.2022;viele;1,00 €;Deutschland"] * 9
    done = check("--data", german(tmp_path, *bad), "--on-bad-rows", "quarantine")
    assert isinstance(done.exception, SegpredictError)
    assert "9 of 409 rows cannot be read, and at most 1%" in str(done.exception)
    more = ("--on-bad-rows", "drop", "--max-bad-rows", "3%")
    assert check("--data", german(tmp_path, *bad), *more).exit_code == 0
