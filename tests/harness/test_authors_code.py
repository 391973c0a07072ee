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
}  # fmt: skip


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
