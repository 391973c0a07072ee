"""PyTorch autograd on the shared forward, float64, CPU, without touching a process-wide setting."""

from __future__ import annotations

import torch

from ..equations.namespaces.torch import Torch, threads
from ..equations.network import Problem, losses
from . import Gradients


def gradients(problem: Problem) -> Gradients:
    """Loss and gradients by reverse accumulation; exact up to float64 rounding."""
    with torch.inference_mode(False), torch.enable_grad(), threads(1):
        inputs = {
            n: torch.tensor(a, device="cpu", requires_grad=n in problem.differentiated)
            for n, a in problem.inputs.items()
        }
        loss = losses(Torch(), problem, inputs).sum()
        leaves = [inputs[n] for n in problem.differentiated]
        grads = torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True)
    arrays = {n: g.numpy() for n, g in zip(problem.differentiated, grads, strict=True)}
    return loss.item(), arrays, None
