"""Models and recurrences are asked the same things, and neither takes the other's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from support.plain_recurrences import design_of_inputs
from support.recurrence_specs import INPUTS, PLAIN, spec_of

from bptt_check.cases import any_target
from bptt_check.cases.case import Spec
from bptt_check.cases.design.design import Design
from bptt_check.cases.recurrences.design import RecurrenceDesign
from bptt_check.cases.recurrences.recurrence import RecurrenceTarget
from bptt_check.cases.targets import parse_targets
from bptt_check.errors import SpecError

(MODEL,) = parse_targets("lstm")
LINE = "lstm T=2 B=1 D=2 H=3 O=4 seed=3"
OF_MODEL = Design(MODEL)
OF_RECURRENCE = design_of_inputs(INPUTS)
SPEC = spec_of(5, dtype="float32")


def test_a_line_is_read_by_its_target():
    target = RecurrenceTarget("plain", PLAIN)

    assert any_target.spec_of(MODEL, LINE) == Spec.parse(LINE)
    assert any_target.spec_of(target, str(SPEC)) == SPEC
    with pytest.raises(SpecError):
        any_target.spec_of(MODEL, str(SPEC))
    with pytest.raises(SpecError):
        any_target.spec_of(target, LINE)


def test_a_design_contains_specs_of_its_own_kind_alone():
    (drawn,) = OF_RECURRENCE.specs(1)

    assert any_target.contains(OF_MODEL, Spec.parse(LINE))
    assert any_target.contains(OF_RECURRENCE, drawn)
    assert not any_target.contains(OF_MODEL, drawn)
    assert not any_target.contains(OF_RECURRENCE, Spec.parse(LINE))


@pytest.mark.parametrize(
    ("spec", "left"),
    [
        (spec_of(41, dtype="float32"), ("T=41", "1 to 40")),
        (spec_of(5, D=20, dtype="float32"), ("D=20", "16, 32, 64")),
        (spec_of(5, dtype="bfloat16"), ("dtype=bfloat16", "float32")),
        (spec_of(5, dtype="float32", regime="lowest"), None),
        (spec_of(5, dtype="float32"), None),
    ],
)
def test_what_leaves_a_design_is_named(spec, left):
    """With what is allowed there; of a range also the numbers that are not drawn."""
    if left is None:  # no input lies between two numbers: that regime makes no difference here
        assert (OF_RECURRENCE.left_by(spec) is None) == (spec.regime == "normal")
    else:
        assert OF_RECURRENCE.left_by(spec) == left
        assert not any_target.contains(OF_RECURRENCE, spec)


def test_other_specs_are_of_the_design():
    """Instead of one that a kernel declined: plainer words first."""
    declined = spec_of(5, dtype="float32", layout="strided", cotangents="ones")
    others = [s for _, s in itertools.islice(
        any_target.other_specs(OF_RECURRENCE, declined, ()), 6)]  # fmt: skip

    assert others[0] == spec_of(5, dtype="float32", cotangents="ones")
    assert others[1] == spec_of(5, dtype="float32", layout="strided")
    assert len({*others}) == 6
    assert all(any_target.contains(OF_RECURRENCE, other) for other in others)
    assert next(any_target.other_specs(OF_MODEL, Spec.parse(LINE), ()), None) is not None


@pytest.mark.parametrize(("design", "spec"), [(OF_MODEL, SPEC), (OF_RECURRENCE, Spec.parse(LINE))])
def test_of_another_kind_there_are_none(design, spec):
    assert [*any_target.other_specs(design, spec, ())] == []


def test_levels_are_those_of_the_covering():
    """One of every factor, by its number."""
    levels = any_target.levels_of(OF_RECURRENCE.covering, SPEC)
    names = [f"{f.name} {level}" for f in OF_RECURRENCE.covering.factors for level in f.levels]

    assert isinstance(OF_RECURRENCE, RecurrenceDesign)
    assert [names[n] for n in levels] == [
        *("T 4 to 8", "T mod 16 below 15", "B 1", "D 9 to 16"),
        *("regime normal", "cotangents random", "layout contiguous"),
    ]
    of_model = any_target.levels_of(OF_MODEL.covering, Spec.parse(LINE))
    assert len(of_model) == len(OF_MODEL.covering.factors)
    assert np.all(np.diff(of_model) > 0)


def test_sizes_by_name():
    assert any_target.sizes_in(SPEC) == {"T": 5, "B": 1, "D": 16}
    assert any_target.sizes_in(Spec.parse(LINE)) == {
        "T": 2, "B": 1, "D": 2, "H": 3, "O": 4, "layers": 1,
    }  # fmt: skip
