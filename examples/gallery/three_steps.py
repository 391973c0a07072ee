"""Note 004: three unrolled steps and the chain rule written out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from bptt_check.cases.model import Model, Sizes
from bptt_check.cases.targets import Target
from bptt_check.cases.types import Array

from .entry import Entry, Formula
from .unrolled import Grads, Unrolled, require

TARGET = Target(
    "three steps, one unit",
    Model("rnn", bias=False, loss="mse"),
    sizes=Sizes(T=3, B=2, D=2, H=1, O=2),
)


def chain(
    run: Unrolled,
    used: Callable[[int], Array],
    *,
    brackets: bool = True,
    missing_factor: bool = True,
    every_loss: bool = True,
) -> Array:
    """The chain for one weight; the text numbers the three steps 0, 1, 2.

    Args:
        used: what the weight multiplies at a step.
        brackets: the loss's factors stand before the sum, not before its first term.
        missing_factor: with `dh_2/dh_1` in the third term.
        every_loss: with the losses of steps 1 and 0.
    """
    require(run.T == 3 and run.W_hh.size == 1, "H = 1 and T = 3")
    dh_dW = [run.slope(n + 1) * used(n + 1) for n in range(3)]
    dL_dh = [run.own(n + 1) for n in range(3)]
    dh1_dh0, dh2_dh1 = run.jacobian(2)[0], run.jacobian(3)[0]
    second, third = dh2_dh1 * dh_dW[1], dh1_dh0 * dh_dW[0]
    third = dh2_dh1 * third if missing_factor else third
    if brackets:
        total = dL_dh[2] * (dh_dW[2] + second + third)
    else:
        total = dL_dh[2] * dh_dW[2] + second + third
    if every_loss:
        total = total + dL_dh[1] * (dh_dW[1] + dh1_dh0 * dh_dW[0]) + dL_dh[0] * dh_dW[0]
    return total[np.newaxis]


def both_weights(run: Unrolled, **options: bool) -> Grads:
    """The chain for the input and for the recurrent weight."""
    return {
        "W_xh_l0": chain(run, run.x_t, **options),
        "W_hh_l0": chain(run, run.h_prev, **options),
    }


CHAIN = Formula(
    name="004-chain",
    title="Chain rule over three steps",
    source="Note 004, BPTT for x₀, x₁, x₂ with a loss at every step, in scalars",
    printed=("∂Loss/∂W = ∂Loss/∂ŷ₂ · ∂ŷ₂/∂h₂ · ∂h₂/∂W + ∂h₂/∂h₁ · ∂h₁/∂W + ∂h₁/∂h₀ · ∂h₀/∂W"),
    fault=(
        "Three things at once: without brackets the second and third term carry no loss; the third "
        "lacks ∂h₂/∂h₁; and the losses of steps 0 and 1 are missing, although the text adds up "
        "L₀ + L₁ + L₂. Each alone makes it wrong."
    ),
    corrected=(
        "∂Loss/∂W = ∂L₂/∂ŷ₂ · ∂ŷ₂/∂h₂ · ( ∂⁺h₂/∂W + ∂h₂/∂h₁ · ( ∂⁺h₁/∂W + ∂h₁/∂h₀ · ∂⁺h₀/∂W ) )\n"
        "         + ∂L₁/∂ŷ₁ · ∂ŷ₁/∂h₁ · ( ∂⁺h₁/∂W + ∂h₁/∂h₀ · ∂⁺h₀/∂W )\n"
        "         + ∂L₀/∂ŷ₀ · ∂ŷ₀/∂h₀ · ∂⁺h₀/∂W,  ∂⁺ with the state before held"
    ),
)

AS_PRINTED = partial(both_weights, brackets=False, missing_factor=False, every_loss=False)
SCALARS = "One hidden unit, so that the printed sum has a shape; W is W_xh and W_hh in turn."
ENTRIES = (
    Entry(CHAIN, "printed", TARGET, ("W_xh_l0", "W_hh_l0"), SCALARS, AS_PRINTED),
    Entry(CHAIN, "corrected", TARGET, gradients=both_weights),
)
