"""Note 002: forward and backward propagation with biases; recursion, products and a summary."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from bptt_check.cases.model import Model
from bptt_check.cases.targets import Target
from bptt_check.cases.types import Array

from .entry import Entry, Formula
from .unrolled import Grads, Unrolled

SOURCE = "Note 002, forward and backward propagation with biases"
EVERY = Target("Elman biases, loss at every step", Model("rnn"))
LAST = Target("Elman biases, loss at the last step", Model("rnn", loss="bce", readout="last"))


def weights_from(run: Unrolled, dL_dh: dict[int, Array]) -> Grads:
    """Everything that hangs on `dL/dh_t`: `sum_t dL/dh_t dh_t/dW` with immediate derivatives."""
    dL_da = {t: run.slope(t) * bar for t, bar in dL_dh.items()}
    steps = range(1, run.T + 1)
    return {
        "W_xh_l0": sum((np.outer(dL_da[t], run.x_t(t)) for t in steps), np.zeros(())),
        "W_hh_l0": sum((np.outer(dL_da[t], run.h_prev(t)) for t in steps), np.zeros(())),
        "b_h_l0": sum((dL_da[t] for t in steps), np.zeros(())),
        "x": np.stack([run.W_xh.T @ dL_da[t] for t in steps]),
    }


def recursion(run: Unrolled, *, plus: bool = True) -> Grads:
    """`dL/dh_t` from `dL/dh_{t+1}`; at the last step there is nothing to join."""
    dL_dh = {run.T: run.own(run.T)}
    for t in range(run.T - 1, 0, -1):
        later = run.jacobian(t + 1).T @ dL_dh[t + 1]
        dL_dh[t] = run.own(t) + later if plus else run.own(t) * later
    return weights_from(run, dL_dh)


def step_jacobian(run: Unrolled, *, lag: int = 0) -> Grads:
    """`dh_t/dh_{t-1} = W_h^T f'(a_{t-lag})`, as it acts on a column."""
    dL_dh = {run.T: run.own(run.T)}
    for t in range(run.T, 1, -1):
        dL_dh[t - 1] = run.own(t - 1) + run.W_hh.T @ run.diag(t - lag) @ dL_dh[t]
    return weights_from(run, dL_dh)


def product(run: Unrolled, *, starts_after: int = 1) -> Grads:
    """`dL/dh_t` as the product of step matrices from k = t + starts_after to T."""
    dL_dh: dict[int, Array] = {}
    for t in range(1, run.T + 1):
        matrices = np.eye(len(run.W_hh))
        for k in range(t + starts_after, run.T + 1):
            matrices = matrices @ run.W_hh.T @ run.diag(k)
        dL_dh[t] = matrices @ run.own(run.T)
    return weights_from(run, dL_dh)


def summary(
    run: Unrolled,
    *,
    whole_loss: bool = True,
    whole_state: bool = False,
    extra_factor: bool = False,
) -> Grads:
    """The three sums of the text's summary.

    Args:
        whole_loss: `dL_t/dh_t` is that of all losses from step t on, not of step t's alone.
        whole_state: `dh_t/dW` goes through all earlier steps, not through step t alone.
        extra_factor: `dh_t/dh_{t-1} dh_{t-1}/dW_h` in the sum for W_h, not `dh_t/dW_h`.
    """
    steps = range(1, run.T + 1)
    by_state = run.whole() if whole_loss else {t: run.own(t) for t in steps}
    by_W_x = _by_weight(run, run.x_t, whole_state)
    by_W_h = _by_weight(run, run.h_prev, whole_state)
    if extra_factor:
        by_W_h = {t: np.einsum("uv,vwn->uwn", run.jacobian(t), by_W_h[t - 1]) for t in steps}
    return {
        "W_hy": sum((np.outer(run.error[t], run.h[t]) for t in steps), np.zeros(())),
        "W_xh_l0": sum((np.tensordot(by_state[t], by_W_x[t], 1) for t in steps), np.zeros(())),
        "W_hh_l0": sum((np.tensordot(by_state[t], by_W_h[t], 1) for t in steps), np.zeros(())),
    }


def _by_weight(run: Unrolled, used: Callable[[int], Array], whole: bool) -> dict[int, Array]:
    """`dh_t / dW` by step; zero for the initial state."""
    if whole:
        return run.total(used)
    slopes = {t: run.immediate(t, used(t)) for t in range(1, run.T + 1)}
    return {0: np.zeros_like(slopes[1])} | slopes


RECURSION = Formula(
    name="002-recursion",
    title="Recursion for the hidden state",
    source=f"{SOURCE}, chain rule for the hidden state",
    printed="∂Lₜ/∂hₜ = ∂Lₜ/∂yₜ · ∂yₜ/∂hₜ • ∂Lₜ₊₁/∂hₜ₊₁ · ∂hₜ₊₁/∂hₜ",
    fault=(
        "Two paths lead from hₜ to the loss, so their derivatives add up; the print has a bullet "
        "between them. The last step has one path only and stays right. On the left it must be "
        "the whole loss: the loss of step t alone does not depend on later steps."
    ),
    corrected="∂L/∂hₜ = ∂Lₜ/∂yₜ · ∂yₜ/∂hₜ + ∂L/∂hₜ₊₁ · ∂hₜ₊₁/∂hₜ",
)
JACOBIAN = Formula(
    name="002-step-jacobian",
    title="Derivative of a state by the one before",
    source=f"{SOURCE}, gradient flow",
    printed="∂hₜ/∂hₜ₋₁ = W_hᵀ f'(aₜ₋₁)",
    fault=(
        "hₜ = f(aₜ), so the slope is that of step t. The transpose is right for what acts "
        "on the column ∂L/∂hₜ. It shows from two steps on."
    ),
    corrected="∂hₜ/∂hₜ₋₁ = W_hᵀ f'(aₜ),  acting on the column ∂L/∂hₜ",
)
PRODUCT = Formula(
    name="002-product-start",
    title="Product that vanishes or explodes",
    source=f"{SOURCE}, vanishing and exploding gradients, loss at the last step",
    printed="∂L/∂hₜ ∝ Π(k=t…T) W_hᵀ f'(aₖ)",
    fault=(
        "From hₜ to h_T there are T − t steps, and the product has one more factor: it is the "
        "gradient of hₜ₋₁. As that factor depends on t, proportionality does not save it."
    ),
    corrected="∂L/∂hₜ = [ Π(k=t+1…T) W_hᵀ f'(aₖ) ] ∂L/∂h_T",
)
SUMMARY = Formula(
    name="002-summary",
    title="Summary of the three gradients",
    source=f"{SOURCE}, summary of key equations",
    printed=(
        "∂L/∂W_y = Σ(t) ∂Lₜ/∂yₜ · ∂yₜ/∂W_y\n"
        "∂L/∂W_x = Σ(t) ∂Lₜ/∂hₜ · ∂hₜ/∂W_x\n"
        "∂L/∂W_h = Σ(t) ∂Lₜ/∂hₜ · ∂hₜ/∂hₜ₋₁ · ∂hₜ₋₁/∂W_h"
    ),
    fault=(
        "Two readings make the line for W_x right, and under both only the line for W_h is wrong. "
        "With ∂L/∂hₜ of all later losses and immediate derivatives it takes the use of W_h one "
        "step too early: the last step is lost, and at every other one the path through that "
        "step's own loss. With ∂Lₜ/∂hₜ of one loss and derivatives through all earlier steps, the "
        "immediate part of each step is lost."
    ),
    corrected=(
        "∂L/∂W_y = Σ(t) ∂Lₜ/∂yₜ · ∂yₜ/∂W_y\n"
        "∂L/∂W_x = Σ(t) ∂L/∂hₜ · ∂⁺hₜ/∂W_x\n"
        "∂L/∂W_h = Σ(t) ∂L/∂hₜ · ∂⁺hₜ/∂W_h,  ∂⁺ with hₜ₋₁ held"
    ),
)

ALL = ("W_xh_l0", "W_hh_l0", "b_h_l0", "x")
ELEMENTWISE = "The bullet is the product entry by entry; the last step has its first factor only."
AS_FACTOR = "The factor of proportionality is ∂L/∂h_T."
LATER = "∂Lₜ/∂hₜ is that of all losses from step t on; ∂h/∂W is immediate."
EARLIER = "∂Lₜ/∂hₜ is that of the loss of step t; ∂h/∂W goes through all earlier steps."
ONE_LOSS = partial(summary, whole_loss=False, whole_state=True, extra_factor=True)
ENTRIES = (
    Entry(RECURSION, "printed", EVERY, ALL, ELEMENTWISE, partial(recursion, plus=False)),
    Entry(RECURSION, "corrected", EVERY, gradients=recursion),
    Entry(JACOBIAN, "printed", EVERY, ALL, gradients=partial(step_jacobian, lag=1)),
    Entry(JACOBIAN, "corrected", EVERY, gradients=step_jacobian),
    Entry(PRODUCT, "printed", LAST, ALL, AS_FACTOR, partial(product, starts_after=0)),
    Entry(PRODUCT, "corrected", LAST, gradients=product),
    Entry(SUMMARY, "printed", EVERY, ("W_hh_l0",), LATER, partial(summary, extra_factor=True)),
    Entry(SUMMARY, "printed-second-reading", EVERY, ("W_hh_l0",), EARLIER, ONE_LOSS),
    Entry(SUMMARY, "corrected", EVERY, gradients=summary),
)
