"""The headline names what is wrong and why."""

from __future__ import annotations

from typing import Any

import pytest
from support import made

from bptt_check.diagnosis.finding import Finding
from bptt_check.report.headline import headline
from bptt_check.report.report import Report
from bptt_check.runs.measurements import OwnArrays
from bptt_check.verdicts.case_kind import CaseKind
from bptt_check.verdicts.verdict import Verdict

CAUSE = "h_t is used in place of h_{t-1} in the gradient of W_hh"


def failing(*wrong: str, right: tuple[str, ...] = ("b_y",), **changes: Any) -> Report:
    """A run in which some gradients are wrong."""
    rows = (*(made.wrong(parameter=n) for n in wrong), *(made.row(parameter=n) for n in right))
    given = {"kind": CaseKind.WRONG_GRADIENT, **changes}
    return made.failing(rows=rows, failures=(made.failure(**given),))


def found(*parameters: str, **changes: Any) -> tuple[Finding, ...]:
    """A cause that explains some gradients."""
    return (Finding("all of it", "certain", parameters, cause=CAUSE, **changes),)


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        (("W_hh_l0",), ("W_hh_l1",), "W_hh of layer 0 is wrong"),
        (("W_hh_l0",), ("b_h_l0",), "W_hh is wrong"),
        (("W_hh_l0_reverse",), ("W_hh_l0",), "W_hh, reverse direction is wrong"),
        (("W_hy", "b_y"), ("h0",), "W_hy and b_y are wrong"),
        (("W_hy", "b_y", "x", "h0"), (), "all 4 gradients are wrong"),
        (("W_hy", "b_y", "x", "h0"), ("c0",), "W_hy, b_y and 2 more gradients are wrong"),
    ],
)
def test_wrong_gradients_are_named(
    wrong: tuple[str, ...], right: tuple[str, ...], said: str
) -> None:
    """With the layer where there are several; a few one by one."""
    named = headline(failing(*wrong, right=right).run)

    assert sorted(named.split()) == sorted(said.split())


def test_the_cause_is_told_with_its_condition() -> None:
    """And what it does not explain."""
    explained = failing("W_hh_l0", findings=found("W_hh_l0", condition="T is larger than 1"))
    partly = failing("W_hh_l0", "W_hy", findings=found("W_hh_l0"))

    assert headline(explained.run) == f"W_hh is wrong: {CAUSE}, only when T is larger than 1"
    assert headline(partly.run) == f"W_hh is wrong: {CAUSE}; W_hy is wrong too"


def test_a_hint_and_a_cause_of_something_else_are_no_cause() -> None:
    """Neither says why this is wrong."""
    hint = Finding("it begins at step 3", "hint", ("W_hh_l0",), cause="")

    assert headline(failing("W_hh_l0", findings=(hint,)).run) == "W_hh is wrong"
    assert headline(failing("W_hh_l0", findings=found("W_hy")).run) == "W_hh is wrong"


def test_gradients_have_the_readers_names() -> None:
    """As everywhere else."""
    run = failing("W_hh_l0").run
    own = OwnArrays("lstm", {"W_hh_l0": ("Whh",)})

    assert headline(made.failing(rows=run.rows, failures=(), own_arrays=(own,)).run)
    named = made.failing(
        rows=run.rows,
        failures=(made.failure(kind=CaseKind.WRONG_GRADIENT),),
        own_arrays=(own,),
    )
    assert headline(named.run) == "Whh is wrong"


@pytest.mark.parametrize(
    ("kind", "verdict", "said"),
    [
        (CaseKind.WRONG_LOSS, Verdict.FAIL, "the loss is wrong"),
        (CaseKind.LOST_DIGITS, Verdict.IMPRECISE, "W_hh loses digits"),
        (CaseKind.RAISED, Verdict.ERROR, "the subject raised, died or ran out of time"),
        (None, Verdict.FAIL, "something is wrong"),
    ],
)
def test_what_else_is_wrong_is_told_by_its_kind(
    kind: CaseKind | None, verdict: Verdict, said: str
) -> None:
    """A loss, digits; where no kind was recorded by the verdict."""
    assert headline(failing("W_hh_l0", kind=kind, verdict=verdict).run) == said
