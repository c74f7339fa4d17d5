"""Download a public data set from its official address, and check it.

    python benchmarks/public_data/fetch.py
    python benchmarks/public_data/fetch.py cdnow --out data

Without a name all data sets are listed, with their owners and licences. The checksum of the
download is compared with the known one; where none is known, it is printed. An interrupted download
leaves no files.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from public_data.datasets import DATASETS, fetch_dataset, get_dataset
from segpredict.errors import SegpredictError
from segpredict.pipeline import no_progress


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", help="the data set; without it, all are listed")
    parser.add_argument("--out", type=Path, default=Path("data"), help="where its folder is made")
    parser.add_argument("--force", action="store_true", help="replace the folder if it exists")
    args = parser.parse_args(arguments)
    try:
        lines = listed() if args.name is None else fetched(args.name, args.out, args.force)
    except SegpredictError as error:
        sys.exit(f"error[{error.code}] {error.message} Fix: {error.fix}")
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def listed() -> list[str]:
    lines = []
    for each in DATASETS.values():
        checksum = "known" if each.sha256 else "not pinned"
        lines += [f"{each.name}: {each.title}", f"  licence: {each.licence}"]
        lines += [f"  {each.source} (checksum: {checksum})"]
    return lines


def fetched(name: str, out: Path, force: bool) -> list[str]:  # noqa: FBT001 as it was asked for
    dataset = get_dataset(name)
    found = fetch_dataset(dataset, out, no_progress, replace=force)
    known = "as known" if found.is_pinned else "not pinned: none is known"
    return [
        *(f"  {path}" for path in found.files),
        f"{found.bytes:,} bytes, SHA-256 {found.sha256} ({known})",
        f"Licence: {dataset.licence}",
        f"Next: segpredict check --config {name} --data '{found.files[0]}'",
    ]


if __name__ == "__main__":
    main()
