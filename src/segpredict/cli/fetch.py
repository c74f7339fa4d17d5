"""``segpredict fetch``: download a public data set from its owner."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._output import Output


def command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Name of the data set; without it, all are listed."),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where its folder, of the same name, is made.")
    ] = Path("data"),
    force: Annotated[
        bool, typer.Option("--force", help="Replace the folder if it exists.")
    ] = False,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Download a public data set from its official address, and check it.

    Without NAME it lists all data sets with their owners and licences. The
    checksum of the download is compared with the known one; where none is known,
    it is printed. An interrupted download leaves no files.

    Example: `segpredict fetch cdnow --out data`, then `segpredict run --config cdnow
    --data data/cdnow/CDNOW_master.txt --out artifacts/cdnow`
    """
    from segpredict.data import datasets

    output = Output(as_json, quiet)
    if name is None:
        _show_all(output)
        return
    dataset = datasets.get_dataset(name)
    with output.stages() as progress:
        found = datasets.fetch_dataset(dataset, out, progress, replace=force)
    for path in found.files:
        output.print_line(f"  {path}")
    known = "as known" if found.is_pinned else "not pinned: none is known"
    output.print_line(f"{found.bytes:,} bytes, SHA-256 {found.sha256} ({known})")
    output.print_line(f"Licence: {dataset.licence}")
    output.print_line(f"Next: segpredict check --config {name} --data '{found.files[0]}'")
    output.print_json(
        {
            "name": found.name,
            "files": [str(path) for path in found.files],
            "bytes": found.bytes,
            "sha256": found.sha256,
            "is_pinned": found.is_pinned,
            "licence": dataset.licence,
            "source": dataset.source,
        }
    )


def _show_all(output: Output) -> None:
    from segpredict.data.datasets import DATASETS

    rows = [
        {
            "name": each.name,
            "what": each.title,
            "licence": each.licence,
            "source": each.source,
            "checksum": "known" if each.sha256 else "not pinned",
        }
        for each in DATASETS.values()
    ]
    for row in rows:
        output.print_line(f"{row['name']}: {row['what']}")
        output.print_line(f"  licence: {row['licence']}")
        output.print_line(f"  {row['source']} (checksum: {row['checksum']})")
    output.print_line(f"{'Next':<9}segpredict fetch {rows[0]['name']} --out data")
    output.print_json({"datasets": rows})
