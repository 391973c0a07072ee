"""Cases, an independent gradient by PyTorch, and one comparison, for the tests of the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

GATES = {"rnn": 1, "lstm": 4, "gru": 3}


@pytest.fixture(autouse=True)
def _no_floating_point_accidents() -> Iterator[None]:
    """Overflow, division by zero and invalid operations are errors; underflow to 0 is meant."""
    with np.errstate(all="raise", under="ignore"):
        yield


@pytest.fixture
def draw() -> Callable[..., SimpleNamespace]:
    """`draw(cell="gru", T=3, ...)`: a case with random arrays, all of them read-only."""
    return draw_case


@pytest.fixture
def autograd() -> Callable[[Any], tuple[float, dict[str, Any]]]:
    """`autograd(case)`: loss and gradients by PyTorch, sequence by sequence, step by step."""
    pytest.importorskip("torch")
    return torch_gradients


@pytest.fixture
def assert_same() -> Callable[..., None]:
    """`assert_same(expected, got, tolerance)` for dictionaries of arrays."""
    return assert_same_arrays


def draw_case(
    *,
    T: int = 6,
    B: int = 3,
    D: int = 4,
    H: int = 5,
    O: int = 3,
    seed: int = 0,
    dtype: str = "float64",
    scale: float = 1.0,
    k: tuple[int, int] | None = None,
    lengths: list[int] | None = None,
    **options: Any,
) -> SimpleNamespace:
    """A case with standard normal arrays; `scale` multiplies the weights, `k` is (k1, k2)."""
    defaults = {"cell": "lstm", "activation": "tanh", "reset_after": True, "layers": 1}
    defaults |= {"bidirectional": False, "bias": True, "loss": "linear", "readout": "every"}
    model = SimpleNamespace(**{**defaults, "reduction": "sum", **options})
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> Any:
        return rng.standard_normal(shape).astype(dtype)

    N = 2 if model.bidirectional else 1
    params = {
        n: normal(*s) * np.dtype(dtype).type(scale) for n, s in shapes(model, D, H, O).items()
    }
    state = (model.layers * N, B, H)
    case = SimpleNamespace(
        model=model,
        truncation=None if k is None else SimpleNamespace(k1=k[0], k2=k[1]),
        params=params,
        x=normal(T, B, D),
        h0=normal(*state),
        c0=normal(*state) if model.cell == "lstm" else None,
        targets=draw_targets(model, rng, (T, B)[model.readout == "last" :], H * N, O, dtype),
        lengths=None if lengths is None else np.array(lengths),
        cotangent_h_n=normal(*state) if model.loss == "linear" else None,
        cotangent_c_n=normal(*state) if model.loss == "linear" and model.cell == "lstm" else None,
    )
    for array in [*params.values(), *vars(case).values()]:
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return case


def shapes(model: Any, D: int, H: int, O: int) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter."""
    N, rows = 2 if model.bidirectional else 1, GATES[model.cell] * H
    two = model.cell == "gru" and model.reset_after
    biases = (("b_xh", "b_hh") if two else ("b_h",)) if model.bias else ()
    by_name: dict[str, tuple[int, ...]] = {}
    for layer in range(model.layers):
        for suffix in ("", "_reverse")[:N]:
            by_name[f"W_xh_l{layer}{suffix}"] = (rows, H * N if layer else D)
            by_name[f"W_hh_l{layer}{suffix}"] = (rows, H)
            by_name |= {f"{bias}_l{layer}{suffix}": (rows,) for bias in biases}
    if model.loss != "linear":
        by_name["W_hy"] = (O, H * N)
        by_name |= {"b_y": (O,)} if model.bias else {}
    return by_name


def draw_targets(
    model: Any, rng: Any, pairs: tuple[int, ...], width: int, O: int, dtype: str
) -> Any:
    """Labels, values in 0..1, values, or cotangents."""
    if model.loss == "cross_entropy":
        return rng.integers(O, size=pairs)
    if model.loss == "bce":
        return (rng.random((*pairs, O)) < 0.5).astype(dtype)
    return rng.standard_normal((*pairs, width if model.loss == "linear" else O)).astype(dtype)


def assert_same_arrays(
    expected: Mapping[str, Any], got: Mapping[str, Any], tolerance: float = 1e-12
) -> None:
    """Same names, shapes, and values to `tolerance` times the largest expected entry."""
    __tracebackhide__ = True
    assert set(expected) == set(got)

    for name, want in expected.items():
        have = np.asarray(got[name])
        assert want.shape == have.shape, f"{name}: shape {have.shape}, expected {want.shape}"
        allowed = tolerance * float(np.abs(want).max(initial=0.0))
        error = np.abs(have.astype(np.float64) - want)
        worst = np.unravel_index(error.argmax(), error.shape)
        assert error[worst] <= allowed, (
            f"{name}[{', '.join(map(str, worst))}] is {have[worst]!r}, expected {want[worst]!r}: "
            f"off by {error[worst]:.1e}, allowed {allowed:.1e}"
        )


def torch_gradients(case: Any) -> tuple[float, dict[str, Any]]:
    """Loss and (truncated) gradients in float64, with one sequence and one step at a time."""
    import torch

    arrays = {**case.params, "x": case.x, "h0": case.h0}
    arrays |= {"c0": case.c0} if case.model.cell == "lstm" else {}
    leaves = {
        n: torch.tensor(a, dtype=torch.float64, requires_grad=True) for n, a in arrays.items()
    }
    T, B, _ = case.x.shape
    lengths = [T] * B if case.lengths is None else case.lengths.tolist()
    every = case.model.readout == "every"
    divisor = 1
    if case.model.reduction == "mean":
        divisor = sum(lengths) if every else B
        divisor *= 1 if case.model.loss == "cross_entropy" else len(case.params["W_hy"])
    loss = surrogate = torch.zeros((), dtype=torch.float64)
    for b, length in enumerate(lengths):
        whole, flowing = sequence_loss(case, leaves, b, length)
        loss, surrogate = loss + whole / divisor, surrogate + flowing / divisor
    surrogate = surrogate + 0 * sum(leaf.sum() for leaf in leaves.values())
    grads = torch.autograd.grad(surrogate, list(leaves.values()))
    return loss.item(), {n: g.numpy() for n, g in zip(leaves, grads, strict=True)}


