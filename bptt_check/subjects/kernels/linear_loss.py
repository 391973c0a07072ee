"""The loss of a kernel: its outputs times the cotangents of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.types import Array
from ...errors import BrokenContract


def linear_loss(outputs: Mapping[str, Array], case: RecurrenceCase) -> float:
    """The sum of outputs times cotangents, in float64."""
    products = (np.sum(c * outputs[name]) for name, c in case.cotangents.items())
    return float(sum(products))


def checked_outputs(named: Mapping[str, Any], case: RecurrenceCase) -> dict[str, Array]:
    """Outputs as float64 arrays, those of which a case has a cotangent among them.

    Raises:
        BrokenContract: one is missing, or has another shape than that of the reference.
    """
    outputs = {n: np.asarray(value, dtype=np.float64) for n, value in named.items()}
    for name, cotangent in case.cotangents.items():
        if name not in outputs:
            raise BrokenContract(
                name,
                f"{name} is missing: the reference returns it, and what came has "
                f"{', '.join(outputs)}",
            )
        if outputs[name].shape != cotangent.shape:
            raise BrokenContract(
                name,
                f"{name} has shape {outputs[name].shape}, and that of the reference "
                f"{cotangent.shape}",
            )
    return outputs
