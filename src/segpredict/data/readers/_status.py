"""Find the columns that say whether a row is a sale, by their values, and join what they say."""

from collections.abc import Sequence

import polars as pl

from segpredict.config.column_aliases import normalize_name
from segpredict.config.status_words import CREDIT_MARK, FALSE_WORDS, TRUE_WORDS, status_meaning

SAMPLE_ROWS = 20_000  # rows that show that a column has too many values
MAX_VALUES = 40  # a status has few values
KNOWN_SHARE = 0.9  # share of rows with known words that makes any column a status
KIND_SHARE = 0.5  # the same for a column named after its kind of event
STATE_PARTS = (
    "status",
    "state",
    "etat",
    "estado",
    "stato",
    "situacao",
    "статус",
    "zustand",
    "stage",
    "durum",
    "状态",
    "状態",
    "ステータス",
)
# A status of these is a status of sales, even if none of its words is known.
ORDER_PARTS = (
    *("order", "payment", "financial", "invoice", "transaction", "sale", "item", "line"),
    *("auftrag", "bestell", "zahlung", "rechnung", "commande", "paiement", "pedido", "pago"),
    *("ordine", "pagamento", "zamowieni", "заказ"),
)
EVENT_NAMES = ("event", "eventtype", "eventname", "action", "behavior", "behaviour", "behaviortype")
KIND_NAMES = (
    *("type", "transactiontype", "ordertype", "documenttype", "doctype", "rowtype", "recordtype"),
    *("belegart", "fakturaart", "vorgangsart", "buchungsart", "operation", "typ", "tipo"),
)
# What happened to the parcel says less than what happened to the money.
PARCEL_PARTS = ("fulfil", "shipping", "shipment", "delivery", "dispute")
OTHER_STATES = ("marital", "civil", "country", "loyalty", "member", "stock", "tax", "customer")
# Flags by their name: what a row is where the flag is set, or where it is not.
FLAGS_SET = {
    "returned": ("returned", "isreturn", "returnflag", "retourniert", "retourne", "refunded"),
    "deleted": ("deleted", "isdeleted", "geloscht"),
    "void": ("void", "isvoid", "voided"),
    "test": ("test", "istest", "testorder"),
}
FLAGS_UNSET = {
    "unpaid": ("paid", "ispaid", "bezahlt", "paye", "pagado", "pago", "pagato", "betaald"),
    "void": ("valid", "isvalid"),
}


def find_status_columns(table: pl.DataFrame) -> list[str]:
    """Return the columns that look like a status of orders, the most telling first."""
    found = [(weight, name) for name in table.columns if (weight := _weight(table[name]))]
    return [name for _, name in sorted(found, key=lambda pair: pair[0], reverse=True)]


def joined_status(table: pl.DataFrame, columns: list[str], flags: list[str]) -> pl.Series:
    """Return one status a row: of the first column, unless another says that it is no sale."""
    texts = [_marked(table[name]) for name in columns]
    texts += [_flag_text(table[name]) for name in flags]
    joined = pl.DataFrame([text.alias(str(i)) for i, text in enumerate(texts)])
    void = [
        pl.when(pl.col(name).is_in(_void_values(joined[name])) & pl.col(name).is_not_null()).then(
            pl.col(name)
        )
        for name in joined.columns
    ]
    return joined.select(pl.coalesce(*void, *joined.columns).alias("status")).to_series()


def find_flags(table: pl.DataFrame) -> list[str]:
    """Return columns of yes and no that say which rows are no sale."""
    named = {
        name for names in (FLAGS_SET, FLAGS_UNSET) for words in names.values() for name in words
    }
    return [c for c in table.columns if normalize_name(c) in named and is_flag(table[c])]


def is_flag(column: pl.Series) -> bool:
    """Return whether a column holds yes and no only."""
    if column.head(SAMPLE_ROWS).n_unique() > MAX_VALUES:
        return False
    values = column.drop_nulls().cast(pl.String).str.strip_chars().str.to_lowercase().unique()
    values = values.filter(values != "").str.replace(r"\.0$", "")
    return len(values) > 0 and bool(values.is_in([*TRUE_WORDS, *FALSE_WORDS]).all())


def _flag_text(column: pl.Series) -> pl.Series:
    """Return the word for rows that a flag marks; null for the others."""
    name = normalize_name(column.name)
    text = column.cast(pl.String).str.strip_chars().str.to_lowercase().str.replace(r"\.0$", "")
    word = next((word for word, names in FLAGS_SET.items() if name in names), None)
    is_marked = text.is_in(TRUE_WORDS)
    if word is None:
        word = next(word for word, names in FLAGS_UNSET.items() if name in names)
        is_marked = text.is_in(FALSE_WORDS)
    return pl.select(pl.when(is_marked.fill_null(value=False)).then(pl.lit(word))).to_series()


def _marked(column: pl.Series) -> pl.Series:
    """Return a status as text; of a kind of row, what gives money back is marked as that."""
    text = column.cast(pl.String).str.strip_chars()
    text = text.set(text == "", None)
    if normalize_name(column.name) not in KIND_NAMES:
        return text
    values = text.drop_nulls().unique()
    back = [value for value in values if status_meaning(value) == "given back"]
    return text.replace({value: value + CREDIT_MARK for value in back}) if back else text


def _void_values(texts: pl.Series) -> list[str]:
    values = texts.drop_nulls().unique()
    return [v for v in values if status_meaning(v) in ("no sale", "given back")]


def _weight(column: pl.Series) -> tuple[bool, bool, float] | None:
    """Return how much a column looks like a status: larger means more; None where not at all."""
    name = normalize_name(column.name)
    is_state = any(part in name for part in STATE_PARTS)
    is_text = column.dtype in (pl.String, pl.Categorical, pl.Enum)
    if not is_text and not (column.dtype.is_integer() and "status" in name):
        return None
    if is_state and any(part in name for part in OTHER_STATES):
        return None
    if column.head(SAMPLE_ROWS).n_unique() > MAX_VALUES + 2:  # blank cells among them
        return None
    cells = column.cast(pl.String).str.strip_chars()
    counts = cells.filter((cells != "").fill_null(value=False)).value_counts(name="n")
    if not 0 < counts.height <= MAX_VALUES:
        return None
    meanings: list[str] = [status_meaning(value) for value in counts.to_series(0)]
    is_known = pl.Series([meaning != "unknown" for meaning in meanings])
    share = int(counts["n"].filter(is_known).sum()) / int(counts["n"].sum())
    if not _is_enough(name, share, meanings, is_state=is_state):
        return None
    is_parcel = any(part in name for part in PARCEL_PARTS)
    return (not is_parcel, is_state, share)


def _is_enough(name: str, share: float, meanings: Sequence[str], *, is_state: bool) -> bool:
    """Return whether a name and the share of rows with known words make a status."""
    is_of_order = "status" in name and any(part in name for part in ORDER_PARTS)
    if name in ("status", "statusid", "statuscode", *EVENT_NAMES) or is_of_order:
        return share > 0 or len(meanings) > 1  # one unknown word marks something else
    if is_state:
        return share > 0
    has_sale = "sale" in meanings  # words of goods and of payments may mean no sale, too
    return has_sale and share >= (KIND_SHARE if name in KIND_NAMES else KNOWN_SHARE)
