"""The smallest case on which something still fails."""

from __future__ import annotations

from typing import Any

import pytest
from support.plain_recurrences import design_of_inputs
from support.recurrence_specs import INPUTS, spec_of

import bptt_check as bc
from bptt_check.cases.recurrences.recurrence import RecurrenceCase, RecurrenceSpec
from bptt_check.runs.recurrences.smallest import input_numbers, smallest_recurrence

DESIGN = design_of_inputs(INPUTS, dtypes=("float64",))
LARGE = spec_of(37, 3, 64, regime="large", cotangents="ones", layout="strided", seed=4711)


def smallest(fails: Any, known: dict[Any, bool] | None = None, **options: Any) -> RecurrenceSpec:
    """From a large case, as long as `fails` holds of a spec."""
    case = LARGE.build()
    found = smallest_recurrence(case, known or {}, lambda c: fails(c.spec), DESIGN, **options)
    assert found.spec is not None
    return found.spec


def test_what_always_fails_fails_on_the_smallest_of_all():
    assert smallest(lambda s: True) == spec_of(1, 1, 16)


@pytest.mark.parametrize(
    ("fails", "found"),
    [
        (lambda s: s.sizes["T"] > 16, spec_of(17)),
        (lambda s: s.sizes["T"] % 16 == 5, spec_of(5)),
        (lambda s: s.sizes["D"] == 64, spec_of(1, D=64)),
        (lambda s: s.sizes["D"] > 16 and s.sizes["B"] > 1, spec_of(1, 2, 32)),
        (lambda s: s.layout == "strided", spec_of(1, layout="strided")),
        (lambda s: s.regime != "normal", spec_of(1, regime="large")),
        (lambda s: s.seed > 1, spec_of(1, seed=2)),
    ],
)
def test_what_fails_keeps_what_it_needs_and_nothing_else(fails, found):
    """Sizes of a list are only taken from it."""
    assert fails(LARGE)
    assert smallest(fails) == found


def test_a_smaller_case_of_the_run_is_where_it_begins():
    """It is not asked about again."""
    small, asked = spec_of(3, 1, 16, seed=9), []

    def fails(spec: RecurrenceSpec) -> bool:
        asked.append(spec)
        return False

    assert smallest(fails, {small: True, LARGE: True}) == small
    assert not {small, LARGE} & {*asked}


def test_no_more_are_asked_than_may_be():
    asked = []

    def fails(spec: RecurrenceSpec) -> bool:
        asked.append(spec)
        return True

    smallest(fails, most=3)
    assert len(asked) == 3


def test_where_is_kept_to():
    inputs = bc.Inputs(x="T B", sizes={"T": (1, 40), "B": (1, 3)}, time="T",
                       where=lambda T, B: T > 2 * B)  # fmt: skip
    design = design_of_inputs(inputs)
    spec = RecurrenceSpec(design.model, (("T", 30), ("B", 3)), dtype="float32", seed=5)
    found = smallest_recurrence(spec.build(), {}, lambda c: True, design)

    assert found.spec is not None
    assert found.spec.sizes == {"T": 3, "B": 1}


def test_arrays_given_by_hand_stay_as_they_are():
    case = LARGE.build().with_inputs({})

    def never(_: RecurrenceCase) -> bool:
        raise AssertionError

    assert smallest_recurrence(case, {}, never, DESIGN) is case


def test_numbers_of_the_inputs_are_counted():
    assert input_numbers(spec_of(4, 3, 32)) == 4 * 3 + 32
