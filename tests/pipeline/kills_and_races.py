"""Kill every writing command at any moment, let writers meet, and read during swaps.

``python tests/pipeline/kills_and_races.py --kills 500 --pairs 200 --reads 2000`` prints a table
and ends with 1 if anything was lost, blocked, falsely refused, or foreign and touched. One
process loads the package and forks a child for every command, so that a command takes no
longer than its work. Most kills come just before a child opens, renames, links or removes a
file; the others at any time.
"""

import argparse
import codecs
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from tempfile import TemporaryDirectory

import polars as pl
import xgboost  # noqa: F401  what the first command would load
from sklearn import cluster  # noqa: F401

import segpredict
from segpredict import pipeline
from segpredict.analytics.campaigns.experiment_log import ExperimentLog
from segpredict.classifier import TestSetLog, test_set_log
from segpredict.cli import _main
from segpredict.config import load
from segpredict.core import disk, process
from segpredict.core.run_folder import RunFolder, continue_run, draft_run, open_run
from segpredict.core.segment import Segment
from segpredict.data import store
from segpredict.errors import SegpredictError
from segpredict.scoring.history import ModelVersion, ScoreHistory

for module in walk_packages(segpredict.__path__, "segpredict."):
    if not module.name.endswith("__main__"):
        import_module(module.name)  # once, before the first fork

QUICK = [
    *("classifier.families=['rfm']", "classifier.baselines=['prior']", "time.test_windows=1"),
    *("classifier.bootstrap_draws=100", "segmentation.n_init=2", "explain.sample_rows=50"),
    *("classifier.xgboost.learning_rate=0.3", "classifier.xgboost.max_rounds=20"),
]
OPTIONS = ["--config", "online_retail", *(part for text in QUICK for part in ("--set", text))]
BUSY, REFUSED = 11, 2
NOBODY = 65534
FOREIGN = (".shop.2024.backup/mine", ".shop.2023.old", ".shop.20241129235959.new/mine")
EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.chmod", "ctypes.dlsym"}


@dataclass(frozen=True)
class Command:
    """A command that writes, and the state of the folder in which it is started."""

    name: str
    arguments: tuple[str, ...]  # {here} is the folder of the trial, {base} that of the inputs
    start: str  # name of the folder that is copied for a trial
    weight: int = 4  # how often it is drawn: less where it takes long


def verify_hashes(run: RunFolder) -> None:
    """Check every file of the run against its recorded hash."""
    for name in run.manifest["files"]:
        run.path(name)


def command(name: str, line: str, start: str, weight: int = 4, *more: str) -> Command:
    return Command(name, (*line.split(), *more), start, weight)


MADE = "--data {base}/shop/transactions.csv"
NEW = "--data {base}/recent.csv"
COMMANDS = (
    command("ingest, first", "ingest --data {base}/1.csv --store {here}/shop", "empty", 12),
    command("ingest, later", "ingest --data {base}/2.csv --store {here}/shop", "store", 12),
    command("cluster, first", f"cluster {MADE} --out {{here}}/shop", "empty", 4, *OPTIONS),
    command("cluster, again", f"cluster {MADE} --out {{here}}/shop --force", "run", 3, *OPTIONS),
    command("run, first", f"run {MADE} --out {{here}}/shop", "empty", 1, *OPTIONS),
    command("train-classifier", "train-classifier --run {here}/shop", "run", 1),
    command("explain", "explain --run {here}/shop --refits 0", "run", 1),
    command("report", "report --run {here}/shop", "run", 2),
    command("report, tables", "report --run {here}/shop --format bi", "run", 3),
    command("report, tables out", "report --run {here}/shop --format bi --out {here}/bi", "run", 3),
    command(
        "campaign", "campaign --run {here}/shop --campaign {campaign} --out {here}/l.csv", "run"
    ),
    command("score", f"score --run {{base}}/run/shop {NEW} --out {{here}}/s.csv", "empty"),
    command(
        "score, history", f"score --run {{base}}/run/shop {NEW} --history {{here}}/shop", "empty", 6
    ),
    command(
        "report, slides", "report --run {here}/shop --format pptx --out {here}/s.pptx", "run", 2
    ),
    command("explain, plots", "explain --run {here}/shop --segment S1 --plots {here}/p", "run", 2),
    command("check, html", f"check {MADE} --html {{here}}/check.html", "empty", 2),
    command("sample", "sample --customers 50 --days 200 --out {here}/shop", "empty", 4),
)


