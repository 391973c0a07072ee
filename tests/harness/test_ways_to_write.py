"""Right code in every way in which the field writes a cell: none of them is called wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bptt_check.cases.case import Spec
from bptt_check.runs.check import Setup, check_case
from bptt_check.verdicts.case_report import CaseReport

pytest.importorskip("torch")

from support.right import RightOracle
from support.ways_to_write import INTERPOLATIONS, SIGMOIDS, TANHS, Written

RIGHT = Setup((RightOracle(),))
CASES = (
    "regime=saturated seed=0",
    "regime=saturated seed=10 dtype=float32",
    "regime=saturated seed=10",
    "regime=normal seed=0",
)
"""Gates as good as 0 or 1, and ordinary ones."""


def reports(subject: Written, model: str) -> Iterator[CaseReport]:
    """On each of the cases."""
    for text in CASES:
        spec = Spec.parse(f"{model}+mse T=4 B=2 D=3 H=4 O=2 {text}")
        yield check_case(subject, spec.build(), RIGHT, ())


@pytest.mark.parametrize("way", [w for w in INTERPOLATIONS if w != "wrong"])
def test_either_gate_of_two_that_add_up_to_one_may_come_first(way):
    """A GRU with `1 - z` for `z`, and fused products: all of them pass, at saturation too."""
    assert {r.verdict for r in reports(Written(interpolation=way), "gru")} <= {
        "pass",
        "inconclusive",
    }


def test_gates_that_are_swapped_fail():
    """The sibling: z where 1 - z belongs is another model."""
    assert "fail" in {r.verdict for r in reports(Written(interpolation="wrong"), "gru")}


@pytest.mark.parametrize("model", ["gru", "lstm"])
@pytest.mark.parametrize("way", [w for w in SIGMOIDS if w != "wrong"])
def test_gates_may_lose_digits_and_are_not_wrong(model, way):
    """Those that keep them pass; those that do not are imprecise where it shows."""
    verdicts = {r.verdict for r in reports(Written(sigmoid=way), model)}

    assert verdicts <= {"pass", "inconclusive", "imprecise"}
    if way in ("exp", "log space", "sigmoid"):
        assert "imprecise" not in verdicts


@pytest.mark.parametrize("model", ["gru", "lstm"])
@pytest.mark.parametrize("way", [w for w in TANHS if w != "wrong"])
def test_a_tanh_made_of_other_functions_is_not_wrong(model, way):
    """It keeps no digits around zero."""
    assert {r.verdict for r in reports(Written(tanh=way), model)} <= {
        "pass",
        "inconclusive",
        "imprecise",
    }


@pytest.mark.parametrize("model", ["gru", "lstm"])
@pytest.mark.parametrize("wrong", [Written(sigmoid="wrong"), Written(tanh="wrong")])
def test_functions_that_are_wrong_in_the_fifth_digit_fail(model, wrong):
    """The sibling: no way to write a cell is off by so much."""
    *_, normal = reports(wrong, model)

    assert normal.verdict == "fail"
