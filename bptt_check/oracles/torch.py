"""PyTorch autograd on the shared forward, float64, CPU, without touching a process-wide setting."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..cases.types import Array
from ..equations.namespaces.torch import Torch, threads
from ..equations.network import Problem, losses
from ..equations.padding.batch import batch_of, groups_of
from . import Gradients

OVERHEAD = 20_000.0
"""Multiplications that take as long as what a step of a graph costs beside its arithmetic."""


def gradients(problem: Problem) -> Gradients:
    """Loss and gradients by reverse accumulation; exact up to float64 rounding."""
    loss, grads = _losses_and_gradients(problem)
    return float(loss), grads, None


def gradients_of_many(problems: Sequence[Problem]) -> list[Gradients]:
    """The same of each problem, from one graph for those that fit into a batch."""
    results: dict[int, Gradients] = {}
    for places in groups_of(problems, OVERHEAD):
        of_places = _together([problems[n] for n in places])
        results |= zip(places, of_places, strict=True)
    return [results[n] for n in range(len(problems))]


def _together(problems: Sequence[Problem]) -> list[Gradients]:
    """The same of problems that make a batch, or of one."""
    if len(problems) == 1:
        return [gradients(problems[0])]
    batch = batch_of(problems)
    of_problems, grads = _losses_and_gradients(batch.padded)
    pairs = zip(of_problems, batch.parts(grads), strict=True)
    return [(float(loss), parts, None) for loss, parts in pairs]


def _losses_and_gradients(problem: Problem) -> tuple[Array, dict[str, Array]]:
    """The loss, of each case of a batch [C] or of one, and the gradient of the sum of all."""
    with torch.inference_mode(False), torch.enable_grad(), threads(1):
        inputs = {
            n: torch.tensor(a, device="cpu", requires_grad=n in problem.differentiated)
            for n, a in problem.inputs.items()
        }
        loss = losses(Torch(), problem, inputs).sum(-1)
        leaves = [inputs[n] for n in problem.differentiated]
        grads = torch.autograd.grad(loss.sum(), leaves, allow_unused=True, materialize_grads=True)
    arrays = {n: g.numpy() for n, g in zip(problem.differentiated, grads, strict=True)}
    return loss.detach().numpy(), arrays
