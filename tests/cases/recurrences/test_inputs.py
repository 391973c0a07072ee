"""What `Inputs` takes, what it refuses, and the numbers of a case."""

from __future__ import annotations

import re

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.cases.recurrences.inputs import Inputs
from bptt_check.errors import SpecError, UnknownName


def inputs(x="T B", **options):
    options.setdefault("sizes", {"T": (1, 5), "B": 2})
    return Inputs(x=x, **options)


def of_size(given) -> Inputs:
    return Inputs(x="T", sizes={"T": given})


# --- sizes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        (3, (3,)),
        (np.int64(3), (3,)),
        ((2, 6), (2, 3, 4, 5, 6)),
        ((4, 4), (4,)),
        ([16, 64], (16, 64)),
        ([64, 16, 64], (16, 64)),
        ((16, 32, 64), (16, 32, 64)),
        (range(8, 33, 8), (8, 16, 24, 32)),
        (np.array([4, 2]), (2, 4)),
    ],
)
def test_what_a_size_may_be(given, drawn):
    assert of_size(given).free == {"T": drawn}


def test_of_a_wide_range_ends_and_what_lies_beside_tiles_are_drawn():
    drawn = of_size((1, 300)).free["T"]

    assert {1, 2, 3, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 257, 299, 300} <= {*drawn}
    assert len(drawn) < 100
    assert (min(drawn), max(drawn)) == (1, 300)
    assert any(a % 16 not in (0, 1, 15) for a in drawn if a > 64)


def test_a_range_may_be_every_number_in_it_and_a_list_no_other():
    assert 22 in of_size((1, 300)).ranges["T"]
    assert 301 not in of_size((1, 300)).ranges["T"]
    assert 17 not in of_size([16, 32]).ranges["T"]
    assert 17 not in of_size(range(16, 33, 16)).ranges["T"]


@pytest.mark.parametrize(
    "given", [0, -1, (0, 4), [], (), [2.0], 2.5, True, [True], None, {"a": 1}, [[1]]]
)
def test_a_size_that_is_no_whole_number_from_1_on_is_refused(given):
    words = f"the size T must be made of whole numbers from 1 on, got {given!r}."
    with pytest.raises(SpecError, match=re.escape(words)):
        of_size(given)


def test_a_range_from_high_to_low_is_refused():
    words = "the size T has its lowest number above its highest: (5, 2)."
    with pytest.raises(SpecError, match=re.escape(words)):
        of_size((5, 2))


def test_a_size_of_which_nothing_is_said_is_refused():
    with pytest.raises(SpecError, match="sizes of Inputs says nothing of B, K"):
        inputs("T B K", sizes={"T": 3})


@pytest.mark.parametrize("name", ["seed", "dtype", "regime", "cotangents", "layout", "a b", "2"])
def test_a_size_that_cannot_be_said_in_a_line_is_refused(name):
    with pytest.raises(SpecError, match=f"no size can be called '{name}'"):
        inputs(sizes={"T": 3, "B": 2, name: 4})


def test_sizes_that_equal_others():
    found = inputs("T B H K", sizes={"T": (1, 3), "B": "H", "H": "K", "K": [2, 4]})

    assert found.free == {"T": (1, 2, 3), "K": (2, 4)}
    assert found.tied({"T": 1, "K": 4}) == {"T": 1, "B": 4, "H": 4, "K": 4}
    assert found.shapes(found.tied({"T": 1, "K": 4})) == {"x": (1, 4, 4, 4)}


@pytest.mark.parametrize(
    ("sizes", "circle"),
    [
        ({"T": "T", "B": 2}, "T = T"),
        ({"T": "B", "B": "T"}, "T = B = T"),
        ({"T": "B", "B": "K", "K": "B"}, "T = B = K = B"),
    ],
)
def test_sizes_that_equal_each_other_in_a_circle_are_refused(sizes, circle):
    with pytest.raises(SpecError, match=re.escape(f"equal each other in a circle: {circle}.")):
        inputs(sizes=sizes)


def test_a_size_that_equals_an_unknown_one_is_refused():
    with pytest.raises(UnknownName, match="size that B equals: 'H'"):
        inputs(sizes={"T": 3, "B": "H"})


# --- arrays -------------------------------------------------------------------------------------


