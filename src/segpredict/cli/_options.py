"""The options that several commands share, each explained once."""

from pathlib import Path
from typing import Annotated, Literal

import typer

SECRET_VARIABLE = "SEGPREDICT_SECRET"

DataOption = Annotated[
    list[str],
    typer.Option(
        metavar="FILE",
        help="Transactions: a file, a folder or a glob (CSV, Parquet, Excel, SQLite, "
        "DuckDB), a database (postgresql://USER@HOST/DATABASE#TABLE, mysql://), a folder made "
        "by `segpredict sample`, or a store made by `segpredict ingest`. Repeatable.",
        show_default=False,
    ),
]
TableOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="The table or view of a database. Same as source.table=NAME."
    ),
]
QueryOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A file with the SQL query to ask a database, instead of --table. "
        "Same as source.query=FILE.",
    ),
]
ToOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="A database to write to: postgresql://USER@HOST/DATABASE, mysql:// or mariadb://; "
        "a password only by a variable, an option file or ~/.pgpass (docs/guide/databases.md).",
    ),
]
CreateOption = Annotated[
    bool, typer.Option("--create", help="Make the tables that are not there yet.")
]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="A TOML file, or the name of a preset: adventureworks, amazon, bigcommerce, "
        "cdnow, completejourney, ebay, etsy_items, etsy_orders, ga4, magento, odoo, olist, "
        "online_retail, online_retail_ii, paypal, prestashop, sample, shopify, square, "
        "stripe, stripe_unified, woocommerce, woocommerce_export.",
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
        help="Assign a column to a role, e.g. --map customer_id=KUNDE. Roles: "
        "customer_id, order_id, time, product_id, quantity, price, amount, country, "
        "description, currency, status. Repeatable.",
    ),
]
SeedOption = Annotated[
    int | None, typer.Option(metavar="N", help="Random seed; same seed, same result.")
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Threads for training, processes for a comparison; results are equal.",
    ),
]
OutOption = Annotated[Path, typer.Option(metavar="FOLDER", help="The run folder to make.")]
RunOption = Annotated[
    Path, typer.Option(metavar="FOLDER", help="A run folder made by an earlier command.")
]
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
    bool, typer.Option("--quiet", "-q", help="Print only errors and the requested data.")
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print every table and all notes.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace the run folder if it exists.")]
LeakageDemoOption = Annotated[
    bool,
    typer.Option(
        "--leakage-demo",
        help="Also show the metrics that an evaluation with data leakage would report.",
    ),
]
ThoroughOption = Annotated[
    bool,
    typer.Option(
        "--thorough",
        help="Compare with every baseline: classifier.thorough=true.",
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        metavar="DAY", help="The cutoff, as YYYY-MM-DD: data on or after this day are not used."
    ),
]
SegmentsOption = Annotated[
    str | None,
    typer.Option(
        "--segments",
        metavar="FILE",
        help="The shop's own segments (columns customer_id, date, segment): forecast these. "
        "Same as own_segments.data=FILE.",
    ),
]
DatesOption = Annotated[
    str | None,
    typer.Option(
        "--dates",
        metavar="FILE",
        help="Holidays, promotions and closed days, past and planned (columns from, to, kind). "
        "Same as dates.data=FILE.",
    ),
]
BadRowsOption = Annotated[
    Literal["fail", "quarantine", "drop"] | None,
    typer.Option(
        metavar="HOW",
        help="Rows with cells that cannot be read: fail stops, quarantine lists them in the "
        "run, drop only counts them.",
    ),
]
MaxBadRowsOption = Annotated[
    str | None,
    typer.Option(
        "--max-bad-rows",
        metavar="LIMIT",
        help="Stop if more rows than this cannot be read: a share or a number, e.g. 0.1% or 20.",
    ),
]
CompareOption = Annotated[
    bool,
    typer.Option(
        "--compare",
        help="Evaluate every algorithm, number of segments and set of clustering inputs, "
        "and show the results. Takes minutes; an interrupted comparison is continued.",
    ),
]
SelectOption = Annotated[
    bool, typer.Option("--select", help="Compare, and use the selected candidate.")
]
AlgorithmsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--algorithm",
        metavar="NAME",
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
        metavar="NAME", help="Compare only these clustering inputs: fm, rfm or wide. Repeatable."
    ),
]
HashIdsOption = Annotated[
    bool,
    typer.Option(
        "--hash-ids",
        help="Replace customer ids by keyed hashes (HMAC-SHA-256). Same "
        f"secret, same hashes. Needs --secret-file, or {SECRET_VARIABLE} in the environment.",
    ),
]
SecretFileOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The secret of --hash-ids, at least 16 bytes, e.g. made by `openssl rand -hex 32`.",
    ),
]
