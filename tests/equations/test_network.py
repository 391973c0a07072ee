"""The forward pass and the loss: the same as PyTorch's own modules, alone or cut in windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from support.right import RightOracle

from bptt_check import oracles
from bptt_check.cases.case import Case, Spec, Truncation
from bptt_check.cases.model import Model, Sizes
from bptt_check.cases.result import Result
from bptt_check.equations.exact import exact_loss
from bptt_check.equations.namespaces.numpy import NumPy
from bptt_check.equations.network import problem_of, unroll
from bptt_check.errors import SpecError

SIZES = Sizes(T=6, B=3, D=4, H=5, O=3)
exact = RightOracle()


@pytest.fixture(scope="module")
def torch() -> Iterator[ModuleType]:
    """PyTorch on one thread, or a skip."""
    module = pytest.importorskip("torch")
    before = module.get_num_threads()
    module.set_num_threads(1)
    yield module
    module.set_num_threads(before)


def case_of(text: str) -> Case:
    """The case of a spec line, in the sizes above unless it says otherwise."""
    spec = Spec.parse(text)
    return replace(spec, sizes=SIZES).build() if "T=" not in text else spec.build()


def assert_close(got: Any, want: Any, tolerance: float, what: str = "") -> None:
    """Entries differ by at most `tolerance` of the largest."""
    got, want = np.asarray(got), np.asarray(want)
    scale = max(1.0, float(np.abs(want).max(initial=0.0)))
    assert got.shape == want.shape, what
    assert np.abs(got - want).max(initial=0.0) <= tolerance * scale, what


def assert_same(got: Result, want: Result, tolerance: float) -> None:
    """Loss and all gradients are the same."""
    assert_close(got.loss, want.loss, tolerance, "loss")
    assert set(got.grads) == set(want.grads)
    for name, array in want.grads.items():
        assert_close(got.grads[name], array, tolerance, name)


# --- PyTorch's own modules ----------------------------------------------------------------------


def torch_module(torch: Any, case: Case) -> Any:
    """`torch.nn.RNN`, `LSTM` or `GRU` in float64 with a case's parameters; b_h is `bias_ih`."""
    model, sizes = case.model, case.sizes
    kind = getattr(torch.nn, model.cell.upper())
    options: Any = {"nonlinearity": model.activation} if model.cell == "rnn" else {}
    options |= {"bias": model.bias, "bidirectional": model.bidirectional}
    module = kind(sizes.D, sizes.H, model.layers, **options).double()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            ours = case.params.get(our_name(name, model))
            parameter.copy_(torch.zeros_like(parameter) if ours is None else torch.tensor(ours))
    return module


def our_name(name: str, model: Model) -> str:
    """`weight_ih_l0_reverse` is `W_xh_l0_reverse`; only our GRU has a `bias_hh`."""
    names = {"weight_ih": "W_xh", "weight_hh": "W_hh", "bias_ih": "b_h", "bias_hh": "none"}
    if model.cell == "gru":
        names |= {"bias_ih": "b_xh", "bias_hh": "b_hh"}
    kind, rest = name.rsplit("_l", 1)
    return f"{names[kind]}_l{rest}"


def torch_result(torch: Any, case: Case) -> tuple[Result, Any, Any]:
    """Loss and gradients by the module and `torch.nn.functional`; outputs and final states too."""
    module = torch_module(torch, case)
    leaves = {n: torch.tensor(a, requires_grad=True) for n, a in case.inputs.items()}
    states = tuple(leaves[n] for n in ("h0", "c0") if n in leaves)
    start = states if len(states) == 2 else states[0]
    x = leaves["x"]
    if case.lengths is None:
        out, last = module(x, start)
    else:
        rnn = torch.nn.utils.rnn
        length = torch.tensor(case.lengths)
        out, last = module(rnn.pack_padded_sequence(x, length, enforce_sorted=False), start)
        out, _ = rnn.pad_packed_sequence(out, total_length=case.sizes.T)
    last = last if isinstance(last, tuple) else (last,)
    loss = torch_loss(torch, case, leaves, out, last)
    loss.backward()
    ours = {our_name(n, case.model): p for n, p in module.named_parameters()}
    grads = {n: ours[n].grad if n in ours else leaf.grad for n, leaf in leaves.items()}
    arrays = {n: np.zeros(case.inputs[n].shape) if g is None else g for n, g in grads.items()}
    return Result(loss.item(), {n: np.asarray(g) for n, g in arrays.items()}), out, last


def torch_loss(torch: Any, case: Case, leaves: Any, out: Any, last: Any) -> Any:
    """The loss by `torch.nn.functional`, over the (step, sequence) pairs that carry one."""
    model, T, B = case.model, case.sizes.T, case.sizes.B
    length = np.full(B, T) if case.lengths is None else case.lengths
    pairs = [(int(n) - 1, b) for b, n in enumerate(length)]
    if model.readout == "every":
        pairs = [(t, b) for b, n in enumerate(length) for t in range(n)]
    h = torch.stack([out[t, b] for t, b in pairs])
    aim = case.targets if model.readout == "every" else np.stack([case.targets] * T)
    target = torch.tensor(np.stack([aim[t, b] for t, b in pairs]))
    if model.loss == "linear":
        cotangents = (torch.tensor(case.cotangent_h_n), case.cotangent_c_n)
        final = (cotangents[0] * last[0]).sum()
        if len(last) == 2:
            final = final + (torch.tensor(cotangents[1]) * last[1]).sum()
        return (h * target).sum() + final
    y = torch.nn.functional.linear(h, leaves["W_hy"], leaves.get("b_y"))
    name = {"bce": "binary_cross_entropy_with_logits", "mse": "mse_loss"}.get(
        model.loss, model.loss
    )
    return getattr(torch.nn.functional, name)(y, target, reduction=model.reduction)


