import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from segpredict import errors
from segpredict.core.wording import in_python, name_options
from segpredict.errors import (
    BadCellsError,
    ColumnMissingError,
    ContractError,
    FileMissingError,
    SegpredictError,
    UnknownNameError,
    UnreadableFileError,
    quote_value,
)

CLASSES = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, SegpredictError)
]


def test_every_class_stands_in_the_drawn_tree_with_its_exit_code() -> None:
    lines = errors.__doc__.splitlines()
    for cls in CLASSES:
        line = next((line for line in lines if f" {cls.__name__} " in f" {line} "), "")
        assert str(cls.exit_code) in line.split(cls.__name__)[-1], cls


def test_codes_are_unique() -> None:
    codes = [cls.code for cls in CLASSES]
    assert len(codes) == len(set(codes))


def test_an_unknown_name_gets_the_nearest_known_one() -> None:
    error = UnknownNameError("setting", "horizn", ["horizon", "step"])
    assert "'horizon'" in error.fix


def test_a_fix_speaks_of_options_on_the_command_line_and_of_parameters_in_python() -> None:
    error = ColumnMissingError("customer_id", ["CustomerID", "Qty"], "a.csv")
    with name_options():
        assert "--config" in error.fix
    assert "config=" in error.fix
    assert error.to_dict()["column"] == "customer_id"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("choose another --out, or add --force.", "choose another out=, or add force=True."),
        ("give a later --as-of, or --since.", "give a later as_of=, or since=."),
        ("--set time.horizon=28.", "config={'time': {'horizon': 28}}."),
        ("--set source.separator=';'.", "config={'source': {'separator': ';'}}."),
        (
            "--set 'cleaning.null_ids=[\"O'Brien\"]'.",
            "config={'cleaning': {'null_ids': [\"O'Brien\"]}}.",
        ),
        (
            "say which: --map time='Day of sale' --map amount=Sum, or not.",
            "say which: config={'source': {'columns': {'time': 'Day of sale', 'amount': 'Sum'}}}, "
            "or not.",
        ),
        (
            "--set 'cleaning.time_format=%d %m' --on-bad-rows quarantine.",
            "config={'cleaning': {'time_format': '%d %m', 'on_bad_rows': 'quarantine'}}.",
        ),
        ("allow --max-bad-rows 3%.", "allow config={'cleaning': {'max_bad_rows': '3%'}}."),
        ("one that --config ebay reads", "one that config='ebay' reads"),
        ("name it: --data FILE.", "name it: transactions=FILE."),
        ("give --max-customers 100.", "give max_customers=100."),
        ("see `segpredict run --out X`", "see `segpredict run --out X`"),
        ("segpredict explain --run a/b --top 3", "segpredict explain --run a/b --top 3"),
        ('the file "a --force.csv" is', 'the file "a --force.csv" is'),
    ],
)
def test_options_become_parameters_that_can_be_pasted(written: str, read: str) -> None:
    assert in_python(written) == read


def test_a_missing_file_gets_its_near_miss() -> None:
    assert "sales_2011.csv" in FileMissingError("sale_2011.csv", ["sales_2011.csv"]).fix


def test_bad_cells_name_file_row_column_value_and_count() -> None:
    first = {"file": "sales.csv", "row": 4182, "value": "free"}
    error = BadCellsError("price", "is not a number", 1, 541_909, first)
    said = str(error)
    for part in ("sales.csv row 4182", "price", '"free"', "1 of 541909", "Fix:"):
        assert part in said


def test_nobody_is_named_by_an_address() -> None:
    first = {"file": "a.csv", "row": 7, "value": "anna.k+1@mail.example.org"}
    bad = BadCellsError("time", "is no date", 1, 9, first)
    broken = UnreadableFileError(
        "a.csv", 'row "anna.k@x.de;3" is cut', "end it.", value="anna.k@x.de"
    )
    mixed = ContractError("Two kinds.", fix="map them.", examples=["anna.k@x.de", "7"])
    for error in (bad, broken, mixed):
        assert "anna" not in str(error.to_dict())
    assert mixed.where["examples"] == ["…@x.de", "7"]


def test_values_are_cut_and_cannot_move_the_cursor() -> None:
    assert len(quote_value("x" * 500)) <= errors.MAX_VALUE_LENGTH + 2
    assert "\x1b" not in quote_value("\x1b[2J")
    assert "\u202e" not in quote_value("a\u202eb")


SOURCE = Path(errors.__file__).parent


def texts(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of a module without its docstrings; an X stands for what is filled in."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(p.value if isinstance(p, ast.Constant) else "X" for p in node.values)
        elif isinstance(getattr(node, "value", None), str) and id(node) not in docs | parts:
            yield node.value


def test_whatever_speaks_of_an_option_has_words_for_python() -> None:
    for path in SOURCE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if path.parent.name == "cli" or path.name == "wording.py" or "--" not in source:
            continue
        for text in texts(ast.parse(source)):
            if re.search(r"(?<![\w-])--[a-z]", text) and not text.startswith("#"):
                left = re.sub(r"segpredict [a-z-]+ --.*|`[^`]*`|\"[^\"]*\"", "", in_python(text))
                assert "--" not in left, (path, text)
