"""Check that a run holds what it says, and forge one that does."""

import hashlib
import json
from pathlib import Path

from segpredict.core import run_folder
from segpredict.core.run_folder import RunFolder


def verify_hashes(run: RunFolder) -> None:
    """Check every file of the run against its recorded hash."""
    for name in run.manifest["files"]:
        run.path(name)


def forge(folder: Path, name: str, content: bytes | None) -> None:
    """Change a file of a run, or take it away, and correct all hashes, as a forger would."""
    path = folder / run_folder.MANIFEST_NAME
    manifest = json.loads(path.read_bytes())
    (folder / name).unlink()
    del manifest["files"][name]
    if content is not None:
        (folder / name).write_bytes(content)
        fact = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        manifest["files"][name] = fact
    manifest["digest"] = run_folder._digest(manifest)
    path.write_bytes(run_folder.encode_json(manifest))