class Trials:
    """What was done, and what went wrong."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []

    def note(self, kind: str, fault: str = "") -> None:
        self.counts[kind] += 1
        if fault:
            self.faults.append(f"{kind}: {fault}")
            tell(f"  FAULT {kind}: {fault}")


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


# Children


def child(task: Callable[[], object], log: Path | None = None) -> int:
    """Start a process of its own for a task; return its number."""
    number = os.fork()
    if number:
        return number
    code = 1
    process._state["was_forked"] = False  # the parent asks Polars nothing, so it has no threads
    try:
        if log is not None:
            file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(file, 1)
            os.dup2(file, 2)
        code = int(task() or 0)
    except SystemExit as ended:
        code = int(ended.code or 0)
    except SegpredictError as error:
        code = error.exit_code
        sys.stderr.write(f"{error}\n")
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ended(number: int) -> int:
    """Wait for a process; return its exit code, negative where a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def found(task: Callable[[], object], folder: Path) -> object:
    """Return what a task finds in a process of its own, so that this one starts no threads."""
    path = folder / "found.json"
    code = ended(child(lambda: path.write_text(json.dumps(task())) and 0))
    try:
        return json.loads(path.read_text()) if code == 0 else f"ended with {code}"
    finally:
        path.unlink(missing_ok=True)


def run_command(arguments: list[str]) -> None:
    sys.argv = ["segpredict", *arguments, "--json"]
    _main.main()


def watch(folder: Path, last: int, count_file: Path | None = None) -> None:
    """Kill this process before its last-th change in a folder; count changes if it never comes."""
    inside, seen = str(folder), [0]

    def look(event: str, given: tuple[object, ...]) -> None:
        is_open = event == "open" and isinstance(given[2], int) and given[2] & 3
        if not (is_open or event in EVENTS):
            return
        if event != "ctypes.dlsym" and inside not in str(given[0]):
            return
        seen[0] += 1
        if seen[0] == last:
            os.kill(os.getpid(), signal.SIGKILL)
        if count_file is not None:
            file = os.open(str(count_file), os.O_RDWR | os.O_CREAT)
            os.pwrite(file, str(seen[0]).encode(), 0)
            os.close(file)

    sys.addaudithook(look)


# The inputs


@dataclass
class Place:
    """The folder of all inputs, and the folders that trials start from."""

    base: Path
    campaign: str = ""
    changes: dict[str, int] = field(default_factory=dict)  # of each command, uninterrupted
    seconds: dict[str, float] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)  # files of its clean result

    def arguments(self, each: Command, here: Path) -> list[str]:
        known = {"here": str(here), "base": str(self.base), "campaign": self.campaign}
        return [text.format(**known) for text in each.arguments]

    @contextmanager
    def trial(self, start: str) -> Iterator[Path]:
        """Yield a folder as a command finds it, with files of others in it."""
        with TemporaryDirectory(dir=self.base) as folder:
            here = Path(folder, "here")
            self.fill(here, start)
            yield here

    def fill(self, here: Path, start: str) -> None:
        shutil.copytree(self.base / start, here, dirs_exist_ok=True)
        for name in foreign(start):
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_text("mine")


def foreign(start: str) -> list[str]:
    return [*FOREIGN, *(["shop/mine-1.parquet", "shop/raw/mine"] if start == "store" else [])]


