"""How rounding grows in a case of a recurrence, as its own plain code shows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...cases.precision import PRECISIONS
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.types import Array
from ..arithmetics.rounding_model import RoundingModel
from ..arithmetics.scatter import chaotic_entries, scatter_of
from ..rounding_errors import Conditioning
from .truth import (
    diverged,
    evaluation_of,
    rounded_evaluation,
    scattered_loss,
    sizes_where_zero,
)


def rounded_once(case: RecurrenceCase, inside: Conditioning) -> Conditioning:
    """Conditioning of code that rounds its results to the dtype of a case, from that of what is
    inside.
    """
    share = PRECISIONS[inside.dtype].unit / PRECISIONS[case.dtype].unit
    truth = evaluation_of(case)
    terms = (np.abs(c * truth.outputs[n]).sum() for n, c in case.cotangents.items())
    return replace(
        inside,
        dtype=case.dtype,
        loss=share * inside.loss + float(sum(terms)),
        grads={n: share * a for n, a in inside.grads.items()},
        outputs={n: share * a for n, a in inside.outputs.items()},
        results={n: np.abs(a) for n, a in {**truth.grads, **truth.outputs}.items()},
    )


def conditioning_of_recurrence(case: RecurrenceCase, rounding: RoundingModel) -> Conditioning:
    """Conditioning as rounded runs of a recurrence's own plain code measure it."""
    rounded, unit = rounded_evaluation(case, rounding), rounding.unit
    grads = {n: scatter_of(bar, unit) for n, bar in rounded.grads.items()}
    if any(np.any(scatter == 0) for scatter in grads.values()):
        cancelled = sizes_where_zero(case)
        grads = {n: np.where(s == 0, cancelled[n], s) for n, s in grads.items()}
    outputs = {n: scatter_of(o, unit) for n, o in rounded.outputs.items()}
    chaotic: dict[str, Array] = {}
    if diverged(rounded):
        both = {**rounded.grads, **rounded.outputs}
        scatter = {**grads, **outputs}
        chaotic = {n: chaotic_entries(samples, scatter[n] * unit) for n, samples in both.items()}
    for name, beyond in outputs_beyond(case, PRECISIONS[rounding.dtype].largest).items():
        chaotic[name] = np.maximum(chaotic.get(name, 0.0), beyond)
    loss = scattered_loss(case, rounded, unit)
    return Conditioning(rounding.dtype, loss, grads, chaotic=chaotic or None, outputs=outputs)


def outputs_beyond(case: RecurrenceCase, largest: float) -> dict[str, Array]:
    """Of outputs that hold entries beyond the largest number of a dtype: infinite there, else 0.
    Infinity, or that number, is as right there as anything.
    """
    sizes = {n: np.abs(o) for n, o in evaluation_of(case).outputs.items()}
    return {n: np.where(s > largest, np.inf, 0.0) for n, s in sizes.items() if np.any(s > largest)}
