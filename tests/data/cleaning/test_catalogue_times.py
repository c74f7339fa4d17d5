"""Dates and time: one test a row of the catalogue of bad input (T01 to T28)."""

import random
import re

import pytest
from catalogue import moments, row
from raw_shop import cleaned, sale

from segpredict.data.cleaning import require_support
from segpredict.errors import BadCellsError, ContractError, SupportError, UnknownNameError

EPOCH = 1_291_191_960  # 2010-12-01 08:26 UTC


@pytest.mark.parametrize(
    ("given", "options", "expected"),
    [
        row("T01-T", ["2010-12-01T08:26:00"], {}, ["2010-12-01 08:26"]),
        row("T01-space", ["2010-12-01 08:26"], {}, ["2010-12-01 08:26"]),
        row("T01-Z", ["2010-12-01T08:26:00Z"], {}, ["2010-12-01 08:26"]),
        row("T01-fraction", ["2010-12-01 08:26:00.123"], {}, ["2010-12-01 08:26"]),
        row("T02", ["13/01/2011", "01/02/2011"], {}, ["2011-01-13", "2011-02-01"]),
        row("T03", ["1/13/2011", "1/2/2011"], {}, ["2011-01-13", "2011-01-02"]),
        row("T06", ["40513.351"], {}, ["2010-12-01 08:25"]),
        row("T06-whole", ["40513", "40514"], {}, ["2010-12-01", "2010-12-02"]),
        row("T07", ["39051"], {"excel_epoch": 1904}, ["2010-12-01"]),
        *(
            row(f"T08-{unit}", [f"{EPOCH * size}"], {}, ["2010-12-01 08:26"])
            for unit, size in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9))
        ),
        row(
            "T09",
            ["40513.5", "2010-12-01 08:26"],
            {},
            ["2010-12-01 12:00", "2010-12-01 08:26"],
        ),
        row(
            "T10",
            ["2010-12-01 23:30:00-05:00", "2010-12-01 08:26:00+01:00"],
            {"timezone": "Europe/London"},
            ["2010-12-02 04:30", "2010-12-01 07:26"],
        ),
        row(
            "T10-utc",
            ["2010-12-01 23:30:00-05:00", "2010-12-01 08:26:00+01:00"],
            {},
            ["2010-12-02 04:30", "2010-12-01 07:26"],
        ),
        row(
            "T10-summer",
            ["2010-12-01 08:26:00+01:00", "2010-07-01 08:26:00+02:00"],
            {},
            ["2010-12-01 08:26", "2010-07-01 08:26"],
        ),
        row(
            "T11-zone",
            ["2010-07-01T08:26:00Z", "2010-07-01 08:26:00"],
            {"timezone": "Europe/London"},
            ["2010-07-01 09:26", "2010-07-01 08:26"],
        ),
        row(
            "T12",
            ["2011-03-27 01:30", "2011-10-30 01:30"],
            {"timezone": "Europe/London"},
            ["2011-03-27 01:30", "2011-10-30 01:30"],
        ),
        row("T15-pivot", ["31/01/11"], {"century_pivot": 69}, ["2011-01-31"]),
        row("T15-1900s", ["31/01/99"], {"century_pivot": 69}, ["1999-01-31"]),
        *(
            row(f"T19-{i}", [text], {}, ["2010-12-01"])
            for i, text in enumerate(
                [
                    *("Dec 1 2010", "December 1, 2010", "1 Dec 2010", "01-DEC-2010"),
                    *("1 décembre 2010", "1. Dez. 2010", "1 de diciembre de 2010", "Dec-1-10"),
                    *("1 dic 2010", "1 dez 2010", "01-Dec-10", "2010-Dec-1", "Wed, 1 Dec 2010"),
                ]
            )
        ),
        row("T15-no-pivot", ["31/01/11", "03/02/99"], {}, ["2011-01-31", "1999-02-03"]),
        row("T19-pm", ["Dec 1, 2010 8:26:00 PM"], {}, ["2010-12-01 20:26"]),
        row("T20-24", ["2010-12-31 24:00", "2010-12-01 01:00"], {}, None),
        row("T20-leap", ["2010-12-31 23:59:60"], {}, ["2010-12-31 23:59"]),
        row("T20-date", ["2010-12-01"], {}, ["2010-12-01"]),
        row("T21", ["٢٠١٠-١٢-٠١"], {}, ["2010-12-01"]),
        row("digits", ["2010120108", "201012010826"], {}, None),
        row("strptime", ["Mi 01. 12 2010"], {"time_format": "Mi %d. %m %Y"}, None),
    ],
)
def test_a_time_is_read_as_what_it_is(given, options, expected) -> None:
    own = {
        "2010-12-31 24:00": ["2011-01-01 00:00", "2010-12-01 01:00"],
        "2010120108": ["2010-12-01 08:00", "2010-12-01 08:26"],
        "Mi 01. 12 2010": ["2010-12-01"],
    }
    assert moments(*given, **options) == (expected or own[given[0]])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        row("T04", ["1/2/2011", "3/4/2011"], "dmy gives 2011-02-01 to 2011-04-03, mdy"),
        row("T05", ["13/1/2011", "1/13/2011"], '"1/13/2011" is in frame row 3'),
        row("T08-mixed", [f"{EPOCH}", f"{EPOCH}000"], "several units"),
        row("T11", ["2010-12-01T08:26:00Z", "2010-12-01 08:26"], "an offset to UTC"),
    ],
)
def test_a_column_with_two_readings_is_refused_with_both(given, message) -> None:
    with pytest.raises(ContractError) as caught:
        moments(*given)
    assert message in caught.value.message
    assert re.search("cleaning.time|into one unit|into one format", caught.value.fix)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        row("T13", "2010-12-01 08:26 IST", "names a time zone by letters"),
        *(
            row(f"T14-{i}", text, "is not a day between")
            for i, text in enumerate(["2010-02-30", "31/04/2011", "0000-00-00"])
        ),
        row("T15", "31/01/68", "has a year of two digits"),
        row("T16-0001", "0001-01-01", "is not a day between"),
        row("T16-1900", "1900-01-01", "is not a day between"),
        row("T16-1970", "1970-01-01", "means an unknown day"),
        row("T17-9999", "9999-12-31", "is not a day between"),
        row("T17-2262", "2262-04-12", "is not a day between"),
        row("T19-other", "1 joulukuuta 2010", "is not a time that can be read"),
        row("T20-time", "08:26", "is a time without a day"),
        row("T20-25", "2010-12-01 25:00", "is no time of the day"),
    ],
)
def test_a_time_that_cannot_be_true_is_a_bad_row(given, message) -> None:
    with pytest.raises(BadCellsError, match="row 2, column time") as caught:
        moments(given, "2010-12-13")
    assert message in caught.value.message


