"""Errors over budget that are those of an arithmetic whose errors have one direction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.types import Array
from ...equations.arithmetics.one_direction import NAMES, OneDirection, errors_in
from ...equations.exact import exact_gradients
from ..judgement import Judgement

LIKENESS = 0.7
"""Cosine of the angle between the errors of a subject and those of an arithmetic from which on it
is this one. Those of an independent implementation that rounds so are from 0.81 to 0.94."""
SIZES = 2.0
"""How many times as long the longer of the two may be."""


def arithmetic_of_one_direction(judged: Judgement) -> str:
    """The name of the arithmetic whose errors these are; "" if they are none of it.

    A wrong formula is off in one direction, too: what is as much like a multiple of the gradient is
    no arithmetic.
    """
    if judged.wrong_loss or not judged.wrong_gradients or isinstance(judged.case, RecurrenceCase):
        return ""
    exact, weights = exact_gradients(judged.case), _weights(judged)
    errors = {n: np.asarray(judged.result.grads[n]) - exact[n] for n in weights}
    as_multiple = _share_of_multiples(errors, exact, weights)
    for known in (OneDirection.TRUNCATING, OneDirection.IN_TURN):
        one, other = (
            _joined(errors, weights),
            _joined(errors_in(known, judged.case, exact), weights),
        )
        likeness = _cosine(one, other)
        short, long = sorted((float(np.linalg.norm(one)), float(np.linalg.norm(other))))
        if likeness >= LIKENESS and likeness**2 > as_multiple and long <= SIZES * short:
            return NAMES[known]
    return ""


def _weights(judged: Judgement) -> dict[str, Array]:
    """One over the typical error of each entry; 0 where rounding takes no direction."""
    own = judged.measurement.plain.subject
    weights: dict[str, Array] = {}
    for name in judged.result.grads:
        typical = own.error(name) + own.flushed(name)
        odd = np.asarray(own.unbounded(name) + own.subgradient_width(name)) != 0
        counts = np.isfinite(typical) & (typical > 0) & ~odd
        weights[name] = np.where(counts, 1.0 / np.where(counts, typical, 1.0), 0.0)
    return weights


def _joined(arrays: Mapping[str, Array], weights: Mapping[str, Array]) -> Array:
    """All weighted entries as one vector."""
    return np.concatenate([(arrays[n] * w).ravel() for n, w in weights.items()])


def _cosine(one: Array, other: Array) -> float:
    """Of the angle between two vectors; 0 where one is zero."""
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if 0.0 < lengths < np.inf else 0.0


def _share_of_multiples(
    errors: Mapping[str, Array], exact: Mapping[str, Array], weights: Mapping[str, Array]
) -> float:
    """How much of the square of the errors a multiple of each gradient explains."""
    explained = whole = 0.0
    for name, weight in weights.items():
        error, true = (errors[name] * weight).ravel(), (exact[name] * weight).ravel()
        whole += float(error @ error)
        explained += _cosine(error, true) ** 2 * float(error @ error)
    return explained / whole if whole else 0.0
