"""The test that is pasted runs, and fails for as long as the kernel is wrong."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any

import pytest
from support.recurrence_specs import spec_of

from bptt_check.runs.recurrences.pasted import pasted_recurrence_run, pasted_recurrence_test

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed", allow_module_level=True)

from support import decayed_sums as code

import bptt_check as bc

NAMES = "from your_module import INPUTS, kernel, reference  # those that were checked\n"


def run(source: str, kernel: Any) -> None:
    """The test of a pasted source, with names in place of the import that its author fills in."""
    assert NAMES in source
    named = {"INPUTS": code.INPUTS, "kernel": kernel, "reference": code.plain_sums}
    exec(compile(source.replace(NAMES, ""), "test_pasted.py", "exec"), named)
    named["test_kernel"]()  # type: ignore[operator]


def test_of_a_case():
    report = bc.verify_against(code.sums_doubled, code.plain_sums, code.INPUTS, cases=3)
    source = report.failures[0].test_code

    run(source, code.sums)
    with pytest.raises(bc.GradientMismatch, match="the gradient of decay is wrong"):
        run(source, code.sums_doubled)


def test_of_a_run():
    source = pasted_recurrence_run(4, ("float32", "bfloat16"), 3, {})

    assert "cases=4, dtypes=('float32', 'bfloat16'), seed=3)" in source
    run(source, code.sums)
    with pytest.raises(bc.GradientMismatch):
        run(source, code.sums_doubled)


def test_a_case_without_a_line_has_none():
    """Arrays that were given by hand cannot be drawn again."""
    case = spec_of(2, dtype="float32").build()

    assert "case='plain T=2 B=1 D=16 dtype=float32 seed=0'" in pasted_recurrence_test(case)
    assert pasted_recurrence_test(replace(case, spec=None)) == ""


def test_what_was_said_of_a_kernel_is_said_again():
    source = pasted_recurrence_run(4, ("bfloat16",), 3, {"inside": "float32", "order": 2})

    assert "seed=3, inside='float32', order=2)" in source