def prepare(base: Path) -> Place:
    place = Place(base)
    log = base / "log"
    sample = ["sample", "--customers", "400", "--seed", "3", "--out", str(base / "shop")]
    assert ended(child(lambda: run_command(sample), log)) == 0, log.read_text()
    lines = (base / "shop" / "transactions.csv").read_text().splitlines()
    for name, part in (("1", lines[1:400]), ("2", lines[400:600]), ("recent", lines[1:])):
        (base / f"{name}.csv").write_text("\n".join([lines[0], *part]) + "\n")
    for start, line in (
        ("run", f"run {MADE} --out {{here}}/shop"),
        ("store", "ingest --data {base}/1.csv --store {here}/shop"),
    ):
        (base / start).mkdir()
        more = OPTIONS if start == "run" else []
        arguments = place.arguments(command(start, line, start, 1, *more), base / start)
        assert ended(child(lambda given=arguments: run_command(given), log)) == 0, log.read_text()
    (base / "empty").mkdir()
    rows = found(lambda: pipeline.list_campaigns(base / "run" / "shop").to_dicts(), base)
    assert isinstance(rows, list), rows
    place.campaign = max(rows, key=lambda row: row["n"])["campaign"]
    for each in COMMANDS:
        measure(place, each)
    return place


def measure(place: Place, each: Command) -> None:
    """Run a command without a kill, and remember what it does."""
    counted, log = place.base / "count", place.base / "log"
    with place.trial(each.start) as here:

        def task() -> None:
            watch(here, -1, counted)
            run_command(place.arguments(each, here))

        begin = time.monotonic()
        code = ended(child(task, log))
        assert code == 0, f"{each.name} ended with {code}: {log.read_text()[-2000:]}"
        place.seconds[each.name] = time.monotonic() - begin
        place.changes[each.name] = int(counted.read_text())
        place.names[each.name] = listed(here)
    counted.unlink()
    tell(f"  {each.name}: {place.seconds[each.name]:.1f} s, {place.changes[each.name]} changes")


def listed(here: Path) -> list[str]:
    return sorted(str(path.relative_to(here)) for path in here.rglob("*"))


# Kills


def kill_commands(place: Place, kills: int, trials: Trials, draw: random.Random) -> None:
    """Kill commands, look at what stands, and start them again."""
    drawn = [each for each in COMMANDS for _ in range(each.weight)]
    chosen = [*COMMANDS, *(draw.choice(drawn) for _ in range(kills))][:kills]
    for each in chosen:
        with place.trial(each.start) as here:
            code = kill_once(place, each, here, draw)
            trials.note("killed" if code == -signal.SIGKILL else "ended before the kill")
            check_state(each, here, trials)
            check_again(place, each, here, trials)
            for name in foreign(each.start):
                is_there = (here / name).is_file() and (here / name).read_text() == "mine"
                if not is_there:
                    trials.note("foreign file touched", f"{each.name}: {name}")


def kill_once(place: Place, each: Command, here: Path, draw: random.Random) -> int:
    last = draw.randint(1, place.changes[each.name])
    is_timed = draw.random() < 0.25

    def task() -> None:
        if not is_timed:
            watch(here, last)
        run_command(place.arguments(each, here))

    number = child(task, here.parent / "log")
    if is_timed:
        time.sleep(draw.uniform(0, place.seconds[each.name]))
        os.kill(number, signal.SIGKILL)
    return ended(number)


def check_state(each: Command, here: Path, trials: Trials) -> None:
    """What stood there stands there, or the new does; a list has its record."""

    def look() -> str:
        if each.start == "run":
            verify_hashes(open_run(here / "shop"))
        if each.start == "store":
            store.open_store(here / "shop").lines.collect()
        return ""

    fault = found(look, here.parent)
    if fault:
        trials.note("lost", f"{each.name}: {fault}")
    if (here / "l.csv").exists() and not list((here / "experiments").glob("*.json")):
        trials.note("lost", "a list without a record")


