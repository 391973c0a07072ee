"""Cells of one's own beyond one and two states: every oracle has them, and right code passes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support import own_cells
from support.own_cells import ALL, OwnCell, registered

import bptt_check as bc
from bptt_check import oracles
from bptt_check.cases.case import Case, Spec
from bptt_check.cases.written.written_out import case_lines

QUICK = [n for n in oracles.names() if n not in ("jax", "complex_step") and oracles.available(n)]
"""JAX compiles each cell for seconds; one test below has it do all at once."""
MODES = ("+2layers+linear T=5 k1=2 k2=3", "+bidirectional+mse T=4 lengths")
SMALL = "T=1..9 B=1..4 D=1..4 H=2..6 O=1..4"
BY_NAME = {cell.name: cell for cell in ALL}


def agree(case: Case, name: str) -> None:
    """An oracle agrees with complex step within the bound that it says."""
    want = oracles.load_oracle("complex_step", every_entry=True)(case)
    got = oracles.load_oracle(name, every_entry=True)(case)
    assert got.loss == pytest.approx(want.loss, rel=1e-13)
    assert set(got.grads) == set(case.inputs)
    for n, array in want.grads.items():
        bound = 0.0 if got.bounds is None else got.bounds[n]
        assert np.all(np.abs(got.grads[n] - array) <= bound + 1e-13), n


@pytest.mark.parametrize("oracle", QUICK)
@pytest.mark.parametrize("name", BY_NAME)
def test_every_oracle_differentiates_it(name: str, oracle: str) -> None:
    """Step numbers, states, further arrays and choices, in windows, backwards and with lengths."""
    with registered(BY_NAME[name]):
        for mode in MODES:
            agree(Spec.parse(f"{name}{mode} B=2 D=2 H=3 O=2 seed=1").build(), oracle)


def test_jax_differentiates_all_of_it_at_once() -> None:
    """One program: four states, a projection, a further vector, a step number and choices."""
    pytest.importorskip("jax")

    def step(xp: Any, p: Any, x_t: Any, state: Any, t: Any) -> Any:
        h, c, n, m = state
        a_i, a_f = own_cells.gates(own_cells.pre_activations(p, x_t, h), 2)
        m_t = xp.maximum(m, a_i)
        c_t = xp.clip(0.2 * a_f + 0.5, 0.0, 1.0) * c + xp.exp(a_i - m_t) / (1.0 + t)
        n_t = xp.where(c_t > n, c_t, 0.5 * n) + p["w"] * c
        return own_cells.affine(xp.tanh(n_t), p["W_hr"]), c_t, n_t, m_t

    layout = bc.Layout(
        gates=("i", "f"),
        states=("h", "c", "n", "m"),
        further={"W_hr": ("P", "H"), "w": ("H",)},
        proj_size=lambda H: H - 1,
    )
    with registered(OwnCell("all-of-it", layout, step)):
        case = Spec.parse("all-of-it+linear T=5 B=2 D=2 H=3 k1=2 k2=3 seed=1").build()
        agree(case, "jax")
        agree(case, "certified") if oracles.available("certified") else None


RIGHT = [
    ("rnn-decaying", "decaying"), ("every-other-step", "alternating"), ("pos-1", "positional"),
    ("slstm", "slstm"), ("momentum", "momentum"), ("delayed-3", "delayed"),
    ("lstm-p", "lstmp"), ("peephole", "peephole"), ("two-matrices", "two_matrices"),
    ("hard-gru", "hard_gru"), ("leaky", "leaky"), ("limited", "limited"),
]  # fmt: skip
"""Cell, and function of `own_cells_in_torch` that has it."""


@pytest.mark.parametrize(("name", "function"), RIGHT)
def test_right_code_passes_on_drawn_cases(name: str, function: str) -> None:
    """All kinds of cases: with zeros, saturated, long ones, with a loss of the final states."""
    torch_side: Any = pytest.importorskip("support.own_cells_in_torch")
    subject = pytest.importorskip("bptt_check.subjects.torch").from_function(
        torch_side.layer(getattr(torch_side, function)())
    )
    with registered(BY_NAME[name]):
        report = bc.verify(subject, [f"{name}+linear"], cases=6, oracles=["torch"], within=SMALL)
        assert report.passed, str(report)


@pytest.mark.parametrize(("name", "function"), RIGHT)
def test_one_cut_path_is_found(name: str, function: str) -> None:
    """The same with one path of the gradient cut."""
    torch_side: Any = pytest.importorskip("support.own_cells_in_torch")
    wrong = torch_side.layer(getattr(torch_side, function)(torch_side.cut))
    subject = pytest.importorskip("bptt_check.subjects.torch").from_function(wrong)
    with registered(BY_NAME[name]):
        report = bc.check(subject, f"{name}+linear T=4 B=2 D=2 H=3", oracles=["complex_step"])
        told = str(report)

    assert report.verdict == "fail"
    assert told.startswith(f"FAIL  {name}+linear: the gradient of ")
    assert "your forward is right" in told


def test_the_states_have_their_names_in_messages() -> None:
    """Initial states, final cotangents and further arrays are told by name."""
    torch_side: Any = pytest.importorskip("support.own_cells_in_torch")
    subjects: Any = pytest.importorskip("bptt_check.subjects.torch")
    wrong = {
        "delayed-3": ("delayed", r"worst entry (\w)0\[0, \d, \d\] \(layer 0, sequence"),
        "lstm-p": ("lstmp", r"wrong: W_hr_l0 \(\d of 6\)"),
        "peephole": ("peephole", r"wrong: .*c0 \("),
    }
    for name, (function, words) in wrong.items():
        code = torch_side.layer(getattr(torch_side, function)(torch_side.cut))
        with registered(BY_NAME[name]):
            spec = f"{name}+linear T=1 B=2 D=2 H=3"
            told = str(bc.check(subjects.from_function(code), spec, oracles=["complex_step"]))
        assert re.search(words, told), told


def test_a_module_with_proj_size_is_such_a_cell() -> None:
    """torch's own LSTM with `proj_size`; with another projection it is another function."""
    torch = pytest.importorskip("torch")
    subjects: Any = pytest.importorskip("bptt_check.subjects.torch")

    def module(case: Any, factor: float = 1.0) -> Any:
        p, width = case.params, case.h0.shape[-1]
        lstm = torch.nn.LSTM(case.sizes.D, case.sizes.H, proj_size=width, dtype=case.x.dtype)
        given = {
            "weight_ih_l0": p["W_xh_l0"],
            "weight_hh_l0": p["W_hh_l0"],
            "weight_hr_l0": factor * p["W_hr_l0"],
            "bias_ih_l0": p["b_h_l0"],
            "bias_hh_l0": torch.zeros_like(p["b_h_l0"]),
        }
        return torch.func.functional_call(lstm, given, (case.x, case.state))

    with registered(own_cells.LSTMP):
        right = subjects.from_function(module)
        report = bc.verify(right, ["lstm-p"], cases=4, oracles=["torch"], within=SMALL)
        assert report.passed, str(report)
        wrong = subjects.from_function(lambda case: module(case, 2.0))
        told = str(bc.check(wrong, "lstm-p T=2 B=2 D=2 H=3", oracles=["torch"]))
    assert "FAIL  lstm-p: the loss is not that of this model" in told


def test_a_case_of_more_states_can_be_kept(tmp_path: Any) -> None:
    """In a file, as lines of Python, and with other values of one state."""
    with registered(own_cells.SLSTM):
        case = Spec.parse("slstm+linear T=2 B=1 D=1 H=2").build()
        case.save(tmp_path / "case.npz")
        again = Case.load(tmp_path / "case.npz")
        lines = "\n".join(case_lines(case))
        names: dict[str, Any] = {"bc": bc}
        exec(lines, names)
        pasted = names["case"]
        for other in (again, pasted):
            assert list(other.data) == list(case.data)
            assert all(np.array_equal(a, case.data[n]) for n, a in other.data.items())
        doubled = case.with_inputs({"n0": 2 * case.inputs["n0"]})
        assert np.array_equal(doubled.data["n0"], 2 * case.data["n0"])
        with pytest.raises(ValueError, match=r"m0 is needed for the model slstm\+linear"):
            replace(case, more_states={n: a for n, a in case.more_states.items() if n != "m0"})
