"""Note 000: an introduction to backpropagation in recurrent networks, many-to-one."""

from __future__ import annotations

import numpy as np

from bptt_check.cases.model import Model, Sizes
from bptt_check.cases.targets import Target
from bptt_check.cases.types import Array

from .entry import Entry, Formula
from .unrolled import Grads, Unrolled, require

TARGET = Target(
    "many-to-one, one unit",
    Model("rnn", loss="mse", readout="last"),
    sizes=Sizes(T=3, B=2, D=2, H=1, O=1),
)

EXPANSION = Formula(
    name="000-two-step-expansion",
    title="Recurrent weight, expanded over two steps",
    source="Note 000, an introduction to BPTT: a tanh network, many-to-one, in scalars",
    printed=(
        "∂E/∂W_R = ∂E/∂zₜ [ hₜ₋₁ + W_R tanh'(zₜ₋₁) hₜ₋₂ + W_R² tanh'( zₜ₋₁ · ∂hₜ₋₂/∂W_R ) ]\n"
        "zₜ = W_R hₜ₋₁ + W_F xₜ + b"
    ),
    fault=(
        "The bracket of the last tanh' closes too late: the derivative of hₜ₋₂ stands inside the "
        "argument instead of beside the factor. It shows from two steps on, even where hₜ₋₂ is the "
        "initial state: its derivative is 0, but tanh'(0) is 1. The corrected formula holds for "
        "one unit; with more of them W_R and tanh' do not commute."
    ),
    corrected=(
        "∂E/∂W_R = ∂E/∂zₜ [ hₜ₋₁ + W_R tanh'(zₜ₋₁) hₜ₋₂ + W_R² tanh'(zₜ₋₁) · ∂hₜ₋₂/∂W_R ]\n"
        "zₜ = W_R hₜ₋₁ + W_F xₜ + b"
    ),
)


def two_step_expansion(run: Unrolled, *, bracket_closes_early: bool = True) -> Grads:
    """The expansion at the last step t = T."""
    require(run.T >= 2 and run.W_hh.size == 1, "H = 1 and at least two steps")
    t, W_R = run.T, run.W_hh
    z, h = run.a, run.h
    dh_dW = run.total(run.h_prev)[t - 2][:, :, 0]
    if bracket_closes_early:
        last = W_R**2 * tanh_slope(z[t - 1]) * dh_dW
    else:
        last = W_R**2 * tanh_slope(z[t - 1] * dh_dW)
    dE_dz = tanh_slope(z[t]) * run.own(t)
    return {"W_hh_l0": dE_dz * (h[t - 1] + W_R * tanh_slope(z[t - 1]) * h[t - 2] + last)}


def tanh_slope(z: Array) -> Array:
    """`tanh'(z)`."""
    return 1.0 - np.tanh(z) ** 2


def printed(run: Unrolled) -> Grads:
    """With the bracket where the text has it."""
    return two_step_expansion(run, bracket_closes_early=False)


ENTRIES = (
    Entry(EXPANSION, "printed", TARGET, ("W_hh_l0",), gradients=printed),
    Entry(EXPANSION, "corrected", TARGET, gradients=two_step_expansion),
)
