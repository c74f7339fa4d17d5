"""From command-line options to values; the only module that reads clock and environment."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segpredict.cli._options import SECRET_VARIABLE
from segpredict.errors import FileMissingError, UsageError

if TYPE_CHECKING:
    from segpredict.config.load import Config
    from segpredict.core.pseudonyms import Pseudonymizer


def config_from_options(
    config: str | None,
    settings: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    on_bad_rows: str | None = None,
    max_bad: str | None = None,
    *,
    table: str | None = None,
    query: Path | None = None,
    seed: int | None = None,
    threads: int | None = None,
    base: Mapping[str, Any] | None = None,
) -> "Config":
    """Return the config that the options of a command describe.

    `base` holds the settings to change where no config is named.
    """
    from segpredict.config import load as configs

    overrides = [
        *(setting(f"source.columns.{r}", c) for r, c in column_mapping(columns).items()),
        *([f"cleaning.on_bad_rows={on_bad_rows!r}"] if on_bad_rows else []),
        *([f"cleaning.max_bad_rows={max_bad!r}"] if max_bad else []),
        *([setting("source.table", table)] if table else []),
        *([setting("source.query", str(query))] if query else []),
        *(settings or ()),
    ]
    return configs.load_config(config, overrides, base).with_seed(seed, threads)


def selection_settings(
    algorithms: Sequence[str] | None, numbers: str | None, inputs: Sequence[str] | None
) -> list[str]:
    """Return the settings of the candidates that a comparison evaluates.

    >>> selection_settings(None, "3-5", None)
    ['segmentation.selection.k_min=3', 'segmentation.selection.k_max=5']
    """
    given = {"algorithms": algorithms, "inputs": inputs}
    named = [f"segmentation.selection.{n}={json.dumps(v)}" for n, v in given.items() if v]
    if numbers is None:
        return named
    low, dash, high = numbers.partition("-")
    first, last = low.strip(), (high if dash else low).strip()
    if not (first.isdecimal() and last.isdecimal()):
        raise UsageError(
            f"--k {numbers!r} is not a range of numbers.", fix="write it as in --k 3-5."
        )
    ends = {"k_min": first, "k_max": last}
    return [*named, *(f"segmentation.selection.{name}={end}" for name, end in ends.items())]


def current_time() -> str:
    """Return the time of day in UTC, for the manifest and the page."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")  # noqa: TID251 - the command line


def current_day() -> date:
    """Return today in UTC, as the service knows it."""
    return datetime.now(UTC).date()  # noqa: TID251 - the command line


def column_mapping(columns: Sequence[str] | None) -> dict[str, str]:
    """Return role → column of the ``--map`` options."""
    example = "customer_id=KUNDE"
    return dict(split_pair(text, "--map", "ROLE=COLUMN", example) for text in columns or ())


def split_pair(text: str, option: str, form: str, example: str) -> tuple[str, str]:
    """Return name and value of an option that is written NAME=VALUE."""
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name or not value:
        raise UsageError(
            f"{option} {text!r} is not of the form {form}.",
            fix=f"write it as in {option} {example}.",
        )
    return name, value


def setting(name: str, text: str) -> str:
    """Return a setting of a text as ``--set`` takes it: a JSON text is one of TOML, too."""
    return f"{name}={json.dumps(text, ensure_ascii=False)}"


def settings_of_store(data: Sequence[str]) -> "Mapping[str, Any] | None":
    """Return the settings that the named store or sample folder brings; ``None`` for files."""
    from segpredict.data.ingest import store_settings

    config = store_settings(list(data))
    return None if config is None else config.to_state()


def run_settings(run: Path) -> "Mapping[str, Any]":
    """Return the settings of a finished run."""
    from segpredict.core.run_folder import open_run
    from segpredict.pipeline import loading

    return loading.load_config(open_run(run)).to_state()


def run_currency(run: Path) -> str:
    """Return the sign of the money of a run."""
    from segpredict.core.run_folder import open_run

    return str(open_run(run).metadata["data"]["currency"])


def pseudonymizer_from_options(hash_ids: bool, secret_file: Path | None) -> "Pseudonymizer | None":
    """Return pseudonyms that replace ids if they were requested."""
    from segpredict.core.pseudonyms import SecretError

    if not hash_ids:
        if secret_file is not None:
            raise UsageError(
                "--secret-file is given, but ids are not hashed.", fix="add --hash-ids."
            )
        return None
    found = find_pseudonymizer(secret_file)
    if found is None:
        raise SecretError("is not given")
    return found


def find_pseudonymizer(secret_file: Path | None) -> "Pseudonymizer | None":
    """Return the pseudonyms of the secret in a file, or in the environment; ``None`` without."""
    from segpredict.core.pseudonyms import Pseudonymizer

    if secret_file is None:
        secret = os.environ.get(SECRET_VARIABLE)
        return None if secret is None else Pseudonymizer(secret.encode())
    try:
        return Pseudonymizer(secret_file.read_bytes().strip())
    except OSError:
        raise FileMissingError(str(secret_file)) from None
