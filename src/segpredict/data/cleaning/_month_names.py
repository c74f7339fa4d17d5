"""Names of months in seven languages."""

import polars as pl

# English, German, French, Spanish, Italian, Portuguese and Dutch, without accents: no word
# of one of them is another month in another.
MONTH_WORDS = (
    "january jan januar janvier janv enero ene gennaio gen janeiro januari janner",
    "february feb februar fevrier fevr fev febrero febbraio fevereiro februari",
    "march mar marz maerz mrz mars marzo marco maart mrt",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug aout agosto ago augustus",
    "september sep sept septembre septiembre settembre sett set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez decembre diciembre dic dicembre dezembro",
)
MONTH_NUMBERS = {
    name: number for number, names in enumerate(MONTH_WORDS, 1) for name in names.split()
}


def month_number(name: pl.Expr) -> pl.Expr:
    """Return the number of a month by its name, null where it is none."""
    bare = name.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    return bare.replace_strict(MONTH_NUMBERS, default=None, return_dtype=pl.Int32)