def check_again(place: Place, each: Command, here: Path, trials: Trials) -> None:
    """The next night works, leaves nothing, and has all that a clean one has."""
    log = here.parent / "log"
    log.unlink(missing_ok=True)
    code = ended(child(lambda: run_command(place.arguments(each, here)), log))
    text = log.read_text() if log.exists() else ""
    is_published = code == BUSY and "exists already" in text  # the kill came after that
    if code != 0 and not is_published:
        trials.note("blocked", f"{each.name} ended with {code}: {text[-300:]}")
        return
    left = [name for name in listed(here) if name.endswith(".segpredict") or "/draft-" in name]
    if left:
        trials.note("left behind", f"{each.name}: {left[:3]}")
    if each.name == "campaign":
        lists, records = (here / "experiments").glob("*.parquet"), here.glob("experiments/*.json")
        if len(list(lists)) != len(list(records)):
            trials.note("lost", "arms without a record")
    elif (is_there := listed(here)) != place.names[each.name]:
        differ = sorted({*is_there} ^ {*place.names[each.name]})
        trials.note("lost", f"{each.name}: other files than after a clean one: {differ[:4]}")
    if (here / "shop" / "manifest.json").exists():
        check_state(Command(each.name, (), "run"), here, trials)


# Pairs of writers


def new_run(here: Path, who: int) -> None:
    with draft_run(here / "shop") as draft:
        draft.write("ledger.json", json.dumps({"who": who}).encode())
        time.sleep(0.01)
        draft.publish()


def run_of(here: Path) -> list[int]:
    return [open_run(here / "shop").read_json("ledger.json")["who"]]


def more_run(here: Path, who: int) -> None:
    with continue_run(here / "shop") as draft:
        draft.write(f"classifier/{'ab'[who]}.json", b"{}")
        time.sleep(0.01)
        draft.publish()


def more_of(here: Path) -> list[int]:
    run = open_run(here / "shop")
    verify_hashes(run)
    return [who for who in (0, 1) if run.has(f"classifier/{'ab'[who]}.json")]


def night(here: Path, who: int) -> None:
    plan = load.load_config("online_retail")
    pipeline.ingest([str(here.parent.parent / f"{who + 1}.csv")], here / "shop", plan)


def nights_of(here: Path) -> list[int]:
    names = {Path(fact.name).stem for fact in store.open_store(here / "shop").files}
    return [who for who in (0, 1) if str(who + 1) in names]


SEGMENTS = (Segment(0, "S0", "Low"), Segment(1, "S1", "High"))


def scores(here: Path, who: int) -> None:
    rows = {
        "customer_id": [f"{who}-{i}" for i in range(50)],
        "as_of": [date(2024, 1, 1)] * 50,
        "is_eligible": [True] * 50,
        "segment_id": ["S0"] * 50,
        "segment": ["Low"] * 50,
        "next_segment_id": ["S1"] * 50,
        "p_S0": [0.4] * 50,
        "p_S1": [0.6] * 50,
    }
    frame = pl.DataFrame(rows)
    ScoreHistory(here / "shop").add_scores(frame, ModelVersion("a", 1, "b", SEGMENTS, 91))


def scores_of(here: Path) -> list[int]:
    known = ScoreHistory(here / "shop").read_scores()["customer_id"].to_list()
    return [who for who in (0, 1) if f"{who}-0" in known]


def experiment(here: Path, who: int) -> None:
    fields = ("created", "readout", "customers", "arms")
    record = {"format": 1, "campaign": f"c{who}", **dict.fromkeys(fields, "")}
    arms = pl.DataFrame({"customer_id": ["a"], "arm": ["treatment"]})
    ExperimentLog(here / "shop").append_experiment(record, arms)


def experiments_of(here: Path) -> list[int]:
    log = ExperimentLog(here / "shop")
    log.earlier_arms()
    return sorted(int(record["campaign"][1]) for record in log.read_records())


def look(here: Path, who: int) -> None:
    log = TestSetLog("abc", 100).add({"seed": who}, f"day {who}")
    test_set_log.remember(log, [here / "log.json"])


def looks_of(here: Path) -> list[int]:
    known = test_set_log.recall(TestSetLog("abc", 100), [here / "log.json"])
    return sorted(int(each.created[-1]) for each in known.evaluations)


PAIRS: dict[str, tuple[Callable[[Path, int], None], Callable[[Path], list[int]], str]] = {
    "two runs into one folder": (new_run, run_of, "empty"),
    "two stages of one run": (more_run, more_of, "run"),
    "two nights of a store": (night, nights_of, "empty"),
    "two scorings into a history": (scores, scores_of, "empty"),
    "two campaign lists": (experiment, experiments_of, "empty"),
    "two looks at a test set": (look, looks_of, "empty"),
}


