"""Places of the arrays in what a function returned."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import pytest

from bptt_check.cases.recurrences.outputs import named_outputs, with_arrays
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


@pytest.mark.parametrize(
    "returned",
    [
        A,
        1.5,
        (A, A),
        [A, (A, A), [A]],
        {"state": A, "log decay": [A], 3: A, "3": A},
        Pair(A, {3: A}),
        Result(A, [A, Pair(A, A)]),
        (A, None, {"a": None, "b": (None, A)}),
        (Result(None, A), [], {}),
    ],
)
def test_other_arrays_in_the_places_of_its_own(returned):
    """The inverse of `named_outputs`: the same nest of the same kinds, and every array there."""
    named = {name: f"of {name}" for name in named_outputs(returned)}

    nest = with_arrays(returned, named)

    assert _kinds(nest, named) == _kinds(returned, named_outputs(returned))
    arrays = {name: np.array(n) for n, name in enumerate(named)}
    again = named_outputs(with_arrays(returned, arrays))
    assert list(again) == list(arrays)
    assert all(again[name] is arrays[name] for name in arrays)


def _kinds(nest: Any, leaves: Any) -> Any:
    """The kinds that a nest is made of, with its keys; arrays are all alike."""
    if nest is None or any(nest is leaf for leaf in leaves.values()):
        return nest is None
    if isinstance(nest, dict):
        return dict, [(key, _kinds(part, leaves)) for key, part in nest.items()]
    parts = [*vars(nest).values()] if dataclasses.is_dataclass(nest) else [*nest]
    return type(nest), [_kinds(part, leaves) for part in parts]


def test_a_nest_without_an_array_of_its_own_is_refused():
    with pytest.raises(SpecError, match=r"output\[1\] of the reference is of type 'ndarray'"):
        with_arrays((A, A), {"output[0]": A})
