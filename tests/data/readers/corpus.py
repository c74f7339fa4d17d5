"""The hostile CSV corpus: odd files with the rows they hold, and files to be refused.

`python tests/data/readers/corpus.py` reads them all and prints the table of counts that
stands in docs/reference/input.md.
"""

import gzip
import io
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from segpredict.data.readers import read_raw_lines
from segpredict.errors import SegpredictError

Row = tuple[str | None, ...]
ROLES = ("customer_id", "time", "amount", "description")
HEAD = "customer_id,date,amount,description\n"
PLAIN = f"{HEAD}00123,2011-01-31,2.50,mug\n123,2011-02-01,1,cup\n"
TWO: tuple[Row, ...] = (
    ("00123", "2011-01-31", "2.50", "mug"),
    ("123", "2011-02-01", "1", "cup"),
)
ONE = TWO[:1]
LONG = "x" * 1_000_000


@dataclass(frozen=True)
class Odd:
    """A file that is valid, however odd: its rows, and the lines they stand on."""

    name: str
    content: bytes
    rows: tuple[Row, ...]
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Bad:
    """A file to be refused: a word of the message, and the row if one is at fault."""

    name: str
    content: bytes
    reason: str
    row: int | None = None
    column: str | None = None


def _zip(**members: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("_", "."), text)
    return packed.getvalue()


def _swap(text: str, sign: str) -> bytes:
    return text.replace(",", sign).encode()


def _described(cell: str) -> bytes:
    return f"{HEAD}1,2011-01-31,2,{cell}\n2,2011-02-01,3,end\n".encode()


def _about(cell: str) -> tuple[Row, ...]:
    return (("1", "2011-01-31", "2", cell), ("2", "2011-02-01", "3", "end"))


def _ids(*ids: str) -> bytes:
    return (HEAD + "".join(f"{i},12/01/2010,1,x\n" for i in ids)).encode()


def _with_ids(*ids: str) -> tuple[Row, ...]:
    return tuple((i, "12/01/2010", "1", "x") for i in ids)


GERMAN = "Kunde;Datum;Betrag;Beschreibung\n00123;2011-01-31;2,50;Krug\n"
WIDE_HEAD = HEAD.strip() + "," * 300 + "\n"
WIDE = WIDE_HEAD + "1,2011-01-31,2,a" + "," * 300 + "\n"

