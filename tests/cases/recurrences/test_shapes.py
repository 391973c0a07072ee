"""Lengths of axes in symbolic sizes."""

from __future__ import annotations

import re

import pytest

from bptt_check.cases.recurrences.shapes import length_of, names_in
from bptt_check.errors import SpecError

SIZES = {"T": 7, "K": 3, "B_2": 5}


@pytest.mark.parametrize(
    ("axis", "length", "names"),
    [
        ("T", 7, ["T"]),
        ("4", 4, []),
        ("2*K", 6, ["K"]),
        ("T+1", 8, ["T"]),
        ("T-K", 4, ["T", "K"]),
        ("T//2", 3, ["T"]),
        ("(T+K)*2", 20, ["T", "K"]),
        ("T+2*K-1", 12, ["T", "K"]),
        ("B_2", 5, ["B_2"]),
    ],
)
def test_the_length_of_an_axis(axis, length, names):
    assert length_of(axis, SIZES) == length
    assert sorted(names_in(axis)) == sorted(names)


@pytest.mark.parametrize(
    "axis",
    [
        "",
        "T,",
        "T K",
        "2K",
        "T/2",
        "T**2",
        "-T",
        "T.K",
        "T[0]",
        "f(T)",
        "'T'",
        "1.5",
        "True",
        "T<K",
    ],
)
def test_what_is_no_length_is_refused_with_what_may_stand_there(axis):
    words = f"'{axis}' is no length of an axis: name a size, or write +, -, * and //"
    with pytest.raises(SpecError, match=re.escape(words if "'" not in axis else "is no length of")):
        names_in(axis)


@pytest.mark.parametrize(
    ("axis", "sizes", "words"),
    [
        ("K-1", {"K": 1}, "the axis K-1 has length 0 where K = 1: limit the sizes."),
        ("K-T", {"K": 1, "T": 3}, "the axis K-T has length -2 where K = 1, T = 3"),
        ("T//(K-1)", {"K": 1, "T": 3}, "has length 0 where T = 3, K = 1"),
        ("K*K-4", {"K": 2}, "has length 0 where K = 2: limit"),
        ("0", {}, "the axis 0 has length 0: write one of 1 and more."),
    ],
)
def test_a_length_below_one_is_refused_with_its_sizes(axis, sizes, words):
    with pytest.raises(SpecError, match=re.escape(words)):
        length_of(axis, sizes)
