"""Take a written moment apart: year, month, day, clock and zone, all still text."""

import unicodedata

import polars as pl

CLOCK = (
    r"(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?"
    r"[ \x{202f}]*([AaPp])?(?:\.?[Mm]\.?)?)?"
)
ZONE = r"\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
END = CLOCK + ZONE + "$"
CLOCK_NAMES = ("hour", "minute", "second", "half", "zone")
NAME = r"([A-Za-z]{3,9})\.?"
PIECES = ("year", "month", "dom", "one", "two", "name", "short", *CLOCK_NAMES)
# Each shape: what to call it, its pattern, and the names of its groups.
SHAPES = (
    (
        "year first",
        rf"^(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){END}",
        "year month dom",
    ),
    ("year last", rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){END}", "one two year"),
    ("digits", r"^(\d{4})(\d{2})(\d{2})$", "year month dom"),
    (
        "digits",
        r"^(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])$",
        "year month dom hour",
    ),
    (
        "digits",
        r"^(20\d{2}|19\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])"
        r"([0-5]\d)([0-5]\d)?$",
        "year month dom hour minute second",
    ),
    ("month name", rf"^{NAME}[ -](\d{{1,2}}),?[ -](\d{{4}}){END}", "name dom year"),
    ("month name", rf"^(\d{{1,2}})[ -]{NAME},?[ -](\d{{4}}){END}", "dom name year"),
    (
        "short year",
        rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{2}}){END}",
        "one two short",
    ),
)
MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
NUMBER_OF = {
    **{name: i for i, name in enumerate(MONTHS, 1)},
    **{name[:3]: i for i, name in enumerate(MONTHS, 1)},
    "sept": 9,
}


def pieces(texts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the parts of every text that has a known shape, and the other texts.

    Parameters
    ----------
    texts
        Columns ``text`` and ``form`` (the text that is looked at).

    Returns
    -------
    DataFrame
        ``text``, ``shape`` and the `PIECES`, null where a shape has none.
    DataFrame
        The texts of no shape.
    """
    found, rest = [], texts
    for shape, pattern, names in SHAPES:
        if rest.is_empty():
            break
        groups = names.split()
        if groups[-1] not in CLOCK_NAMES and pattern.endswith(END):
            groups += CLOCK_NAMES
        parts = rest.with_columns(_groups(pattern, groups)).unnest("groups")
        fits = parts[groups[0]].is_not_null()
        missing = [pl.lit(None, pl.String).alias(n) for n in PIECES if n not in groups]
        found.append(
            parts.filter(fits)
            .with_columns(*missing, shape=pl.lit(shape))
            .select("text", "shape", *PIECES)
        )
        rest = rest.filter(~fits)
    return pl.concat(found) if found else _none(), rest


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(("text", "shape", *PIECES), pl.String))


def _groups(pattern: str, names: list[str]) -> pl.Expr:
    groups = pl.col("form").str.extract_groups(pattern).struct
    return pl.struct(groups[i].alias(name) for i, name in enumerate(names)).alias(
        "groups"
    )


def ascii_digits(text: str) -> str:
    """Return a text with the digits of every script as 0 to 9.

    Examples
    --------
    >>> ascii_digits("٢٠١٠-١٢-٠١")
    '2010-12-01'
    """
    return "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text
    )