def race(place: Place, pairs: int, trials: Trials, draw: random.Random) -> None:
    """Let two writers begin at once: who ended with 0 is there, who ended with 11 is not."""
    for kind in PAIRS:
        ends: Counter[tuple[int, ...]] = Counter()
        for _ in range(pairs):
            ends[meet(place, kind, trials, draw)] += 1
        told = ", ".join(f"{count} x {codes}" for codes, count in sorted(ends.items()))
        tell(f"  {kind}: {told}")


def meet(place: Place, kind: str, trials: Trials, draw: random.Random) -> tuple[int, ...]:
    """Let one pair of writers begin at once; return how they ended."""
    write, read, start = PAIRS[kind]
    with place.trial(start) as here:
        begin, log = time.monotonic() + 0.02, here.parent / "log"
        waits = [draw.random() * 0.01 for _ in (0, 1)]

        def task(who: int) -> None:
            time.sleep(max(0.0, begin - time.monotonic() + waits[who]))
            write(here, who)

        numbers = [child(lambda who=who: task(who), log) for who in (0, 1)]
        codes = [ended(number) for number in numbers]
        wanted = [who for who in (0, 1) if codes[who] == 0]
        seen = found(lambda: read(here), here.parent)
        trials.note("pairs of writers")
        if {*codes} - {0, BUSY} or not wanted:
            trials.note("blocked", f"{kind}: {codes} {log.read_text()[-300:]}")
        elif seen != wanted:
            trials.note("lost", f"{kind}: {codes} and then {seen}")
        left = [name for name in listed(here) if name.endswith(".segpredict")]
        if left:
            trials.note("left behind", f"{kind}: {left}")
    return tuple(sorted(codes))


# Full disks


def fill_disks(place: Place, disks: int, trials: Trials, draw: random.Random) -> None:
    """Let commands write to disks with less room than they need: each says so, or works."""
    chosen = [each for each in COMMANDS if place.seconds[each.name] < 5]
    ends: Counter[int] = Counter()
    for number in range(disks):
        each = chosen[number % len(chosen)]
        with TemporaryDirectory(dir=place.base) as name:
            here, log = Path(name, "here"), Path(name, "log")
            here.mkdir()
            if not mounted(here, "64m"):
                tell("  full disks: this user may not mount any")
                return
            try:
                ends[fill(place, each, here, log, trials, draw.random())] += 1
            finally:
                subprocess.run(["umount", "-l", str(here)], check=False)
    tell(f"  full disks: {dict(ends)} (10: the disk is full)")


def mounted(here: Path, size: str, *more: str) -> bool:
    how = [*more, f"size={size}"]
    line = ["mount", "-t", "tmpfs", "-o", ",".join(how), "tmpfs", str(here)]
    return subprocess.run(line, check=False, capture_output=True).returncode == 0


def fill(place: Place, each: Command, here: Path, log: Path, trials: Trials, share: float) -> int:
    place.fill(here, each.start)
    used = int(subprocess.check_output(["du", "-sk", str(here)]).split()[0])
    mounted(here, f"{used + 8 + int(share**2 * 3000)}k", "remount")
    code = ended(child(lambda: run_command(place.arguments(each, here)), log))
    trials.note("full disks")
    if code not in (0, 10):
        trials.note("not told as a full disk", f"{each.name}: {code} {log.read_text()[-300:]}")
    left = [name for name in listed(here) if name.endswith(".segpredict")]
    if left:
        trials.note("left behind", f"full disk: {left}")
    mounted(here, "64m", "remount")
    check_again(place, each, here, trials)
    return code


def refuse_folders(place: Place, trials: Trials) -> None:
    """Let commands write as a user who may not: each says so, and changes nothing."""
    if os.geteuid():
        tell("  folders of another user: only root can try")
        return
    ends: Counter[int] = Counter()
    place.base.chmod(0o755)
    for each in COMMANDS:
        with place.trial(each.start) as here:
            here.parent.chmod(0o755)
            before, log = listed(here), here.parent / "log"
            log.touch()
            log.chmod(0o666)
            code = ended(child(lambda each=each, here=here: as_nobody(place, each, here), log))
            ends[code] += 1
            trials.note("folders of another user")
            if code != REFUSED or "cannot be" not in log.read_text():
                trials.note("not told as refused", f"{each.name}: {code} {log.read_text()[-300:]}")
            if listed(here) != before:
                trials.note("left behind", f"{each.name} in a folder of another user")
    tell(f"  folders of another user: {dict(ends)} ({REFUSED}: it cannot be written)")


