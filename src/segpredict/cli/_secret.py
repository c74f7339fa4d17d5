"""Read the secret of hashed ids: from a file, or from the environment."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from segpredict.core.pseudonyms import Pseudonymizer

SECRET_VARIABLE = "SEGPREDICT_SECRET"

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
        "--secret-file",
        help="The secret of --hash-ids, at least 16 bytes, e.g. made by `openssl rand -hex 32`.",
    ),
]


def pseudonymizer_from_options(hash_ids: bool, secret_file: Path | None) -> "Pseudonymizer | None":
    """Return pseudonyms that replace ids if they were requested."""
    from segpredict.core.pseudonyms import Pseudonymizer, SecretError
    from segpredict.errors import FileMissingError, UsageError

    if not hash_ids:
        if secret_file is not None:
            raise UsageError(
                "--secret-file is given, but ids are not hashed.", fix="add --hash-ids."
            )
        return None
    if secret_file is None:
        secret = os.environ.get(SECRET_VARIABLE)
        if secret is None:
            raise SecretError("is not given")
        return Pseudonymizer(secret.encode())
    try:
        return Pseudonymizer(secret_file.read_bytes().strip())
    except OSError:
        raise FileMissingError(str(secret_file)) from None
