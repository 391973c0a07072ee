"""A kernel of JAX: its backward pass is its `custom_vjp`, or what JAX makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.result import Result
from ...cases.types import Array
from ...equations.recurrences.truth import linear_loss
from .kernel_outputs import checked_outputs, outputs_of_kernel


@dataclass(frozen=True, eq=False)
class JaxKernel:
    """`case -> Result` through reverse mode.

    Args:
        function: of JAX arrays by name.
        name: in reports.
        device: a platform of `jax.devices`.
        address: by which the command line takes it.
    """

    function: Callable[..., Any]
    name: str
    device: str = "cpu"
    address: str = ""
    most_subsets = 2

    def __call__(self, case: RecurrenceCase) -> Result:
        """Outputs, and the gradients of the inputs that are wanted.

        Raises:
            BrokenContract: an output is missing or has another shape.
        """
        wide = "float64" in (case.dtype, *(case.precision_of(n) for n in case.inputs))
        with jax.enable_x64(wide), jax.default_device(jax.devices(self.device)[0]):
            given = {n: jnp.asarray(a, dtype=case.precision_of(n)) for n, a in case.inputs.items()}
            fixed = {n: _constant(case, n, v) for n, v in case.constants.items()}
            leaves = {n: given.pop(n) for n in case.wanted or case.inputs}
            named, pull = jax.vjp(
                lambda moving: outputs_of_kernel(self.function(**given, **fixed, **moving)), leaves
            )
            outputs = checked_outputs({n: _array(o) for n, o in named.items()}, case)
            seeds = {n: self._seed(case, n, o) for n, o in named.items()}
            (grads,) = pull(seeds)
            back = {n: np.asarray(g, dtype=case.inputs[n].dtype) for n, g in grads.items()}
        return Result(linear_loss(case, outputs), back, outputs=outputs)

    def _seed(self, case: RecurrenceCase, name: str, output: Any) -> Any:
        """The cotangent of an output; zeros where it has no part in the loss."""
        if name in case.cotangents:
            return jnp.asarray(case.cotangent(name), dtype=output.dtype)
        return jnp.zeros_like(output)


def _constant(case: RecurrenceCase, name: str, value: Any) -> Any:
    """A constant array, in the precision that it has in the case."""
    if not isinstance(value, np.ndarray):
        return value
    return jnp.asarray(value, dtype=case.precision_of(name) if value.dtype.kind == "f" else None)


def _array(value: Any) -> Array:
    """An output in float64; complex ones as they are."""
    return np.asarray(value, dtype=None if np.iscomplexobj(value) else np.float64)
