"""An id is the text of the data, however a caller holds it."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segpredict.core.customer_ids import IdForm, id_text, id_texts


@pytest.mark.parametrize(
    "given",
    [
        *(12346, 12346.0, "12346", " 12346 ", Decimal(12346), pa.scalar(12346)),
        *(np.int32(12346), np.float64(12346), np.str_("12346")),
    ],
    ids=repr,
)
def test_a_whole_number_of_any_type_is_the_text_of_its_digits(given: object) -> None:
    assert id_text(given) == "12346"
    assert id_texts(given) == ["12346"]


@pytest.mark.parametrize(
    "given",
    [
        *([1, "2"], (1.0, 2.0), {1: 0, 2: 0}, np.array([1, 2])),
        *(pd.Series([1.0, 2.0]), pl.Series(["1", "2"]), pa.array([1, 2])),
    ],
    ids=lambda given: type(given).__module__ + type(given).__name__,
)
def test_several_ids_may_stand_in_any_column(given: object) -> None:
    assert id_texts(given) == ["1", "2"]


def test_what_is_no_whole_number_stays_as_it_is_written() -> None:
    assert [id_text(each) for each in ("007", 1.5, True, "A-7")] == ["007", "1.5", "True", "A-7"]


PADDED = [f"{i:05}" for i in range(100)]


@pytest.mark.parametrize(
    ("was", "now", "clause"),
    [
        (PADDED, [str(int(i)) for i in PADDED], "had leading zeros and have none"),
        ([str(int(i)) for i in PADDED], PADDED, "have leading zeros and had none"),
        (PADDED, [f"C-{i}" for i in PADDED], "were numbers and are not"),
        ([f"C-{i}" for i in PADDED], PADDED, "are numbers and were not"),
        (PADDED, PADDED[:50], ""),
        (PADDED, ["17", "18"], ""),  # too few
        ([*map(str, range(10, 100)), "01"], [*map(str, range(100, 200))], ""),  # one is chance
    ],
)
def test_ids_of_another_form_are_told_from_chance(was: list, now: list, clause: str) -> None:
    found = IdForm.of(pl.Series(was)).difference(IdForm.of(pl.Series(now)))
    assert found == (clause and f"customer ids {clause}")
