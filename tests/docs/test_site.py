"""The site is checked for links that lead nowhere, and names what the package has."""

import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import segpredict

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

from build_site import broken_links, read_pages  # noqa: E402
from write_cli import document  # noqa: E402

FORMS = sorted((ROOT / ".github").rglob("*.md"))


def faults(folder: Path, body: str) -> list[str]:
    (folder / "other.html").write_text('<h1 id="there">Here</h1>', encoding="utf-8")
    (folder / "page.html").write_text(f'<p id="own">{body}</p>', encoding="utf-8")
    return list(broken_links(folder, read_pages(folder)))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('<a href="other.html#there">x</a> <a href="#own">y</a>', []),
        ('<a href="https://example.org/">elsewhere, if one clicks</a>', []),
        ('<a href="nowhere.html">x</a>', ["page.html links to nowhere.html"]),
        ('<a href="other.html#gone">x</a>', ["page.html links to other.html#gone"]),
        ('<a href="#gone">x</a>', ["page.html links to #gone"]),
        ('<script src="https://cdn.example/x.js">', ["page.html loads https://cdn.example/x.js"]),
        ('<link href="//cdn.example/x.css">', ["page.html loads //cdn.example/x.css"]),
        ('<img src="gone.png">', ["page.html links to gone.png"]),
    ],
)
def test_a_link_that_leads_nowhere_or_loads_from_a_network_is_found(
    tmp_path: Path, body: str, found: list[str]
) -> None:
    assert faults(tmp_path, body) == found


def test_every_public_name_is_on_the_page_of_the_api() -> None:
    page = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    assert [name for name in segpredict.__all__ if f"segpredict.{name}" not in page] == []


def test_every_command_option_and_exit_code_is_on_the_page_of_the_commands() -> None:
    page = document()
    assert "## segpredict train-classifier\n" in page
    assert "| `--horizon" not in page
    assert "| `--leakage-demo" in page
    for code in (2, 3, 4, 5, 6, 7, 8, 10, 11):
        assert f"\n| {code} | " in page


def test_every_page_of_the_guide_is_on_the_index() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = [*(DOCS / "guide").glob("*.md"), *(DOCS / "notebooks").glob("*.md")]
    assert [page.stem for page in pages if f"{page.parent.name}/{page.stem}" not in index] == []


def test_the_quickstart_shows_what_the_demo_prints() -> None:
    page = (DOCS / "guide" / "quickstart.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- output: begin -->")[2].partition("<!-- output: end -->")[0]
    assert 10 < len(shown.splitlines()) < 55, "python docs/write_quickstart.py"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 700


def test_the_citation_is_of_this_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == segpredict.__version__
    released = f"## [{segpredict.__version__}] - {cited['date-released']}"
    assert released in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert {"cff-version", "message", "title", "authors", "license"} <= set(cited)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_form_of_the_repository_can_be_read(form: Path) -> None:
    text = form.read_text(encoding="utf-8")
    if form.parent.name == "ISSUE_TEMPLATE":
        head = yaml.safe_load(text.split("---")[1])
        assert head["name"]
        assert head["about"]
    assert "**" in text


def test_hooks_call_tools_of_the_test_extra_and_load_nothing() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = " ".join(project["optional-dependencies"]["test"])
    assert [repository["repo"] for repository in hooks["repos"]] == ["local"]
    for hook in hooks["repos"][0]["hooks"]:
        tool = {"lint-imports": "import-linter"}.get(hook["entry"], hook["entry"].split()[0])
        assert hook["language"] == "system"
        assert tool in extra


def test_the_image_copies_what_the_build_needs_and_runs_as_nobody_special() -> None:
    copied = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"src", *wheel["force-include"], project["project"]["readme"], "LICENSE"}
    assert needed <= {line.removeprefix("!") for line in copied}
    assert "\nUSER segpredict\n" in recipe
    assert any("xgboost-cpu" in line for line in project["project"]["dependencies"])
