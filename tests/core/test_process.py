"""A forked child says so at once; processors are counted by what the process may use."""

import os
import subprocess
import sys

import pytest

from segpredict.core.process import refuse_forked_process

CHILD = """
import os, sys
import polars
from segpredict.core.process import refuse_forked_process
from segpredict.errors import UsageError
pid = os.fork()
if pid == 0:
    try:
        refuse_forked_process()
    except UsageError as error:
        os._exit(7 if "spawn" in error.fix else 8)
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_is_refused_and_its_parent_is_not() -> None:
    refuse_forked_process()
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", CHILD], check=False)
    assert done.returncode == 7


def test_every_door_waits_passively_before_openmp_is_loaded() -> None:
    code = "import segpredict, os; print(os.environ['OMP_WAIT_POLICY'])"
    environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "PASSIVE"
