"""Take currency, brackets and trailing minus off a number; remember the currency."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from segpredict.errors import ContractError

CURRENCY_CODES = frozenset(
    (
        *("AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP"),
        *("CZK", "DKK", "EGP", "EUR", "GBP", "HKD", "HRK", "HUF", "IDR", "ILS"),
        *("INR", "ISK", "JPY", "KRW", "KZT", "MAD", "MXN", "MYR", "NOK", "NZD"),
        *("PEN", "PHP", "PKR", "PLN", "RON", "RSD", "RUB", "SAR", "SEK", "SGD"),
        *("THB", "TRY", "TWD", "UAH", "USD", "UYU", "VND", "ZAR"),
    )
)
CURRENCY_SIGNS = {
    "£": "GBP",
    "€": "EUR",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "₺": "TRY",
    "₴": "UAH",
    "฿": "THB",
    "₪": "ILS",
    "₫": "VND",
    "₱": "PHP",
    "R$": "BRL",
    "US$": "USD",
    "A$": "AUD",
    "C$": "CAD",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "$": "$",
    "¥": "¥",
    "kr": "kr",
    "kr.": "kr",
    "Fr.": "CHF",
    "lei": "RON",
}
SIGN_OF_CURRENCY = {"GBP": "£", "EUR": "€", "USD": "$"}
# A symbol that several currencies share agrees with any of them.
AMBIGUOUS_SIGNS = {
    "$": frozenset(
        (
            *("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "TWD", "ARS", "CLP"),
            *("COP", "UYU"),
        )
    ),
    "¥": frozenset(("JPY", "CNY")),
    "kr": frozenset(("DKK", "NOK", "SEK", "ISK")),
}
PERCENT_REASON = "is a percentage"
MISSING_WORDS = frozenset(
    (
        *("n/a", "na", "null", "none", "nil", "-", "--", "–", "—", "#n/a"),
        *("#value!", "#ref!", "#div/0!", "#name?", "#null!"),
    )
)
_SIGN = "|".join(re.escape(s) for s in sorted(CURRENCY_SIGNS, key=len, reverse=True))
_CUR = rf"(?:{_SIGN}|[A-Za-z]{{3}})"
_MINUS = "[-−–]"
_ODD = re.compile(
    rf"(?P<open>\()?\s*(?P<a>[+-]|{_MINUS})?\s*(?P<x>{_CUR})?\s*(?P<b>[+-]|{_MINUS})?\s*"
    r"(?P<body>[0-9.,'’\s]*[0-9][0-9.,]*?(?:[eE][+-]?[0-9]{1,3})?)\s*"
    rf"(?P<y>{_CUR})?\s*(?P<c>{_MINUS})?\s*(?P<close>\))?\s*(?P<z>{_CUR})?"
)


@dataclass(frozen=True, slots=True)
class BareNumber:
    """A number without what accountants hang on it."""

    text: str | None  # sign, digits and marks; ``None`` where there is no number
    currency: str = ""  # its code or symbol; empty if none
    rejection: str = ""  # why it is no number; empty if nothing special is known


def strip_currency(text: str) -> BareNumber:
    """Return a number without currency, brackets and trailing minus.

    >>> [strip_currency(cell).text for cell in ("(£2.55)", "2,55 €", "2.55-")]
    ['-2.55', '2,55', '-2.55']
    >>> strip_currency("12%").rejection, strip_currency("#N/A").rejection
    ('is a percentage', 'is empty')
    """
    if text.casefold() in MISSING_WORDS:
        return BareNumber(None, rejection="is empty")
    if text.rstrip().endswith("%"):
        return BareNumber(None, rejection=PERCENT_REASON)
    found = _ODD.fullmatch(text)
    currencies = [c for c in found.group("x", "y", "z") if c] if found else []
    known = [_known(c) for c in currencies]
    if found is None or len(known) > 1 or None in known:
        return BareNumber(None)
    is_bracketed = found["open"] is not None
    signs = [s for s in found.group("a", "b", "c") if s]
    if is_bracketed != (found["close"] is not None) or len(signs) + is_bracketed > 1:
        return BareNumber(None)
    is_negative = is_bracketed or (bool(signs) and signs[0] != "+")
    digits = found.group("body").strip()
    return BareNumber(f"-{digits}" if is_negative else digits, (known or [""])[0] or "")


def _known(currency: str) -> str | None:
    if currency in CURRENCY_SIGNS:
        return CURRENCY_SIGNS[currency]
    return currency.upper() if currency.upper() in CURRENCY_CODES else None


def single_currency(rows: Mapping[str, int], column: str) -> str:
    """Return the one currency among these, or nothing where there is none.

    >>> single_currency({"$": 3, "USD": 2}, "price")
    'USD'
    """
    codes = {c for c in rows if c and c not in AMBIGUOUS_SIGNS}
    signs = {c for c in rows if c in AMBIGUOUS_SIGNS}
    agree = all(codes <= AMBIGUOUS_SIGNS[sign] for sign in signs)
    if len(codes) > 1 or len(signs) > 1 or not agree:
        listed = ", ".join(f"{name} on {n:,} rows" for name, n in sorted(rows.items()))
        raise ContractError(
            f"The {column} holds several currencies: {listed}.",
            fix="convert the amounts to one currency, or read one currency at a time.",
            column=column,
            examples=sorted(rows),
        )
    return next(iter(sorted(codes) or sorted(signs)), "")
