"""Raw lines → transactions: parse, run the rules in order, sort, fingerprint."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.orders import is_head
from segpredict.core.schemas import LINES_SCHEMA, validate_schema
from segpredict.core.transactions import RawLines, Transactions
from segpredict.core.window import as_date, day_number
from segpredict.data.cleaning import _parse as parse
from segpredict.data.cleaning._ids import count_descriptions, product_name_notes, product_names
from segpredict.data.cleaning._ledger import (
    CELLS,
    REJECTED,
    RULES,
    CleaningRule,
    LedgerWriter,
    Question,
    added_ledger,
)
from segpredict.data.cleaning._money import money_rules
from segpredict.data.cleaning._numbers import (
    AMBIGUOUS_SIGNS,
    CURRENCY_CODES,
    CURRENCY_SIGNS,
    SIGN_OF_CURRENCY,
)
from segpredict.data.cleaning._proof import ColumnProof, prove_columns
from segpredict.data.cleaning._quality import NOTES_ON_READ, NOTES_ON_USED
from segpredict.data.cleaning._rules import AFTER_CUTOFF, BEFORE_FIRST, selected_rules
from segpredict.data.cleaning._shards import Shard, Step, run_steps, split_rows
from segpredict.data.cleaning._statuses import STATUS_TABLE
from segpredict.errors import ContractError

ROWS_PER_HASH = 1_000_000  # rows that are hashed at a time


def clean_lines(
    raw: RawLines, plan: CleaningOptions | None = None, work: Path | None = None
) -> Transactions:
    """Return the canonical transactions of raw lines, and where every row went.

    They are equal, to the bit, for the same lines in any order, from one file or many and
    from any format. With an empty folder `work`, many lines are cleaned shard by shard there, and
    those of the result stay there.

    Raises `BadCellsError` when a cell cannot be read and the plan says ``fail``;
    `TooManyBadRowsError` when more rows cannot be read than the plan lets pass; `ContractError`
    when two readings of a column fit; `UnknownNameError` when the plan names a rule that is not
    there.

    >>> from segpredict.data.readers import from_frame
    >>> rows = {"customer_id": ["a", "a", None], "date": ["2011-01-31"] * 3}
    >>> raw = from_frame(pl.DataFrame({**rows, "amount": ["2.50", "1", "9"]}))
    >>> shop = clean_lines(raw)
    >>> shop.lines.collect()["amount"].to_list(), shop.ledger.adds_up
    ([10000, 25000], True)
    """
    plan = plan or CleaningOptions()
    rules = selected_rules(plan)
    proof = prove_columns(raw, plan)
    money = money_rules([*proof.numbers], plan, has_negative_prices=proof.has_negative_prices)
    shards, loose = split_rows(raw, proof, plan, work)
    cleaning = _Cleaning(raw, plan, proof, money, rules, shards, loose)
    try:
        cleaning.run()
    except ContractError as error:  # names the column as the file does
        names = [fact.detected.columns.get(str(error.where.get("column"))) for fact in raw.files]
        error.fix = error.fix.replace("=COLUMN", f"='{next(filter(None, names), 'COLUMN')}'")
        raise
    return cleaning.result()


@dataclass(frozen=True, slots=True)
class _Cleaning:
    """One run of the rules over all shards."""

    raw: RawLines
    plan: CleaningOptions
    proof: ColumnProof
    money: tuple[CleaningRule, ...]  # say what money a line has
    rules: tuple[CleaningRule, ...]  # and what it means
    shards: Sequence[Shard]
    loose: pl.Series | None  # as `Tally.of` asks for it
    # topic or question → what each shard told
    told: dict[Any, list[Any]] = field(default_factory=dict)

    def run(self) -> None:
        """Clean every shard."""
        steps = [
            Step(self._parsed),
            *(self._step(rule, i) for i, rule in enumerate(self.money)),
            Step(self._marked),
            Step(self._readable, self._list_rejects, self._check_rejects),
            *(self._step(rule, i, charge=True) for i, rule in enumerate(self.rules)),
            Step(self._finished),
        ]
        run_steps(self.shards, steps)

    def _tell(self, topic: Any, found: Any) -> None:
        self.told.setdefault(topic, []).append(found)

    def _ask(self, questions: Iterable[Question], lines: pl.DataFrame) -> None:
        for question in questions:
            self._tell(question, question.ask(lines, self.plan))

    def _answers(self, questions: Iterable[Question]) -> list[Any]:
        return [question.combine(self.told[question], self.plan) for question in questions]

    def _step(self, rule: CleaningRule, number: int, *, charge: bool = False) -> Step:
        """Return the step of a rule; its question is not asked where no cell is concerned."""

        def run(shard: Shard, lines: pl.DataFrame, answer: Any) -> pl.DataFrame:
            outcome = rule.apply(lines, self.plan, answer)
            if outcome.told is not None:
                self._tell((rule.name, number), outcome.told)
            if charge and shard.ledger is not None:
                place, changes = (RULES + number, "", ""), outcome.changes_money
                words = rule.name, rule.meaning
                shard.ledger.charge(place, "excluded", *words, outcome.lines, changes_money=changes)
                if outcome.noted_lines is not None:
                    shard.ledger.add_note(
                        (RULES + number, "noted", ""), *words, outcome.noted_lines
                    )
            return outcome.lines

        question = rule.question
        if question is None or not self.proof.filled.issuperset(question.roles):
            return Step(run)
        return Step(
            run,
            lambda _, lines: question.ask(lines, self.plan),
            lambda told: question.combine(told, self.plan),
        )

    def _parsed(self, shard: Shard, _: pl.DataFrame, __: None) -> pl.DataFrame:
        cells = shard.cells()
        lines = parse.parse_cells(cells, self.proof, self.plan)
        products = lines.select("file", "row", "product_id", cells["description"])
        if self.plan.as_of is not None and AFTER_CUTOFF in self.rules:
            # Later rows are not known yet.
            products = products.filter(lines["day"] < day_number(self.plan.as_of))
        self._tell("products", count_descriptions(products))
        return lines

    def _marked(self, _: Shard, lines: pl.DataFrame, __: None) -> pl.DataFrame:
        return parse.mark_unreadable(lines, self.proof, self.plan)

    def _list_rejects(
        self, shard: Shard, lines: pl.DataFrame
    ) -> tuple[pl.DataFrame, int, tuple[int, int]]:
        rejects = pl.DataFrame(schema=parse.REJECTS_SCHEMA)
        if lines["reason"].null_count() < lines.height:
            rejects = parse.list_rejects(lines, shard.cells(), self.raw.files)
        return rejects, lines.height, parse.sum_money(lines)

    def _check_rejects(self, told: Sequence[tuple[pl.DataFrame, int, tuple[int, int]]]) -> None:
        """Refuse what cannot be read, in all shards together."""
        rejects, total = pl.concat(found for found, *_ in told), sum(rows for _, rows, _ in told)
        if self.raw.rejects is not None:
            broken = self.raw.rejects.select(list(parse.REJECTS_SCHEMA))
            rejects, total = pl.concat([rejects, broken]), total + broken.height
        rejects = rejects.sort("file", "row")
        parse.limit_rejects(rejects, total, self.plan)
        parse.refuse_overflow(*(sum(sums[i] for *_, sums in told) for i in (0, 1)))
        self.told["rejects"] = [rejects]
        _refuse_other_currency(self.plan.currency, self.proof.currency())

    def _readable(self, shard: Shard, lines: pl.DataFrame, _: None) -> pl.DataFrame:
        """Take out unreadable rows, reason by reason."""
        if shard is self.shards[-1] and self.raw.rejects is not None:
            lines = pl.concat([lines, _broken_lines(self.raw)], how="diagonal").with_columns(
                pl.col("amount").fill_null(0)
            )
        shard.ledger = ledger = LedgerWriter(lines, self.loose)
        reasons = lines.select("column", "reason").drop_nulls().unique().sort(pl.all())
        for column, reason in reasons.rows():
            is_bad = (pl.col("column") == column) & (pl.col("reason") == reason)
            lines = lines.filter(~is_bad.fill_null(value=False))
            words = f"{column} {reason}", f"The {column} {reason}."
            ledger.charge((REJECTED, column, reason), "rejected", *words, lines)
        lines = lines.drop("column", "reason").with_columns(
            is_return=pl.lit(value=False), void_day=pl.lit(None, pl.Int32)
        )
        rounded = "rounded", "A number was rounded to four decimals."
        ledger.add_note((CELLS, "0", ""), *rounded, lines.filter("is_rounded"))
        suffixed = "float_suffix", "An id lost the .0 that a float left behind."
        ledger.add_note((CELLS, "1", ""), *suffixed, lines.filter("is_suffixed"))
        self._tell("days", lines.select(first=pl.col("day").min(), last=pl.col("day").max()))
        self._ask((STATUS_TABLE, *NOTES_ON_READ), lines)
        return lines

    def _finished(self, shard: Shard, lines: pl.DataFrame, _: None) -> pl.DataFrame:
        assert shard.ledger is not None
        shard.ledger.finish(lines)
        self._ask(NOTES_ON_USED, lines)
        self._tell("sold", lines["product_id"].unique())
        return validate_schema(_canonical(lines), LINES_SCHEMA)

    def result(self) -> Transactions:
        """Return the transactions."""
        raw, plan, proof = self.raw, self.plan, self.proof
        first_day, end_day = _period(pl.concat(self.told["days"]), plan, self.rules)
        statuses = STATUS_TABLE.combine(self.told[STATUS_TABLE], plan)
        names = product_names(
            _added_rows(self.told["products"]), pl.concat(self.told["sold"]).unique()
        )
        writers = [shard.ledger for shard in self.shards if shard.ledger is not None]
        lines = pl.concat(shard.scan() for shard in self.shards)
        fingerprint = _fingerprint(shard.scan().collect() for shard in self.shards)
        found = proof.currency()
        (rejects,) = self.told["rejects"]
        return Transactions(
            lines=lines,
            first_day=first_day,
            end_day=end_day,
            fingerprint=fingerprint,
            ledger=added_ledger(writers).with_left_out(raw.left_out),
            currency=plan.currency or SIGN_OF_CURRENCY.get(found, found),
            files=tuple(
                replace(
                    fact,
                    detected=replace(
                        fact.detected,
                        time_format=proof.times.format,
                        decimal_mark=proof.decimal_mark,
                    ),
                )
                for fact in raw.files
            ),
            rejects=None if plan.on_bad_rows == "drop" else rejects,
            statuses=statuses,
            product_names=names,
            notes=(*proof.notes, *self._notes(end_day), *product_name_notes(names)),
        )

    def _notes(self, end_day: int) -> tuple[str, ...]:
        notes: tuple[str, ...] = ()
        for number, rule in [*enumerate(self.money), *enumerate(self.rules)]:
            notes += rule.notes(self.told.get((rule.name, number), []), self.plan)
        plan = self.plan
        if plan.as_of is not None and day_number(plan.as_of) > end_day:
            notes += (
                f"The data end on {as_date(end_day - 1)}, before the cutoff "
                f"{as_date(day_number(plan.as_of))}; days without data are not taken for silence.",
            )
        quality = self._answers((*NOTES_ON_READ, *NOTES_ON_USED))
        return notes + tuple(note for found in quality for note in found)


def _added_rows(counted: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(counted).group_by("product_id", "description").agg(pl.col("rows").sum())


def _broken_lines(raw: RawLines) -> pl.DataFrame:
    """Return records that are no rows: lines with nothing but a reason."""
    assert raw.rejects is not None
    places = {fact.name: i for i, fact in enumerate(raw.files)}
    number = pl.col("file").replace_strict(places, return_dtype=pl.Int32)
    return raw.rejects.select(number, "row", "column", "reason")


def _refuse_other_currency(named: str, found: str) -> None:
    """Refuse data in another currency than the one that the settings print before money."""
    signs = AMBIGUOUS_SIGNS.get(found, AMBIGUOUS_SIGNS.get(named, frozenset()))
    same = {found, SIGN_OF_CURRENCY.get(found, found), CURRENCY_SIGNS.get(found, found)}
    is_known = named in CURRENCY_SIGNS or named in CURRENCY_CODES
    if found and is_known and not {named, CURRENCY_SIGNS.get(named, named)} & {*same, *signs}:
        message = f"The data are in {found}, and cleaning.currency says {named}."
        fix = f"set it right: --set cleaning.currency={found}."
        raise ContractError(message, fix=fix, column="currency")


def apply_rules(lines: pl.DataFrame, plan: CleaningOptions) -> tuple[pl.DataFrame, int, int]:
    """Return what the rules leave of readable lines, in canonical form, and the days observed."""
    rules = selected_rules(plan)
    days = pl.DataFrame({"first": [lines["day"].min()], "last": [lines["day"].max()]})
    first_day, end_day = _period(days, plan, rules)
    for rule in rules:
        lines = rule.clean(lines, plan)
    return validate_schema(_canonical(lines), LINES_SCHEMA), first_day, end_day


def _period(
    days: pl.DataFrame, plan: CleaningOptions, rules: tuple[CleaningRule, ...]
) -> tuple[int, int]:
    """Return the days on which the shop was observed, of the ``first`` and ``last`` in shards."""
    known = days.drop_nulls()
    if known.is_empty():
        return 0, 0
    first, end = int(known["first"].min()), int(known["last"].max()) + 1  # type: ignore[arg-type]
    if plan.first_date is not None and BEFORE_FIRST in rules:
        first = max(first, day_number(plan.first_date))
    if plan.as_of is not None and AFTER_CUTOFF in rules:
        end = min(end, day_number(plan.as_of))
    return first, max(first, end)


def _canonical(lines: pl.DataFrame) -> pl.DataFrame:
    """Return lines as `core.schemas.LINES_SCHEMA` wants them."""
    is_back = pl.col("is_return") | (pl.col("quantity") < 0) | (pl.col("amount") < 0)
    return sort_canonical(
        lines.with_columns(is_back.alias("is_return"), pl.col("day").cast(pl.Int32))
    )


def sort_canonical(lines: pl.DataFrame) -> pl.DataFrame:
    """Return lines in their one and only order, the first of each order marked."""
    names = [name for name in LINES_SCHEMA.columns if name != "is_order_head"]
    in_order = dict.fromkeys(["customer_id", "day", "minute", "order_id", *names])
    # Step by step: to plan them as one query takes longer than to sort a customer's lines.
    ordered = lines.select(names).sort(*in_order, nulls_last=False)
    return ordered.with_columns(is_head()).select(list(LINES_SCHEMA.columns))


def fingerprint_lines(lines: pl.DataFrame) -> str:
    """Return the SHA-256 of lines in their canonical order.

    The bytes are those of CSV with whole numbers, so no version of a binary format, no thread and
    no chunk can change them. Text is never empty, so null is distinct.
    """
    return _fingerprint([lines])


def _fingerprint(frames: Iterable[pl.DataFrame]) -> str:
    digest = hashlib.sha256(",".join(LINES_SCHEMA.columns).encode())
    for lines in frames:
        for part in lines.iter_slices(ROWS_PER_HASH):
            digest.update(part.write_csv(include_header=False).encode())
    return digest.hexdigest()
