"""Outputs of a kernel beside those of the reference, and what is said where they are not that."""

from __future__ import annotations

import re

import numpy as np
import pytest
from support.kernel_cases import case_of

from bptt_check.errors import BrokenContract
from bptt_check.subjects.kernels.kernel_outputs import checked_outputs, outputs_of_kernel

CASE = case_of()
SHAPES = {"output[0]": (4, 3), "output[1]": (3,)}


def test_outputs_are_read_in_float64():
    named = {n: np.ones(shape, np.float32) for n, shape in SHAPES.items()}

    found = checked_outputs({**named, "output[2]": np.float32(3)}, CASE)

    assert {n: (a.shape, a.dtype) for n, a in found.items()} == {
        **{n: (shape, np.dtype("float64")) for n, shape in SHAPES.items()},
        "output[2]": ((), np.dtype("float64")),
    }


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (
            {"output[1]": None},
            "output[1]",
            "output[1] is missing: the reference returns it, and what came has output[0]",
        ),
        (
            {"output[0]": np.ones((3, 4))},
            "output[0]",
            "output[0] has shape (3, 4), and that of the reference (4, 3)",
        ),
        (
            {"output[1]": np.ones((3, 1))},
            "output[1]",
            "output[1] has shape (3, 1), and that of the reference (3,)",
        ),
        (
            {"output[1]": np.ones(3) * 1j},
            "output[1]",
            "output[1] is complex: return its real and its imaginary part",
        ),
    ],
)
def test_outputs_that_are_not_those_of_the_reference_are_refused(change, place, words):
    named = {**{n: np.ones(shape) for n, shape in SHAPES.items()}, **change}

    with pytest.raises(BrokenContract, match=re.escape(words)) as raised:
        checked_outputs({n: a for n, a in named.items() if a is not None}, CASE)
    assert raised.value.parameter == place


def test_an_output_that_has_no_part_in_the_loss_may_be_missing():
    case = case_of(cotangents="one_output")
    (name,) = case.cotangents

    assert [*checked_outputs({name: np.ones(SHAPES[name])}, case)] == [name]


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("text", "output of the kernel is of type 'str'. Return an array"),
        ((np.ones(3), {"a": object()}), "output[1].a of the kernel is of type 'object'"),
        (None, "the kernel returned no array. Return an array, or a tuple"),
        ([], "the kernel returned no array"),
    ],
)
def test_what_is_no_nest_of_arrays_is_refused(returned, words):
    with pytest.raises(BrokenContract, match=re.escape(words)) as raised:
        outputs_of_kernel(returned)
    assert raised.value.parameter == "return value"