ODD = (
    Odd("plain", PLAIN.encode(), TWO, (2, 3)),
    Odd("utf8_mark", PLAIN.encode("utf-8-sig"), TWO, (2, 3)),
    Odd("utf16_little", b"\xff\xfe" + PLAIN.encode("utf-16-le"), TWO, (2, 3)),
    Odd("utf16_big", b"\xfe\xff" + PLAIN.encode("utf-16-be"), TWO, (2, 3)),
    Odd("latin1", _described("Côte").decode().encode("latin-1"), _about("Côte"), (2, 3)),
    Odd(
        "cp1252_euro",
        _described("5 €").decode().encode("cp1252"),
        _about("5 €"),
        (2, 3),
    ),
    Odd("many_scripts", _described("茶 чай 🍵"), _about("茶 чай 🍵"), (2, 3)),
    Odd(
        "semicolon_and_decimal_comma",
        GERMAN.encode(),
        (("00123", "2011-01-31", "2,50", "Krug"),),
        (2,),
    ),
    Odd("tab", _swap(PLAIN, "\t"), TWO, (2, 3)),
    Odd("bar", _swap(PLAIN, "|"), TWO, (2, 3)),
    Odd("named_separator", b"sep=;\n" + _swap(PLAIN, ";"), TWO, (3, 4)),
    Odd("crlf", PLAIN.replace("\n", "\r\n").encode(), TWO, (2, 3)),
    Odd("mixed_line_ends", PLAIN.replace("\n", "\r\n", 1).encode(), TWO, (2, 3)),
    Odd("cr_only", PLAIN.replace("\n", "\r").encode(), TWO, (2, 3)),
    Odd("blank_lines", PLAIN.replace("mug\n", "mug\n\n  \n").encode(), TWO, (2, 5)),
    Odd("no_last_line_end", PLAIN.strip().encode(), TWO, (2, 3)),
    Odd("line_end_in_quotes", _described('"a\nb"'), _about("a\nb"), (2, 4)),
    Odd("crlf_in_quotes", _described('"a\r\nb\rc"'), _about("a\r\nb\rc"), (2, 5)),
    Odd("doubled_quotes", _described('"7"" disc"'), _about('7" disc'), (2, 3)),
    Odd("separator_in_quotes", _described('"a,b"'), _about("a,b"), (2, 3)),
    Odd(
        "everything_in_quotes",
        "".join(
            ",".join(f'"{cell}"' for cell in line.split(",")) + "\n" for line in PLAIN.splitlines()
        ).encode(),
        TWO,
        (2, 3),
    ),
    Odd("backslash_quotes", _described(r'"a \"b\", c"'), _about('a "b", c'), (2, 3)),
    Odd("blank_before_quote", _described(' "a, b" '), _about("a, b"), (2, 3)),
    Odd("megabyte_cell", _described(LONG), _about(LONG), (2, 3)),
    Odd(
        "ids_with_zeros",
        _ids("007", "7", "0007"),
        _with_ids("007", "7", "0007"),
        (2, 3, 4),
    ),
    Odd(
        "ids_like_numbers",
        _ids("17850.0", "12E5"),
        _with_ids("17850.0", "12E5"),
        (2, 3),
    ),
    Odd(
        "ids_like_words",
        _ids("TRUE", "NA", "inf"),
        _with_ids("TRUE", "NA", "inf"),
        (2, 3, 4),
    ),
    Odd(
        "odd_header",
        PLAIN.replace("customer_id", " CUSTOMER\u00a0ID ").encode(),
        TWO,
        (2, 3),
    ),
    Odd("repeated_header", PLAIN.replace("mug\n", "mug\n" + HEAD).encode(), TWO, (2, 4)),
    Odd("comments_first", b"# made by a till\n# in 2011\n" + PLAIN.encode(), TWO, (4, 5)),
    Odd("empty_columns", WIDE.encode(), (("1", "2011-01-31", "2", "a"),), (2,)),
    Odd(
        "separator_at_line_end",
        PLAIN.replace("mug\n", "mug,\n").replace("cup\n", "cup,\n").encode(),
        TWO,
        (2, 3),
    ),
    Odd(
        "index_column",
        f",{HEAD}0,00123,2011-01-31,2.50,mug\n1,123,2011-02-01,1,cup\n".encode(),
        TWO,
        (2, 3),
    ),
    Odd("gzip_in_disguise", gzip.compress(PLAIN.encode()), TWO, (2, 3)),
    Odd(
        "two_gzip_members",
        gzip.compress(HEAD.encode()) + gzip.compress(PLAIN[len(HEAD) :].encode()),
        TWO,
        (2, 3),
    ),
    Odd("zip_in_disguise", _zip(inside_csv=PLAIN), TWO, (2, 3)),
    Odd(
        "zstd_in_disguise",
        pa.compress(PLAIN.encode(), codec="zstd", asbytes=True),
        TWO,
        (2, 3),
    ),
)

