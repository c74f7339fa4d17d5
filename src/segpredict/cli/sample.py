"""``segpredict sample``: write the transactions of a simulated shop, and the truth."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._output import Output


def command(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to write into.")] = Path(
        "sample"
    ),
    customers: Annotated[
        int, typer.Option(min=1, metavar="N", help="Customers of the shop.")
    ] = 5_000,
    days: Annotated[
        int, typer.Option(min=1, metavar="N", help="Days that the shop is open.")
    ] = 728,
    seed: o.SeedOption = None,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Write transactions of a simulated shop, with the truth about every customer.

    Columns are those of Online Retail and the money off each line, with the dirt of
    real life: cancellations, rows without a customer, postage. Beside them stand
    tables of customers, products and visits to the web shop; `--data FOLDER` reads
    them all. The same seed gives the same bytes.

    Example: `segpredict sample --customers 2000 --seed 1 --out shop`
    """
    from segpredict.data.sample import sample

    _refuse_file(out)
    output = Output(as_json, quiet)
    shop = sample.generate_sample(customers, seed=seed or 0, days=days)
    paths = [str(path) for path in sample.write_sample(shop, out)]
    output.print_line(f"{shop.lines.height:,} lines of {customers:,} customers:")
    for path in paths:
        output.print_line(f"  {path}")
    output.print_line(f"Next: segpredict run --data {out} --out artifacts/sample")
    output.print_json({"files": paths, "rows": shop.lines.height, "customers": customers})


def _refuse_file(out: Path) -> None:
    from segpredict.errors import UsageError

    if out.suffix.lower() in {".csv", ".parquet", ".xlsx"}:
        raise UsageError(
            f"--out {out} is the name of a file, and a sample is a folder of files.",
            fix=f"give a folder: --out {out.with_suffix('')}.",
        )
