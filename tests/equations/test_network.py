"""The forward pass and the loss: the same as PyTorch's own modules, alone or cut in windows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.right import RightOracle
from support.same_result import assert_close, assert_same

from bptt_check.cases.case import Case, Spec
from bptt_check.cases.model import Model, Sizes
from bptt_check.cases.result import Result
from bptt_check.equations.exact import exact_loss, sweep
from bptt_check.equations.namespaces.numpy import NumPy
from bptt_check.equations.network import losses, pair_loss, problem_of, unroll

SIZES = Sizes(T=6, B=3, D=4, H=5, O=3)
exact = RightOracle()


def case_of(text: str) -> Case:
    """The case of a spec line, in the sizes above unless it says otherwise."""
    spec = Spec.parse(text)
    return replace(spec, sizes=SIZES).build() if "T=" not in text else spec.build()


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


# --- the head of all steps at once ----------------------------------------------------------------


@pytest.mark.parametrize("loss", ["cross_entropy", "bce", "mse", "linear"])
@pytest.mark.parametrize("variant", ["", "+last", "+mean lengths", "+bidirectional lengths"])
def test_loss_of_all_pairs_at_once_is_the_sum_over_steps(loss, variant):
    """In every namespace: rows of (step, sequence) pairs are not mixed up."""
    if loss == "linear":
        variant = variant.replace("+mean", "")
    problem = problem_of(case_of(f"rnn-tanh+{loss}{variant}"))
    hidden, finals = unroll(NumPy(), problem, problem.inputs)
    of_pair = pair_loss(NumPy(), problem.model, problem.inputs)
    each = zip(hidden, problem.targets, problem.weights, strict=True)
    alone = [w[b] * of_pair(h[[b]], t[[b]]) for h, t, w in each for b in range(SIZES.B)]
    want = np.sum(alone)
    want += sum(np.sum(c * finals[s]) for s, c in problem.final_cotangents.items())

    assert losses(NumPy(), problem, problem.inputs).sum() == pytest.approx(want)
    assert sweep(problem).losses.sum() == pytest.approx(want)
