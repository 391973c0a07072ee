"""The quantities of the textbook are found by their numbers, in any layout."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.diagnosis.mistakes import textbook
from bptt_check.diagnosis.repair.watching.quantities import Match, Quantities, steps_held
from bptt_check.equations.exact import exact_gradients

CASE = bc.Spec.parse("lstm+mean T=3 B=2 D=4 H=5 O=6").build()


@pytest.fixture(scope="module")
def quantities() -> Quantities:
    """Of an LSTM."""
    return Quantities([CASE])


def names(quantities: Quantities, value: np.ndarray) -> set[str]:
    """What a value is."""
    return {match.quantity for match in quantities.matches(value)}


def test_a_gradient_is_found_in_other_layouts(quantities: Quantities) -> None:
    """Transposed, negated, with gates in another order, of one gate alone, and not averaged."""
    exact = exact_gradients(CASE)["W_hh_l0"]
    turned = np.concatenate(np.split(exact, 4)[::-1]).T

    for value in (exact, turned, -exact, exact[5:10], exact * 6.0):
        assert "W_hh_bar" in names(quantities, value)


@pytest.mark.parametrize(
    "spec",
    [
        "rnn-tanh+2layers T=3 B=2 D=4 H=5 O=6",
        "lstm+bidirectional T=3 B=2 D=4 H=5 O=6",
        "rnn-tanh+2layers T=5 B=2 D=4 H=5 O=6 k1=2 k2=3",
    ],
)
def test_every_layer_and_direction_has_gradients_of_its_own(spec: str) -> None:
    """Of the same name and another shape; the sum of two layers is nothing."""
    case = bc.Spec.parse(spec).build()
    quantities, exact = Quantities([case]), exact_gradients(case)
    recurrent = [exact[n] for n in exact if n.startswith("W_hh")]

    assert len(recurrent) == 2
    for name in exact:
        if name.startswith(("W_xh", "W_hh")):
            assert f"{name[:4]}_bar" in names(quantities, exact[name])
    assert names(quantities, recurrent[0] + recurrent[1]) == set()


def test_a_state_is_found_at_its_step(quantities: Quantities) -> None:
    """And as the whole sequence, in any order of its axes."""
    (run,) = textbook.run_forward(CASE)
    states = [step.h_t for step in run.layers[0][0].steps]

    assert Match("h_t", 1) in quantities.matches(states[1])
    assert "h_t" in names(quantities, np.stack(states, axis=1))


def test_what_many_codes_hold_in_one_array_is_found(quantities: Quantities) -> None:
    """Input and state beside each other, and the gradients of their weights."""
    (run,) = textbook.run_forward(CASE)
    step, exact = run.layers[0][0].steps[1], exact_gradients(CASE)
    both = np.concatenate([exact["W_hh_l0"], exact["W_xh_l0"]], axis=1)

    assert "x_t beside h_prev" in names(quantities, np.concatenate([step.h_prev, step.x_t], axis=1))
    assert "W_xh_bar beside W_hh_bar" in names(quantities, both)
    assert names(quantities, np.concatenate([step.h_t, step.x_t], axis=1)) == set()


@pytest.mark.parametrize("change", [lambda a: a * 1.1, lambda a: a + 1e-4, lambda a: a**2])
def test_what_is_something_else_is_not_found(quantities: Quantities, change: object) -> None:
    """Another factor than a number of things, and other numbers."""
    value = np.array(exact_gradients(CASE)["W_hh_l0"])

    assert names(quantities, change(value)) == set()  # type: ignore[operator]


def test_too_few_numbers_are_nothing(quantities: Quantities) -> None:
    """Two numbers may be anybody's."""
    assert quantities.matches(np.ones(2)) == []
    assert quantities.matches(np.full(5, np.nan)) == []


def test_the_quantity_that_holds_longest_is_told() -> None:
    """From the first turn on, without a break."""
    h, other = Match("h_t_bar", 0), Match("y_bar", 0)

    assert steps_held([[h, other], [h], []]) == ("h_t_bar", 2)
    assert steps_held([[], [h]]) == ("", 0)
    assert steps_held([[replace(h, sign=-1)]]) == ("-h_t_bar", 1)
