"""Truncated BPTT: the sum over windows is what a loop with detached states does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.right import RightOracle
from support.same_result import assert_same

from bptt_check import oracles
from bptt_check.cases.case import Case, Spec, Truncation
from bptt_check.cases.model import Model, Sizes
from bptt_check.cases.result import Result
from bptt_check.equations.exact import exact_loss
from bptt_check.equations.truncation import Span, by_length, windows, windows_of
from bptt_check.errors import SpecError

SIZES = Sizes(T=6, B=3, D=4, H=5, O=3)
exact = RightOracle()


def case_of(text: str) -> Case:
    """The case of a spec line, in the sizes above unless it says otherwise."""
    spec = Spec.parse(text)
    return replace(spec, sizes=SIZES).build() if "T=" not in text else spec.build()


@pytest.mark.parametrize(
    ("T", "k1", "k2", "spans"),
    [
        (6, 2, 2, [Span(0, 0, 2), Span(2, 2, 4), Span(4, 4, 6)]),
        (5, 2, 3, [Span(0, 0, 2), Span(1, 2, 4), Span(2, 4, 5)]),
        (6, 4, 2, [Span(2, 2, 4), Span(4, 4, 6)]),
        (3, 9, 9, [Span(0, 0, 3)]),
    ],
)
def test_windows_reach_back_k2_steps_from_the_end_of_each_block(T, k1, k2, spans):
    """The last block may be shorter, its window is not; the losses counted are the block's own."""
    assert windows(T, k1, k2) == spans


def test_sequences_are_cut_as_if_they_were_alone():
    """Sequences of one length go together, and every column is in one group."""
    case = case_of("gru T=7 B=5 D=2 H=2 O=2 k1=2 k2=3 lengths seed=2")
    groups = {length: columns.tolist() for length, columns in by_length(case)}
    ends = {(w.columns.tolist()[0], w.end) for w in windows_of(case)}

    assert sorted(b for columns in groups.values() for b in columns) == [0, 1, 2, 3, 4]
    assert all(case.lengths[b] == length for length, columns in groups.items() for b in columns)
    assert {(columns[0], length) for length, columns in groups.items()} <= ends


def torch_cell(torch: Any, model: Model, p: Any, k: int, x: Any, state: Any) -> Any:
    """One step of layer k written down once more, in PyTorch."""
    a = x @ p[f"W_xh_l{k}"].T + state[0] @ p[f"W_hh_l{k}"].T + p[f"b_h_l{k}"]
    if model.cell == "rnn":
        return (torch.tanh(a),)
    i, f, g, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def torch_step(torch: Any, case: Case, p: Any, x_t: Any, state: Any) -> Any:
    """One step of all layers: `state` is a list with one tuple per layer."""
    new, below = [], x_t
    for k in range(case.model.layers):
        new.append(torch_cell(torch, case.model, p, k, below, state[k]))
        below = new[-1][0]
    return new


def step_loss(torch: Any, case: Case, p: Any, t: int, state: Any) -> Any:
    """The loss of step t; the last one also has that of the final states."""
    h = state[-1][0]
    if case.model.loss == "cross_entropy":
        y = h @ p["W_hy"].T + p["b_y"]
        return torch.nn.functional.cross_entropy(y, torch.tensor(case.targets[t]), reduction="sum")
    total = (h * torch.tensor(case.targets[t])).sum()
    if t == case.sizes.T - 1:
        cotangents = [a for a in (case.cotangent_h_n, case.cotangent_c_n) if a is not None]
        for k, states in enumerate(state):
            for final, cotangent in zip(states, cotangents, strict=True):
                total = total + (final * torch.tensor(cotangent[k])).sum()
    return total


def leaves_of(torch: Any, case: Case) -> tuple[Any, Any]:
    """Tensors that ask for a gradient, and the initial states by layer."""
    leaves = {n: torch.tensor(a, requires_grad=True) for n, a in case.inputs.items()}
    names = [n for n in ("h0", "c0") if n in leaves]
    return leaves, [tuple(leaves[n][k] for n in names) for k in range(case.model.layers)]


def detached(state: Any) -> Any:
    """The same numbers as constants."""
    return [tuple(s.detach() for s in layer) for layer in state]


def literal_truncation(torch: Any, case: Case) -> Result:
    """Block by block: run up to the window without a graph, then through the window with one."""
    assert case.truncation is not None
    T, k1, k2 = case.sizes.T, case.truncation.k1, case.truncation.k2
    leaves, initial = leaves_of(torch, case)
    whole = 0.0
    for block in range(0, T, k1):
        end = min(block + k1, T)
        start = max(0, end - k2)
        state = initial
        surrogate = torch.zeros((), dtype=torch.float64)
        for t in range(end):
            if t == start and t > 0:
                state = detached(state)
            state = torch_step(torch, case, leaves, leaves["x"][t], state)
            loss = step_loss(torch, case, leaves, t, state)
            if t >= block:
                whole += loss.item()
            if t >= block and t >= start:
                surrogate = surrogate + loss
        surrogate.backward()
    zero = {n: torch.zeros(()) for n in leaves}
    grads = {n: zero[n] if leaf.grad is None else leaf.grad for n, leaf in leaves.items()}
    return Result(whole, {n: np.zeros(case.inputs[n].shape) + g.numpy() for n, g in grads.items()})


GRID = [(T, k1, k2) for T in (1, 2, 5) for k1 in range(1, T + 2) for k2 in range(1, T + 3)]


