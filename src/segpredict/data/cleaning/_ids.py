"""Ids, countries and names of products are text: in one form, and checked for signs of damage."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import polars as pl

from segpredict.config.source import DECIMAL_SUFFIX, INVISIBLE_CHARACTERS
from segpredict.data.cleaning._numbers import CELL_WORDS
from segpredict.errors import ContractError, quote_value

MAX_ID_LENGTH = 256
CHANGEABLE_PATTERN = r"^\s|\s$|\.0+\s*$|[^\x20-\x7e]"
SCIENTIFIC_PATTERN = r"^\d(?:\.\d+)?[eE]\+\d+$"
EMAIL_PATTERN = r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"
PHONE_PATTERN = r"^\+\d[\d\s()/-]{7,}$"
GUEST_WORDS = CELL_WORDS["guests"]
OUTSIZED = 3  # times the next customer's rows from which one id is named
DAMAGED_SHARE = 0.01  # share of rows with damaged ids that stops the run
# Letters of other scripts that look like Latin ones.
LOOKALIKE_CHARACTERS = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеосрхуіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABESIJKMHOPCTXYaeocpxyijsABEZHIKMNOPTYX"
)
# Short forms of countries → what they are short for; merged only if both are in the data.
COUNTRY_ALIASES = {
    alias: country for country, names in CELL_WORDS["countries"].items() for alias in names
}
MAX_COUNTRIES = 500
SPACES = r"\s+"


def normalize_id(text: str) -> str:
    r"""Return an id without blanks and invisible characters around it, in form NFC.

    >>> [normalize_id(text) for text in ("\u200b 17850\xa0", "00123", "17850.0")]
    ['17850', '00123', '17850']
    """
    bare = text
    while bare != (bare := bare.strip().strip(INVISIBLE_CHARACTERS)):
        pass
    whole = re.match(DECIMAL_SUFFIX, bare)
    return unicodedata.normalize("NFC", whole[1] if whole else bare)


@dataclass(frozen=True, slots=True)
class ProvenIds:
    """The customers of a column, as its distinct texts prove them."""

    changed: pl.DataFrame  # ``text`` and ``id`` (null: no customer), where they differ
    rows: pl.DataFrame  # ``id`` and ``n``, its rows, sorted by id
    notes: tuple[str, ...]  # on unusual ones


def prove_customer_ids(counted: pl.DataFrame, null_ids: Sequence[str]) -> ProvenIds:
    """Return normalised customer ids.

    `counted`: ``text``, sorted, and ``n``, how many cells hold it.
    """
    # Only ids that may change are looked at one by one: a shop has millions of others.
    unusual = counted.filter(pl.col("text").str.contains(CHANGEABLE_PATTERN))["text"]
    tidied = {text: normalize_id(text) for text in unusual}
    changed = {text: new for text, new in tidied.items() if text != new}
    no_customer = {*null_ids, ""}
    new = pl.col("text").replace(changed) if changed else pl.col("text")
    counted = counted.with_columns(id=pl.when(~new.is_in(list(no_customer))).then(new))
    ids = counted.drop_nulls("id").group_by("id").agg(pl.col("n").sum()).sort("id")
    key = counted.filter(~pl.col("id").eq_missing(pl.col("text"))).select("text", "id")
    return ProvenIds(key, ids, tuple(_odd(ids, changed, counted)))


def _odd(ids: pl.DataFrame, changed: Mapping[str, str], counted: pl.DataFrame) -> Iterable[str]:
    total, id_ = int(counted["n"].sum()), pl.col("id")
    if changed:
        yield from _merged(set(counted["text"]), changed)
    yield from _damaged(ids.filter(id_.str.contains(SCIENTIFIC_PATTERN)), total)
    yield from _zeros(ids)
    yield from _alike(ids)
    direct = ids.filter(id_.str.contains(EMAIL_PATTERN) | id_.str.contains(PHONE_PATTERN))
    if direct.height > 0.5 * ids.height:
        yield (
            "Customer ids are e-mail addresses or phone numbers, which identify people "
            "directly. Replace them with codes before you share the results."
        )
    yield from _guests(ids, total)


def _guests(ids: pl.DataFrame, total: int) -> Iterable[str]:
    """Yield a note on each id that may mean no customer: by its word, or by its share of rows."""
    words = ids.filter(pl.col("id").str.to_lowercase().is_in(GUEST_WORDS))
    ranked = ids.sort("n", "id", descending=[True, False])["n"]
    # The best customer of a shop is large, but not several times the next one.
    next_one = ranked[1] if len(ranked) > 1 else total
    top = ids.sort("n", "id").tail(1)
    is_large = (pl.col("n") > 0.05 * total) & (pl.col("n") >= OUTSIZED * next_one)
    named = pl.concat([words, top.filter(is_large) if ids.height > 1 else top.clear()])
    for name, n in named.unique("id", maintain_order=True).select("id", "n").rows():
        yield (
            f"The customer {quote_value(name)} holds {n / total:.1%} of the rows ({n:,}). If it "
            f"means no customer, say so: --set 'cleaning.null_ids=[{quote_value(name)}]'."
        )


def _merged(rows: Set[str], changed: Mapping[str, str]) -> Iterable[str]:
    suffixed = {t: new for t, new in changed.items() if re.match(DECIMAL_SUFFIX, t.strip())}
    mixed = [new for new in suffixed.values() if new in rows]
    if mixed:
        yield (
            f"Customer ids with and without .0: {len(mixed):,} (such as "
            f"{quote_value(mixed[0])}); each was taken as one customer."
        )
    spellings = defaultdict(list)
    for text, new in changed.items():
        if text not in suffixed:
            spellings[new].append(text)
    merged = [new for new, texts in spellings.items() if new in rows or len(texts) > 1]
    if merged:
        listed = ", ".join(map(quote_value, merged[:5]))
        yield (
            "Customer ids that differ only by blanks, invisible characters or Unicode form: "
            f"{len(merged):,} ({listed}); each was taken as one customer."
        )


def _damaged(damaged: pl.DataFrame, total: int) -> Iterable[str]:
    if damaged.is_empty():
        return
    rows, first = int(damaged["n"].sum()), damaged["id"][0]
    remark = (
        "Customer ids that a spreadsheet seems to have damaged: "
        f"{damaged.height:,} (such as {quote_value(first)}), on {rows:,} of {total:,} rows"
    )
    if rows > DAMAGED_SHARE * total:
        message = f"{remark}: digits are lost."
        fix = "export the ids as text from the shop itself."
        raise ContractError(message, fix=fix, column="customer_id", value=first, count=rows)
    yield f"{remark}; they were kept as they stand."


def _zeros(ids: pl.DataFrame) -> Iterable[str]:
    padded = ids.filter(pl.col("id").str.contains("^0."))["id"]
    bare = padded.str.replace("^0+(.)", "$1")
    is_pair = bare.is_in(ids["id"].implode())
    if is_pair.any():
        one, other = padded.filter(is_pair)[0], bare.filter(is_pair)[0]
        yield (
            f"Pairs of customer ids that differ by leading zeros: {is_pair.sum():,} (such "
            f"as {quote_value(one)} and {quote_value(other)}); they were kept apart. Was a "
            "zero lost on the way?"
        )


def _alike(ids: pl.DataFrame) -> Iterable[str]:
    folded = ids.group_by(pl.col("id").str.to_lowercase()).len()
    twins = int(folded.filter(pl.col("len") > 1)["len"].sum())
    if twins > 0.001 * ids.height:
        yield f"Customer ids that differ only by case: {twins:,}; they were kept apart."
    foreign = ids.filter(pl.col("id").str.contains(r"[^\x00-\x7f]"))["id"]
    latin = pl.Series([id_.translate(LOOKALIKE_CHARACTERS) for id_ in foreign], dtype=pl.String)
    is_twin = latin.is_in(ids["id"].implode()) & (latin != foreign)
    lookalikes = foreign.filter(is_twin)
    if len(lookalikes):
        yield (
            "Customer ids that look like others in another alphabet: "
            f"{len(lookalikes):,} (such as {quote_value(lookalikes[0])}); they were kept "
            "apart."
        )


def harmonize_countries(rows: Mapping[str, int]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the commonest spelling of each that is another, and notes on what was merged.

    `rows` says how many rows have each country. Case, dots and blanks make no difference.
    """
    notes = []
    if len(rows) > MAX_COUNTRIES:
        notes.append(f"The country has {len(rows):,} different values. Is it the right column?")
    keys = {text: re.sub(r"[\s.'_-]", "", text.casefold()) for text in rows}
    present, spellings = set(keys.values()), defaultdict(list)
    for text, key in keys.items():
        full = COUNTRY_ALIASES.get(key, key)
        spellings[full if full in present else key].append(text)
    best: dict[str, str] = {}
    for texts in spellings.values():
        chosen = max(sorted(texts), key=lambda text: rows[text])
        best |= {text: chosen for text in texts if text != chosen}
    if not best:
        return best, tuple(notes)
    listed = ", ".join(f"{old} = {new}" for old, new in sorted(best.items())[:5])
    notes.append(f"Spellings of countries that were merged: {len(best):,} ({listed}).")
    return best, tuple(notes)


