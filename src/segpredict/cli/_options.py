"""The options that several commands share, each explained once."""

from pathlib import Path
from typing import Annotated, Literal

import typer

DataOption = Annotated[
    list[str],
    typer.Option(
        "--data",
        help="Transactions: a file, a folder or a glob (CSV, Parquet, Excel, SQLite, "
        "DuckDB), or a store made by `segpredict ingest`. Repeatable.",
        show_default=False,
    ),
]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        help="A TOML file, or the name of a preset: online_retail, online_retail_ii, "
        "cdnow, adventureworks, completejourney, shopify, woocommerce, magento, "
        "stripe, ga4.",
    ),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="A.B=C",
        help="Override one setting, e.g. --set time.horizon=28. Repeatable.",
    ),
]
ColumnsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="ROLE=COLUMN",
        help="Say which column is what, e.g. --map customer_id=KUNDE. Roles: "
        "customer_id, order_id, time, product_id, quantity, price, amount, country, "
        "description, currency, status. Repeatable.",
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", help="Seed of everything random; same seed, same result."),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        help="Threads for training, processes for a comparison; results are equal.",
    ),
]
OutOption = Annotated[Path, typer.Option("--out", help="The run folder to make.")]
RunOption = Annotated[Path, typer.Option("--run", help="A run folder made by an earlier command.")]
CustomersOption = Annotated[
    bool | None,
    typer.Option(
        "--customers/--no-customers",
        help="Show single customers with their ids, or leave them out.",
        show_default="as the config says",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
QuietOption = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print nothing but errors and the data asked for."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace the run folder if it exists.")]
LeakageDemoOption = Annotated[
    bool,
    typer.Option("--canary", help="Also show what a leaking evaluation would have claimed."),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="YYYY-MM-DD",
        help="The cutoff: nothing on or after this day is looked at.",
    ),
]
BadRowsOption = Annotated[
    Literal["fail", "quarantine", "drop"] | None,
    typer.Option(
        "--on-bad-rows",
        help="Stop at cells that cannot be read, set their rows aside and list them, "
        "or leave them out and only count.",
    ),
]
MaxBadRowsOption = Annotated[
    str | None,
    typer.Option(
        "--max-bad",
        metavar="SHARE|COUNT",
        help="Stop if more rows than this cannot be read, e.g. 0.1% or 20.",
    ),
]
CompareOption = Annotated[
    bool,
    typer.Option(
        "--compare",
        help="Measure every algorithm, number of segments and instrument, and show how "
        "each fares. Takes minutes; goes on where it was interrupted.",
    ),
]
SelectOption = Annotated[
    bool,
    typer.Option("--select", help="Compare, and make the segments in the way the rule takes."),
]
AlgorithmsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--algorithm",
        help="Compare only this algorithm. Repeatable; all if not given.",
    ),
]
SegmentCountsOption = Annotated[
    str | None,
    typer.Option("--k", metavar="LOW-HIGH", help="Numbers of segments to compare, e.g. 3-5."),
]
InputsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--instrument",
        help="Compare only this instrument: fm, rfm or wide. Repeatable.",
    ),
]
