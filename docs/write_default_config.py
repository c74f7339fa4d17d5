"""Write ``configs/default.toml``, every setting with its default, from the options."""

import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any

from segpredict.config.load import SHARED_SETTINGS, Config

TARGET = Path(__file__).parents[1] / "configs" / "default.toml"
HEAD = """\
# Every setting with its default. Copy this file, change what you need, delete the rest,
# and give it with --config FILE. Single settings: --set time.horizon=28.
# Settings that are commented out have no default; the value is an example.
# Written from the option classes by `python docs/write_default_config.py`.

"""
ROLES = {
    "customer_id": "Customer ID",
    "order_id": "Invoice",
    "product_id": "StockCode",
    "description": "Description",
    "quantity": "Quantity",
    "time": "InvoiceDate",
    "price": "Price",
    "amount": "Line total",
    "country": "Country",
    "discount": "Discount",
    "currency": "Currency",
    "status": "Status",
}
# Examples of settings without a default and of tables of free keys.
EXAMPLES: dict[str, Any] = {
    "source.columns": ROLES,
    "source.format": "csv",
    "source.separator": ";",
    "source.encoding": "cp1252",
    "source.header_row": 1,
    "source.comment_prefix": "#",
    "source.quote_escape": "double",
    "source.sheet": "Sheet1",
    "source.table": "orders",
    "source.query": "orders.sql",
    "source.watermark": "created_at",
    "cleaning.amount_level": "order",
    "cleaning.default_quantity": 1,
    "cleaning.number_format": "comma",
    "cleaning.time_format": "dmy",
    "cleaning.timezone": "Europe/London",
    "cleaning.century_pivot": 69,
    "cleaning.latest_date": "2030-12-31",
    "cleaning.as_of": "2011-09-10",
    "cleaning.first_date": "2010-01-01",
    "segmentation.k": 5,
    "segmentation.algorithm_settings": {"n_starts": 10},
    "segmentation.names": {"S3": "VIP"},
    "segmentation.overrides.axis_weights": {"days": 0.5},
    "segmentation.overrides.rules": {"Key accounts": {"column": "spend", "top_share": 0.005}},
    "segmentation.rule_grid_names": {"55": "Top", "555": "VIP"},
    "segmentation.rfm_cut_points.recency": [30, 90, 180, 270],
    "segmentation.rfm_cut_points.frequency": [2, 3, 5, 10],
    "segmentation.rfm_cut_points.spend": [100, 250, 500, 1000],
    "segmentation.selection.criterion_weights": {"stability": 2.0},
    "classifier.families": ["default", "country"],
    "customers.columns": {"customer_id": "id", "since": "valid_from", "until": "valid_to"},
    "customers.kinds": {"region": "level"},
    "customers.time_format": "dmy",
    "products.columns": {
        "product_id": "sku",
        "category": "department",
        "price": "list price",
        "cost": "unit cost",
    },
    "events.columns": {"customer_id": "id", "time": "at", "kind": "event", "session": "visit"},
    "events.kinds": {"views": ["page_view", "product_view"]},
    "events.time_format": "dmy",
    "contacts.columns": {"customer_id": "id", "time": "at", "kind": "event"},
    "contacts.kinds": {"sent": ["delivered"]},
    "contacts.time_format": "dmy",
    "returns.columns": {"product_id": "sku", "time": "returned", "quantity": "pieces"},
    "returns.time_format": "dmy",
    "own_segments.columns": {"customer_id": "id", "date": "valid_from", "segment": "tier"},
    "own_segments.time_format": "dmy",
    "dates.columns": {
        "from": "starts",
        "to": "ends",
        "kind": "what",
        "known_since": "announced",
    },
    "dates.kinds": {"promotion": ["summer weeks"], "closed": ["stock-taking"]},
    "dates.time_format": "dmy",
}


def render_default_config() -> str:
    """Return the text of ``configs/default.toml``."""
    return HEAD + "".join(f"{line}\n" for line in _section(Config, ""))


def _section(kind: type, path: str) -> Iterator[str]:
    """Yield the lines of one section: its settings first, then the tables within it."""
    meanings = describe_fields(kind)
    own = [f for f in fields(kind) if f.name not in SHARED_SETTINGS.get(path, ())]
    tables = [f for f in own if _is_table(f)]
    for setting in own:
        if setting not in tables:
            place = f"{path}.{setting.name}".lstrip(".")
            yield from _comment(meanings[setting.name])
            value = default_of(setting)
            written = EXAMPLES[place] if value is None else value
            yield f"{'# ' if value is None else ''}{setting.name} = {_toml(written)}"
    for setting in tables:
        place = f"{path}.{setting.name}".lstrip(".")
        inner = setting.default_factory
        yield ""
        if is_dataclass(inner):
            yield from _comment(inspect.getdoc(inner).partition("\n")[0])
            yield f"[{place}]"
            yield from _section(inner, place)
        else:
            yield from _comment(meanings[setting.name])
            yield f"[{place}]"
            yield from (f"# {_key(k)} = {_toml(v)}" for k, v in EXAMPLES[place].items())


def describe_fields(kind: type) -> dict[str, str]:
    """Return the first sentence of the comment on each field of a class.

    The comment stands behind the field, or above it and the fields that follow without one.
    """
    names = {each.name for each in fields(kind)}
    found: dict[str, str] = {}
    above: list[str] = []
    is_open = False
    for line in inspect.getsource(kind).splitlines():
        code, _, behind = line.partition("  # ")
        declared = re.match(r" {4}(\w+): ", code)
        if line.startswith("    # "):
            above = [*(above if is_open else []), line.removeprefix("    # ")]
        elif declared and declared[1] in names:
            text = behind or " ".join(above)
            sentence = re.match(r".*?\.(?= |$)|.*", text)
            words = sentence[0] if sentence else ""
            found[declared[1]] = words.replace("``", "").replace("`", "")
        is_open = line.startswith("    # ")
    return found


def default_of(setting: "Field[Any]") -> Any:
    """Return the default of a field."""
    return setting.default if setting.default_factory is MISSING else setting.default_factory()


def _is_table(setting: "Field[Any]") -> bool:
    return is_dataclass(setting.default_factory) or isinstance(default_of(setting), Mapping)


def _comment(text: str) -> Iterator[str]:
    return (f"# {line}" for line in textwrap.wrap(text, 86))


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, tuple | list):
        whole = f"[{', '.join(map(_toml, value))}]"
        lines = textwrap.wrap(", ".join(map(_toml, value)), 84, break_long_words=False)
        return whole if len(whole) <= 70 else "[\n  " + "\n  ".join(lines) + ",\n]"
    if isinstance(value, int) and not isinstance(value, bool) and value >= 100_000:
        return f"{value:_}"
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    TARGET.write_text(render_default_config(), encoding="utf-8")
