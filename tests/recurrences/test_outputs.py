"""Places of the arrays in what a function returned."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import pytest

from bptt_check.cases.recurrences.outputs import named_outputs
from bptt_check.errors import SpecError


class Pair(NamedTuple):
    first: Any
    second: Any


@dataclasses.dataclass
class Result:
    state: Any
    gates: Any


A = np.zeros(2)


@pytest.mark.parametrize(
    ("returned", "places"),
    [
        (A, ["output"]),
        (1.5, ["output"]),
        (np.float64(1.5), ["output"]),
        ((A, A), ["output[0]", "output[1]"]),
        ([A, (A, A)], ["output[0]", "output[1][0]", "output[1][1]"]),
        ({"state": A, "log decay": A}, ["output.state", "output['log decay']"]),
        (Pair(A, {3: A}), ["output.first", "output.second[3]"]),
        (Result(A, [A]), ["output.state", "output.gates[0]"]),
        ((A, None), ["output[0]"]),
    ],
)
def test_a_leaf_is_named_by_its_place(returned, places):
    assert list(named_outputs(returned)) == places


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("text", "output of the reference is of type 'str'"),
        ((A, {"a": object()}), r"output\[1\]\.a of the reference is of type 'object'"),
        (None, "returned no array"),
        ((), "returned no array"),
        ([None], "returned no array"),
        (iter([A]), "is of type 'list_iterator'"),
    ],
)
def test_what_is_no_array_is_refused_with_its_place(returned, words):
    with pytest.raises(SpecError, match=words):
        named_outputs(returned)
