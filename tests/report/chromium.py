"""A headless Chromium, spoken to over a pipe with the standard library alone."""

import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

BINARY = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--remote-debugging-pipe"),
)
LIMIT = 60.0  # seconds to wait for anything


def _pipe() -> tuple[int, int]:
    """Return a pipe whose ends are out of the way of 3 and 4, which Chromium reads."""
    ends = os.pipe()
    moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return moved


class Chromium:
    """One browser with one page; `events` holds all that it told."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp())
        self.downloads = self.home / "downloads"
        self.downloads.mkdir()
        theirs_in, self.ours_out = _pipe()
        self.ours_in, theirs_out = _pipe()
        command = " ".join((f"exec {BINARY}", *FLAGS, f"--user-data-dir={self.home}/profile"))
        self.process = subprocess.Popen(
            ["bash", "-c", f"{command} 3<&{theirs_in} 4>&{theirs_out}"],
            pass_fds=(theirs_in, theirs_out),
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.events: list[dict] = []
        self.number, self.buffer, self.session = 0, b"", None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.ask(
            "Browser.setDownloadBehavior",
            behavior="allow",
            downloadPath=str(self.downloads),
        )

    def __enter__(self) -> "Chromium":
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(LIMIT)
        os.close(self.ours_in)
        os.close(self.ours_out)
        shutil.rmtree(self.home, ignore_errors=True)

    def ask(self, method: str, **given):
        """Send a command and return its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": given}
        if self.session and not method.startswith(("Target.", "Browser.")):
            message["sessionId"] = self.session
        text = memoryview(json.dumps(message).encode() + b"\0")
        while text:
            text = text[os.write(self.ours_out, text) :]
        while True:
            told = self._next()
            if told.get("id") == self.number:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']}")
                return told["result"]
            self.events.append(told)

    def _next(self) -> dict:
        end = time.monotonic() + LIMIT
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.ours_in], [], [], end - time.monotonic())
            if not ready:
                raise TimeoutError
            self.buffer += os.read(self.ours_in, 1 << 20)
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def open(self, page: Path, at: str = "") -> float:
        """Open a file, at a place in it; return the seconds until it can be used."""
        self.events.clear()
        begun = time.monotonic()
        self.ask("Page.navigate", url=page.as_uri() + at)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self._next())
        self.run("document.body.offsetHeight")  # laid out
        return time.monotonic() - begun

    def run(self, script: str):
        """Return the value of a script; promises are awaited."""
        found = self.ask(
            "Runtime.evaluate",
            expression=script,
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def choose(self, label: str, text: str) -> None:
        """Choose an option of a filter by its label and text."""
        self.run(
            "(() => { const box = [...document.querySelectorAll('#filters label')]"
            f".find((l) => l.textContent.startsWith({json.dumps(label)}))"
            ".querySelector('select');"
            "box.selectedIndex = [...box.options]"
            f".findIndex((o) => o.textContent === {json.dumps(text)});"
            "box.dispatchEvent(new Event('change')); })()"
        )

    def complaints(self) -> list[dict]:
        """Return errors, warnings, dialogs and texts of the console."""
        loud = (
            *("Runtime.exceptionThrown", "Runtime.consoleAPICalled"),
            *("Log.entryAdded", "Page.javascriptDialogOpening"),
        )
        return [e for e in self.events if e.get("method") in loud]

    def requests(self) -> list[str]:
        """Return what was asked for, beside the page and what lies in itself."""
        asked = [
            e["params"]["request"]["url"]
            for e in self.events
            if e.get("method") == "Network.requestWillBeSent"
        ]
        return [url for url in asked[1:] if not url.startswith(("data:", "blob:"))]

    def blocked(self) -> list[str]:
        """Return why requests were stopped before they left."""
        failed = (e for e in self.events if e.get("method") == "Network.loadingFailed")
        return [e["params"].get("blockedReason", "") for e in failed]

    def downloaded(self, name: str) -> str:
        """Return a downloaded text once it is there."""
        end = time.monotonic() + LIMIT
        while not (self.downloads / name).exists():
            if time.monotonic() > end:
                raise TimeoutError(name)
            time.sleep(0.05)
        return (self.downloads / name).read_text(encoding="utf-8-sig")
