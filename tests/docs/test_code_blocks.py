"""Every code block of the README and the documentation runs, or is read by what would run it.

Commands run in a folder with a sample shop. Those that train, or need a network, are only parsed,
and a finished run stands where they would have made one. Of scripts of the repository it is
checked that they are there. `python tests/docs/test_code_blocks.py` counts the blocks.
"""

import json
import shlex
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from doctest import DocTestParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import shop_folder
import typer
import yaml
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from segpredict.cli._main import app

ROOT = Path(__file__).parents[2]
# By programs, from what has tests of its own.
WRITTEN = {"_build", "notebooks", "cli.md", "report-json.md"}
PAGES = [
    *(ROOT / "README.md", ROOT / "CONTRIBUTING.md"),
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if WRITTEN.isdisjoint(p.parts)),
]
TRAINING = {"demo", "run", "cluster", "train-classifier"}
# What is no code: outputs, drawings, and blocks that Sphinx fills.
TEXT = {"text", "{toctree}", "{eval-rst}", "{literalinclude}", "{raw}"}
DATABASE = "postgresql://shop@db.example/sales"  # as pages name it
TOOLS = {"pip", "pytest", "pre-commit", "openssl"}


@dataclass(frozen=True)
class Block:
    """A block of code on a page."""

    page: Path
    line: int
    language: str
    caption: str  # the file that it shows, if any
    code: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page; an indented one has no language."""
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        if token.type not in ("fence", "code_block") or token.map is None:
            continue
        language, _, rest = token.info.partition(" ")
        caption, code = "", token.content
        if language == "{code-block}":
            head, _, code = code.partition("\n\n")
            caption, language = head.removeprefix(":caption:").strip(), rest
        yield Block(page, token.map[0] + 1, language, caption, code)


ALL = [block for page in PAGES for block in blocks(page) if block.language not in TEXT]


def commands(block: Block) -> list[list[str]]:
    """Return the commands of a shell block, without comments."""
    lines = block.code.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def is_parsed(words: list[str]) -> bool:
    """Whether a command trains, serves, erases or needs a network; a bare `explain` trains, too."""
    return words[1] in {*TRAINING, "fetch", "serve", "person"} or (
        words[1] == "explain" and len(words) == 4
    )


def is_there(words: list[str]) -> bool:
    """Whether a command that is not segpredict's is a script of the repository, or a known tool."""
    program, first, *_ = words
    return (ROOT / first).is_file() or first == "-m" if "python" in program else program in TOOLS


def kind(block: Block) -> str:
    """Return how a block is tested."""
    if block.language in ("toml", "json", "yaml"):
        return "loaded"
    if block.language != "bash":
        return "executed" if block.language == "python" else "unknown"
    ours = [words for words in commands(block) if words[0] == "segpredict"]
    if not ours:
        return "script is there"
    return "parsed" if all(map(is_parsed, ours)) else "executed"


def with_language(language: str) -> Any:
    found = dict.fromkeys(block.page for block in ALL if block.language == language)
    return pytest.mark.parametrize("page", found, ids=lambda page: str(page.relative_to(ROOT)))


def test_every_block_says_its_language() -> None:
    assert [block.place for block in ALL if kind(block) == "unknown"] == []


@pytest.mark.usefixtures("in_the_shop", "_no_pictures")
@with_language("bash")
def test_the_commands_of_a_page_run(
    page: Path, page_run: Path, request: pytest.FixtureRequest
) -> None:
    is_served = DATABASE in page.read_text(encoding="utf-8")
    database = request.getfixturevalue("shop_database") if is_served else DATABASE
    scores = pl.read_parquet(page_run / "scores.parquet").filter("is_eligible")
    for block in blocks(page):
        if block.caption:
            Path(block.caption).write_text(block.code, encoding="utf-8")
        for words in commands(block) if block.language == "bash" else ():
            named = [scores["customer_id"][0] if word == "ID" else word for word in words]
            named = [word.replace(DATABASE, database) for word in named]
            assert words[0] == "segpredict" or is_there(words), (block.place, words)
            if words[0] == "segpredict":
                run(named[1:], block.place, page_run, is_whole=not is_parsed(words))


def run(words: list[str], place: str, page_run: Path, *, is_whole: bool) -> None:
    """Run a command, or parse it and leave what it would have made."""
    if is_whole:
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, (place, words, done.output, done.exception)
        return
    known: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known[words[0]].make_context(words[0], words[1:])
    if words[0] in TRAINING and "--out" in words:
        shop_folder.put_run(page_run, Path(words[words.index("--out") + 1]))


@pytest.mark.usefixtures("in_the_shop")
@with_language("python")
def test_the_python_of_a_page_runs(page: Path, page_run: Path, monkeypatch: Any) -> None:
    import segpredict

    def fit(_: object, *, out: str) -> object:  # trains in the tests of notebooks
        shop_folder.put_run(page_run, Path(out))
        return segpredict.load(out)

    monkeypatch.setattr(segpredict, "fit", fit, raising=False)
    if page.stem == "spark":
        pytest.importorskip("pysail")
        pytest.importorskip("pyspark")
        # As in tests/spark/conftest.py: PySpark takes a worker of pytest-xdist for a doctest.
        monkeypatch.setattr(sys.modules["__main__"], "__file__", __file__, raising=False)
    names: dict[str, Any] = {}
    for block in blocks(page):
        if block.language == "python" and ">>> " in block.code:  # run where it is written from
            for one in DocTestParser().get_examples(block.code):
                compile(one.source, block.place, "single")
        elif block.language == "python":
            exec(compile(block.code, block.place, "exec"), names)


@pytest.mark.parametrize("block", [b for b in ALL if kind(b) == "loaded"], ids=lambda b: b.place)
def test_a_block_of_data_can_be_loaded(block: Block, tmp_path: Path) -> None:
    from segpredict.analytics.campaigns import read_campaigns
    from segpredict.config import load
    from segpredict.config.outputs import CampaignOptions

    if block.language != "toml":
        assert {"json": json.loads, "yaml": yaml.safe_load}[block.language](block.code)
        return
    path = tmp_path / "shop.toml"
    path.write_text(block.code, encoding="utf-8")
    if set(tomllib.loads(block.code)) == {"campaigns"}:
        assert read_campaigns(CampaignOptions(campaigns_file=str(path)))
    else:
        assert load.load_config(str(path)) != load.Config()


if __name__ == "__main__":
    sys.stdout.write(f"{len(ALL)} blocks: {dict(Counter(map(kind, ALL)))}\n")