BAD = (
    Bad("short_row", b"%s1,2011-01-31\n" % PLAIN.encode(), "has 2 cells", 4, "amount"),
    Bad(
        "long_row",
        b"%s1,2011-01-31,2,a,b\n" % PLAIN.encode(),
        "has 5 cells",
        4,
        "description",
    ),
    Bad("open_quote", _described('"a') + b"3,d,1,x\n", "never closed", 2, "description"),
    Bad(
        "quote_closed_by_another",
        _described('"a') + _described('"b"')[len(HEAD) :],
        "never closed",
        2,
        "description",
    ),
    Bad("quote_in_cell", _described('Uni"ted'), "stray quote", 2, "description"),
    Bad("sign_after_quote", _described('"a"b'), "stray quote", 2, "description"),
    Bad("cut_in_row", PLAIN.encode() + b"7,2011-0", "cut off", 4, "date"),
    Bad(
        "cut_in_quotes",
        PLAIN.encode() + b'7,2011-01-31,2,"mu',
        "cut off",
        4,
        "description",
    ),
    Bad("nul_in_id", _ids("17\x0050", "2", "3"), "NUL byte", 2, "customer_id"),
    Bad("nul_bytes", bytes(100), "NUL bytes"),
    Bad("total_row", PLAIN.encode() + b"TOTAL,,3.50,\n", "totals", 4, "customer_id"),
    Bad(
        "footer",
        PLAIN.encode() + b"(2 rows affected)\n",
        "has 1 cell ",
        4,
        "date",
    ),
    Bad(
        "comment_in_data",
        PLAIN.encode() + b"# end of till 1\n",
        "has 1 cell ",
        4,
        "date",
    ),
    Bad("no_header", PLAIN[len(HEAD) :].encode(), "looks like data", 1),
    Bad("same_name_twice", PLAIN.replace("amount", "date").encode(), "columns 2 and 3"),
    Bad(
        "column_without_name",
        PLAIN.replace("description", "").encode(),
        "no name",
        2,
        "column 4",
    ),
    Bad("nothing", b"", "empty"),
    Bad("only_line_ends", b"\n\r\n  \n", "empty"),
    Bad("html", b"<!DOCTYPE html>\n<title>Log in</title>", "HTML"),
    Bad("json", b'[{"customer_id": 1, "date": "2011-01-31"}]', "JSON"),
    Bad(
        "invalid_utf8",
        _described("Côte") + b"3,2011-02-01,1,\xff\n",
        "is not UTF-8",
        4,
        "description",
    ),
    Bad(
        "overlong_utf8",
        _described("@").replace(b"@", b"\xc0\xaf"),
        "is not UTF-8",
        2,
        "description",
    ),
    Bad("utf16_without_mark", PLAIN.encode("utf-16-le"), "utf-16-le"),
    Bad("cut_gzip", gzip.compress(PLAIN.encode())[:-9], "gzip is damaged"),
    Bad(
        "two_separators",
        b"amount,a;date\n1,2;3\n4,5;6\n",
        "More than one separator",
    ),
    Bad("two_escapes", _described(r'"C:\\"'), "two ways", 2),
)


@dataclass(frozen=True)
class Outcome:
    """What reading one file of the corpus came to."""

    rows: tuple[Row, ...] = ()
    lines: tuple[int, ...] = ()
    error: SegpredictError | None = None


def outcome(content: bytes, folder: Path) -> Outcome:
    """Read one file as a user would, with no option set."""
    path = folder / "sales.csv"
    path.write_bytes(content)
    try:
        raw = read_raw_lines([str(path)])
    except SegpredictError as error:
        return Outcome(error=error)
    roles = [raw.frame[role].to_list() for role in ROLES]
    return Outcome(tuple(zip(*roles, strict=True)), tuple(raw.frame["row"].to_list()))


def is_right(odd: Odd, got: Outcome) -> bool:
    """Return whether a valid file was read as it stands."""
    return (got.rows, got.lines) == (odd.rows, odd.lines)


def is_told(bad: Bad, got: Outcome) -> bool:
    """Return whether a refusal says why, and where: file, row, column, value, fix."""
    error = got.error
    if error is None or bad.reason not in str(error) or not error.fix:
        return False
    facts = error.to_dict()
    if bad.row is None:
        return True
    named = all(facts[name] is not None for name in ("file", "value"))
    return named and (facts["row"], bad.column or facts["column"]) == (
        bad.row,
        facts["column"],
    )


def table() -> str:
    """Return the counts as the lines of a table in Markdown."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        odd = [(one, outcome(one.content, folder)) for one in ODD]
        bad = [(one, outcome(one.content, folder)) for one in BAD]
    by_row = [(one, got) for one, got in bad if one.row is not None]
    right = sum(is_right(one, got) for one, got in odd)
    refused = sum(got.error is not None for _, got in odd)
    wrong = len(odd) - right - refused + sum(got.error is None for _, got in bad)
    counts = {
        "valid files, read as they are": f"{right} / {len(odd)}",
        "valid files, refused": str(refused),
        "bad files, refused with the right reason": (
            f"{sum(is_told(one, got) for one, got in bad)} / {len(bad)}"
        ),
        "errors about a row that name file, row, column, value and fix": (
            f"{sum(is_told(one, got) for one, got in by_row)} / {len(by_row)}"
        ),
        "files read silently wrong": str(wrong),
    }
    rows = "\n".join(f"| {what} | {count} |" for what, count in counts.items())
    return f"| {len(odd) + len(bad)} files | |\n| --- | --: |\n{rows}"


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
