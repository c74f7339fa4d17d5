"""A small shop in which somebody else chose every text: cells, heads, file names."""

import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from payloads import ALL
from segpredict.data.sample import sample

HEADS = {"Description": "<b>Description</b>", "Country": "=1+1 Country"}
ROLES = {
    "order_id": "InvoiceNo",
    "product_id": "StockCode",
    "description": HEADS["Description"],
    "quantity": "Quantity",
    "time": "InvoiceDate",
    "price": "UnitPrice",
    "customer_id": "CustomerID",
    "country": HEADS["Country"],
}
CATEGORY, LEVEL = "<i>category</i>", '"><script>window.hit=1</script>'
QUICK = (
    "classifier.bootstrap_draws=100",
    "segmentation.n_init=3",
    "explain.sample_rows=200",
    "classifier.xgboost.learning_rate=0.3",
    "classifier.xgboost.max_rounds=40",
    "time.test_windows=1",
    "classifier.families=['rfm', 'demographics', 'category', 'country']",
)


@dataclass(frozen=True)
class HostileShop:
    """Where the files of the shop stand."""

    data: Path
    config: Path

    @property
    def asked(self) -> tuple[str, ...]:
        """The options that read it."""
        quick = [part for text in QUICK for part in ("--set", text)]
        rows = ("--on-bad-rows", "quarantine", "--max-bad-rows", "20%")
        return ("--data", str(self.data), "--config", str(self.config), *rows, *quick)


def made(folder: Path, customers: int = 600) -> HostileShop:
    """Write the shop: a file a payload, tables beside them, a config and campaigns."""
    drawn = sample.generate_sample(customers, seed=3)
    lines = drawn.lines.with_columns(pl.all().cast(pl.String))
    for column in ("InvoiceNo", "StockCode", "Description", "Country"):
        lines = lines.with_columns(_renamed(lines[column]))
    ids = drawn.lines["CustomerID"].cast(pl.String)
    named = _names(ids)
    lines = lines.with_columns(ids.replace(named).alias("CustomerID")).rename(HEADS)
    data = folder / "data"
    data.mkdir(parents=True)
    # Whole orders, so that no file cuts one in two.
    place = pl.col("InvoiceNo").rank("dense").sub(1).mod(len(ALL))
    for (nth,), part in lines.group_by(place.alias("nth")):
        text = ALL[int(nth)]
        extra = part.with_columns(pl.lit(_head(text)).alias(f"{_head(text)} {nth}"))
        extra.write_csv(data / f"{called(text)} {nth}.csv", quote_style="always")
    beside = folder / "beside"
    beside.mkdir()
    _products(lines).write_csv(beside / "products.csv", quote_style="always")
    _people(named).write_csv(beside / "people.csv", quote_style="always")
    (folder / "campaigns.toml").write_text(_campaigns(), encoding="utf-8")
    (folder / "config.toml").write_text(_config(folder, beside), encoding="utf-8")
    return HostileShop(data, folder / "config.toml")


def _names(ids: pl.Series) -> dict[str, str]:
    """Return for each id a payload, with a number where all were given once."""
    known = ids.drop_nulls().unique().sort().to_list()
    return {
        old: ALL[i % len(ALL)] + ("" if i < len(ALL) else f" {i}") for i, old in enumerate(known)
    }


def _renamed(column: pl.Series) -> pl.Series:
    return column.replace(_names(column)).alias(column.name)


def _head(text: str) -> str:
    return text.replace("\0", "").replace("\n", " ").replace("\r", " ").strip()


def called(text: str) -> str:
    return text.replace("\0", "").replace("/", "\u2215")[:60]


def _products(lines: pl.DataFrame) -> pl.DataFrame:
    codes = _tidy(lines["StockCode"])
    kinds = [ALL[i % 12 * 7].replace("\0", "") for i in range(len(codes))]
    return pl.DataFrame({"StockCode": codes, CATEGORY: kinds})


def _people(named: dict[str, str]) -> pl.DataFrame:
    ids = _tidy(pl.Series("CustomerID", list(named.values())))
    few = [ALL[i % 4 * 20 + 1] for i in range(len(ids))]
    many = [ALL[i % len(ALL)].replace("\0", "") for i in range(len(ids))]
    return pl.DataFrame({"CustomerID": ids, LEVEL: few, "many": many})


def _tidy(texts: pl.Series) -> pl.Series:
    """Return different keys: ids are read without blanks and invisible signs."""
    bare = texts.str.strip_chars().str.strip_chars("\ufeff")
    return bare.filter(~bare.str.contains("\0")).unique().sort()


def _campaigns() -> str:
    """Return campaigns whose texts are all payloads, three a campaign."""
    parts = [
        {"title": one, "action": two, "caution": three}
        for one, two, three in zip(ALL[::3], ALL[1::3], ALL[2::3], strict=True)
    ]
    wording = (
        "[campaigns.campaign_{i}]\n{texts}\n"
        "eligibility = {{ segment_roles = ['top', 'middle', 'low'] }}\n"
    )
    return "\n".join(
        wording.format(i=i, texts="\n".join(f"{k} = {_toml(v)}" for k, v in part.items()))
        for i, part in enumerate(parts)
    )


def _segment_names(number: int) -> dict[str, str]:
    """Return names for segments that hold all payloads between them."""
    return {f"S{i}": " ".join(ALL[i::number]) for i in range(number)}


def _config(folder: Path, beside: Path) -> str:
    names = _segment_names(4)
    tables = {
        "source.columns": ROLES,
        "cleaning": {"currency": "<b>$</b>"},
        "segmentation": {"k": 3},
        "segmentation.names": names,
        "campaigns": {"campaigns_file": str(folder / "campaigns.toml")},
        "products": {"data": str(beside / "products.csv"), "time_invariant": [CATEGORY]},
        "products.columns": {"product_id": "StockCode", "category": CATEGORY},
        "customers": {"data": str(beside / "people.csv"), "time_invariant": [LEVEL, "many"]},
        "customers.columns": {"customer_id": "CustomerID"},
    }
    return "\n".join(
        f"[{name}]\n" + "\n".join(f"{key} = {_toml(v)}" for key, v in table.items())
        for name, table in tables.items()
    )


def _toml(value: object) -> str:
    """Return a value as TOML writes it; its texts are escaped as those of JSON are."""
    return json.dumps(value).replace("\x7f", "\\u007f")
