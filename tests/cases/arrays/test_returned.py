"""What a subject returned, taken off objects of which nothing is sure."""

from __future__ import annotations

from collections import UserDict
from typing import Any

import numpy as np
import pytest

from bptt_check.cases.arrays.returned import MOST_NAMES, Unreadable, dict_of, outputs_of, pair_of


class _Raising(UserDict[Any, Any]):
    def __getitem__(self, key: Any) -> Any:
        raise RuntimeError("no\x1b value")


class _Endless(dict[Any, Any]):
    def __iter__(self) -> Any:
        while True:
            yield "b_y"


def test_names_are_texts_and_what_is_none_is_nobodys_name():
    """A number is told with its type; a text of an own kind is that text."""
    own = type("Own", (str,), {"__str__": lambda self: "another"})

    assert dict_of({own("b_y"): 1, 7: 2, "W": 3}, "gradients") == {"b_y": 1, "7 (int)": 2, "W": 3}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1.0], "the gradients must be a dict, got list"),
        (_Raising(b_y=1.0), r"the gradients cannot be read: no\\x1b value"),
        (_Endless(b_y=1.0), "the gradients have more than 100,000 names"),
        (dict.fromkeys(range(MOST_NAMES + 1), 0), "the gradients have more than 100,000 names"),
    ],
)
def test_what_is_no_dict_is_refused(value, message):
    """Also one that raises, or never ends."""
    with pytest.raises(Unreadable, match=f"^{message}$"):
        dict_of(value, "gradients")


def test_as_many_names_as_may_be_are_read():
    """One more is refused."""
    assert len(dict_of(dict.fromkeys(range(MOST_NAMES), 0), "gradients")) == MOST_NAMES


def test_outputs_are_arrays_under_names_that_can_be_shown():
    """Nothing is made of none."""
    found = outputs_of({"\udc80": [1, 2], "y": 0.5})

    assert found is not None
    assert [*found] == ["\\udc80", "y"]
    assert np.array_equal(found["\\udc80"], [1, 2])
    assert outputs_of(None) is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"y": 1j}, "the output 'y' has dtype complex128, which is no number's"),
        ({"y": [[1], [1, 2]]}, "the output 'y' cannot be read: setting an array element.*"),
        (
            {"y": np.broadcast_to(0.0, (10**12,)), "h": 0.0},
            "the outputs hold 1,000,000,000,001 numbers; at most 67,108,864 are read",
        ),
    ],
)
def test_outputs_that_are_no_numbers_or_too_many_are_refused(value, message):
    """The largest is a view of one number."""
    with pytest.raises(Unreadable, match=f"^{message}$"):
        outputs_of(value)


def test_pair_is_a_tuple_of_two_whatever_its_methods_say():
    """Or a result."""

    class Pair(tuple[Any, ...]):
        def __len__(self) -> int:
            return 7

    assert pair_of(Pair((1.0, {}))).loss == 1.0
    with pytest.raises(Unreadable, match=r"got a tuple of 3$"):
        pair_of(Pair((1.0, {}, 3)))
