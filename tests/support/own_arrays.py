"""Subjects whose arrays have names and layouts of their own, right ones and wrong ones."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.runs import explained
from bptt_check.runs.diagnosed import what_is_wrong

from .right import right

HEAD = {"W_hy": "Wout", "b_y": "bout"}
DATA = {"x": "inputs", "h0": "s0", "c0": "m0"}
CONVENTIONS: dict[str, bc.Convention] = {
    "renamed": bc.Convention(
        names={"W_xh": "U{k}", "W_hh": "V{k}", "b_h": "bias{k}", **HEAD, **DATA}
    ),
    "transposed": bc.Convention(
        names={"W_xh": "Wx", "W_hh": "Wh", "b_h": "bh", **HEAD, **DATA},
        gate_order={"lstm": "ifoc"},
        transposed=True,
        columns=True,
        layer_axis=False,
    ),
    "stacked": bc.Convention(
        names={"W": "Wall", "b_h": "ball", **HEAD, **DATA},
        joined="hx",
        transposed=True,
        batch="first",
        layer_axis=False,
    ),
    "split": bc.Convention(
        names={"W_xh": "U{gate}", "W_hh": "V{gate}", "b_h": "b{gate}", **HEAD, **DATA},
        gate_order={"lstm": "ifco"},
        per_gate=True,
        layer_axis=False,
    ),
}
"""Conventions that differ in kind, of an LSTM; none has a name of the contract."""


CONTRACT = ("W_xh", "W_hh", "b_h", "W_hy", "b_y", "h0", "c0")
"""Names that nobody reads who declared these."""
WRONG: dict[str, tuple[str, Any]] = {
    "renamed": ("V0", (0, 0)),
    "transposed": ("Wh", np.s_[:, -1]),
    "stacked": ("Wall", (-1, 0)),
    "split": ("Vc", np.s_[:]),
}
"""Of the wrong subject of each convention the array, and its entries, that are wrong."""


def spoil(grads: dict[str, Any]) -> None:
    """Wrong gradients in the one array of any convention."""
    for name, part in WRONG.values():
        if name in grads:
            grads[name][part] *= 2.0


def subject(kind: str, change: Callable[[dict[str, Any]], None] | None = None) -> Any:
    """Right code in a convention, whose gradients are changed."""
    convention = CONVENTIONS[kind]

    def own(view: Any) -> tuple[float, dict[str, Any]]:
        loss, grads = right(view.case)
        arrays = convention.view(view.case.with_inputs(grads)).arrays
        theirs = {name: np.array(arrays[name]) for name in view.buffers()}
        if change is not None:
            change(theirs)
        return loss, theirs

    return convention.adapt(own, models=["lstm"])


@functools.cache
def report_of(kind: str, wrong: bool) -> bc.Report:
    """A short run of a convention's wrong or right subject; no failure is shrunk or diagnosed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explained, "FULLY_SHRUNK", 0)
        patch.setattr(what_is_wrong, "SEARCHES", {})
        small = "T=1..4 B=1..3 D=2..4 H=2..4 O=2..4"
        judged = subject(kind, spoil if wrong else None)
        return bc.verify(judged, cases=2, oracles=["complex_step"], within=small)
