"""What is measured of right implementations below the rounding, on a few cases of one model."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from benchmarks.rounding_to_nearest import rounded_once
from benchmarks.systematic import CASES, Measured, floors, measured, said_of, table
from bptt_check.cases.case import Case
from bptt_check.cases.design.within import Within
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.targets import parse_targets
from bptt_check.runs.systematic.model_group import ModelGroup
from bptt_check.runs.target_cases import Plan

PLAN = Plan(
    tuple(parse_targets("rnn-tanh+mse")),
    cases=60,
    dtypes=("bfloat16",),
    within=Within.parse("T=2..4 B=1..2 D=1..3 H=1..4 O=1..3"),
)


def off_by(factor: float, case: Case) -> Any:
    """One gradient is off by a factor, by less than bfloat16 can tell of one entry."""
    loss, grads = rounded_once(case)
    wrong = PRECISIONS[case.dtype].rounded(factor * grads["W_hh_l0"].astype(np.float64))
    return loss, grads | {"W_hh_l0": wrong}


SUBJECTS = {
    "rounded once": rounded_once,
    "off by 8 %": functools.partial(off_by, 1.08),
    "twice": functools.partial(off_by, 2.0),
}


@pytest.fixture(scope="module")
def found() -> Measured:
    """All cases of the plan, by a right implementation and two that are not."""
    *_, last = measured(PLAN, SUBJECTS)
    return last


def test_right_implementation_has_nothing_that_is_confirmed(found: Measured):
    """Every slope is counted, and what is largest is told with its place."""
    told = said_of(found, "rounded once", rounded_once, PLAN)

    assert (told.cases, told.left_out, told.models) == (60, 0, 1)
    assert told.checks == sum(s.cases for s in found.screenings["rounded once"].sums.values())
    assert told.checks > 100
    assert told.confirmed == []
    assert told.strength < 3.8
    assert told.strongest.startswith("rnn-tanh+mse ")


def test_wrong_factor_stands_out_and_is_confirmed(found: Measured):
    """What is measured would show what must not be there."""
    told = said_of(found, "off by 8 %", SUBJECTS["off by 8 %"], PLAN)

    assert told.suspects > 0
    assert [one["parameter"] for one in told.confirmed] == ["W_hh_l0"]
    assert told.confirmed[0]["estimate"] == pytest.approx(0.08, abs=0.03)
    assert "CONFIRMED" in "\n".join(table([told]))


def test_case_that_is_wrong_by_itself_is_left_out(found: Measured):
    """As in a run, where it has a failure of its own; wherever an entry can tell."""
    assert found.left_out["twice"] > 30
    assert found.left_out["rounded once"] == found.left_out["off by 8 %"] == 0


def test_floors_fall_with_the_cases(found: Measured):
    """Far below the error of one entry, and above the band."""
    told = floors(found, [ModelGroup("rnn-tanh", PLAN.targets)])
    stands_out = [told[f"stands out at {cases}"] for cases in CASES]

    assert told["entry"] > stands_out[0] > stands_out[1] > stands_out[2] > told["band"] > 0.0
    assert all(told[f"found at {n}"] >= told[f"stands out at {n}"] for n in CASES)
