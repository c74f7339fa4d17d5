"""The figures as a page of Markdown tables, and its place in the docs."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from contest.contest import POOLED, Result
from segpredict.core import disk
from segpredict.errors import UsageError

BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"
MEANINGS = {
    "same_window": "label and features from the same days",
    "random_rows": "rows held out at random",
    "grouped_customers": "customers held out at random",
    "honest": "a later test window",
}


def page(result: Result) -> str:
    """Return all tables as Markdown."""
    frames = result.frames()
    parts = [_facts(frames["facts"])] if "facts" in frames else []
    if "scores" in frames:
        parts += [_ranks(frames["gaps"])] if "gaps" in frames else []
        parts += [_summary(frames["scores"]), *_each(frames["scores"])]
    parts += [_oracle(frames["oracle"])] if "oracle" in frames else []
    parts += [_leaks(frames["leaks"])] if "leaks" in frames else []
    return "\n\n".join(parts)


def insert(path: Path, text: str) -> None:
    """Put the tables between the marks of a page.

    Raises
    ------
    UsageError
        When the page is not there, or has no marks.
    """
    try:
        whole = path.read_text(encoding="utf-8")
    except OSError:
        whole = ""
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UsageError(
            f"{path} has no place for the tables.",
            fix=f"write the lines {BEGIN} and {END} into it.",
            file=str(path),
        )
    content = f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"
    disk.write_file(path, content.encode())


def _facts(facts: pl.DataFrame) -> str:
    rows = [
        [
            row["data"],
            f"{row['first_day']} to {row['last_day']}",
            f"{row['customers']:,}",
            f"{row['panel_rows']:,}",
            str(row["segments"]),
            str(row["windows"]),
            f"{row['forecasts']:,}",
            f"{row['inactive_share']:.0%}",
            row["model"],
            row["selected"],
        ]
        for row in facts.iter_rows(named=True)
    ]
    heads = ["data", "days", "customers", "panel rows", "segments", "test windows"]
    heads += ["forecasts", "inactive", "model", "selected"]
    return "### What takes part\n\n" + _table(heads, rows, text=(0, 1, 8, 9))


def _ranks(gaps: pl.DataFrame) -> str:
    """Return how the selected models did against each forecaster, over all data."""
    ranked = gaps.with_columns(rank=pl.col("log_loss").rank("min").over("data"))
    own = ranked.filter("is_selected")
    rows = [["the selected model", f"{len(own)}", f"{_mean(own['rank']):.1f}", "", "", "", ""]]
    others = ranked.drop_nulls("gap")
    by_rank = others.group_by("forecaster").agg(pl.col("rank").mean()).sort("rank")
    for who in by_rank["forecaster"]:
        part = others.filter(pl.col("forecaster") == who)
        worst = part.sort("gap").row(-1, named=True)
        rows.append(
            [
                str(who),
                f"{part.height}",
                f"{_mean(part['rank']):.1f}",
                f"{(part['gap_high'] < 0).sum()}",
                f"{(part['gap_low'] > 0).sum()}",
                f"{_mean(part['gap']):+.4f}",
                f"{worst['gap']:+.4f} ({worst['data']})",
            ]
        )
    heads = ["forecaster", "shops", "mean rank", "clearly beaten", "clearly ahead"]
    heads += ["mean difference", "worst for the selected model"]
    text = (
        "### The selected model against each other forecast\n\nLog-loss of the selected model less "
        "that of the other one, over all test windows of a shop: below zero, the selected model is "
        "better. Clearly: the 95 % interval excludes zero.\n\n"
    )
    return text + _table(heads, rows)


def _mean(values: pl.Series) -> float:
    return float(values.to_numpy().mean())


def _summary(scores: pl.DataFrame) -> str:
    pooled = scores.filter(pl.col("window") == POOLED)
    names = pooled["data"].unique(maintain_order=True).to_list()
    best = {
        name: pooled.filter((pl.col("data") == name) & (pl.col("forecaster") != "oracle"))[
            "log_loss"
        ].min()
        for name in names
    }
    rows = []
    for who in pooled["forecaster"].unique(maintain_order=True).to_list():
        cells = []
        for name in names:
            found = pooled.filter((pl.col("data") == name) & (pl.col("forecaster") == who))[
                "log_loss"
            ].to_list()
            bold = "**" if found and found[0] == best[name] else ""
            cells.append(f"{bold}{found[0]:.4f}{bold}" if found else "")
        rows.append([who, *cells])
    result = (
        "### Log-loss over all test windows\n\nIn nats, smaller is better; the best of "
        "each column is bold, the oracle aside.\n\n"
    )
    return result + _table(["forecaster", *names], rows)


def _each(scores: pl.DataFrame) -> list[str]:
    return [_one(str(name), part) for (name,), part in scores.group_by("data", maintain_order=True)]


def _one(name: str, scores: pl.DataFrame) -> str:
    windows = [
        window
        for window in scores["window"].unique(maintain_order=True).to_list()
        if window != POOLED
    ]
    pooled = scores.filter(pl.col("window") == POOLED).sort("log_loss")
    by_window = {
        (row["forecaster"], row["window"]): row["log_loss"] for row in scores.iter_rows(named=True)
    }
    against = pooled["against"][0]
    heads = ["forecaster", *windows, "all", f"below {against}", "nats [95 %]"]
    heads += ["accuracy", "macro-F1", "ECE"]
    rows = []
    for row in pooled.iter_rows(named=True):
        who = row["forecaster"]
        marks = ("model", row["is_model"]), ("selected", row["is_selected"])
        labels_text = ", ".join(word for word, is_so in marks if is_so)
        rows.append(
            [
                f"{who} ({labels_text})" if labels_text else who,
                *(f"{by_window[who, window]:.4f}" for window in windows),
                f"{row['log_loss']:.4f}",
                f"{round(row['skill'], 3) + 0.0:.1%}",  # no minus before zero
                _interval(row),
                f"{row['accuracy']:.3f}",
                f"{row['macro_f1']:.3f}",
                f"{row['ece']:.3f}",
            ]
        )
    return f"### {name}\n\n" + _table(heads, rows)


def _interval(row: dict[str, float | None]) -> str:
    value, low, high = (row[key] for key in ("less", "less_low", "less_high"))
    if value is None or low is None or high is None:
        return ""
    return f"{value:+.4f} [{low:+.4f}, {high:+.4f}]"


def _oracle(found: pl.DataFrame) -> str:
    rows = []
    for row in found.filter(pl.col("forecaster") != "oracle").iter_rows(named=True):
        if not (row["is_model"] or row["is_selected"] or row["gap"] < 0):
            continue
        rows.append(
            [
                row["data"],
                row["forecaster"] + (" (selected)" if row["is_selected"] else ""),
                f"{row['log_loss']:.4f}",
                f"{row['oracle']:.4f}",
                f"{row['gap']:+.4f} ± {row['gap_se']:.4f}",
                f"{row['accuracy']:.3f}",
                f"{row['ceiling']:.3f}",
                "yes: a leak" if row["is_alarm"] else "no",
            ]
        )
    heads = ["world", "forecaster", "log-loss", "oracle", "gap ± SE", "accuracy"]
    heads += ["E[max p]", "better by > 3 SE"]
    result = (
        "### Distance to the oracle\n\nThe oracle knows how the world was made, and "
        "no model beats it except by luck. Shown: the model, the selected one, and any below "
        "it.\n\n"
    )
    return result + _table(heads, rows, text=(0, 1, 7))


def _leaks(leaks: pl.DataFrame) -> str:
    names = leaks["data"].unique(maintain_order=True).to_list()
    rows = []
    for test, meaning in MEANINGS.items():
        cells = []
        for name in names:
            part = leaks.filter((pl.col("data") == name) & (pl.col("test") == test))
            cells += [
                f"{row['accuracy']:.3f} / {row['macro_f1']:.3f} / {row['log_loss']:.3f}"
                for row in part.iter_rows(named=True)
            ] or [""]
        rows.append([f"`{test}`", meaning, *cells])
    result = (
        "### What leaking tests would have claimed\n\nThe same trees, tested in four "
        "ways: accuracy / macro-F1 / log-loss. Only the last one says anything about "
        "the future.\n\n"
    )
    return result + _table(["test", "what it is", *names], rows, text=(0, 1))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], text: Sequence[int] = (0,)) -> str:
    sides = [" --- " if i in text else " --: " for i in range(len(heads))]
    lines = [f"| {' | '.join(heads)} |", f"|{'|'.join(sides)}|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)
