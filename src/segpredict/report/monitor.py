"""The sections of the page of `segpredict monitor`, of which no other form exists: plain rows."""

from collections.abc import Sequence
from typing import Any

from segpredict.analytics.monitoring import FIGURE_LABELS
from segpredict.core.window import day_number
from segpredict.report.formatting import Row, format_day, format_number
from segpredict.report.html.chart_layout import PlotAxes, axis_ticks, upright
from segpredict.report.input import MonitorInput, ReportSection

MAX_GROUPS = 12
MAX_COLUMNS = 12  # of the drift table, those that moved furthest
EDGE = 16.0  # percent of a chart beside its first and last date: half of a label
SHARES = ("accuracy", "macro_f1", "set_coverage")  # figures that are at most one
SUM_LABELS = {"expected_value": "Spend", "value_at_risk": "Lost revenue"}
OUTCOME_LABELS = {
    "purchase_rate": "Share who buy",
    "orders": "Orders",
    "revenue": "Revenue",
    "kpi": "Share who stay or rise",
}


def advice_section(bundle: MonitorInput) -> Row:
    """Return what to do, since when, and all findings."""
    found, advice = bundle.result, bundle.result["advice"]
    return {
        **advice,
        "findings": [f for f in found["findings"] if not advice["reason"].startswith(f["text"])],
        "notes": found["notes"],
        "dates": len(found["dates"]),
        "data_until": found["data_until"],
    }


def figures_section(bundle: MonitorInput) -> Row | None:
    """Return a chart for each figure: its dates, and the band that the backtests promised."""
    rows = bundle.result["figures"]
    if not rows:
        return None
    names = [name for name in FIGURE_LABELS if any(row["figure"] == name for row in rows)]
    charts = [_chart(name, [row for row in rows if row["figure"] == name]) for name in names]
    has_band = any(chart["band"] for chart in charts)
    return {"charts": charts, "has_band": has_band, "baselines": bundle.result["baselines"]}


def _chart(name: str, rows: Sequence[Row]) -> Row:
    days = [day_number(row["date"]) for row in rows]
    known = ("value", "expected", "low", "high")
    values = [row[key] for row in rows for key in known if row[key] is not None]
    low, high = min(values), max(values)
    margin = 0.08 * (high - low) or 0.01
    # No figure is below zero, no share above one, though the band of a few tests may reach there.
    low, high = max(low - margin, 0.0), high + margin
    if name in SHARES:
        high = min(high, 1.0)
    across = [_place(day, days[0], days[-1]) for day in days]
    # Each label stands below its dot.
    ends = {across[0]: days[0], across[-1]: days[-1]}
    ticks = tuple((place, format_day(day)) for place, day in ends.items())
    up = upright(axis_ticks(low, high, lambda value: format_number(value, 2)))

    def down(value: float) -> float:
        inside = min(max(value, low), high)
        return round(float(100 * (high - inside) / (high - low)), 2)

    first = rows[0]
    has_band = first["low"] is not None and first["high"] is not None
    dots = {
        is_worse: "".join(
            f"M{place},{down(row['value'])}h0"
            for place, row in zip(across, rows, strict=True)
            if row["is_worse"] is is_worse
        )
        for is_worse in (False, True)
    }
    return {
        "title": FIGURE_LABELS[name],
        "axes": PlotAxes(ticks, up),
        "band": (down(first["high"]), down(first["low"])) if has_band else None,
        "expected": down(first["expected"]),
        "line": " ".join(f"{p},{down(r['value'])}" for p, r in zip(across, rows, strict=True)),
        "inside": dots[False],
        "outside": dots[True],
        "rows": rows,
    }


def _place(day: int, first: int, last: int) -> float:
    if first == last:
        return 50.0
    return round(EDGE + (100 - 2 * EDGE) * (day - first) / (last - first), 2)


def money_section(bundle: MonitorInput) -> Sequence[Row] | None:
    """Return expected sums and those that came, of all customers."""
    rows = [row for row in bundle.result["sums"] if row["part"] == "all"]
    return [{**row, "label": SUM_LABELS[row["measure"]]} for row in rows] or None


def mix_section(bundle: MonitorInput) -> Row | None:
    """Return the predicted and actual share of each segment, by date."""
    rows = bundle.result["mix"]
    if not rows:
        return None
    names = list(dict.fromkeys(row["segment"] for row in rows))
    dates = list(dict.fromkeys(row["date"] for row in rows))
    cells = {(row["date"], row["segment"]): row for row in rows}
    return {
        "segments": names,
        "dates": [{"date": date, "cells": [cells[date, name] for name in names]} for date in dates],
    }


def groups_section(bundle: MonitorInput) -> Sequence[Row] | None:
    """Return the groups whose log-loss is furthest above that of the backtests."""
    rows = [row for row in bundle.result["groups"] if row["metric"] == "log_loss"]
    known = [row for row in rows if row["expected"] is not None and row["value"] is not None]
    ranked = sorted(known, key=lambda row: row["expected"] - row["value"])
    return ranked[:MAX_GROUPS] or None


def demand_section(bundle: MonitorInput) -> Sequence[Row] | None:
    """Return units that were expected and sold, by level."""
    return bundle.result["demand"] or None


def nights_section(bundle: MonitorInput) -> Sequence[Row] | None:
    """Return what was said on the nights of a history, against what came."""
    return bundle.result["recorded"] or None


def drift_section(bundle: MonitorInput) -> Row | None:
    """Return the columns that moved furthest by the newest date, and how far is usual."""
    rows = bundle.result["drift"]
    if not rows:
        return None
    newest = max(row["date"] for row in rows)
    own = [row for row in rows if row["date"] == newest and row["high"]]
    ranked = sorted(own, key=_excess, reverse=True)
    outside = sum(row["is_outside"] for row in own)
    return {"date": newest, "columns": len(own), "outside": outside, "rows": ranked[:MAX_COLUMNS]}


def _excess(row: Row) -> float:
    """Return how far a column moved, as a share of what is usual."""
    is_down = row["low"] is not None and row["value"] < 0
    return float(row["value"] / (row["low"] if is_down else row["high"]) if row["high"] else 0.0)


def campaigns_section(bundle: MonitorInput) -> Sequence[Row] | None:
    """Return the campaigns on record, each with its last readout."""
    rows: list[dict[str, Any]] = []
    for record in bundle.readouts:
        found = record.get("result") or {}
        effects = found.get("effects") or []
        rows.append(
            {
                "campaign": record["campaign"],
                "drawn": record["as_of"],
                "sentence": found.get("sentence", f"Not read out yet; due on {record['readout']}."),
                "look": found.get("look"),
                "effects": [
                    {
                        **each["adjusted"],
                        "outcome": OUTCOME_LABELS[each["outcome"]],
                        "is_money": each["outcome"] == "revenue",
                        "is_share": each["outcome"] in {"purchase_rate", "kpi"},
                    }
                    for each in effects
                ],
                "returns": found.get("returns"),
            }
        )
    return rows or None


# In the order of the page.
MONITOR_SECTIONS = (
    ReportSection("advice", "What to do", advice_section),
    ReportSection("figures", "Figures date by date", figures_section),
    ReportSection("money", "Money", money_section),
    ReportSection("mix", "Mix of segments", mix_section),
    ReportSection("groups", "Where forecasts got worse", groups_section),
    ReportSection("drift", "Drift before the outcome is known", drift_section),
    ReportSection("demand", "Demand", demand_section),
    ReportSection("nights", "Nights of the history", nights_section),
    ReportSection("campaigns", "Campaigns", campaigns_section),
)
