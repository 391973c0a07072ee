"""The outputs of a kernel, held beside those of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...cases.recurrences.outputs import named_outputs
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.types import Array
from ...errors import BrokenContract, SpecError


def outputs_of_kernel(returned: Any) -> dict[str, Any]:
    """What a kernel returned, by its places.

    Raises:
        BrokenContract: it is no array, and no nest of arrays.
    """
    try:
        return named_outputs(returned, "the kernel")
    except SpecError as error:
        raise BrokenContract("return value", str(error)) from None


def checked_outputs(named: Mapping[str, Any], case: RecurrenceCase) -> dict[str, Array]:
    """Outputs as float64 arrays, those of which a case has a cotangent among them.

    Raises:
        BrokenContract: one is complex or missing, or has another shape than that of the reference.
    """
    for name, value in named.items():
        if np.iscomplexobj(value):
            raise BrokenContract(name, f"{name} is complex: return its real and its imaginary part")
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