def sequence_loss(case: Any, leaves: Any, b: int, length: int) -> tuple[Any, Any]:
    """Of sequence b: the whole loss, and the one that gradients flow from."""
    first = [leaves[name][:, b] for name in ("h0", "c0") if name in leaves]
    tops, states = run_network(case.model, leaves, leaves["x"][:length, b], first)
    whole = steps_loss(case, leaves, b, tops, 0, 0, length, states[-1])
    if case.truncation is None:
        return whole, whole
    flowing = 0.0
    k1, k2 = case.truncation.k1, case.truncation.k2
    for block in range(0, length, k1):
        end = min(block + k1, length)
        start = max(0, end - k2)
        entering = first if start == 0 else [s.detach() for s in states[start - 1]]
        seen, last = run_network(case.model, leaves, leaves["x"][start:end, b], entering)
        counted = max(block, start)
        final = last[-1] if end == length else None
        flowing = flowing + steps_loss(case, leaves, b, seen, start, counted, length, final)
    return whole, flowing


def steps_loss(
    case: Any, leaves: Any, b: int, tops: Any, start: int, counted: int, length: int, final: Any
) -> Any:
    """Loss of sequence b's steps from `counted` on, `tops` being the top states from `start` on."""
    import torch

    every, total = case.model.readout == "every", torch.zeros((), dtype=torch.float64)
    for t, h in enumerate(tops, start=start):
        if t >= counted and (every or t == length - 1):
            target = case.targets[t, b] if every else case.targets[b]
            total = total + pair_loss(case.model, leaves, h, target)
    if final is not None and case.model.loss == "linear":
        for state, cotangent in zip(final, (case.cotangent_h_n, case.cotangent_c_n), strict=False):
            total = total + (state * torch.tensor(cotangent[:, b])).sum()
    return total


def pair_loss(model: Any, leaves: Any, h: Any, target: Any) -> Any:
    """Loss of one state with PyTorch's own loss functions."""
    import torch
    from torch.nn import functional

    wanted = torch.tensor(target)
    if model.loss == "linear":
        return (h * wanted).sum()
    y = functional.linear(h, leaves["W_hy"], leaves.get("b_y"))
    if model.loss == "cross_entropy":
        return functional.cross_entropy(y, wanted, reduction="sum")
    if model.loss == "bce":
        return functional.binary_cross_entropy_with_logits(y, wanted.double(), reduction="sum")
    return functional.mse_loss(y, wanted.double(), reduction="sum")


def run_network(model: Any, leaves: Any, x: Any, first: Any) -> tuple[list[Any], list[Any]]:
    """Top states, and all states after each step, of one sequence x [steps, D]."""
    import torch

    below, N = list(x.unbind(0)), 2 if model.bidirectional else 1
    finals: list[list[Any]] = []
    for layer in range(model.layers):
        outputs = []
        for n in range(N):
            suffix = f"_l{layer}" + ("_reverse" if n else "")
            p = {name[: -len(suffix)]: a for name, a in leaves.items() if name.endswith(suffix)}
            state, visited = [s[layer * N + n] for s in first], []
            for x_t in below[::-1] if n else below:
                state = step(model, p, x_t, state)
                visited.append(state)
            finals.append(visited)
            hidden = [s[0] for s in visited]
            outputs.append(hidden[::-1] if n else hidden)
        below = [torch.cat(parts) for parts in zip(*outputs, strict=True)]
    after = [
        [torch.stack([visited[t][s] for visited in finals]) for s in range(len(first))]
        for t in range(len(below))
    ]
    return below, after


def step(model: Any, p: Mapping[str, Any], x: Any, state: Any) -> list[Any]:
    """One step of one cell on vectors, with PyTorch's functions."""
    import torch
    from torch.nn import functional

    h = state[0]
    if model.cell == "gru":
        return [gru_step(model, p, x, h)]
    a = functional.linear(x, p["W_xh"], p.get("b_h")) + p["W_hh"] @ h
    if model.cell == "rnn":
        f = {
            "tanh": torch.tanh,
            "relu": torch.relu,
            "sigmoid": torch.sigmoid,
            "identity": lambda v: v,
        }
        return [f[model.activation](a)]
    a_i, a_f, a_g, a_o = a.chunk(4)
    c = torch.sigmoid(a_f) * state[1] + torch.sigmoid(a_i) * torch.tanh(a_g)
    return [torch.sigmoid(a_o) * torch.tanh(c), c]


def gru_step(model: Any, p: Mapping[str, Any], x: Any, h: Any) -> Any:
    """One step of either gru."""
    import torch
    from torch.nn import functional

    x_r, x_z, x_n = functional.linear(x, p["W_xh"], p.get("b_xh", p.get("b_h"))).chunk(3)
    h_r, h_z, h_n = functional.linear(h, p["W_hh"], p.get("b_hh")).chunk(3)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    inner = r * h_n if model.reset_after else p["W_hh"].chunk(3)[2] @ (r * h)
    n = torch.tanh(x_n + inner)
    return (1 - z) * n + z * h
