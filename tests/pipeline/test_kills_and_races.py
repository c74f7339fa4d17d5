"""A short version of ``kills_and_races.py``; its sizes are arguments."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("kills_and_races.py")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="each command is a forked process")
def test_no_kill_and_no_race_loses_blocks_or_touches_anything() -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    sizes = ["--kills", "30", "--pairs", "6", "--reads", "500", "--disks", "9"]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *sizes], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
