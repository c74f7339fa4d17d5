"""Take a written moment apart: year, month, day, clock and zone, all still text."""

import unicodedata

import polars as pl

CLOCK_PATTERN = (
    r"(?:[T ,]+(?:at )?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?"
    r"[ \x{202f}]*([AaPp])?(?:\.?[ ]?[Mm]\.?)?)?"
)
ZONE_PATTERN = r"\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
END_PATTERN = CLOCK_PATTERN + ZONE_PATTERN + "$"
CLOCK_PARTS = ("hour", "minute", "second", "half", "zone")
WEEKDAY_PATTERN = r"(?i:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? )?"
MONTH_NAME_PATTERN = r"(\p{L}{3,10})"
NEAR_NAME_PATTERN = r"(?:[ ./-]{1,2}|[.]? de )"  # what may stand beside the name of a month
DATE_PARTS = ("year", "month", "dom", "one", "two", "name", "short", *CLOCK_PARTS)
# Each shape: what to call it, its pattern, and the names of its groups.
DATE_PATTERNS = (
    (
        "year first",
        rf"^(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){END_PATTERN}",
        "year month dom",
    ),
    ("year last", rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){END_PATTERN}", "one two year"),
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
    *(
        ("month name", rf"^{WEEKDAY_PATTERN}{pattern}{END_PATTERN}", f"{names} {year}")
        for year, digits in (("year", r"(\d{4})"), ("short", r"(\d{2})"))
        for pattern, names in (
            (
                rf"{MONTH_NAME_PATTERN}{NEAR_NAME_PATTERN}(\d{{1,2}}),?[ ./-]{digits}",
                "name dom",
            ),
            (
                rf"(\d{{1,2}}){NEAR_NAME_PATTERN}{MONTH_NAME_PATTERN},?"
                rf"{NEAR_NAME_PATTERN}{digits}",
                "dom name",
            ),
        )
    ),
    (
        "month name",
        rf"^(\d{{4}})[ ./-]{MONTH_NAME_PATTERN}[ ./-](\d{{1,2}}){END_PATTERN}",
        "year name dom",
    ),
    (
        "short year",
        rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{2}}){END_PATTERN}",
        "one two short",
    ),
)


def split_dates(texts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the parts of every text that has a known shape, and the other texts."""
    found, rest = [], texts
    for shape, pattern, names in DATE_PATTERNS:
        if rest.is_empty():
            break
        groups = names.split()
        if groups[-1] not in CLOCK_PARTS and pattern.endswith(END_PATTERN):
            groups += CLOCK_PARTS
        parts = rest.with_columns(_groups(pattern, groups)).unnest("groups")
        fits = parts[groups[0]].is_not_null()
        missing = [pl.lit(None, pl.String).alias(n) for n in DATE_PARTS if n not in groups]
        found.append(
            parts.filter(fits)
            .with_columns(*missing, shape=pl.lit(shape))
            .select("text", "shape", *DATE_PARTS)
        )
        rest = rest.filter(~fits)
    return pl.concat(found) if found else _none(), rest


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(("text", "shape", *DATE_PARTS), pl.String))


def _groups(pattern: str, names: list[str]) -> pl.Expr:
    groups = pl.col("form").str.extract_groups(pattern).struct
    return pl.struct(groups[i].alias(name) for i, name in enumerate(names)).alias("groups")


def ascii_digits(text: str) -> str:
    """Return a text with the digits of every script as 0 to 9.

    >>> ascii_digits("٢٠١٠-١٢-٠١")
    '2010-12-01'
    """
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)
