"""A forked child says so at once; processors are counted by what the process may use."""

import os
import subprocess
import sys

import pytest

from segpredict.core import process
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


def test_there_is_memory_and_no_more_than_the_machine_has() -> None:
    assert 1 << 20 < process.available_bytes() < 1 << 50


def test_where_the_system_does_not_say_a_plain_amount_is_taken(monkeypatch) -> None:
    monkeypatch.setattr(process, "_meminfo", lambda: None)
    monkeypatch.setattr(process, "_container", lambda: None)
    assert process.available_bytes() == int(process.USABLE_SHARE * process.DEFAULT_BYTES)


def test_the_smaller_of_two_limits_counts(monkeypatch) -> None:
    monkeypatch.setattr(process, "_meminfo", lambda: 1000)
    monkeypatch.setattr(process, "_container", lambda: 100)
    assert process.available_bytes() == int(process.USABLE_SHARE * 100)
