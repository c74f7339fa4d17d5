"""Ask DuckDB for the figures of a run, and lay them beside what the run tells.

    segpredict report --run RUN
    segpredict report --run RUN --format pptx
    python tests/report/bi/agreement.py RUN

prints one row a figure: what SQL on the run's Parquet files says, what
``report.json`` says, what SQL on the tables for BI says, and what can be read off the
page (``report.html``), the slides (``deck.pptx``) and the terminal, as often as it stands there. It
ends with 1 if any differ. Counts and money of the past are whole numbers and agree to
the last digit; sums of forecasts are floats and agree to 10⁻⁹ of their size, in tables
to the 0.0001 by which each customer is rounded, on page and slides to the half of the
last place that is shown. Numbers in charts of the deck are not rounded.
"""

import contextlib
import io
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import shown
from run_queries import KEYS, MONTHS, WINDOW, Asked

from segpredict import Report
from segpredict.cli._output import Output
from segpredict.cli._results import show_results
from segpredict.core.run_folder import open_run

TELLERS = ("SQL", "JSON", "BI", "page", "deck", "terminal")


class Figure(NamedTuple):
    """One figure, told by up to six; ``None`` or nothing where it is not told.

    What SQL cannot count (`is_counted`), such as an interval, has the value of the JSON
    in the place of its own.
    """

    name: str
    sql: Any
    json: Any
    bi: Any
    rounded: float = 0.0
    page: Sequence[shown.Shown] = ()
    deck: Sequence[shown.Shown] = ()
    terminal: Sequence[shown.Shown] = ()
    is_counted: bool = True

    @property
    def agrees(self) -> bool:
        told = [
            (self.json, 0.0),
            (self.bi, self.rounded),
        ]
        return all(_same(self.sql, value, slack) for value, slack in told) and all(
            _is_near(self.sql, each) for each in (*self.page, *self.deck, *self.terminal)
        )

    @property
    def tellers(self) -> tuple[str, ...]:
        """Who tells it."""
        counted = self.sql if self.is_counted else None
        read = (self.page or None, self.deck or None, self.terminal or None)
        told = (counted, self.json, self.bi, *read)
        return tuple(name for name, it in zip(TELLERS, told, strict=True) if it is not None)


def _same(sql: Any, value: Any, slack: float) -> bool:
    if value is None:
        return True
    if sql is None:
        return False
    if isinstance(sql, int):
        return float(value) == sql
    return math.isclose(float(sql), float(value), rel_tol=1e-9, abs_tol=slack)


def _is_near(sql: Any, told: shown.Shown) -> bool:
    """Return whether a figure is what is shown, if it is rounded as that is."""
    if sql is None:
        return False
    # A half may be rounded to either side, and is not quite a half as a float.
    slack = told.slack * (1 + 1e-9)
    return math.isclose(float(sql), told.value, rel_tol=1e-9, abs_tol=slack)


def figures(run: Path, tables: Path, deck: Path | None = None) -> list[Figure]:
    """Return the figures of a run, each as all tell it.

    Raises
    ------
    KeyError
        When page, deck or terminal show a figure that nobody asks for.
    """
    asked = Asked(run, tables)
    page, slides = run / "report.html", deck or run / "deck.pptx"
    told = asked.told
    seen = shown.page(page, told) if page.exists() else {}
    drawn = shown.deck(slides, told) if slides.exists() else {}
    printed = shown.terminal(_printed(run), told)
    parts = (_windows, _months, _segments, _mix, _moves, _worth, _whole)
    found = [figure for part in parts for figure in part(asked)]
    if strange := {*seen, *drawn, *printed} - {figure.name for figure in found}:
        raise KeyError(f"shown, and not asked for: {sorted(strange)}")
    return [
        figure._replace(
            page=seen.get(figure.name, ()),
            deck=drawn.get(figure.name, ()),
            terminal=printed.get(figure.name, ()),
        )
        for figure in found
    ]


