"""Business reality: one test a row of the catalogue of bad input (B01 to B18)."""

from pathlib import Path

import polars as pl
import pytest
from catalogue import row
from raw_shop import cleaned, frame, from_files, sale

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.load import load_config
from segpredict.config.source import SourceOptions
from segpredict.core.transactions import Transactions
from segpredict.data.cleaning import clean_lines, require_support
from segpredict.data.readers import from_frame
from segpredict.errors import SupportError


def rule(made: Transactions, name: str, stage: str = "excluded") -> int:
    """Return the rows that a rule took or noted."""
    return sum(e.count.rows for e in made.ledger.entries if (e.rule, e.stage) == (name, stage))


def with_countries(*countries: str | None, ids: str = "a") -> Transactions:
    rows = [sale(str(i), who=f"{ids}") for i in range(len(countries))]
    lines = frame(rows).with_columns(country=pl.Series(countries, dtype=pl.String))
    return clean_lines(from_frame(lines, SourceOptions(columns={"country": "country"})))


BACK = {"quantity": "-1", "day": "2011-02-01"}


@pytest.mark.parametrize("number", [row("B01-C", "C536379"), row("B01-c", "c536379")])
def test_a_cancelled_invoice_is_matched_to_its_sale(number) -> None:
    made = cleaned([sale(), sale("2", product="q"), sale(number, **BACK)])
    assert rule(made, "cancellations", "noted") == 1
    assert rule(made, "unmatched_returns", "noted") == 0
    got = made.lines.collect().filter(pl.col("void_day").is_not_null())
    assert sorted(got["order_id"]) == ["1", number]


@pytest.mark.parametrize("parts", [row("B01-parts", ["-4", "-6"])])
def test_several_returns_together_void_their_sale(parts) -> None:
    backs = [sale(f"C{i}", quantity=part, day=f"2011-02-0{i + 1}") for i, part in enumerate(parts)]
    made = cleaned([sale(quantity="10"), *backs])
    got = made.lines.collect()
    assert got["void_day"].unique().to_list() == [15007]  # from the last of them on
    assert made.known_at(15007).collect()["order_id"].to_list() == ["1", "C0"]


@pytest.mark.parametrize(
    ("rows", "voided"),
    [
        row("B01-partial", [sale(quantity="10"), sale("C2", **BACK)], []),
        row(
            "B01-across",  # one return of pieces of two sales voids neither
            [
                sale(quantity="2"),
                sale("2", quantity="3", day="2011-01-31 09:00"),
                sale("C3", quantity="-4", day="2011-02-01"),
            ],
            [],
        ),
        row(
            "B01-exact",  # a return of the same size takes its own sale, not the oldest
            [
                sale(quantity="2"),
                sale("2", quantity="80995", day="2011-02-01 09:15"),
                sale("C3", quantity="-80995", day="2011-02-01 09:27"),
            ],
            ["2", "C3"],
        ),
    ],
)
def test_a_part_that_comes_back_voids_nothing(rows, voided) -> None:
    got = cleaned(rows).lines.collect().filter(pl.col("void_day").is_not_null())
    assert sorted(got["order_id"]) == voided


@pytest.mark.parametrize(
    ("rows", "partly"),
    [
        row("B02", [sale("C0", **BACK), sale("2", product="q")], 0),
        row("B02-part", [sale(), sale("C0", quantity="-3", day="2011-02-01")], 1),
        row("B03", [sale("C0", **BACK), sale("2", day="2011-02-05")], 0),
    ],
)
def test_a_return_without_its_sale_stays_and_is_counted(rows, partly) -> None:
    made = cleaned(rows)
    assert rule(made, "unmatched_returns", "noted") == 1
    assert f"bought before: 1, {partly} of them in part" in made.notes[0]
    assert made.lines.collect()["is_return"].sum() == 1


CODES = ["POST", "M", "D", "BANK CHARGES", "AMAZONFEE", "TEST001"]


@pytest.mark.parametrize("code", [row(f"B04-{code}", code) for code in CODES])
def test_a_code_that_is_no_product_is_left_out(code) -> None:
    # What one letter means is a matter of the shop, so it stands in the shop's preset.
    codes = load_config("online_retail_ii").cleaning.product_codes
    made = cleaned([sale(), sale("A563185", product=code)], product_codes=codes)
    assert rule(made, "non_product") == 1
    kept = cleaned([sale(), sale("A563185", product=code)], product_codes=())
    assert rule(kept, "non_product") == 0


