"""What to say where roles have no column: candidates by content, or what the table is instead."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.config.column_aliases import normalize_name
from segpredict.config.presets import preset_for
from segpredict.data.readers._content import (
    filled_cells,
    has_decimals,
    is_number_column,
    is_time_column,
    rough_numbers,
)
from segpredict.errors import ColumnMissingError, ContractError, quote_value

SAMPLE_ROWS = 20_000  # rows that are looked at
FITTING_SHARE = 0.95  # share of cells that must fit a role
MAX_CANDIDATES = 3
PERSON_WORDS = (
    *("customer", "cust", "client", "buyer", "user", "member", "shopper", "household", "account"),
    *("email", "card", "kunde", "kd", "debitor", "cliente", "klant", "klient", "acheteur"),
    *("consumer", "karte", "auftraggeber", "kontakt", "contact", "kaufer", "acquirente", "payer"),
    *("visitor", "pseudo", "guest", "клиент", "покупатель", "patient", "subscriber", "person"),
)
TRAIT_WORDS = (  # columns about a person that do not say who it is
    *("type", "group", "segment", "category", "phone", "city", "country", "zip", "street"),
    *("age", "gender", "since", "birth", "note", "agent", "tier", "status", "language", "zone"),
    *("marketing", "comment", "region", "state", "neu", "nouveau", "new"),
)
DOCUMENT_WORDS = (  # what numbers an order, not a person
    *("order", "document", "receipt", "invoice", "beleg", "faktura", "bon", "transaction"),
    *("merchant", "ticket", "basket", "rechnung", "commande", "pedido", "facture", "session"),
)
AMBIGUOUS_NAMES = ("itemprice",)  # the price of one piece to some exporters, of all to others
UNIT_WORDS = ("unit", "price", "preis", "prix", "precio", "prezzo", "each", "perpiece")
DAY_WORDS = (
    *("date", "datum", "day", "time", "tag", "jour", "dia", "fecha", "giorno", "data", "dag"),
    *("created", "when", "zeit"),
)
TIME_WORDS = ("order", "purchase", "sale", "created", "invoice", "trans", "paid", "date", "datum")
LATER_WORDS = ("update", "ship", "deliver", "birth", "modified", "refund", "cancel", "atualizado")
MONEY_WORDS = (
    *("amount", "total", "revenue", "sales", "price", "value", "betrag", "umsatz", "preis"),
    *("montant", "prix", "importe", "precio", "valor", "preco", "subtotal", "gross", "net"),
    *("paid", "spend", "sum", "charge", "cost"),
)
OTHER_MONEY_WORDS = (
    *("tax", "vat", "shipping", "postage", "delivery", "freight", "fee", "discount", "refund"),
    *("rebate", "remise", "descuento", "desconto", "sconto", "korting", "coupon", "balance"),
    *("versand", "steuer", "mwst", "rabatt", "handling", "tip", "compare"),
)
NO_MONEY_WORDS = ("id", "quantity", "qty", "count", "shipped", "items", "number", "phone", "zip")
WITH_TAX = r"(?i)\(?\b(inc|ex|incl|excl|including|excluding)\b\.?\s*(tax|vat|mwst)?\)?"
SUMMARY_COLUMN_NAMES = {  # typical of a table with one row per customer
    *("recency", "frequency", "monetary", "ltv", "clv", "totalspent", "totalspend", "tenure"),
    *("orders", "orderscount", "numberoforders", "numorders", "lastorder", "totalorders"),
    *("lastpurchase", "firstpurchase", "lastorderdate", "avgordervalue", "segment", "churn"),
    *("annualincome", "spendingscore", "satisfactionscore", "rfmscore", "purchaseamount"),
}
BANK_COLUMN_NAMES = {
    *("auftragskonto", "buchungstag", "valutadatum", "verwendungszweck", "buchungstext"),
    *("kontonummer", "blz", "iban", "bic", "valuedate", "bookingdate", "accountnumber"),
    *("debit", "credit", "balance", "saldo", "runningbalance", "datedevaleur", "libelle"),
    *("beguenstigterzahlungspflichtiger", "counterparty", "sortcode", "datecomptable"),
}


@dataclass(frozen=True, slots=True)
class _Column:
    """What the cells of a column look like."""

    name: str
    is_time: bool
    is_number: bool
    has_decimals: bool
    distinct_share: float  # distinct values per filled cell
    is_constant: bool  # whether several cells are all alike
    is_digits: bool  # whether all cells are digits alone


def missing_roles_error(
    missing: Sequence[str], chosen: Mapping[str, str], table: pl.DataFrame, file: str
) -> ContractError:
    """Return the error that names all missing roles at once, with candidates for each."""
    free = [name for name in table.columns if name not in chosen.values()]
    columns = [_look(table[name].head(SAMPLE_ROWS)) for name in free]
    other = _other_table(missing, columns, table, file)
    if other is not None:
        return other
    options = {role: list(_candidates(role, columns, chosen))[:MAX_CANDIDATES] for role in missing}
    if "amount" in options and "price" in chosen:
        options["amount"] = [chosen["price"]]  # every row is one piece
    listed = "; ".join(_words(role, options[role], chosen) for role in missing)
    money = _sums(options.get("amount", ()), chosen, table)
    options = _priced(options, chosen)
    maps = [f"--map {role}='{(names or ['YOUR_COLUMN'])[0]}'" for role, names in options.items()]
    fix = f"name what is missing: {' '.join(maps)}{_other_ways(options, chosen)}."
    preset = preset_for(table.columns)
    if preset:
        fix = f"it looks like an export that --config {preset} reads. Else {fix}"
    return ColumnMissingError(listed, table.columns, file, remark=money, fix=fix)


def _priced(options: dict[str, list[str]], chosen: Mapping[str, str]) -> dict[str, list[str]]:
    """Return options in which a column named as a price of pieces is offered as the price."""
    names = [normalize_name(name) for name in options.get("amount", [])]
    is_unit = [_holds(name, UNIT_WORDS) and name not in AMBIGUOUS_NAMES for name in names]
    if "quantity" not in chosen or not any(is_unit):
        return options
    units = [name for name, fits in zip(options["amount"], is_unit, strict=True) if fits]
    return {**{r: n for r, n in options.items() if r != "amount"}, "price": units}


def _other_ways(options: Mapping[str, Sequence[str]], chosen: Mapping[str, str]) -> str:
    if "amount" not in options:
        return ""
    names = options["amount"]
    if "price" in chosen:
        return " (where every row is one piece)"
    if names and "quantity" in chosen:
        return f"; where that is the price of one piece, --map price='{names[0]}' instead of amount"
    return "" if names else ", or count orders only: --set cleaning.revenue=visits"


def _words(role: str, names: Sequence[str], chosen: Mapping[str, str]) -> str:
    listed = f" (by content: {', '.join(map(quote_value, names))})" if names else ""
    if role != "amount":
        return f"{role}{listed}"
    beside = next((f" beside {n}" for n in ("quantity", "price") if n in chosen), "")
    return f"amount, or quantity and price{beside}{listed}"


def _sums(names: Sequence[str], chosen: Mapping[str, str], table: pl.DataFrame) -> str:
    """Return what the first candidate adds up to as money of lines and as price of pieces."""
    if not names or "quantity" not in chosen:
        return ""
    money, pieces = rough_numbers(table[names[0]]), rough_numbers(table[chosen["quantity"]])
    return (
        f"{quote_value(names[0])} adds up to {money.sum():,.2f} as the money of lines, and to "
        f"{(money * pieces).sum():,.2f} as the price of one piece."
    )


def _look(column: pl.Series) -> _Column:
    cells = filled_cells(column)
    is_time = is_time_column(column)
    is_number = not is_time and is_number_column(column)
    distinct = cells.n_unique()
    share, is_constant = distinct / max(len(cells), 1), distinct == 1 and len(cells) > 1
    decimals = is_number and has_decimals(column)
    texts = cells.cast(pl.String, strict=False) if not cells.dtype.is_temporal() else cells.clear()
    digits = texts.dtype == pl.String and len(texts) > 0 and texts.str.contains(r"^\d+$").all()
    return _Column(column.name, is_time, is_number, decimals, share, is_constant, bool(digits))


def _candidates(role: str, columns: Sequence[_Column], chosen: Mapping[str, str]) -> Sequence[str]:
    if role == "time":
        days = [c for c in columns if c.is_time]
        # Digits such as 20230115 are days where the name says so, and ids elsewhere.
        sure = [c for c in days if not c.is_digits or _holds(normalize_name(c.name), DAY_WORDS)]
        return sorted((c.name for c in sure), key=_time_rank)
    if role == "customer_id":
        return _person_candidates(columns)
    return _money_candidates(columns, "price" if "quantity" in chosen else "total")


def _time_rank(name: str) -> tuple[bool, bool]:
    bare = normalize_name(name)
    return (_holds(bare, LATER_WORDS), not _holds(bare, TIME_WORDS))


def _person_candidates(columns: Sequence[_Column]) -> list[str]:
    """Return columns that may say who bought: named like a person first, then ids that repeat."""
    ids = [c for c in columns if not c.has_decimals and c.distinct_share]
    ids = [c for c in ids if not c.is_time or c.is_digits]
    ids = [c for c in ids if not (c.is_digits and _holds(normalize_name(c.name), DAY_WORDS))]
    ids = [c for c in ids if not c.is_constant]
    ids = [c for c in ids if not _holds(normalize_name(c.name), (*TRAIT_WORDS, *DOCUMENT_WORDS))]
    named = [c.name for c in ids if _holds(normalize_name(c.name), PERSON_WORDS)]
    if named:
        return sorted(named, key=lambda name: "name" in normalize_name(name))
    return [c.name for c in ids if 0.02 < c.distinct_share < 0.9]


def _bare_money_name(name: str) -> str:
    """Return a name without the remark that it is with or without tax."""
    return normalize_name(re.sub(WITH_TAX, "", name))


def _money_candidates(columns: Sequence[_Column], first: str) -> list[str]:
    money = [
        c for c in columns if c.is_number and not _holds(normalize_name(c.name), NO_MONEY_WORDS)
    ]
    money = [c for c in money if not _holds(_bare_money_name(c.name), OTHER_MONEY_WORDS)]
    named = [c.name for c in money if _holds(normalize_name(c.name), MONEY_WORDS)]
    plain = [c.name for c in money if c.has_decimals and c.name not in named]
    is_taxed = re.compile(r"(?i)\binc")  # where a file tells them apart, money without tax counts
    ranked = [*named, *plain]
    ranked.sort(key=lambda n: (first not in normalize_name(n), bool(is_taxed.search(n))))
    return ranked[:MAX_CANDIDATES]


def _holds(name: str, words: Sequence[str]) -> bool:
    return any(word in name for word in words)


def _other_table(
    missing: Sequence[str], columns: Sequence[_Column], table: pl.DataFrame, file: str
) -> ContractError | None:
    """Return the error for a table that holds something else than transactions."""
    names = {normalize_name(name) for name in table.columns}
    quoted = quote_value(file)
    if len(names & SUMMARY_COLUMN_NAMES) > 1:
        return _person_table(quoted, table, file)
    if len(names & BANK_COLUMN_NAMES) >= 3:
        return ContractError(
            f"{quoted} looks like a bank statement (columns "
            f"{', '.join(map(quote_value, table.columns[:6]))}): it names accounts, not customers.",
            fix="export the orders from the shop; or, if each payer is a customer, name the "
            "columns with --map customer_id=… --map time=… --map amount=….",
            file=file,
        )
    if "time" not in missing or any(column.is_time for column in columns):
        return None
    one_each = [c for c in table.columns if table.height > 1 and table[c].is_unique().all()]
    if any(not has_decimals(table[name]) for name in one_each):
        return _person_table(quoted, table, file)
    return None


def _person_table(quoted: str, table: pl.DataFrame, file: str) -> ContractError:
    return ContractError(
        f"{quoted} looks like one row per customer (columns "
        f"{', '.join(map(quote_value, table.columns[:6]))}), not like transactions: there is "
        "nothing to forecast from.",
        fix="give one row an order line, with a date; to cluster such a table as it is, use "
        "segpredict.Segmenter in Python.",
        file=file,
    )
