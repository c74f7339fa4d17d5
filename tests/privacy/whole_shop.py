"""A shop with everything switched on, and the secret of its hashes."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.privacy import Places

NAMES = Pseudonymizer(b"a secret of 16 or more bytes")


@dataclass(frozen=True)
class Shop:
    """The folders of a shop."""

    folder: Path
    sales: Path

    @property
    def places(self) -> Places:
        named = [(str(self.folder / name),) for name in ("store", "run", "history", "experiments")]
        return Places(*named)

    def lines(self) -> pl.DataFrame:
        return pl.read_parquet(self.folder / "run" / "transactions.parquet")

    def copy(self, folder: Path) -> "Shop":
        return Shop(Path(shutil.copytree(self.folder, folder / "shop")), self.sales)