def test_shapes_are_those_of_the_sizes():
    found = Inputs(
        x="T+1 2*K", W=bc.normal("K", scale=0.5), n=bc.integers(0, 2, "T"), chunk=16,
        sizes={"T": 4, "K": 3}, time="T",
    )  # fmt: skip

    assert found.shapes({"T": 4, "K": 3}) == {"x": (5, 6), "W": (3,), "n": (4,), "chunk": ()}
    assert found.differentiated == ("x", "W")
    assert [found.time_axis(n) for n in ("x", "W", "n", "chunk")] == [None, None, 0, None]
    drawn = found.draw({"T": 4, "K": 3}, "float32", 0, "normal")
    assert {n: np.shape(a) for n, a in drawn.items()} == found.shapes({"T": 4, "K": 3})
    assert drawn["chunk"] == 16


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({}, "Inputs needs at least one array"),
        ({"x": [1, 2]}, "the input x must be a shape such as 'T B K', one of bc.normal"),
        ({"x": 3}, "no input of Inputs is differentiated"),
        ({"x": bc.normal("T", constant=True)}, "no input of Inputs is differentiated"),
        ({"x": bc.integers(0, 1, "T")}, "no input of Inputs is differentiated"),
        ({"x": "T,"}, "'T,' is no length of an axis"),
    ],
)
def test_arrays_that_cannot_be_are_refused(arrays, words):
    with pytest.raises(SpecError, match=re.escape(words)):
        Inputs(sizes={"T": 3}, **arrays)


def test_time_is_one_of_the_sizes():
    assert inputs(time="T").time == "T"
    with pytest.raises(UnknownName, match="time 't'"):
        inputs(time="t")


def test_cases_of_other_precisions_have_the_numbers_of_their_grid():
    found = inputs()

    exact = found.draw({"T": 5, "B": 2}, "float64", 1, "normal")["x"]
    half = found.draw({"T": 5, "B": 2}, "bfloat16", 1, "normal")["x"]

    # half of the last of 8 digits; three decimals are on no such grid
    assert (np.abs(half - exact) <= 2.0**-8 * np.abs(exact)).all()
    assert (half != exact).any()
    assert half.dtype == np.float64


# --- where --------------------------------------------------------------------------------------


def test_where_of_sizes():
    found = inputs(where=lambda T, B: T > B)

    assert found.allows({"T": 3, "B": 2})
    assert not found.allows({"T": 2, "B": 2})


def test_where_of_arrays_is_asked_when_they_are_drawn():
    found = inputs(where=lambda x, B: (x > -1.0) & (B == 2))

    assert found.allows({"T": 2, "B": 2})
    assert found.allows({"T": 2, "B": 2}, {"x": np.zeros((2, 2))})
    assert not found.allows({"T": 2, "B": 2}, {"x": np.full((2, 2), -2.0)})
    assert not found.allows({"T": 2, "B": 2}, {"x": np.array([[0.0, -2.0], [0.0, 0.0]])})
    for seed in range(20):
        assert (found.draw({"T": 2, "B": 2}, "float32", seed, "normal")["x"] > -1.0).all()


def test_where_of_a_choice_holds_for_some_option_of_it():
    """Lengths of chunks that divide T: no case has a T that none of them divides."""
    found = inputs(chunk=bc.choice(2, 3), where=lambda T, chunk: T % chunk == 0)

    assert [T for T in range(1, 10) if found.allows({"T": T, "B": 2})] == [2, 3, 4, 6, 8, 9]
    assert {found.draw({"T": 3, "B": 2}, "float32", s, "normal")["chunk"] for s in range(9)} == {3}


def test_where_takes_everything_or_has_defaults():
    assert not inputs(where=lambda **known: known["T"] > 2).allows(
        {"T": 2, "B": 2}, {"x": np.zeros((2, 2))}
    )
    assert inputs(where=lambda T, n=2: n < T).allows({"T": 3, "B": 2})
    assert not inputs(where=lambda T, n=2: n < T).allows({"T": 2, "B": 2})


def test_where_that_takes_an_unknown_name_is_refused():
    with pytest.raises(UnknownName, match="size or input that where= takes: 'K'"):
        inputs(where=lambda K: K > 1)
    with pytest.raises(SpecError, match="where of Inputs must be a function, got 3"):
        inputs(where=3)


def test_where_that_never_holds_says_of_which_sizes():
    never = inputs(where=lambda x: (x > 100.0).all())
    words = "where= of Inputs holds in none of 200 draws with T=2, B=2 and regime=large"
    with pytest.raises(SpecError, match=re.escape(words)):
        never.draw({"T": 2, "B": 2}, "float32", 0, "large")


def test_a_size_and_an_input_of_the_same_name():
    """As B of a selective scan is a matrix, and elsewhere the number of sequences."""
    found = Inputs(B="T B", sizes={"T": 3, "B": 2})

    assert found.draw({"T": 3, "B": 2}, "float32", 0, "normal")["B"].shape == (3, 2)
    assert Inputs(B="T B", sizes={"T": 3, "B": 2}, where=lambda T: T > 1).allows({"T": 3, "B": 2})
    with pytest.raises(SpecError, match=r"where= takes B, a size and an input: rename the size\."):
        Inputs(B="T B", sizes={"T": 3, "B": 2}, where=lambda B: B > 1)


def test_it_is_printed_with_its_shapes():
    assert repr(inputs("T+1 B", chunk=16)) == "Inputs(x='T+1 B', chunk='')"
