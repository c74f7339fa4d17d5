"""CPU seconds of the same fit by the command line and from Python, alone and beside neighbours.

python benchmarks/doors.py [CUSTOMERS]

A neighbour is one busy process for each processor. CPU seconds are those of the fit and of the
processes that it starts, user and system. No variable of OpenMP is set from outside.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from joblib import cpu_count

from segpredict.data.sample import sample

PYTHON_DOOR = "import sys, segpredict as s; s.fit(sys.argv[1], 'online_retail', out=sys.argv[2])"
BUSY = "while True: pass"


def main(customers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = sample.generate_sample(customers, seed=1)
        data = str(sample.write_sample(shop, Path(folder, "shop"))[0])
        doors = {
            "command line": ["-m", "segpredict", "run", "--quiet", "--config", "online_retail"],
            "Python": ["-c", PYTHON_DOOR],
        }
        doors["command line"] += ["--data", data, "--out"]
        doors["Python"] += [data]
        print(f"{customers:,} customers; {cpu_count()} processors\n")
        print("| door | alone, CPU s | beside neighbours, CPU s | ratio |")
        print("| --- | --: | --: | --: |")
        for door, line in doors.items():
            alone = cpu_seconds([*line, f"{folder}/{door} alone"])
            neighbours = [
                subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(cpu_count())
            ]
            try:
                beside = cpu_seconds([*line, f"{folder}/{door} beside"])
            finally:
                for each in neighbours:
                    each.kill()
                    each.wait()
            print(f"| {door} | {alone:.1f} | {beside:.1f} | {beside / alone:.2f} |", flush=True)


def cpu_seconds(arguments: list[str]) -> float:
    """Return the CPU seconds of a process of Python and of those it has waited for."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    started = subprocess.Popen([sys.executable, *arguments], env=plain)
    _, code, used = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(code)
    if started.returncode:
        sys.exit(f"{arguments[:3]} ended with {started.returncode}")
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
