"""An array of another shape is told with the option that says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.adapted_code import KERNEL, PLAIN, Reference, forward, verdict

import bptt_check as bc
from bptt_check.conventions.alternatives import model_without, options_that_fit
from bptt_check.conventions.options import Options

LSTM = bc.Spec(bc.Model("lstm", loss="mse"), bc.Sizes(T=5, B=3, D=6, H=2, O=7)).build()
FITS: dict[str, tuple[dict[str, Any], str, tuple[int, ...], list[dict[str, Any]]]] = {
    "row": ({}, "b_h_l0", (1, 8), [{"rows": True}]),
    "row of the head": ({}, "b_y", (1, 7), [{"rows": True}]),
    "column": ({}, "b_h_l0", (8, 1), [{"columns": True}]),
    "no column": ({"columns": True}, "b_h_l0", (8,), [{"columns": False}]),
    "in, out": ({}, "W_xh_l0", (6, 8), [{"transposed": True}]),
    "out, in": ({"transposed": True}, "W_xh_l0", (8, 6), [{"transposed": False}]),
    "an axis of gates": ({}, "b_h_l0", (4, 2), [{"gate_axis": True}]),
    "bias in the matrix": ({}, "W_xh_l0", (8, 7), [{"bias_column": "last"}]),
    "batch first": ({}, "x", (3, 5, 6), [{"batch": "first"}]),
    "time last": ({}, "x", (3, 6, 5), [{"time_last": True}]),
    "n, m, T": ({}, "x", (6, 3, 5), [{"columns": True, "time_last": True}]),
    "no layers": ({}, "h0", (3, 2), [{"layer_axis": False}]),
    "its own name": ({"names": {"b_h": "bias"}}, "bias", (1, 8), [{"rows": True}]),
    "outputs": ({}, "h", (3, 5, 2), [{"batch": "first"}]),
    "nothing": ({}, "b_h_l0", (3, 3), []),
}


@pytest.mark.parametrize("what", FITS)
def test_the_options_that_fit_are_found(what: str) -> None:
    """One where one is enough, and none that fits by nothing."""
    declared, name, shape, want = FITS[what]

    assert list(options_that_fit(Options(**declared), LSTM, name, shape)) == want


def returning(name: str, change: Any) -> Any:
    """The reference with one gradient in another shape."""
    return lambda view: (
        Reference(view)[0],
        Reference(view)[1] | {name: change(Reference(view)[1][name])},
    )


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        (
            "b_h_l0", lambda g: g[None],
            r"b_h_l0 has shape \(1, 2\), not \(2,\); it would fit with rows=True",
        ),
        ("b_y", lambda g: g[:, None], r"b_y has shape \(2, 1\), not \(2,\); .* with columns=True"),
        ("W_xh_l0", lambda g: g.T, r"\(3, 2\), not \(2, 3\); it would fit with transposed=True"),
    ],
)  # fmt: skip
def test_a_shape_that_does_not_fit_is_told_with_the_option(
    name: str, change: Any, says: str
) -> None:
    """In the message of the breach, after both shapes."""
    report = verdict(PLAIN.adapt(returning(name, change)))

    assert report.verdict == "contract"
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(report.message)


def test_a_shape_that_no_option_gives_is_told_without_one() -> None:
    """The message ends with the shapes."""
    report = verdict(PLAIN.adapt(returning("b_h_l0", lambda g: np.zeros((5, 5)))))

    assert "has shape (5, 5), not (2,)" in report.message
    assert "it would fit" not in report.message


def test_outputs_of_a_kernel_are_told_in_its_shapes() -> None:
    """Whatever the number of their axes."""
    swapped = PLAIN.adapt(lambda *a: (forward(*a)[0].swapaxes(0, 1), forward(*a)[1]), **KERNEL)
    flat = PLAIN.adapt(lambda *a: (forward(*a)[0].sum(1), forward(*a)[1]), **KERNEL)

    assert "not (4, 2, 2); it would fit with batch='first'" in verdict(swapped).message
    assert "the outputs have shape (4, 2), not (4, 2, 2)" in verdict(flat).message


@pytest.mark.parametrize(
    ("model", "parameter", "without"),
    [
        ("gru", "b_hh_l0", "gru+onebias"),
        ("gru+2layers+mse", "b_hh_l1", "gru+2layers+mse+onebias"),
        ("rnn-tanh+mse", "W_hy", "rnn-tanh+mse+nohead"),
        ("rnn-tanh+mse", "b_h_l0", "rnn-tanh+mse+nobias"),
        ("lstm", "b_h_l0", "lstm+nobias"),
        ("lstm", "W_hy", None),
        ("lstm+mse", "W_hh_l0", None),
    ],
)
def test_the_model_without_a_parameter_is_found(
    model: str, parameter: str, without: str | None
) -> None:
    """The one that leaves out the least, where there is one."""
    found = model_without(bc.Model.parse(model), parameter)

    assert (found and str(found)) == without


def test_a_gradient_that_is_missing_is_told_with_the_model_that_has_none() -> None:
    """Code with one bias, or without a head, is told what it is called."""

    def lacking(*names: str) -> Any:
        convention = bc.Convention(names={"b_hh": "bu", "W_hy": "V"})
        return convention.adapt(
            lambda view: (0.0, {n: a for n, a in view.params.items() if n not in names})
        )

    gru, rnn = (bc.Spec.parse(f"{m} T=2").build() for m in ("gru+mse", "rnn-tanh+mse"))

    assert "if it has no bu, its model is 'gru+mse+onebias'" in verdict(lacking("bu"), gru).message
    headless = verdict(lacking("V"), rnn).message
    assert "if it has no V, its model is 'rnn-tanh+mse+nohead'" in headless
