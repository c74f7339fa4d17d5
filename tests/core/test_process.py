"""A forked child says so at once; processors are counted by what the process may use."""

import os
import subprocess
import sys
from pathlib import Path

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


@pytest.fixture
def no_limits(monkeypatch):
    monkeypatch.setattr(process, "_meminfo", lambda: None)
    monkeypatch.setattr(process, "_address_space", lambda: None)
    monkeypatch.setattr(process, "_control_groups", list)


def test_where_the_system_does_not_say_a_plain_amount_is_taken(no_limits) -> None:
    assert process.available_bytes() == int(process.USABLE_SHARE * process.DEFAULT_BYTES)


@pytest.mark.usefixtures("no_limits")
def test_the_smallest_of_the_limits_counts(monkeypatch) -> None:
    monkeypatch.setattr(process, "_meminfo", lambda: 1000)
    monkeypatch.setattr(process, "_address_space", lambda: 300)
    monkeypatch.setattr(process, "_control_groups", lambda: [500, 100])
    assert process.available_bytes() == int(process.USABLE_SHARE * 100)


@pytest.mark.parametrize(
    ("line", "folder", "names"),
    [
        ("0::/shop/run", "shop", process.VERSION_2),
        ("4:cpu,memory:/shop/run", "memory/shop", process.VERSION_1),
        ("0::/a/name/of/the/host", "", process.VERSION_2),  # in a container
    ],
)
def test_what_is_left_in_a_control_group_counts_files_that_were_only_read(
    line: str, folder: str, names: tuple[str, ...], tmp_path: Path
) -> None:
    group = tmp_path / folder
    group.mkdir(parents=True, exist_ok=True)
    for name, text in zip(names, ("1000\n", "700\n", f"anon 1\n{names[3]} 50\n"), strict=False):
        (group / name).write_text(text)
    assert process._control_groups(tmp_path, f"7:pids:/x\n{line}\n") == [350]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux says what a process holds")
def test_a_limit_of_address_space_counts() -> None:
    code = (
        "import resource; from segpredict.core.process import available_bytes, _address_space; "
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)); "
        "assert 0 < _address_space() < 1 << 30 and available_bytes() < 1 << 30"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
