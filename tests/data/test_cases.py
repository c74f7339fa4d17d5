"""Exports as shops write them: each case is read right, or refused with what decides."""

import pytest
from cases import CASES, Case, is_right, read_as


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}-{case.config}")
def test_a_case_is_read_right_or_refused_with_what_decides(case: Case) -> None:
    money, said = read_as(case)
    assert is_right(case, money, said), (money, said)
