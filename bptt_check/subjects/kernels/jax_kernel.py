"""A kernel of JAX: its backward pass is its `custom_vjp`, or what JAX makes of it."""

from __future__ import annotations

import functools
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
from ...errors import SpecError, quoted, why
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

    def __post_init__(self) -> None:
        try:
            jax.devices(self.device)
        except RuntimeError as error:  # unknown, or of hardware that is not here
            raise SpecError(
                f"JAX has no device {quoted(self.device)} here: {why(error)}."
            ) from None

    def __call__(self, case: RecurrenceCase) -> Result:
        """Outputs, and the gradients of the inputs that are wanted.

        Raises:
            BrokenContract: an output is missing or has another shape.
        """
        floats = [n for n, a in case.given.items() if n in case.arrays and a.dtype.kind == "f"]
        wide = "float64" in (case.dtype, *(case.precision_of(n) for n in floats))
        with jax.enable_x64(wide), jax.default_device(jax.devices(self.device)[0]):
            given = {n: _copied(a, case.precision_of(n)) for n, a in case.inputs.items()}
            fixed = {n: _constant(case, n, v) for n, v in case.constants.items()}
            leaves = {n: given.pop(n) for n in case.wanted or case.inputs}
            starts, pull, named = jax.vjp(
                functools.partial(_forward, self.function, {**given, **fixed}), leaves, has_aux=True
            )
            outputs = checked_outputs({n: _array(o) for n, o in named.items()}, case)
            (grads,) = pull({n: _cotangent(case, n, o) for n, o in starts.items()})
            back = {n: np.asarray(g, dtype=case.inputs[n].dtype) for n, g in grads.items()}
        return Result(linear_loss(case, outputs), back, outputs=outputs)


def _forward(
    function: Callable[..., Any], fixed: dict[str, Any], leaves: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outputs that have cotangents, by name, and all of them: whole numbers have none."""
    named = {n: jnp.asarray(o) for n, o in outputs_of_kernel(function(**fixed, **leaves)).items()}
    return {n: o for n, o in named.items() if jnp.issubdtype(o.dtype, jnp.inexact)}, named


def _cotangent(case: RecurrenceCase, name: str, output: Any) -> Any:
    """The cotangent of an output; zeros where it has no part in the loss."""
    if name in case.cotangents:
        return _copied(case.cotangent(name), output.dtype)
    return _copied(np.zeros(output.shape), output.dtype)


def _constant(case: RecurrenceCase, name: str, value: Any) -> Any:
    """An array, floats in the dtype of the case; what is none is passed as it is."""
    if not isinstance(value, np.ndarray):
        return value
    return _copied(value, case.precision_of(name) if value.dtype.kind == "f" else value.dtype)


def _copied(array: Array, dtype: Any) -> jax.Array:
    """On the device, cast by NumPy: JAX would compile a cast for every shape."""
    return jax.device_put(array.astype(jnp.dtype(dtype)))


def _array(value: Any) -> Array:
    return np.asarray(value, dtype=np.float64)