@pytest.mark.parametrize("zone", [row("T13-option", "IST")])
def test_a_zone_by_letters_is_refused_as_an_option(zone) -> None:
    with pytest.raises(UnknownNameError, match="time zone"):
        cleaned([sale()], timezone=zone)


@pytest.mark.parametrize("latest", [row("T18", "2011-06-01")])
def test_rows_after_the_last_possible_day_are_bad_rows(latest) -> None:
    with pytest.raises(BadCellsError, match="after the last day that can be true"):
        moments("2011-01-01", "2021-01-01", latest_date=latest)


@pytest.mark.parametrize("seed", [row("T22", 3)])
def test_the_order_of_rows_is_no_information(seed) -> None:
    rows = [sale(str(i), day=f"2011-01-{i + 1:02d}") for i in range(20)]
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert cleaned(rows).fingerprint == cleaned(shuffled).fingerprint


@pytest.mark.parametrize("years", [row("T23", 10)])
def test_a_long_gap_is_told(years) -> None:
    made = cleaned([sale(day="2001-01-01"), sale("2", day=f"{2001 + years}-01-01")])
    assert "No row lies between 2001-01-02 and 2010-12-31 (3,651 days)" in made.notes[0]


@pytest.mark.parametrize("as_of", [row("T25", "2005-01-01")])
def test_a_cutoff_before_the_first_row_leaves_nobody(as_of) -> None:
    with pytest.raises(SupportError, match="removed by after_cutoff 1"):
        require_support(cleaned([sale()], as_of=as_of))


@pytest.mark.parametrize("year", [row("T28-1970", "1971"), row("T28-2099", "2099")])
def test_no_clock_decides_what_is_the_future(year) -> None:
    assert moments(f"{year}-01-01") == [f"{year}-01-01"]