CELLS = ["rnn-tanh", "rnn-relu", "lstm", "gru"]
VARIANTS = [
    "",
    "+nobias",
    "+3layers",
    "+bidirectional",
    "+2layers+bidirectional",
    " lengths",
    "+bidirectional lengths",
    "+2layers+bidirectional+linear+last lengths",
]
LOSSES = [
    f"+{loss}+{readout}+{reduction}{lengths}"
    for loss in ("cross_entropy", "bce", "mse", "linear")
    for readout in ("every", "last")
    for reduction in ("sum", "mean")
    for lengths in ("", " lengths")
    if (loss, reduction) != ("linear", "mean")
]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("variant", [v if "linear" in v else f"+linear{v}" for v in VARIANTS])
def test_states_equal_those_of_torch_nn(torch, cell, variant):
    """Outputs and final states are those of PyTorch's module, also packed by lengths."""
    case = case_of(cell + variant)
    _, out, last = torch_result(torch, case)
    problem = problem_of(case)
    hidden, finals = unroll(NumPy(), problem, problem.inputs)
    valid = np.ones((6, 3), bool) if problem.mask is None else problem.mask

    assert_close(np.stack(hidden)[valid], out.detach().numpy()[valid], 1e-13, "outputs")
    for name, want in zip(case.model.layout.states, last, strict=True):
        assert_close(np.stack(finals[name]), want.detach().numpy(), 1e-13, name)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("variant", [*VARIANTS, *(f"{v} seed=5" for v in VARIANTS)])
def test_gradients_equal_those_of_torch_nn(torch, cell, variant):
    """Loss and every gradient are those of PyTorch's module and its autograd."""
    case = case_of(cell + variant)

    assert_same(exact(case), torch_result(torch, case)[0], 1e-13)


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_equal_those_of_torch_nn_functional(torch, loss):
    """Every loss, readout and reduction is the one of that name in PyTorch."""
    case = case_of(f"lstm{loss}")

    assert_same(exact(case), torch_result(torch, case)[0], 1e-13)


def test_another_loss_would_be_seen(torch):
    """The comparison tells sum from mean, and a factor 1/2."""
    case, mean = case_of("lstm+mse"), case_of("lstm+mse+mean")
    other = torch_result(torch, mean)[0]

    with pytest.raises(AssertionError, match="loss"):
        assert_same(exact(case), other, 1e-13)
    assert exact_loss(case) == pytest.approx(other.loss * 6 * 3 * 3, rel=1e-14)


# --- lengths ------------------------------------------------------------------------------------


def alone(case: Case, b: int) -> Case:
    """The case of sequence b by itself, cut to its length."""
    n = int(case.lengths[b])
    steps = slice(None) if case.model.readout == "last" else slice(n)
    targets = (
        case.targets[b : b + 1] if case.model.readout == "last" else case.targets[steps, b : b + 1]
    )
    arrays = ("h0", "c0", "cotangent_h_n", "cotangent_c_n")
    cut = {s: a[:, b : b + 1] for s in arrays if (a := getattr(case, s)) is not None}
    return replace(case, x=case.x[:n, b : b + 1], targets=targets, lengths=None, spec=None, **cut)


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize(
    "name",
    [
        "lstm",
        "lstm+last",
        "gru+linear+2layers",
        "rnn-relu+mse",
        "gru-reset-before+bce+last",
        "lstm+bidirectional+2layers",
        "rnn-tanh+bidirectional+linear+last",
        "lstm+linear k1=2 k2=3",
        "gru+2layers k1=4 k2=2",
    ],
)
def test_lengths_are_the_sum_of_the_sequences_run_alone(name, seed):
    """Padding changes nothing: each sequence gives what it gives by itself, and padded x gets 0."""
    case = case_of(f"{name} lengths seed={seed}")
    together = exact(case)
    singles = [exact(alone(case, b)) for b in range(case.sizes.B)]

    assert_close(together.loss, sum(s.loss for s in singles), 1e-14)
    for parameter in case.params:
        assert_close(together.grads[parameter], sum(s.grads[parameter] for s in singles), 1e-13)
    for b, single in enumerate(singles):
        n = int(case.lengths[b])
        assert_close(together.grads["x"][:n, b : b + 1], single.grads["x"], 1e-13)
        assert not together.grads["x"][n:, b].any()
        assert_close(together.grads["h0"][:, b : b + 1], single.grads["h0"], 1e-13)


@pytest.mark.parametrize("name", ["lstm+mean", "gru+bce+mean", "rnn-tanh+mse+mean+last"])
def test_mean_counts_only_what_carries_a_loss(name):
    """The mean is the sum over the pairs that carry a loss, divided by their number (and by O)."""
    mean, total = case_of(f"{name} lengths"), case_of(f"{name.replace('+mean', '')} lengths")
    pairs = 3 if "last" in name else int(mean.lengths.sum())
    count = pairs * (1 if name == "lstm+mean" else 3)

    assert exact_loss(mean) * count == pytest.approx(exact_loss(total), rel=1e-14)


def test_full_lengths_change_nothing():
    """Lengths of T are the same as no lengths, to the last bit."""
    plain = case_of("lstm+2layers")
    full = replace(plain, lengths=np.full(3, 6), spec=None)

    assert_same(exact(full), exact(plain), 0.0)


# --- truncation ---------------------------------------------------------------------------------


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

    assert_same(oracles.load(oracle)(case), exact(case), 1e-7 if "finite" in oracle else 1e-13)
