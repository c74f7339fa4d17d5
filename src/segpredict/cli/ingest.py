"""``segpredict ingest``: add files to a store that grows with every delivery."""

from pathlib import Path
from typing import Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import (
    config_from_options,
    find_pseudonymizer,
    setting,
    settings_of_store,
)
from segpredict.cli._output import Output


def command(
    data: o.DataOption,
    store: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The store; made if it is not there.")
    ],
    config: o.ConfigOption = None,
    settings: o.SettingsOption = None,
    columns: o.ColumnsOption = None,
    table: o.TableOption = None,
    query: o.QueryOption = None,
    on_bad_rows: o.BadRowsOption = None,
    max_bad: o.MaxBadRowsOption = None,
    watermark: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="A column of the database that only grows, such as the time of the order: "
            "the next time only newer rows are read, and those of the last source.overlap (3) "
            "days once more. Same as source.watermark=COLUMN.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete the content of the store first.")
    ] = False,
    secret_file: o.SecretFileOption = None,
    verbose: o.VerboseOption = False,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Add files to a store, which every `--data` option accepts like files.

    Files whose bytes are in it already are left out, so the same folder can be given
    every night. All rows are cleaned as one: the store is the same as if all files had
    been added at once. It saves its settings; new settings apply to all its rows.
    If any file is refused, the store stays as it was. Where people were erased from it
    (`segpredict person`), their secret is needed, and they stay out.

    Example: `segpredict ingest --data drops --store shop.store`
    """
    from segpredict import pipeline
    from segpredict.cli._check_tables import show_store

    output = Output(as_json, quiet, verbose)
    named = [setting("source.watermark", watermark)] if watermark else []
    plan = config_from_options(
        config,
        [*(settings or []), *named],
        columns,
        on_bad_rows,
        max_bad,
        table=table,
        query=query,
        base=(None if replace else settings_of_store([str(store)])) or settings_of_store(data),
    )
    names = find_pseudonymizer(secret_file)
    done = pipeline.ingest(data, store, plan, replace=replace, pseudonyms=names)
    output.print_json(show_store(output, done, store))
