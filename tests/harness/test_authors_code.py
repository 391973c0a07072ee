"""Code in the layouts that people have passes as it is, and its slip is told in their names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from support import authors_code as code

import bptt_check as bc


@dataclass(frozen=True)
class Author:
    """Code, what it says of itself, and its slip.

    Args:
        code: takes a view and the name of a slip.
        says: options of its convention.
        model: that it has.
        slip: the name of the array whose gradient the slip makes wrong.
    """

    code: Callable[..., Any]
    says: dict[str, Any]
    model: str
    slip: str

    def subject(self, slip: str = "") -> Any:
        """The code with some slip, in its convention."""
        return bc.Convention(**self.says).adapt(partial(self.code, slip=slip), name="mine")


SMALL = bc.Within(T=(1, 4), B=(1, 3), D=(1, 3), H=(1, 4), O=(2, 3), layouts="contiguous")
STATES = {"layer_axis": False}
AUTHORS: dict[str, Author] = {
    "rows": Author(
        code.rows_rnn,
        STATES | {"names": {"W_xh": "W", "W_hh": "U", "b_h": "b", "W_hy": "V", "b_y": "c"},
                  "rows": True, "transposed": True, "batch": "none"},
        "rnn-tanh", "b",
    ),
    "bias in the matrix, first": Author(
        code.bias_row_lstm,
        STATES | {"names": {"W": "WLSTM", "W_hy": "V"}, "joined": "xh", "gate_order": "ifog",
                  "bias_column": {"W": "first", "W_hy": "last"}, "transposed": True},
        "lstm+mse", "WLSTM",
    ),
    "time last": Author(
        code.time_last_rnn,
        STATES | {"names": {"W_xh": "Wax", "W_hh": "Waa", "b_h": "ba", "W_hy": "Wya", "b_y": "by",
                            "h0": "a0"}, "columns": True, "time_last": True},
        "rnn-tanh+mse", "Waa",
    ),
    "gates on an axis": Author(
        code.gate_axis_lstm,
        STATES | {"names": {"W_xh": "W", "W_hh": "U", "b_h": "b", "W_hy": "V", "b_y": "d"},
                  "gate_order": "fioc", "gate_axis": True},
        "lstm+mse+last", "b",
    ),
    "long names of gates": Author(
        code.named_gates_lstm,
        STATES | {"names": {"W": "W_{gate}", "b_h": "b_{gate}", "W_hy": "Wy", "b_y": "by",
                            "h0": "a0"}, "gate_order": "forget update cell output",
                  "per_gate": True, "joined": "hx", "columns": True, "time_last": True},
        "lstm+mse", "W_cell",
    ),
    "irregular names of gates": Author(
        code.irregular_gru,
        STATES | {"names": {"W_xh": "W{gate}", "W_hh": "U{gate}", "b_h": "b{gate}", "W_xh_n": "W",
                            "W_hh_n": "U", "b_h_n": "b", "W_hy": "V", "b_y": "c"},
                  "per_gate": True, "z_means": "renew"},
        "gru-reset-before+mse", "U",
    ),
    "half a mean over sequences": Author(
        code.halved_rnn,
        STATES | {"names": {"W_xh": "Wx", "W_hh": "Wh", "W_hy": "Wy"}, "transposed": True,
                  "loss_factor": "1/(2*B)"},
        "rnn-tanh+mse+nobias", "Wy",
    ),
    "the squared error of h": Author(
        code.states_rnn, STATES | {"names": {"W_xh": "W", "W_hh": "U", "b_h": "b"}},
        "rnn-tanh+mse+nohead", "U",
    ),
    "the squared error of a sigmoid": Author(
        code.sigmoid_rnn,
        STATES | {"names": {"W_xh": "syn0", "W_hh": "synh", "W_hy": "syn1"}, "transposed": True,
                  "loss_factor": "1/2"},
        "rnn-sigmoid+sigmoid_mse+nobias", "syn1",
    ),
    "reset after, one bias": Author(
        code.one_bias_gru,
        STATES | {"names": {"W_xh": "W", "W_hh": "U", "b_xh": "b", "W_hy": "V", "b_y": "c"}},
        "gru+mse+onebias", "b",
    ),
}  # fmt: skip
KERNEL_SAYS = STATES | {"names": {"W_xh": "W", "W_hh": "U", "b_h": "b"}}


@pytest.mark.parametrize("what", AUTHORS)
def test_code_passes_as_it_was_written(what: str) -> None:
    """On drawn cases, with nothing but its convention declared."""
    author = AUTHORS[what]

    report = bc.verify(
        author.subject(), [author.model], cases=8, within=SMALL, oracles=["complex_step"]
    )

    assert report.verdict == "pass", report.failures
    assert not report.declined


@pytest.mark.parametrize("what", AUTHORS)
def test_a_slip_is_told_in_the_names_of_the_code(what: str) -> None:
    """The array whose gradient is wrong is the one that it is, as its author calls it."""
    author = AUTHORS[what]
    subject = author.subject(SLIPS.get(what, author.slip))

    report = bc.check(subject, f"{author.model} T=3 B=2 D=3 H=4 O=2", oracles=["complex_step"])

    assert report.verdict == "fail"
    assert re.search(rf"the gradients? of .*\b{author.slip}\b", report.message)


SLIPS = {"bias in the matrix, first": "W", "long names of gates": "cell"}
"""What a slip is called where it is not the name of an array."""


def kernel(slip: str = "") -> Any:
    """An LSTM's kernel that takes the cotangents of its states and of nothing else."""
    return bc.Convention(**KERNEL_SAYS).adapt(
        code.lstm_forward,
        backward=partial(code.lstm_backward, slip=slip),
        arguments="x h0 c0 W U b",
        models=["lstm+linear+h_n", "lstm+linear+outputs"],
        name="mine",
    )


def test_a_kernel_without_a_cotangent_of_the_last_c_is_checked() -> None:
    """Under the models that have none, and its slip is told in its names."""
    for model in ("lstm+linear+h_n", "lstm+linear+outputs"):
        spec = f"{model} T=3 B=2 D=3 H=4"
        right, slip = (bc.check(kernel(s), spec, oracles=["complex_step"]) for s in ("", "b"))

        assert right.verdict == "pass", right.message
        assert slip.verdict == "fail"
        assert "the gradient of b is wrong" in slip.message


def test_a_kernel_is_not_asked_for_a_cotangent_that_it_cannot_get() -> None:
    """It declines, and says which model has none."""
    report = bc.check(kernel(), "lstm+linear T=3", oracles=["complex_step"])

    assert report.verdict == "unsupported"
    assert "the model without them is 'lstm+linear+h_n'" in report.message
