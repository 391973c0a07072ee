"""Note 003: the sentiment toy and its paths from the loss to each use of a weight."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from bptt_check.cases.targets import PRESETS
from bptt_check.cases.types import Array

from .entry import Entry, Formula
from .unrolled import Grads, Unrolled

(TOY,) = PRESETS["sentiment_toy"]


def over_paths(run: Unrolled, used: Callable[[int], Array], *, whole_state: bool) -> Array:
    """Sum over the steps t at which the weight is used: back from T to t, then into the weight."""
    total = np.zeros((len(run.W_hh), len(used(1))))
    through_all = run.total(used)
    for t in range(1, run.T + 1):
        path = run.own(run.T)
        for k in range(run.T, t, -1):
            path = path @ run.jacobian(k)
        by_weight = through_all[t] if whole_state else run.immediate(t, used(t))
        total += np.tensordot(path, by_weight, 1)
    return total


def three_weights(run: Unrolled, *, whole_state: bool = False) -> Grads:
    """The sums over paths for the input and the hidden weight, and the output weight."""
    return {
        "W_hy": np.outer(run.error[run.T], run.h[run.T]),
        "W_xh_l0": over_paths(run, run.x_t, whole_state=whole_state),
        "W_hh_l0": over_paths(run, run.h_prev, whole_state=whole_state),
    }


PATHS = Formula(
    name="003-paths",
    title="Sums over paths",
    source="Note 003, sentiment toy: three words, three reviews, one sigmoid output",
    printed=(
        "∂L/∂W_output = ∂L/∂ŷ · ∂ŷ/∂W_output\n"
        "∂L/∂W_input  = Σ(t=1…T) ∂L/∂ŷ · ∂ŷ/∂h_T · Π(k=t+1…T) ∂hₖ/∂hₖ₋₁ · ∂hₜ/∂W_input\n"
        "∂L/∂W_hidden = Σ(t=1…T) ∂L/∂ŷ · ∂ŷ/∂h_T · Π(k=t+1…T) ∂hₖ/∂hₖ₋₁ · ∂hₜ/∂W_hidden"
    ),
    fault=(
        "The sums are right when ∂hₜ/∂W is the immediate derivative, with hₜ₋₁ held: each path is "
        "counted once, in the factors falling from k = T. Read as the derivative through all "
        "earlier steps, as ∂h_T/∂W would be, early uses are counted several times; the text does "
        "not say which is meant."
    ),
)

IMMEDIATE = "∂hₜ/∂W is immediate: hₜ₋₁ is held."
THROUGH_ALL = "∂hₜ/∂W goes through all earlier steps."
ENTRIES = (
    Entry(PATHS, "as-printed", TOY, (), IMMEDIATE, three_weights),
    Entry(
        PATHS,
        "printed-second-reading",
        TOY,
        ("W_xh_l0", "W_hh_l0"),
        THROUGH_ALL,
        partial(three_weights, whole_state=True),
    ),
)
