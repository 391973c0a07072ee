"""The shares of the terms of a step, against other ways to lose them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.own_cells import OwnCell, registered

from bptt_check.cases.arrays.cell_layout import Layout
from bptt_check.cases.case import Case, Spec, Truncation
from bptt_check.diagnosis.mistakes import textbook
from bptt_check.diagnosis.mistakes.mistake import Mistake
from bptt_check.equations import cells
from bptt_check.equations.exact import exact_gradients
from bptt_check.equations.terms import shares_of_terms

WEIGHTS = ("W_xh_l0", "W_hh_l0", "b_h_l0", "W_hy", "b_y")


def built(text: str) -> Case:
    """A case by its line."""
    return Spec.parse(text).build()


def test_recurrent_term_is_what_windows_of_one_step_lack() -> None:
    """Cut at every step, a gradient has nothing of h_{t-1} as a function of the weights."""
    case = built("rnn-tanh+mse T=5 B=2 D=3 H=4 O=2 seed=1")
    cut = replace(case, truncation=Truncation(1, 1), spec=None)
    lacking, whole = exact_gradients(cut), exact_gradients(case)

    share = shares_of_terms(case)["h_prev"]

    for name in WEIGHTS:
        np.testing.assert_allclose(share[name], whole[name] - lacking[name], atol=1e-13)
    assert np.abs(share["W_hh_l0"]).max() > 0.01
    np.testing.assert_allclose(share["h0"], whole["h0"], atol=1e-15)


@pytest.mark.parametrize(
    ("term", "right", "wrong"),
    [
        ("a_f", "a_f_bar = f_bar * f * (1 - f)", "a_f_bar = 0.0 * f_bar"),
        ("a_i", "a_i_bar = i_bar * i * (1 - i)", "a_i_bar = 0.0 * i_bar"),
        ("a_o", "a_o_bar = o_bar * o * (1 - o)", "a_o_bar = 0.0 * o_bar"),
        ("c_prev", "c_prev_bar = c_t_bar * f", "c_prev_bar = 0.0 * c_t_bar"),
        ("h_prev", "h_prev_bar = a_t_bar @ W_hh", "h_prev_bar = 0.0 * (a_t_bar @ W_hh)"),
    ],
)
@pytest.mark.parametrize("text", ["lstm T=4 B=2 D=3 H=2", "lstm+2layers+linear T=3 B=2 D=2 H=3"])
def test_share_is_what_the_textbook_loses_without_the_line(term, right, wrong, text) -> None:
    """An edit of the textbook that drops the term loses just its share, also of c0 and of x."""
    case = built(f"{text} seed=3")
    runs = textbook.run_forward(case)
    edit = Mistake("partial", "", "lstm_backward", ((right, wrong),)).change
    lacking = textbook.edited_gradients(case, runs, [edit])
    whole = textbook.edited_gradients(case, runs)

    share = shares_of_terms(case)[term]

    for name in case.inputs:
        np.testing.assert_allclose(share[name], whole[name] - lacking[name], atol=1e-13)
    assert np.abs(share["W_hh_l0"]).max() > 1e-6
    other = shares_of_terms(case)["a_g"]
    assert not np.allclose(share["W_hh_l0"], other["W_hh_l0"])


@pytest.mark.parametrize(
    "text",
    [
        "gru T=4 B=3 D=2 H=3 lengths seed=5",
        "gru-reset-before+bidirectional T=3 B=2 D=2 H=2 seed=5",
        "rnn-tanh T=7 B=2 D=2 H=3 k1=2 k2=3 seed=5",
    ],
)
def test_pre_activations_and_candidates_have_all_of_the_weights(text) -> None:
    """What goes through every pre-activation is the whole gradient of the layer's own weights."""
    case = built(text)
    shares, whole = shares_of_terms(case), exact_gradients(case)
    biases = [n for n in case.params if n.startswith(("b_h_l", "b_xh_l"))]

    for name in biases:
        parts = [shares[t][name] for t in ("a_t", "x_r", "x_z", "x_n") if t in shares]
        rows = sum((np.abs(part) > 0).any() for part in parts)
        assert rows == len(parts)
        if "a_t" in shares:
            np.testing.assert_allclose(parts[0], whole[name], atol=1e-14)
    untouched = shares["h_prev"]["b_y"]
    assert not np.any(untouched)


LAYOUT = Layout(gates=("a",), states=("h",), biases=("b_h",))


def leaking_step(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    """h_t = 0.9 h_{t-1} + tanh(W_xh x_t + b_h)."""
    (h_prev,) = state
    drive = xp.tanh(cells.affine(x_t, p["W_xh"], p.get("b_h")))
    leak = 0.9 * h_prev
    return (leak + drive,)


@pytest.fixture
def leaky() -> Iterator[str]:
    """The name of a cell of one's own, whose step leaks; it is there for one test."""
    cell = OwnCell("leaky-terms", LAYOUT, leaking_step)
    with registered(cell):
        yield cell.name


def test_registered_cell_has_its_own_terms(leaky: str) -> None:
    """Its variables are the terms; W_hh, which it does not use, owes nothing to any."""
    case = built(f"{leaky} T=4 B=2 D=3 H=2 seed=1")
    shares, whole = shares_of_terms(case), exact_gradients(case)

    assert {"x_t", "h_prev", "drive", "leak"} <= set(shares)
    np.testing.assert_allclose(shares["drive"]["W_xh_l0"], whole["W_xh_l0"], atol=1e-14)
    np.testing.assert_allclose(shares["leak"]["h0"], whole["h0"], atol=1e-14)
    assert not any(np.any(share["W_hh_l0"]) for share in shares.values())


def test_cell_that_is_no_plain_function_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An object that is called has no variables that could be seen."""
    own = cells.CELLS["rnn"]

    class Step:
        def __init__(self, step: Any) -> None:
            self.step = step

        def __call__(self, xp: Any, p: Any, x_t: Any, state: Any, t: Any = None) -> Any:
            return self.step(xp, p, x_t, state, t)

    hidden = cells.Cell(own.layout, lambda model: Step(own.step(model)))
    monkeypatch.setattr(cells, "CELLS", {**cells.CELLS, "rnn": hidden})

    assert shares_of_terms(built("rnn-tanh T=3 B=2 D=2 H=2 seed=1")) == {}


def test_profiler_of_whoever_looks_stays() -> None:
    """Variables are seen without the hooks that a profiler or a debugger has."""
    calls: list[str] = []
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, argument: calls.append(event))
    try:
        shares_of_terms(built("rnn-tanh T=2 B=1 D=1 H=1 seed=1"))
        kept = sys.getprofile()
    finally:
        sys.setprofile(before)

    assert kept is not None
    assert len(calls) > 100