@pytest.mark.parametrize("times", [row("B05", 2)])
def test_repeats_are_kept_in_a_file_and_dropped_across_files(tmp_path: Path, times) -> None:
    made = from_files(tmp_path, [sale()] * times, [sale()] * times)
    assert rule(made, "duplicates") == times
    assert made.lines.collect().height == times


@pytest.mark.parametrize("day", [row("B16", "2011-01-31")])
def test_the_overlap_of_files_is_told_with_its_days(tmp_path: Path, day) -> None:
    made = from_files(
        tmp_path,
        [sale(), sale("2", day="2011-01-20")],
        [sale(), sale("3", product="q")],
    )
    assert f"more than one file: 1, from {day} to {day}" in made.notes[0]


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        row("B06", [sale(who="a"), sale(who="b")], "several customers: 1"),
        row(
            "B07",
            [sale(), sale(day="2011-02-02")],
            "several days: 1",
        ),
        row(
            "B17",
            [sale(), sale("2", day="2011-04-01")],
            "between 2011-02-01",
        ),
    ],
)
def test_unusual_orders_are_noted(rows, note) -> None:
    assert note in " ".join(cleaned(rows).notes)


@pytest.mark.parametrize("returns", [row("B08", 1)])
def test_a_customer_with_returns_only_stays_without_a_purchase(returns) -> None:
    made = cleaned([sale(), sale("2", quantity=f"-{returns}", who="b")])
    got = made.lines.collect().filter(pl.col("customer_id") == "b")
    assert got["is_order_head"].to_list() == [False]
    require_support(made)


@pytest.mark.parametrize("rows", [row("B09", 3)])
def test_a_shop_of_returns_only_is_refused(rows) -> None:
    made = cleaned([sale(str(i), quantity="-1") for i in range(rows)])
    with pytest.raises(SupportError, match="Every line is a return"):
        require_support(made)


@pytest.mark.parametrize("countries", [row("B10", ["France", "Spain"])])
def test_a_customer_of_two_countries_is_told(countries) -> None:
    made = with_countries(*countries)
    assert "Customers who bought from more than one country: 1." in made.notes


@pytest.mark.parametrize(
    ("countries", "expected"),
    [
        row(
            "B11",
            ["United Kingdom", " United Kingdom ", "UK", "united kingdom", "U.K."],
            ["United Kingdom"],
        ),
        row("B11-alone", ["UK", "France"], ["France", "UK"]),
        row("B12", [None, "Unspecified"], [None, "Unspecified"]),
    ],
)
def test_spellings_of_a_country_are_one(countries, expected) -> None:
    got = with_countries(*countries).lines.collect()["country"].unique().sort()
    assert got.to_list() == expected


@pytest.mark.parametrize("n", [row("B13", 600)])
def test_too_many_countries_are_asked_about(n) -> None:
    notes = with_countries(*(f"land {i}" for i in range(n))).notes
    assert "The country has 600 different values. Is it the right column?" in notes


@pytest.mark.parametrize("share", [row("B14", 99)])
def test_a_marketplace_as_one_customer_is_refused(share) -> None:
    rows = [sale(str(i), who="AMAZON") for i in range(share)] + [sale("x", who="b")]
    with pytest.raises(SupportError, match="AMAZON"):
        require_support(cleaned(rows))


@pytest.mark.parametrize("factor", [row("B15", 100)])
def test_pounds_and_pence_in_one_column_are_told(factor) -> None:
    pounds = [sale(f"a{i}") for i in range(20)]
    pence = [sale(f"b{i}", price=str(factor), day="2011-02-10") for i in range(20)]
    notes = " ".join(cleaned([*pounds, *pence]).notes)
    assert "rose 100 times to 100.00 in February 2011: were pounds and pence" in notes


@pytest.mark.parametrize("pattern", [row("B18", "STAFF.*")])
def test_a_pattern_of_ones_own_that_matches_nothing_is_told(pattern) -> None:
    made = clean_lines(from_frame(frame([sale()])), CleaningOptions(product_codes=(pattern,)))
    assert "No product code matches STAFF.*" in made.notes[0]
