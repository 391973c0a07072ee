"""Specs of a recurrence and their lines; cases, their grids, cotangents, copies."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from support.plain_recurrences import delta_rule_inputs, design_of_inputs, plain_recurrence

import bptt_check as bc
from bptt_check.cases.memory_layout import LAYOUTS, placement
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.recurrences.cotangents import COTANGENTS
from bptt_check.cases.recurrences.inputs import Inputs
from bptt_check.cases.recurrences.recurrence import RecurrenceCase, RecurrenceSpec
from bptt_check.errors import SpecError, UnknownName

MODEL = plain_recurrence(delta_rule_inputs(sizes={"T": (1, 9), "B": 2, "K": (1, 9), "V": "K"}))
LINE = "plain T=4 B=2 K=3 V=3 seed=7"

MIXED = plain_recurrence(
    Inputs(
        x="T B",
        gate=bc.normal("T B", dtype="float32"),
        mask=bc.between(0, 1, "T B", constant=True),
        lengths=bc.integers(1, 3, "B"),
        chunk=bc.choice(16),
        sizes={"T": 4, "B": 3},
        time="T",
    ),
    lambda x, gate, **_: {"hs": x * gate, "last": (x * gate)[-1]},
)


def mixed(**words) -> RecurrenceCase:
    return RecurrenceSpec(MIXED, (("T", 4), ("B", 3)), **words).build()


# --- lines --------------------------------------------------------------------------------------


def test_a_line_and_back():
    specs = [*design_of_inputs(delta_rule_inputs(), dtypes=("float64", "bfloat16")).specs(30)]

    for spec in specs:
        assert str(spec.model.spec_of(str(spec))) == str(spec)
        assert spec.model.spec_of(str(spec)) == spec


def test_a_line_says_what_is_not_plain():
    spec = MODEL.spec_of(LINE)

    assert str(spec) == LINE
    assert spec.sizes == {"T": 4, "B": 2, "K": 3, "V": 3}
    told = replace(spec, dtype="float32", regime="large", cotangents="ones", layout="offset")
    assert str(told) == (
        "plain T=4 B=2 K=3 V=3 dtype=float32 regime=large cotangents=ones layout=offset seed=7"
    )


@pytest.mark.parametrize(
    ("line", "error", "words"),
    [
        (
            LINE.replace("plain", "other"),
            SpecError,
            "the spec is of 'other', and the recurrence is",
        ),
        ("", SpecError, "the spec is of ''"),
        (LINE + " tau=3", UnknownName, "word in a spec: 'tau'"),
        (LINE + " contiguous", UnknownName, "word in a spec: 'contiguous'"),
        (LINE.replace("B=2 ", ""), SpecError, "needs a whole number for B."),
        (LINE.replace("B=2", "B=two"), SpecError, "needs a whole number for B."),
        (LINE.replace("B=2", "B=-2"), SpecError, "needs a whole number for B."),
        (LINE.replace(" seed=7", ""), SpecError, "needs a whole number for seed."),
        (LINE.replace("V=3", "V=4"), SpecError, "V=4, but V equals K: 3."),
        (LINE + " regime=larg", UnknownName, "regime 'larg'"),
        (LINE + " dtype=float23", UnknownName, "dtype 'float23'"),
        (LINE + " cotangents=none", UnknownName, "cotangents 'none'"),
        (LINE + " layout=c", UnknownName, "layout 'c'"),
    ],
)
def test_a_line_that_is_none_is_refused_with_its_word(line, error, words):
    with pytest.raises(error, match=re.escape(words)):
        MODEL.spec_of(line)


def test_a_size_of_zero_is_refused_when_the_case_is_built():
    with pytest.raises(SpecError, match="the axis T has length 0 where T = 0"):
        MODEL.spec_of(LINE.replace("T=4", "T=0")).build()


# --- cases --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_arrays_lie_on_the_grid_of_their_dtype(dtype):
    """Of the case, and of those that have one of their own; as they are stored, too."""
    case = mixed(dtype=dtype)

    for name, array in {**case.inputs, "mask": case.constants["mask"]}.items():
        own = PRECISIONS["float32" if name == "gate" else dtype]
        assert case.precision_of(name) == own.name
        assert array.dtype == own.stored
        assert (own.rounded(array) == array).all()
        assert not array.flags.writeable
    for array in case.data.values():
        assert array.dtype == PRECISIONS[dtype].stored
        assert (PRECISIONS[dtype].rounded(array) == array).all()


def test_a_case_of_few_digits_differs_from_one_of_many():
    """The sibling of the test above: the grid is not that of all numbers."""
    exact, half = mixed(dtype="float64"), mixed(dtype="bfloat16")

    assert (PRECISIONS["bfloat16"].rounded(exact.inputs["x"]) != exact.inputs["x"]).any()
    assert (half.inputs["x"] != exact.inputs["x"]).any()
    assert (half.inputs["gate"] == exact.inputs["gate"].astype(np.float32)).all()


def test_what_is_differentiated_and_what_is_constant():
    case = mixed(dtype="float32")

    assert [*case.inputs] == ["x", "gate"]
    assert case.params == case.inputs
    assert [*case.constants] == ["mask", "lengths", "chunk"]
    assert case.constants["chunk"] == 16
    assert case.constants["lengths"].dtype == np.int64
    assert {*case.given} == {
        "x", "gate", "mask", "lengths", "cotangent of output.hs", "cotangent of output.last",
    }  # fmt: skip
    assert case.steps == 4


@pytest.mark.parametrize("kind", COTANGENTS)
def test_cotangents_of_a_case(kind):
    case = mixed(cotangents=kind, dtype="float32", seed=3)

    assert {*case.cotangents} <= {"output.hs", "output.last"}
    for name, array in case.cotangents.items():
        assert (case.cotangent(name) == array).all()
        assert array.shape == case.expected_outputs[name].shape
    assert (len(case.cotangents) == 1) == (kind == "one_output")
    if kind == "last_step":
        assert not case.cotangents["output.hs"][:-1].any()
        assert case.cotangents["output.hs"][-1].all()
        assert case.cotangents["output.last"].all()
    else:
        assert all(array.all() for array in case.cotangents.values())


def test_the_last_step_is_that_of_the_axis_of_time():
    inputs = Inputs(x="B T", sizes={"T": 4, "B": 3}, time="T")
    spec = RecurrenceSpec(plain_recurrence(inputs), (("B", 3), ("T", 4)), cotangents="last_step")

    cotangent = spec.build().cotangents["output"]

    assert cotangent[:, -1].all()
    assert not cotangent[:, :-1].any()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ones_lie_with_stride_zero(layout):
    assert mixed(cotangents="ones", layout=layout).layout_of_cotangents == "expanded"
    assert mixed(cotangents="random", layout=layout).layout_of_cotangents == layout


# --- other arrays -------------------------------------------------------------------------------


def test_a_case_with_other_inputs_has_its_cotangents():
    case = mixed(dtype="float32")
    moved = case.with_inputs({"x": case.inputs["x"] + 1.0})

    assert moved.spec is None
    assert (moved.inputs["x"] == case.inputs["x"] + 1.0).all()
    assert (moved.inputs["gate"] == case.inputs["gate"]).all()
    assert (moved.cotangent("output.hs") == case.cotangent("output.hs")).all()
    assert (moved.expected_outputs["output.hs"] != case.expected_outputs["output.hs"]).all()
    assert case.spec is not None


def test_a_case_with_other_cotangents_has_its_inputs():
    case = mixed(dtype="float32")
    name = "cotangent of output.last"
    moved = case.with_data({name: 2.0 * case.data[name]})

    assert moved.spec is None
    assert (moved.cotangent("output.last") == 2.0 * case.cotangent("output.last")).all()
    assert (moved.cotangent("output.hs") == case.cotangent("output.hs")).all()
    assert (moved.inputs["x"] == case.inputs["x"]).all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_in_memory_of_its_own_everything_is_a_copy_in_its_layout(layout):
    """Writable, and of nobody else; numbers are the same."""
    case = mixed(dtype="float32", layout=layout, regime="repeated", cotangents="ones")
    own, other = case.in_own_memory(), case.in_own_memory()

    assert own.given.keys() == case.given.keys()
    for name, array in own.given.items():
        kept = case.given[name]
        assert (array == kept).all()
        assert array.dtype == kept.dtype
        assert array.flags.writeable
        assert not np.shares_memory(array, kept)
        assert not np.shares_memory(array, other.given[name])
        strides = tuple(s // array.itemsize for s in array.strides)
        assert strides == placement(kept, "expanded" if name in own.data else layout).all_strides
    assert own.constants["chunk"] == 16


def test_what_is_written_to_a_copy_stays_there():
    case = mixed(dtype="float32")
    own = case.in_own_memory()
    own.inputs["x"][...] = 0.0

    assert case.inputs["x"].any()
    with pytest.raises(ValueError, match="read-only"):
        case.inputs["x"][...] = 0.0
