"""A kernel in NumPy: a forward function, and a backward one that somebody wrote by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...cases.recurrences.outputs import with_arrays
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.result import Result
from ...equations.recurrences.truth import linear_loss
from ...errors import BrokenContract, cut, one_line
from .kernel_outputs import checked_outputs, outputs_of_kernel


@dataclass(frozen=True)
class Vjp:
    """A function of arrays and its vector-Jacobian product, for code without a framework.

    Args:
        forward: `forward(**arrays) -> (outputs, residuals)`: an array or any nest of arrays, and
            whatever the backward pass needs.
        backward: `backward(residuals, cotangents) -> {name: gradient}`: the cotangents come in the
            nest of the outputs, zeros for an output that has no part in the loss.
        name: in reports; "" is that of the forward function.
    """

    forward: Callable[..., Any]
    backward: Callable[[Any, Any], Mapping[str, Any]]
    name: str = ""


@dataclass(frozen=True, eq=False)
class NumPyKernel:
    """`case -> Result` of a `Vjp`."""

    vjp: Vjp
    name: str
    address: str = ""
    most_subsets = 0

    def __call__(self, case: RecurrenceCase) -> Result:
        """Outputs, and gradients by the backward function.

        Raises:
            BrokenContract: the forward function returned something else than two things, or
                outputs that are not those of the reference, or a gradient is None.
        """
        returned = self.vjp.forward(**case.inputs, **case.constants)
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise BrokenContract(
                "return value",
                f"forward must return (outputs, residuals), got {cut(one_line(repr(returned)))}",
            )
        nest, residuals = returned
        named = outputs_of_kernel(nest)
        outputs = checked_outputs(named, case)
        zeros = {n: np.zeros_like(o) for n, o in named.items()}
        given = {n: case.cotangent(n) for n in case.cotangents}
        grads = self.vjp.backward(residuals, with_arrays(nest, {**zeros, **given}))
        for name in case.inputs:
            if isinstance(grads, Mapping) and name in grads and grads[name] is None:
                what = f"the gradient of {name} is None: return zeros where nothing flows"
                raise BrokenContract(name, what)
        return Result(linear_loss(case, outputs), grads, outputs=outputs)