def as_nobody(place: Place, each: Command, here: Path) -> None:
    for name in ("cp437", "unicode_escape"):  # nobody may not read the Python of some machines
        codecs.lookup(name)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    run_command(place.arguments(each, here))


# Reads during swaps


def swap(folder: Path, until: Path) -> None:
    """Publish runs over each other until a file says stop, without a wait for the disk."""
    disk.sync = lambda _: None
    number = 0
    while not until.exists():
        number += 1
        with draft_run(folder, replace=True) as draft:
            for name in ("a", "b", "c", "d"):
                draft.write(f"parts/{name}.json", str(number).encode())
            draft.metadata["number"] = number
            draft.publish()


def read_often(folder: Path, reads: int) -> dict[str, int]:
    """Read whole runs; count what is neither the old nor the new."""
    counts: Counter[str] = Counter()
    for _ in range(reads):
        try:
            run = open_run(folder)
            seen = {run.read_json(name) for name in run.manifest["files"]}
            verify_hashes(run)
            counts["sound" if seen == {run.manifest["number"]} else "mixed"] += 1
            counts[f"version {run.manifest['number']}"] += 1
        except SegpredictError as error:
            counts[f"{type(error).__name__}: {error}"[:90]] += 1
    versions = sum(key.startswith("version") for key in counts)
    kept = {key: n for key, n in counts.items() if not key.startswith("version")}
    return {**kept, "versions": versions}


def read_during_swaps(place: Place, reads: int, trials: Trials, can_exchange: bool) -> None:
    with TemporaryDirectory(dir=place.base) as name:
        here, stop = Path(name), Path(name, "stop")
        if not can_exchange:
            disk._exchange = lambda *_: False
        writer = child(lambda: swap(here / "run", stop), here / "log")
        while not (here / "run").exists():
            time.sleep(0.01)
        counts = found(lambda: read_often(here / "run", reads), here)
        stop.touch()
        code = ended(writer)
        how = "one step" if can_exchange else "two renames"
        tell(f"  reads during swaps in {how}: {counts}")
        for kind, count in counts.items() if isinstance(counts, dict) else [("failed", 1)]:
            if kind == "sound":
                trials.counts["reads during swaps"] += count
            elif kind != "versions":
                trials.note("false alarm", f"{count} x {kind}")
        if code:
            trials.note("blocked", f"the swapping writer: {(here / 'log').read_text()[-300:]}")
        left = [each for each in listed(here) if each.startswith(".run")]
        if left:
            trials.note("left behind", f"swaps: {left[:3]}")


def main(given: list[str] | None = None) -> int:
    """Do all of it, print what happened, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--pairs", type=int, default=200, help="of each kind of folder")
    parser.add_argument("--reads", type=int, default=2000, help="for each way to swap")
    parser.add_argument("--disks", type=int, default=50, help="with too little room")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(given)
    draw, trials, begin = random.Random(asked.seed), Trials(), time.monotonic()
    with TemporaryDirectory() as folder:
        tell("commands, without a kill:")
        place = prepare(Path(folder))
        tell("pairs of writers:")
        race(place, asked.pairs, trials, draw)
        tell("kills:")
        kill_commands(place, asked.kills, trials, draw)
        fill_disks(place, asked.disks, trials, draw)
        refuse_folders(place, trials)
        for can_exchange in (True, False):
            read_during_swaps(place, asked.reads, trials, can_exchange)
    for kind, count in sorted(trials.counts.items()):
        tell(f"{kind}: {count}")
    tell(f"faults: {len(trials.faults)}; {time.monotonic() - begin:.0f} s")
    return 1 if trials.faults else 0


if __name__ == "__main__":
    sys.exit(main())
