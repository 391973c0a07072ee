"""Layouts: which names and lengths there may be, and what follows from them."""

from __future__ import annotations

import pytest

from bptt_check import Layout
from bptt_check.errors import SpecError


def test_shapes_follow_from_the_lengths():
    """D, H, P and G stand for numbers; products of them and numbers alone, too."""
    layout = Layout(
        gates=("i", "f"),
        states=("h", "c"),
        further={"W_hr": ("P", "H"), "v": ("G*H",), "K": (3, "2*D")},
        proj_size=lambda H: H - 2,
    )

    assert layout.shapes(D=4, H=5) == {
        "W_xh": (10, 4), "W_hh": (10, 3), "W_hr": (3, 5), "v": (10,), "K": (3, 8), "b_h": (10,),
    }  # fmt: skip
    assert list(layout.shapes(4, 5, bias=False)) == ["W_xh", "W_hh", "W_hr", "v", "K"]
    assert (layout.width("h", 5), layout.width("c", 5)) == (3, 5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"states": ("c", "h")}, "the first of the states must be 'h'"),
        ({"states": ()}, "the first of the states must be 'h'"),
        ({"states": ("h", "h")}, "'h' stands twice among the states"),
        ({"states": ("h", "m_t")}, "the name of a state must be letters and not x, got 'm_t'"),
        ({"states": ("h", "x")}, "the name of a state must be letters and not x, got 'x'"),
        ({"further": {"W_hh": ("H", "H")}}, "'W_hh' stands twice among the parameters"),
        ({"further": {"b_r": ("H",)}}, "'b_r' needs another name"),
        ({"further": {"W_l0": ("H",)}}, "'W_l0' needs another name"),
        ({"further": {"W_hr": ("Q", "H")}}, "unknown length of W_hr: 'Q'"),
        ({"further": {"W_hr": ("H/2",)}}, "unknown length of W_hr: 'H/2'"),
        ({"further": {"W_hr": (0,)}}, "unknown length of W_hr: '0'"),
        ({"further": {"W_hr": "PH"}}, "W_hr must have one or two lengths"),
        ({"further": {"W_hr": ("H", "H", "H")}}, "W_hr must have one or two lengths"),
    ],
)
def test_what_cannot_be_told_apart_or_read_is_refused(options, message):
    """With the name, and what may stand there."""
    with pytest.raises(SpecError, match=message):
        Layout(gates=("h",), **options)


@pytest.mark.parametrize("width", [0, -1, 1.5, True, None])
def test_a_projection_has_a_width(width):
    """It is asked for when sizes are known."""
    layout = Layout(gates=("h",), proj_size=lambda H: width)

    with pytest.raises(SpecError, match=r"proj_size of H=5 must be an integer of at least 1"):
        layout.shapes(2, 5)
