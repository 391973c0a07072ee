"""What the arrays of a case must be: everything else is refused with a sentence that names it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.cases import case_of

from bptt_check.cases.case import Truncation
from bptt_check.cases.model import Model
from bptt_check.errors import SpecError

NAN = np.full((3, 2, 4), np.nan)
INF = np.full((1, 2, 5), -np.inf)
PARAMS = case_of("lstm").params
XH = "x must be (T, B, D) and h0 (layers*N, B, H), all at least 1; got "
P = "params must be exactly W_xh_l0, W_hh_l0, b_h_l0, W_hy, b_y; "


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dtype": "int8"}, "unknown dtype 'int8'."),
        ({"x": np.zeros((3, 2))}, XH + "(3, 2) and (1, 2, 5)."),
        ({"h0": np.zeros(5)}, XH + "(3, 2, 4) and (5,)."),
        ({"x": np.zeros((0, 2, 4))}, XH),
        ({"x": np.zeros((3, 2, 0))}, XH),
        ({"x": np.zeros((3, 9, 4))}, "h0 must have shape (1, 9, 5), got (1, 2, 5)."),
        ({"x": np.zeros((3, 2, 7))}, "W_xh_l0 must have shape (20, 7), got (20, 4)."),
        ({"h0": np.zeros((2, 2, 5))}, "h0 must have shape (1, 2, 5), got (2, 2, 5)."),
        ({"c0": np.zeros((1, 2, 6))}, "c0 must have shape (1, 2, 5), got (1, 2, 6)."),
        ({"x": NAN}, "x holds NaN or infinity; a case must be finite."),
        ({"h0": INF}, "h0 holds NaN or infinity; a case must be finite."),
        ({"c0": None}, "c0 is needed for the model lstm."),
        ({"targets": np.zeros((3, 2))}, "targets must hold integers, got dtype float64."),
        ({"targets": np.zeros((2, 3), int)}, "targets must have shape (3, 2), got (2, 3)."),
        ({"targets": np.full((3, 2), 6)}, "targets must lie in 0..5 (O - 1), got 6..6."),
        ({"targets": np.full((3, 2), -1)}, "targets must lie in 0..5 (O - 1), got -1..-1."),
        ({"lengths": [1.0, 2.0]}, "lengths must hold integers, got dtype float64."),
        ({"lengths": [True, True]}, "lengths must hold integers, got dtype bool."),
        ({"lengths": [3]}, "lengths must have shape (2,), got (1,)."),
        ({"lengths": [0, 3]}, "lengths must lie in 1..3 (T), got [0, 3]."),
        ({"lengths": [1, 4]}, "lengths must lie in 1..3 (T), got [1, 4]."),
        ({"cotangent_h_n": np.zeros((1, 2, 5))}, "cotangent_h_n must be None for the model lstm."),
        ({"cotangent_c_n": np.zeros((1, 2, 5))}, "cotangent_c_n must be None for the model lstm."),
        ({"model": Model("rnn"), "c0": None}, "W_xh_l0 must have shape (5, 4), got (20, 4)."),
        ({"model": Model(loss="mse")}, "targets must have shape (3, 2, 6), got (3, 2)."),
        (
            {"model": Model(bidirectional=True), "truncation": Truncation(1, 1)},
            "truncation and bidirectional=True exclude each other:",
        ),
        ({"params": {n: a for n, a in PARAMS.items() if n != "b_y"}},
            P + "missing: b_y; unknown: none."),
        ({"params": {**PARAMS, "b": PARAMS["b_y"]}}, P + "missing: none; unknown: b."),
        ({"params": {**PARAMS, "W_hy": np.zeros(6)}}, "W_hy must be (O, H*N), got (6,)."),
        ({"params": {**PARAMS, "W_hy": np.zeros((6, 4))}}, "W_hy must have shape (6, 5), got"),
        ({"params": {**PARAMS, "b_y": np.full(6, np.nan)}}, "b_y holds NaN or infinity"),
    ],
)  # fmt: skip
def test_a_case_refuses_arrays_that_do_not_fit(changes, message):
    """Every array is checked for presence, shape, finiteness and range, and named."""
    with pytest.raises(SpecError) as caught:
        replace(case_of("lstm"), **changes)

    assert str(caught.value).startswith(message)


def test_a_gru_refuses_a_cell_state():
    """`c0` belongs to the LSTM."""
    case = case_of("gru")

    with pytest.raises(SpecError, match=r"^c0 must be None for the model gru\."):
        replace(case, c0=case.h0)


@pytest.mark.parametrize("name", ["cotangent_h_n", "cotangent_c_n"])
def test_the_linear_loss_needs_its_cotangents(name):
    """The linear loss is not complete without cotangents of the final states."""
    with pytest.raises(SpecError, match=rf"^{name} is needed for the model lstm\+linear\."):
        replace(case_of("lstm+linear"), **{name: None})


def test_values_that_overflow_the_dtype_are_refused():
    """A value that float32 cannot hold is not finite there."""
    case = case_of("rnn-tanh", dtype="float32")

    with np.errstate(over="ignore"), pytest.raises(SpecError, match=r"^x holds NaN or infinity"):
        replace(case, x=np.full((3, 2, 4), 1e300))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"x": "abc"}, id="text"),
        pytest.param({"x": None}, id="no x"),
        pytest.param({"params": None}, id="no params"),
        pytest.param({"params": {**PARAMS, "b_y": None}}, id="no b_y"),
        pytest.param({"model": "lstm"}, id="model name"),
        pytest.param({"truncation": (1, 2)}, id="truncation tuple"),
        pytest.param({"x": np.ones((3, 2, 4)) * 1j}, id="complex"),
    ],
)
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_arrays_of_the_wrong_kind_are_refused(changes):
    """Whatever is no array of real numbers is refused with a sentence of ours."""
    with pytest.raises(SpecError):
        replace(case_of("lstm"), **changes)