LONG = [(7, 3, 5), (8, 3, 3), (8, 8, 2), (8, 1, 3), (9, 4, 9), (9, 2, 1), (10, 100, 10)]


CUT = [
    *((name, cut) for name in ("rnn-tanh", "lstm+linear+2layers") for cut in GRID),
    *((name, cut) for name in ("rnn-tanh+linear+2layers", "lstm", "lstm+2layers") for cut in LONG),
]


@pytest.mark.parametrize(("name", "cut"), CUT)
def test_truncation_equals_a_literal_loop(torch, name, cut):
    """Whether or not k1 divides T, and whichever of k1, k2 and T is the larger."""
    T, k1, k2 = cut
    case = case_of(f"{name} T={T} B=2 D=2 H=3 O=2 k1={k1} k2={k2} seed={T}")

    assert_same(exact(case), literal_truncation(torch, case), 1e-13)


def chunked_training(torch: Any, case: Case, k: int) -> Result:
    """The usual training loop over chunks of k steps that detaches the state in between."""
    leaves, state = leaves_of(torch, case)
    whole = 0.0
    for chunk in range(0, case.sizes.T, k):
        loss = torch.zeros((), dtype=torch.float64)
        for t in range(chunk, min(chunk + k, case.sizes.T)):
            state = torch_step(torch, case, leaves, leaves["x"][t], state)
            loss = loss + step_loss(torch, case, leaves, t, state)
        loss.backward()
        whole += loss.item()
        state = detached(state)
    return Result(whole, {n: leaf.grad.numpy() for n, leaf in leaves.items()})


@pytest.mark.parametrize(("T", "k"), [(6, 1), (6, 2), (6, 3), (6, 6), (7, 1), (7, 7), (5, 9)])
def test_equal_windows_are_training_with_a_carried_detached_state(torch, T, k):
    """`k1 = k2 = k` is that training loop where k divides T (or exceeds it)."""
    case = case_of(f"lstm+2layers T={T} k1={k} k2={k}")

    assert_same(exact(case), chunked_training(torch, case, k), 1e-13)


def test_a_shorter_last_block_still_looks_back_k2_steps(torch):
    """Where k does not divide T the last window begins before its block, unlike in that loop."""
    case = case_of("lstm T=7 k1=3 k2=3")
    ours, loop = exact(case).grads["x"], chunked_training(torch, case, 3).grads["x"]
    step_differs = np.abs(ours - loop).max(axis=(1, 2)) > 1e-6

    assert np.flatnonzero(step_differs).tolist() == [4, 5]  # the last window is [4, 7)


@pytest.mark.parametrize(("k1", "k2"), [(6, 6), (7, 7), (100, 100), (6, 9), (9, 6)])
@pytest.mark.parametrize("name", ["lstm", "gru+linear+2layers", "rnn-relu+last"])
def test_a_window_of_all_steps_is_no_truncation(name, k1, k2):
    """From `k1, k2 >= T` on, every bit is that of full BPTT."""
    full = case_of(name)
    cut = replace(full, truncation=Truncation(k1, k2), spec=None)

    assert_same(exact(cut), exact(full), 0.0)


@pytest.mark.parametrize(("k1", "k2"), [(1, 5), (2, 2), (6, 5), (3, 100)])
def test_a_truncated_gradient_is_another_one(k1, k2):
    """Truncation matters in the cases above, but for every loss alone over all of the past."""
    full = case_of("lstm")
    cut = exact(replace(full, truncation=Truncation(k1, k2), spec=None))
    same = k2 >= 6  # every window reaches back to the start

    distance = np.abs(cut.grads["W_hh_l0"] - exact(full).grads["W_hh_l0"]).max()
    assert (distance < 1e-12) == same
    assert cut.loss == exact(full).loss


def test_losses_before_the_window_give_no_gradient():
    """`k2 < k1`: the steps of a block before its window are forgotten, though their loss counts."""
    case = case_of("lstm T=6 k1=6 k2=2")
    grads = exact(case).grads

    assert not grads["x"][:4].any()
    assert grads["x"][4:].all()
    assert not grads["h0"].any()
    assert exact_loss(case) == exact_loss(replace(case, truncation=None, spec=None))


def test_the_loss_of_the_last_step_flows_back_k2_steps():
    """`readout='last'`: only the last block has a loss."""
    grads = exact(case_of("gru+last T=6 B=2 k1=4 k2=3")).grads

    assert not grads["x"][:3].any()
    assert grads["x"][3:].all()


def test_truncation_of_a_reverse_direction_is_refused():
    """A sum over windows would have no meaning there."""
    with pytest.raises(SpecError, match="truncation and bidirectional=True exclude each other"):
        case_of("lstm+bidirectional k1=1 k2=1")


@pytest.mark.parametrize("oracle", ["complex_step", "finite_difference", "torch"])
@pytest.mark.parametrize("text", ["gru-reset-before k1=2 k2=3", "lstm+linear k1=4 k2=2 lengths"])
def test_every_oracle_differentiates_the_surrogate(oracle, text):
    """Finite differences and complex step apply to truncated BPTT as well."""
    if oracle == "torch":
        pytest.importorskip("torch")
    case = case_of(text)

    assert_same(
        oracles.load_oracle(oracle, every_entry=True)(case),
        exact(case),
        1e-7 if "finite" in oracle else 1e-13,
    )
