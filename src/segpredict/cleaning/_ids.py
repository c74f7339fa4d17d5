"""Ids are text: trimmed, in one Unicode form, and looked at for signs of damage."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from segpredict.errors import ContractError, shown

LONGEST_ID = 256
SUFFIX = re.compile(r"(\d+)\.0+")  # what a float column leaves behind an id
SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
PHONE = re.compile(r"\+\d[\d\s()/-]{7,}")
INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
DAMAGED = 0.01  # share of rows with damaged ids that stops the run
# Letters of other scripts that look like Latin ones.
LOOKALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеосрхуіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABESIJKMHOPCTXYaeocpxyijsABEZHIKMNOPTYX"
)


def tidy(text: str) -> str:
    r"""Return an id without blanks and invisible signs around it, in form NFC.

    Examples
    --------
    >>> tidy("\u200b 17850\xa0"), tidy("00123"), tidy("17850.0")
    ('17850', '00123', '17850')
    """
    bare = text
    while bare != (bare := bare.strip().strip(INVISIBLE)):
        pass
    whole = SUFFIX.fullmatch(bare)
    return unicodedata.normalize("NFC", whole[1] if whole else bare)


def customers(
    cells: pl.Series, null_ids: Sequence[str]
) -> tuple[pl.Series, tuple[str, ...]]:
    """Return customer ids as they count, and what is odd about them.

    Parameters
    ----------
    cells
        Ids as text.
    null_ids
        Ids that mean nobody.

    Raises
    ------
    ContractError
        When many ids were damaged by a spreadsheet.
    """
    counted = cells.drop_nulls().value_counts(name="n")
    rows = dict(zip(counted.to_series(0), counted["n"], strict=True))
    tidied = {text: tidy(text) for text in sorted(rows)}
    changed = {text: new for text, new in tidied.items() if text != new}
    nobody = {new for new in tidied.values() if new in null_ids or not new}
    read = cells
    if changed or nobody:
        old = [t for t, new in tidied.items() if new in nobody or t in changed]
        new = [None if tidied[t] in nobody else tidied[t] for t in old]
        read = cells.replace_strict(old, new, default=cells, return_dtype=pl.String)
    ids = Counter[str]()
    for text, id_ in tidied.items():
        ids[id_] += rows[text]
    for id_ in nobody:
        ids.pop(id_, None)
    return read, tuple(_odd(ids, rows, changed))


def _odd(
    ids: Mapping[str, int], rows: Mapping[str, int], changed: Mapping[str, str]
) -> Iterable[str]:
    total = sum(rows.values())
    yield from _merged(rows, changed)
    yield from _damaged(ids, total)
    yield from _zeros(ids)
    yield from _alike(ids)
    direct = [id_ for id_ in ids if EMAIL.fullmatch(id_) or PHONE.fullmatch(id_)]
    if len(direct) > 0.5 * len(ids):
        yield (
            "Customer ids are e-mail addresses or phone numbers, which name people "
            "directly. Replace them with codes before you share the results."
        )
    if len(ids) > 1:
        id_, n = max(ids.items(), key=lambda item: (item[1], item[0]))
        if n > 0.05 * total and total >= 100:
            yield (
                f"The customer {shown(id_)} holds {n / total:.1%} of the rows. If it "
                f"stands for nobody, say so: --set 'cleaning.null_ids=[{shown(id_)}]'."
            )


def _merged(rows: Mapping[str, int], changed: Mapping[str, str]) -> Iterable[str]:
    suffixed = {t: new for t, new in changed.items() if SUFFIX.fullmatch(t.strip())}
    mixed = [new for new in suffixed.values() if new in rows]
    if mixed:
        yield (
            f"Customer ids that stand with and without .0: {len(mixed):,} (such as "
            f"{shown(mixed[0])}); each was taken as one customer."
        )
    spellings = defaultdict(list)
    for text, new in changed.items():
        if text not in suffixed:
            spellings[new].append(text)
    merged = [new for new, texts in spellings.items() if new in rows or len(texts) > 1]
    if merged:
        listed = ", ".join(map(shown, merged[:5]))
        yield (
            "Customer ids that differ only by blanks, invisible signs or Unicode form: "
            f"{len(merged):,} ({listed}); each was taken as one customer."
        )


def _damaged(ids: Mapping[str, int], total: int) -> Iterable[str]:
    damaged = [id_ for id_ in ids if SCIENTIFIC.fullmatch(id_)]
    if not damaged:
        return
    rows = sum(ids[id_] for id_ in damaged)
    told = (
        "Customer ids that a spreadsheet seems to have damaged: "
        f"{len(damaged):,} (such as {shown(damaged[0])}), on {rows:,} of {total:,} rows"
    )
    if rows > DAMAGED * total:
        raise ContractError(
            f"{told}: digits are lost.",
            fix="export the ids as text from the shop itself.",
            column="customer_id",
            value=damaged[0],
            count=rows,
        )
    yield f"{told}; they were kept as they stand."


def _zeros(ids: Mapping[str, int]) -> Iterable[str]:
    pairs = [
        i for i in ids if i[0] == "0" and (i.lstrip("0") or "0") in ids and i != "0"
    ]
    if pairs:
        other = pairs[0].lstrip("0") or "0"
        yield (
            f"Pairs of customer ids that differ by leading zeros: {len(pairs):,} (such "
            f"as {shown(pairs[0])} and {shown(other)}); they were kept apart. Was a "
            "zero lost on the way?"
        )


def _alike(ids: Mapping[str, int]) -> Iterable[str]:
    folded = Counter(id_.casefold() for id_ in ids)
    twins = sum(n for n in folded.values() if n > 1)
    if twins > 0.001 * len(ids):
        yield f"Customer ids that differ only by case: {twins:,}; they were kept apart."
    foreign = [id_ for id_ in ids if id_ != id_.translate(LOOKALIKE)]
    lookalikes = [id_ for id_ in foreign if id_.translate(LOOKALIKE) in ids]
    if lookalikes:
        yield (
            "Customer ids that look like others in another alphabet: "
            f"{len(lookalikes):,} (such as {shown(lookalikes[0])}); they were kept "
            "apart."
        )
