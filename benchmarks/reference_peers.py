"""What `reference_speed.py` times: the reference, PyTorch twice, and the matrix products alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))

from bptt_reference import loss_and_grads

NAMES = ("reference", "torch.nn.LSTM", "autograd loop", "matrix products")
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
Contender = Callable[[], tuple[float, dict[str, Any]]]


def draw_case(
    size: tuple[int, int, int, int],
    dtype: str = "float64",
    cell: str = "lstm",
    reset_after: bool = True,
) -> SimpleNamespace:
    """Linear loss, standard normal data and weights of size 1/sqrt(H); `size` is T, B, D, H."""
    (T, B, D, H), draw, rows = size, np.random.default_rng(0), GATES[cell] * size[-1]

    def normal(*shape: int) -> Any:
        return draw.standard_normal(shape).astype(dtype)

    shapes: dict[str, tuple[int, ...]] = {"W_xh_l0": (rows, D), "W_hh_l0": (rows, H)}
    biases = ("b_xh_l0", "b_hh_l0") if cell == "gru" and reset_after else ("b_h_l0",)
    shapes |= dict.fromkeys(biases, (rows,))
    model = SimpleNamespace(cell=cell, activation="tanh", reset_after=reset_after, layers=1)
    model.bidirectional, model.bias = False, True
    model.loss, model.readout, model.reduction = "linear", "every", "sum"
    states = {name: normal(1, B, H) for name in ("h0", "c0", "cotangent_h_n", "cotangent_c_n")}
    if cell != "lstm":
        states["c0"] = states["cotangent_c_n"] = None
    return SimpleNamespace(
        model=model,
        truncation=None,
        lengths=None,
        params={name: normal(*shape) / np.sqrt(H, dtype=dtype) for name, shape in shapes.items()},
        x=normal(T, B, D),
        targets=normal(T, B, H),
        **states,
    )


def contenders(case: SimpleNamespace) -> dict[str, Contender]:
    """Three ways to the same numbers and what they share, ready to be called again and again."""
    runs = (lambda: loss_and_grads(case), module(case), loop(case), products(case))
    return dict(zip(NAMES, runs, strict=True))


def module(case: SimpleNamespace) -> Contender:
    """`torch.nn.LSTM`; no gradient is asked of its second bias, which only saves it work."""
    leaves = leaves_of(case)
    lstm = torch.nn.LSTM(case.x.shape[-1], case.h0.shape[-1], dtype=leaves["x"].dtype)
    own = {"W_xh_l0": "weight_ih_l0", "W_hh_l0": "weight_hh_l0", "b_h_l0": "bias_ih_l0"}
    for name, theirs in own.items():
        getattr(lstm, theirs).data.copy_(leaves[name].data)
        leaves[name] = getattr(lstm, theirs)
    lstm.bias_hh_l0.data.zero_()
    lstm.bias_hh_l0.requires_grad_(False)

    def run() -> tuple[float, dict[str, Any]]:
        h, (h_n, c_n) = lstm(leaves["x"], (leaves["h0"], leaves["c0"]))
        return differentiated(case, h, h_n, c_n, leaves)

    return run


def loop(case: SimpleNamespace) -> Contender:
    """Autograd over the reference's loop: one product for all inputs, then step by step."""
    leaves = leaves_of(case)

    def run() -> tuple[float, dict[str, Any]]:
        h_t, c_t, hidden = leaves["h0"][0], leaves["c0"][0], []
        a_x = torch.addmm(leaves["b_h_l0"], leaves["x"].flatten(0, 1), leaves["W_xh_l0"].T)
        for a_t in a_x.unflatten(0, leaves["x"].shape[:2]).unbind(0):
            a_i, a_f, a_g, a_o = (a_t + h_t @ leaves["W_hh_l0"].T).chunk(4, dim=1)
            c_t = torch.sigmoid(a_f) * c_t + torch.sigmoid(a_i) * torch.tanh(a_g)
            h_t = torch.sigmoid(a_o) * torch.tanh(c_t)
            hidden.append(h_t)
        return differentiated(case, torch.stack(hidden), h_t[None], c_t[None], leaves)

    return run


def leaves_of(case: SimpleNamespace) -> dict[str, Any]:
    """Tensors to differentiate with respect to, by the names of the case."""
    arrays = {**case.params, "x": case.x, "h0": case.h0, "c0": case.c0}
    return {name: torch.tensor(a, requires_grad=True) for name, a in arrays.items()}


def differentiated(
    case: SimpleNamespace, h: Any, h_n: Any, c_n: Any, leaves: dict[str, Any]
) -> tuple[float, dict[str, Any]]:
    """The linear loss and its gradients by autograd."""
    loss = (torch.from_numpy(case.targets) * h).sum()
    loss = loss + (torch.from_numpy(case.cotangent_h_n) * h_n).sum()
    loss = loss + (torch.from_numpy(case.cotangent_c_n) * c_n).sum()
    grads = torch.autograd.grad(loss, list(leaves.values()))
    return loss.item(), dict(zip(leaves, grads, strict=True))


def products(case: SimpleNamespace) -> Contender:
    """The matrix products of the reference's two passes, and nothing else; no gradients."""
    (T, B, D), H, W_xh, W_hh = case.x.shape, case.h0.shape[-1], *list(case.params.values())[:2]
    x, h, a_bar = case.x.reshape(T * B, D), np.ones((T, B, H), W_hh.dtype), np.ones((T, B, 4 * H))
    a_bar = a_bar.astype(W_hh.dtype)
    W_hh_T = np.ascontiguousarray(W_hh.reshape(4, H, H).swapaxes(1, 2))
    a_t, h_bar, a_bar_rows = np.empty((4, B, H), W_hh.dtype), h[0].copy(), a_bar.reshape(-1, 4 * H)

    def run() -> tuple[float, dict[str, Any]]:
        x @ W_xh.T
        for h_prev in h:
            np.matmul(h_prev, W_hh_T, out=a_t)
        for a_t_bar in a_bar:
            np.dot(a_t_bar, W_hh, out=h_bar)
        a_bar_rows.T @ x, a_bar_rows.T @ h.reshape(T * B, H), a_bar_rows @ W_xh
        return 0.0, {}

    return run
