"""Factors are products and quotients of numbers and sizes."""

from __future__ import annotations

import pytest

import bptt_check as bc
from bptt_check.conventions.scale_factors import FACTORS, factor_of
from bptt_check.errors import SpecError

CASE = bc.Spec(bc.Model("rnn"), bc.Sizes(T=5, B=3, D=2, H=4, O=7)).build()
VALUES: dict[str | float, float] = {
    "1/(2*B)": 1 / 6,
    "1/(2B)": 1 / 6,
    "0.5/(T*B)": 0.5 / 15,
    "-1/T": -0.2,
    "2(T*B)": 30.0,
    "1/2/B": 1 / 6,
    "H/O": 4 / 7,
    0.25: 0.25,
    3: 3.0,
}


@pytest.mark.parametrize("text", VALUES)
def test_a_factor_is_what_it_says(text: str | float) -> None:
    """Of the sizes of the case."""
    assert factor_of("loss_factor", text)(CASE) == pytest.approx(VALUES[text], rel=1e-15)


@pytest.mark.parametrize(
    "text", ["1/N", "1/", "T+B", "0", "1/0", "TB", "B**2", "f(B)", "nan", "'B'"]
)
def test_what_is_no_factor_is_refused(text: str) -> None:
    """With the option, the text, and what a factor is."""
    with pytest.raises(SpecError, match=r"gradient_factor .* is no factor: .* such as"):
        factor_of("gradient_factor", text)


def test_factors_that_are_looked_for_can_be_declared() -> None:
    """What a diagnosis names is taken by the option that it names."""
    for text in FACTORS:
        assert bc.Convention(loss_factor=text).view(CASE).scale == FACTORS[text](CASE)
