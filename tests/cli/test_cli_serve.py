"""`segpredict serve` at the door: what it refuses before it listens, and what it then serves."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import uvicorn
from door import Door

TOKEN = "canary-0123456789abcdef0123456789abcdef"


def test_beyond_this_machine_it_needs_a_token_or_an_explicit_word(
    segpredict: Door, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEGPREDICT_TOKEN", raising=False)
    code, _, err = segpredict("serve", "--run", run_folder, "--host", "0.0.0.0")
    assert code == 3
    assert "--token-file" in err
    monkeypatch.setenv("SEGPREDICT_TOKEN", "short-secret")
    code, _, err = segpredict("serve", "--run", run_folder, "--host", "0.0.0.0")
    assert code == 3
    assert "short-secret" not in err


def test_a_folder_without_a_run_is_refused(segpredict: Door, tmp_path: Path) -> None:
    code, _, err = segpredict("serve", "--run", tmp_path)
    assert (code, "holds no run" in err) == (7, True)


def test_orders_are_kept_in_sqlite_or_postgresql_alone(
    segpredict: Door, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uvicorn.Server, "run", lambda _: None)
    code, _, err = segpredict("serve", "--run", run_folder, "--orders", "mysql://db/x")
    assert (code, "cannot be kept" in err) == (2, True)


def test_the_server_is_told_its_limits(
    segpredict: Door, run_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[uvicorn.Config] = []
    kept = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(uvicorn.Server, "run", lambda self: told.append(self.config))
    code, out, err = segpredict(
        "serve", "--run", run_folder, "--port", 8421, "--orders", tmp_path / "orders.sqlite"
    )
    for number, handler in kept.items():
        signal.signal(number, handler)
    assert (code, out) == (0, "")
    assert "http://127.0.0.1:8421" in err
    config = told[0]
    assert (config.host, config.port, config.access_log) == ("127.0.0.1", 8421, False)
    assert config.limit_concurrency
    assert config.timeout_graceful_shutdown


@pytest.mark.slow
def test_a_process_serves_and_ends_with_zero_when_it_is_stopped(
    run_folder: Path, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "segpredict", "serve", "--run", str(run_folder)]
    command += ["--port", str(port), "--orders", str(tmp_path / "orders.sqlite")]
    environment = {**os.environ, "SEGPREDICT_TOKEN": TOKEN}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        for _ in range(200):
            try:
                ready = urllib.request.urlopen(f"http://127.0.0.1:{port}/ready")
                break
            except OSError:
                time.sleep(0.2)
        assert json.load(ready)["status"] == "ready"
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert TOKEN.encode() not in err
