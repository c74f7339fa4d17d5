"""``segpredict person``: what is held of a person, erasure, and how long rows are kept."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segpredict.cli import _options as o
from segpredict.cli._config import current_day, current_time, find_pseudonymizer
from segpredict.cli._output import Output
from segpredict.errors import UsageError

if TYPE_CHECKING:
    from segpredict.core.types import JSON
    from segpredict.privacy import Places

DEFAULT_RECEIPTS = Path("artifacts/erasures")


def _places(metavar: str, what: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(metavar=metavar, help=f"{what} Repeatable.")
    return option


def command(
    export: Annotated[
        str | None, typer.Option(metavar="ID", help="Show all that is held of this customer.")
    ] = None,
    erase: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Erase this customer from all places. Repeatable."),
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="DAY",
            help="Take rows dated before this day out of the stores: YYYY-MM-DD, or 730d or 3y "
            "before today.",
        ),
    ] = None,
    store: Annotated[list[str] | None, _places("FOLDER", "A store of `ingest`.")] = None,
    run: Annotated[list[str] | None, _places("FOLDER", "A run folder.")] = None,
    history: Annotated[
        list[str] | None, _places("FOLDER", "A folder of `score --history`.")
    ] = None,
    log: Annotated[
        list[str] | None, _places("FOLDER", "The experiments of `campaign`, beside the run.")
    ] = None,
    to: Annotated[
        list[str] | None, _places("URL", "A database of `publish` or `score --to`.")
    ] = None,
    orders: Annotated[list[str] | None, _places("PLACE", "The orders of `serve --orders`.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The JSON file of the export.")
    ] = None,
    receipts: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where receipts of erasures are added.")
    ] = DEFAULT_RECEIPTS,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go; change nothing.")
    ] = False,
    secret_file: o.SecretFileOption = None,
    as_json: o.JsonOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Export or erase a person's data, or take old rows out of a store.

    Name every place that may hold the person. An erasure changes all of them or none, is checked
    by a search of every file, and leaves a receipt with keyed hashes alone. Stores keep the person
    out from then on, whatever file is ingested: `ingest` then needs the same secret.

    The secret is that of --hash-ids: --secret-file, or SEGPREDICT_SECRET.

    Example: `segpredict person --erase 17850 --store shop.store --run artifacts/may --history
    history --log artifacts/experiments`
    """
    from segpredict.privacy import Places

    given = [name for name in (export, erase, older_than) if name]
    if len(given) != 1:
        raise UsageError(
            "One of --export, --erase and --older-than is needed.", fix="give exactly one."
        )
    output = Output(as_json, quiet)
    places = Places(*(tuple(names or ()) for names in (store, run, history, log, to, orders)))
    if export:
        _export(output, export, places, out)
    elif erase:
        _erase(output, erase, places, secret_file, None if dry_run else receipts)
    elif older_than:
        _expire(output, older_than, places, dry_run=dry_run)


def _export(output: Output, person: str, places: "Places", out: Path | None) -> None:
    from segpredict.core.disk import write_file
    from segpredict.privacy import export_person

    found = export_person(person, places)
    text = json.dumps(
        {"person": person, "places": found}, ensure_ascii=False, default=str, indent=2
    )
    if out is None:
        typer.echo(text)
        return
    write_file(out, f"{text}\n".encode())
    rows = {each["place"]: {n: len(r) for n, r in each["rows"].items()} for each in found}
    output.print_note(f"{out}: {sum(sum(each.values()) for each in rows.values()):,} rows")
    output.print_json({"out": str(out), "rows": rows})


def _erase(
    output: Output,
    people: list[str],
    places: "Places",
    secret_file: Path | None,
    receipts: Path | None,
) -> None:
    from segpredict.core.pseudonyms import SecretError
    from segpredict.privacy import erase_people, find_people

    names = find_pseudonymizer(secret_file)
    if names is None:
        raise SecretError("is not given")
    if receipts is None:
        found = find_people(people, places, names)
        _show(output, "WOULD BE ERASED", found)
        output.print_json({"places": found})
        return
    receipt = erase_people(people, places, names, receipts, current_time())
    _show(output, "ERASED", receipt["places"])
    searched = receipt["searched"]
    output.print_note(
        f"Searched: {searched['files']:,} files, {searched['bytes']:,} bytes, "
        f"{searched['databases']} databases; no id found."
    )
    for fitted in receipt["fitted"]:
        output.print_note(
            f"Models and figures of {fitted['run']} were fitted with them, and stay until it is "
            "run again."
        )
    output.print_json(receipt)


def _expire(output: Output, older_than: str, places: "Places", *, dry_run: bool) -> None:
    from segpredict.privacy.retention import first_day_kept, remove_older

    if any(place.kind != "store" for place in places):
        raise UsageError(
            "--older-than is for stores alone.", fix="name stores: --store FOLDER; remove old runs."
        )
    day = first_day_kept(older_than, current_day())
    rows = remove_older(places, day, dry_run=dry_run)
    _show(output, f"BEFORE {day}", rows)
    output.print_json({"before": str(day), "places": rows})


def _show(output: Output, head: str, places: "JSON") -> None:
    lines = [
        {"place": each["place"], "files": len(each["rows"]), "rows": sum(each["rows"].values())}
        for each in places
    ]
    output.print_block(head, lines)