def count_descriptions(cells: pl.DataFrame) -> pl.DataFrame:
    """Return how many ``rows`` have each ``product_id`` and ``description``.

    >>> cells = pl.DataFrame({"product_id": ["1"] * 2, "description": ["MUG", "MUG"]})
    >>> count_descriptions(cells).rows()
    [('1', 'MUG', 2)]
    """
    return cells.group_by("product_id", "description").agg(rows=pl.len().cast(pl.Int64))


def product_names(counted: pl.DataFrame, sold: pl.Series) -> pl.DataFrame | None:
    """Return one row per product code that was sold; ``None`` where no product is described.

    ``product_id``, ``name`` (its commonest description; of equally common ones the first in
    the alphabet), ``rows`` that have it, and ``descriptions``, how many different ones.

    >>> cells = pl.DataFrame({"product_id": ["1"] * 3, "description": ["MUG", "MUG ", "CUP"]})
    >>> product_names(count_descriptions(cells), cells["product_id"]).rows()
    [('1', 'MUG', 2, 2)]
    """
    name = pl.col("description").str.replace_all(SPACES, " ").str.strip_chars()
    named = (
        counted.filter(pl.col("product_id").is_in(sold.unique().drop_nulls().implode()))
        .with_columns(name=name)
        .filter(pl.col("name").str.len_chars() > 0)
        .group_by("product_id", "name")
        .agg(pl.col("rows").sum())
        .sort("product_id", "rows", "name", descending=[False, True, False])
    )
    if named.is_empty():
        return None
    return named.group_by("product_id", maintain_order=True).agg(
        pl.col("name", "rows").first(), descriptions=pl.len().cast(pl.Int64)
    )


def product_name_notes(names: pl.DataFrame | None) -> tuple[str, ...]:
    """Return a sentence about codes with several descriptions, if there are any."""
    several = 0 if names is None else names.filter(pl.col("descriptions") > 1).height
    if names is None or not several:
        return ()
    return (
        f"{several:,} of {names.height:,} product codes have more than one description; the "
        "commonest is shown as their name.",
    )
