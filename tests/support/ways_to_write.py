"""Right recurrent cells in the ways in which the field writes them, by PyTorch's autograd.

Each rounds in its own way: which of two gates that add up to 1 is computed first, in which order a
product is fused, by which function a gate or a state is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from bptt_check.cases.case import Case

Function = Callable[[torch.Tensor], torch.Tensor]

INTERPOLATIONS: dict[str, Callable[..., torch.Tensor]] = {
    "z": lambda a, n, h: (1 - torch.sigmoid(a)) * n + torch.sigmoid(a) * h,
    "1 - z": lambda a, n, h: torch.sigmoid(-a) * n + (1 - torch.sigmoid(-a)) * h,
    "1 - z, fused": lambda a, n, h: h + torch.sigmoid(-a) * (n - h),
    "z, fused": lambda a, n, h: n + torch.sigmoid(a) * (h - n),
    "lerp": lambda a, n, h: torch.lerp(n, h, torch.sigmoid(a)),
    "both": lambda a, n, h: torch.sigmoid(-a) * n + torch.sigmoid(a) * h,
    "wrong": lambda a, n, h: torch.sigmoid(-a) * h + torch.sigmoid(a) * n,
}
"""How h_t is made of the pre-activation of z, the candidate and h_{t-1}."""

SIGMOIDS: dict[str, Function] = {
    "sigmoid": torch.sigmoid,
    "exp": lambda a: 1 / (1 + torch.exp(-a)),
    "log space": lambda a: torch.exp(torch.nn.functional.logsigmoid(a)),
    "complement": lambda a: 1 - torch.sigmoid(-a),
    "tanh": lambda a: 0.5 * (1 + torch.tanh(0.5 * a)),
    "wrong": lambda a: torch.sigmoid(a) * (1 - 1e-4 * torch.cos(a)),
}
TANHS: dict[str, Function] = {
    "tanh": torch.tanh,
    "sigmoid": lambda a: 2 * torch.sigmoid(2 * a) - 1,
    "exp": lambda a: (1 - torch.exp(-2 * a)) / (1 + torch.exp(-2 * a)),
    "wrong": lambda a: torch.tanh(a) * (1 + 1e-4 * torch.cos(a)),
}


@dataclass(frozen=True)
class Written:
    """A subject for one layer of GRU or LSTM with a squared error and full BPTT.

    Args:
        interpolation, sigmoid, tanh: names of the ways.
    """

    interpolation: str = "z"
    sigmoid: str = "sigmoid"
    tanh: str = "tanh"

    def __call__(self, case: Case) -> tuple[float, dict[str, np.ndarray]]:
        """Loss and gradients, in the dtype of the case's arrays."""
        leaves = {n: torch.tensor(a).requires_grad_() for n, a in case.inputs.items()}
        step = self._gru if case.model.cell == "gru" else self._lstm
        state = [leaves[n][0] for n in ("h0", "c0") if n in leaves]
        loss, count = torch.zeros(()).to(state[0].dtype), 0
        for x_t, target in zip(leaves["x"], torch.tensor(case.targets), strict=True):
            state = step(leaves, x_t, state)
            y = state[0] @ leaves["W_hy"].mT + leaves["b_y"]
            loss, count = loss + ((y - target) ** 2).sum(), count + y.numel()
        loss = loss / count if case.model.reduction == "mean" else loss
        loss.backward()
        grads = {n: np.zeros(a.shape) if a.grad is None else a.grad for n, a in leaves.items()}
        return float(loss.detach()), {n: np.asarray(g, case.stored) for n, g in grads.items()}

    def _gru(self, p: dict[str, Any], x: torch.Tensor, state: list[Any]) -> list[Any]:
        (h,) = state
        sigmoid, tanh = SIGMOIDS[self.sigmoid], TANHS[self.tanh]
        x_r, x_z, x_n = (x @ p["W_xh_l0"].mT + p["b_xh_l0"]).chunk(3, -1)
        h_r, h_z, h_n = (h @ p["W_hh_l0"].mT + p["b_hh_l0"]).chunk(3, -1)
        n = tanh(x_n + sigmoid(x_r + h_r) * h_n)
        return [INTERPOLATIONS[self.interpolation](x_z + h_z, n, h)]

    def _lstm(self, p: dict[str, Any], x: torch.Tensor, state: list[Any]) -> list[Any]:
        h, c = state
        sigmoid, tanh = SIGMOIDS[self.sigmoid], TANHS[self.tanh]
        gates = x @ p["W_xh_l0"].mT + h @ p["W_hh_l0"].mT + p["b_h_l0"]
        a_i, a_f, a_g, a_o = gates.chunk(4, -1)
        c = sigmoid(a_f) * c + sigmoid(a_i) * tanh(a_g)
        return [sigmoid(a_o) * tanh(c), c]
