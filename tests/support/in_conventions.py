"""Code of torch and JAX that is written in conventions of its own, right and with one mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import bptt_check as bc


def batch_first_rnn(here: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """(B, T, D), weights (in, out), states (B, H); mistake: the recurrent path."""

    def run(case: Any) -> Any:
        h, outputs = case.start, []
        for x_t in case["inputs"].unbind(1):
            h = torch.tanh(x_t @ case.params["Wx"] + here(h) @ case.params["Wh"] + case.params["b"])
            outputs.append(h)
        return torch.stack(outputs, 1), h

    return run


BATCH_FIRST = bc.Convention(
    names={"W_xh": "Wx", "W_hh": "Wh", "b_h": "b", "x": "inputs", "h0": "start", "W_hy": "V"},
    transposed=True,
    batch="first",
    layer_axis=False,
)


def joined_lstm(here: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """One matrix for [h; x], gates i f o g, lists of steps; mistake: the forget gate."""

    def run(case: Any) -> Any:
        (h,), (c,) = case.h0, case.c0
        outputs = []
        for x_t in case.x:
            a = torch.cat([h, x_t], -1) @ case["kernel"].T + case["bias"]
            i, f, o, g = a.chunk(4, -1)
            c = here(torch.sigmoid(f)) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            outputs.append(h)
        return outputs, (h[None], c[None])

    return run


JOINED = bc.Convention(
    names={"W": "kernel", "b_h": "bias"}, gate_order="ifog", joined="hx", lists=True
)


def nested_gru(here: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """An array per gate in nested dicts, z the other way round, the loss itself in mean over the
    batch; mistake: the reset gate.
    """

    def run(case: Any) -> Any:
        cell, head, h, loss = case.params["cell"], case.params["head"], case.h0[0], 0.0
        for x_t, label in zip(case.x, case.targets, strict=True):
            a_r, a_z, a_n = (x_t @ cell["W" + g].T + cell["c" + g] for g in "rzn")
            u_r, u_z, u_n = (h @ cell["U" + g].T + cell["d" + g] for g in "rzn")
            z = torch.sigmoid(a_z + u_z)
            h = (1 - z) * h + z * torch.tanh(a_n + here(torch.sigmoid(a_r + u_r)) * u_n)
            logits = h @ head["V"].T + head["b"]
            loss = loss + torch.nn.functional.cross_entropy(logits, label, reduction="sum")
        return loss / case.sizes.B

    return run


NESTED = bc.Convention(
    names={
        "W_xh": "cell/W{gate}", "W_hh": "cell/U{gate}", "b_xh": "cell/c{gate}",
        "b_hh": "cell/d{gate}", "W_hy": "head/V", "b_y": "head/b",
    },
    per_gate=True,
    nested=True,
    z_means="renew",
    loss_factor="1/B",
)  # fmt: skip

WRITTEN: dict[str, tuple[bc.Convention, Any, list[str]]] = {
    "batch first": (BATCH_FIRST, batch_first_rnn, ["rnn-tanh+linear", "rnn-tanh+mse+mean"]),
    "joined": (JOINED, joined_lstm, ["lstm+linear", "lstm+bce+last"]),
    "nested": (NESTED, nested_gru, ["gru"]),
}
"""Convention, code, models."""


class OwnLSTM(torch.nn.Module):
    """Layers of cells with names of their own, (B, T, D), weights (in, out), gates i f o g."""

    def __init__(
        self, D: int, H: int, layers: int, bias: bool = True, bidirectional: bool = False
    ) -> None:
        super().__init__()
        self.cells = torch.nn.ModuleList()
        for k in range(layers):
            cell = torch.nn.Module()
            cell.kernel = torch.nn.Parameter(torch.zeros(H if k else D, 4 * H))
            cell.recurrent = torch.nn.Parameter(torch.zeros(H, 4 * H))
            if bias:
                cell.shift = torch.nn.Parameter(torch.zeros(4 * H))
            self.cells.append(cell)

    def path(self, f: Any) -> Any:
        """The forget gate."""
        return f

    def forward(self, x: Any, state: Any) -> Any:
        """Outputs of the top layer and the final states of all."""
        finals: list[tuple[Any, Any]] = []
        for cell, h, c in zip(self.cells, *state, strict=True):
            outputs = []
            for x_t in x.unbind(1):
                a = x_t @ cell.kernel + h @ cell.recurrent + getattr(cell, "shift", 0.0)
                i, f, o, g = a.chunk(4, -1)
                c = self.path(torch.sigmoid(f)) * c + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
                outputs.append(h)
            x = torch.stack(outputs, 1)
            finals.append((h, c))
        h_n, c_n = (torch.stack(states) for states in zip(*finals, strict=True))
        return x, (h_n, c_n)


class CutLSTM(OwnLSTM):
    """The same without the gradient of the forget gate."""

    def path(self, f: Any) -> Any:
        """The forget gate as a constant."""
        return f.detach()


OF_OWN_LSTM = bc.Convention(
    names={
        "W_xh": "cells.{k}.kernel", "W_hh": "cells.{k}.recurrent", "b_h": "cells.{k}.shift"
    },
    gate_order="ifog",
    transposed=("W_xh", "W_hh"),
    batch="first",
)  # fmt: skip