def _printed(run: Path) -> str:
    """Return what the command line prints of a run."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        show_results(Output(), open_run(run))
    return printed.getvalue()


def _windows(asked: Asked) -> Iterator[Figure]:
    lines = {line["title"]: line for line in asked.told["shop"]["kpi_rows"]}
    for title, (sql, bi) in WINDOW.items():
        for window, when in ((0, "now"), (1, "before")):
            known = lines[title][when]
            told = None if known is None else known["value"]
            yield Figure(
                f"{title}, window {window}",
                asked.run(sql, window),
                told,
                asked.bi(bi, window),
            )


def _months(asked: Asked) -> Iterator[Figure]:
    for row in asked.told["shop"]["months"]:
        for name, (sql, bi) in MONTHS.items():
            month = row["scope"]
            yield Figure(
                f"{name} of {month}",
                asked.run(sql, month) or 0,
                row[name],
                asked.bi(bi, month) or 0,
            )


def _segments(asked: Asked) -> Iterator[Figure]:
    lookback = asked.end - asked.time["lookback"]
    able = asked.run(f"SELECT count(DISTINCT customer_id) FROM o WHERE day >= {lookback}")
    moves = asked.told["headline"]["segments"]
    now = sum(move["customers_now"] for move in moves)
    yield Figure(
        "eligible customers",
        able,
        now,
        asked.bi("SELECT count(*) FROM customers WHERE is_eligible"),
    )
    for move in moves:
        i, name = move["badge"]["id"], move["badge"]["name"]
        n = asked.run("SELECT count(*) FROM s WHERE is_eligible AND segment_id = ?", i)
        own = "FROM segments WHERE segment_id = ?"
        yield Figure(
            f"customers, {name}", n, move["customers_now"], asked.bi(f"SELECT customers {own}", i)
        )
        yield Figure(
            f"customers counted, {name}",
            n,
            None,
            asked.bi("SELECT count(*) FROM customers WHERE is_eligible AND segment_id = ?", i),
        )
        yield Figure(
            f"share, {name}",
            n / able,
            move["share_now"],
            asked.bi(f"SELECT customers_share {own}", i),
        )
        coming = asked.run(f'SELECT fsum("p_{i}") FROM s')
        yield Figure(
            f"expected, {name}",
            coming,
            move["customers_expected"],
            asked.bi("SELECT fsum(probability) FROM probabilities WHERE segment_id = ?", i),
        )
        yield Figure(
            f"expected share, {name}",
            coming / able,
            move["share_expected"],
            asked.bi(f"SELECT expected_share {own}", i),
        )


def _mix(asked: Asked) -> Iterator[Figure]:
    """Yield shares of revenue, and the ends of intervals.

    Intervals come of how far the tests were off, so no SQL counts them: here the page
    and the deck are laid beside the JSON.
    """
    bought = "SELECT coalesce(sum(net), 0) FROM c SEMI JOIN o USING (customer_id, win)"
    now = f"{bought} JOIN s USING (customer_id) WHERE win = 0 AND segment_id LIKE ?"
    for move in asked.told["headline"]["segments"]:
        i, name = move["badge"]["id"], move["badge"]["name"]
        yield Figure(
            f"revenue share, {name}",
            asked.run(now, i) / asked.run(now, "%"),
            move["revenue"],
            asked.bi("SELECT revenue_share FROM segments WHERE segment_id = ?", i),
        )
        for end, told in (("least", move["low"]), ("most", move["high"])):
            named = f"{end} expected share, {name}"
            yield Figure(named, told, told, None, is_counted=False)


def _moves(asked: Asked) -> Iterator[Figure]:
    latest = (
        "SELECT coalesce(sum(customers), 0)::BIGINT FROM transitions WHERE kind = 'observed' "
        "AND since = (SELECT max(since) FROM transitions WHERE kind = 'observed') "
        "AND from_segment_id = ? AND to_segment_id LIKE ?"
    )
    # Customer by customer where the run keeps that, else as the run counted.
    who = "(SELECT *, 1 AS n FROM w WHERE since = (SELECT max(since) FROM w))"
    counted = (
        f"SELECT coalesce(sum(n), 0)::BIGINT FROM {who if asked.has_moves else 'm'} "
        "WHERE from_id = ? AND to_id LIKE ?"
    )
    known = asked.told["transitions"]
    ends = [chip["id"] for chip in known["badges"]]
    for row in known["rows"]:
        start = row["badge"]["id"]
        # `moves` leaves out who was silent and stayed so.
        is_told = start != "LAPSED"
        whole = asked.run(counted, start, "%") if is_told else row["n"]
        yield Figure(
            f"moves from {start}",
            whole,
            row["n"],
            asked.bi(latest, start, "%") if is_told else None,
            is_counted=is_told,
        )
        for end, flow in zip(ends, row["cells"], strict=False):
            is_known = is_told or end != ends[0]
            n = asked.run(counted, start, end) if is_known else flow["n"]
            yield Figure(
                f"moves, {start} to {end}",
                n,
                flow["n"],
                asked.bi(latest, start, end) if is_known else None,
                is_counted=is_known,
            )
            yield Figure(
                f"moves share, {start} to {end}",
                n / whole if whole else flow["share"],
                flow["share"],
                None,
                is_counted=is_known and whole > 0,
            )


def _worth(asked: Asked) -> Iterator[Figure]:
    if "customer_value" not in asked.told:
        return  # a run of old
    worth = asked.told["customer_value"]
    columns = ("base_value", "value_at_risk", "upside", "expected_value", "clv_year")
    # Its interval comes of how far the backtests were off, so no SQL on the run counts it.
    forecast = "FROM kpis WHERE kpi = 'expected_revenue'"
    for told in (worth["expected_total"], asked.told["headline"]["revenue"]["expected"]):
        whole = asked.run("SELECT fsum(expected_value) FROM s WHERE is_eligible")
        yield Figure("expected total", whole, told["value"], asked.bi(f"SELECT value {forecast}"))
        for named, end in (("least", "low"), ("most", "high")):
            in_tables = asked.bi(f"SELECT {end} {forecast}")
            name = f"{named} expected total"
            yield Figure(name, told[end], told[end], in_tables, is_counted=False)
    for held in (*worth["segments"], worth["total"]):
        i = held["badge"]["id"] if held["badge"] else "%"
        n = held["n"]
        for column in columns:
            own = f"(SELECT {column} FROM {{}} WHERE segment_id LIKE ?)"
            able = own.replace("WHERE", "WHERE is_eligible AND").format("s")
            yield Figure(
                f"{column}, {i}",
                asked.run(f"SELECT coalesce(fsum({column}), 0) FROM {able}", i),
                held[column],
                asked.bi(f"SELECT coalesce(sum({column}), 0) FROM {own.format('scores')}", i),
                rounded=0.00005 * n + 1e-9,
            )
            yield Figure(
                f"{column} in units, {i}",
                int(
                    asked.run(
                        f"SELECT coalesce(sum(round_even({column} * 1e4, 0)), 0) FROM {able}", i
                    )
                ),
                None,
                asked.bi(
                    f"SELECT (coalesce(sum({column}), 0) * 10000)::BIGINT "
                    f"FROM {own.format('scores')}",
                    i,
                ),
            )


def _whole(asked: Asked) -> Iterator[Figure]:
    yield Figure(
        "amount of all lines",
        int(asked.run("SELECT sum(amount) FROM t")),
        None,
        asked.bi("SELECT (sum(amount) * 10000)::BIGINT FROM lines"),
    )
    yield Figure(
        "lines",
        asked.run("SELECT count(*) FROM t"),
        None,
        asked.bi("SELECT count(*) FROM lines"),
    )
    yield Figure(
        "orders that are not the sum of their lines",
        0,
        None,
        asked.bi(
            "SELECT count(*) FROM (SELECT order_key, sum(revenue) AS r, count(*) AS n "
            "FROM lines GROUP BY order_key) l FULL JOIN orders o USING (order_key) "
            "WHERE l.r IS DISTINCT FROM o.revenue OR l.n IS DISTINCT FROM o.lines"
        ),
    )
    for key, home in KEYS.items():
        (fact, column), (dimension, primary) = key.split("."), home.split(".")
        yield Figure(
            f"rows of {key} without {home}",
            0,
            None,
            asked.bi(
                f"SELECT count(*) FROM {fact} f ANTI JOIN {dimension} d "
                f"ON f.{column} = d.{primary} WHERE f.{column} IS NOT NULL"
            ),
        )
        yield Figure(
            f"rows of {home} beyond the first",
            0,
            None,
            asked.bi(f"SELECT count(*) - count(DISTINCT {primary}) FROM {dimension}"),
        )


def summary(found: Iterable[Figure]) -> Mapping[str, int]:
    """Return how many figures there are, by how many told, and how many differ."""
    counts = Counter(len(figure.tellers) for figure in found)
    return {f"told by {n}": counts[n] for n in sorted(counts, reverse=True)}


def main() -> int:
    run = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        found = figures(run, Report(run).to_bi(Path(folder) / "tables"))
    for told in found:
        mark = "agrees" if told.agrees else "DIFFERS"
        seen = [" ".join(f"{it.value:.12g}" for it in on) for on in told[5:8]]
        counted = told.sql if told.is_counted else None
        row = " | ".join(map(str, (counted, told.json, told.bi, *seen)))
        print(f"{mark}  {told.name}: {row}")  # noqa: T201
    off = sum(not told.agrees for told in found)
    for name in TELLERS:
        print(f"{name}: {sum(name in told.tellers for told in found)} figures")  # noqa: T201
    for kind in ("page", "deck", "terminal"):
        places = sum(len(getattr(told, kind)) for told in found)
        print(f"numbers read off the {kind}: {places}")  # noqa: T201
    print(", ".join(f"{kind}: {n}" for kind, n in summary(found).items()))  # noqa: T201
    print(f"{len(found)} figures, {off} differ.")  # noqa: T201
    return int(off > 0)


if __name__ == "__main__":
    sys.exit(main())
