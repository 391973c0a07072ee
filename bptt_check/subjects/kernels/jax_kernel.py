"""A kernel of JAX: its backward pass is its `custom_vjp`, or what JAX makes of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
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


class CompiledPasses:
    """Both passes of a kernel, compiled for the shapes of the last few cases.

    `able` is whether the kernel can be: not if it looks at numbers.
    """

    def __init__(self) -> None:
        self.able = True
        self.of = functools.lru_cache(maxsize=4)(_compiled)


@dataclass(frozen=True, eq=False)
class JaxKernel:
    """`case -> Result` through reverse mode.

    Args:
        function: of JAX arrays by name.
        name: in reports.
        device: a platform of `jax.devices`.
        address: by which the command line takes it.
        compiled: what is compiled of it so far.
    """

    function: Callable[..., Any]
    name: str
    device: str = "cpu"
    address: str = ""
    most_subsets = 2
    compiled: CompiledPasses = field(default_factory=CompiledPasses, repr=False)

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
            seeds = {n: _copied(case.cotangent(n), case.stored) for n in case.cotangents}
            named, grads = self._both_passes(leaves, {**given, **fixed}, seeds)
            outputs = checked_outputs({n: _array(o) for n, o in named.items()}, case)
            back = {n: np.asarray(g, dtype=case.inputs[n].dtype) for n, g in grads.items()}
        return Result(linear_loss(case, outputs), back, outputs=outputs)

    def _both_passes(
        self, leaves: dict[str, Any], fixed: dict[str, Any], seeds: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Outputs and gradients, compiled once for all calls of a case: what is not compiled itself
        would be for each of them. Code that looks at numbers runs operation by operation.
        """
        arrays = {n: v for n, v in fixed.items() if isinstance(v, jax.Array)}
        plain = tuple((n, v) for n, v in fixed.items() if n not in arrays)
        if self.compiled.able:
            try:
                shapes = {n: (a.shape, str(a.dtype)) for n, a in (leaves | arrays | seeds).items()}
                passes = self.compiled.of(self.function, plain, repr((plain, shapes)))
                return passes(leaves, arrays, seeds)
            except (jax.errors.JAXTypeError, jax.errors.JAXIndexError):
                self.compiled.able = False
        return _passes(self.function, plain, leaves, arrays, seeds)


def _compiled(function: Callable[..., Any], plain: tuple[Any, ...], written: str) -> Any:
    """Of its own for what is written of constants and shapes: a run of many cases keeps no more
    than a few of them, and 1, 1.0 and True, which are equal, are not the same to a kernel.
    """
    return jax.jit(functools.partial(_passes, function, plain))


def _passes(
    function: Callable[..., Any],
    plain: tuple[tuple[str, Any], ...],
    leaves: dict[str, Any],
    arrays: dict[str, Any],
    seeds: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """All outputs, and the gradients of the leaves; none where the outputs are others than those
    that have cotangents.
    """
    fixed = {**arrays, **dict(plain)}
    starts, pull, named = jax.vjp(
        functools.partial(_forward, function, fixed), leaves, has_aux=True
    )
    if any(n not in starts or starts[n].shape != c.shape for n, c in seeds.items()):
        return named, {}
    (grads,) = pull({n: _cotangent(seeds, n, o) for n, o in starts.items()})
    return named, grads


def _forward(
    function: Callable[..., Any], fixed: dict[str, Any], leaves: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outputs that have cotangents, by name, and all of them: whole numbers have none."""
    named = {n: jnp.asarray(o) for n, o in outputs_of_kernel(function(**fixed, **leaves)).items()}
    return {n: o for n, o in named.items() if jnp.issubdtype(o.dtype, jnp.inexact)}, named


def _cotangent(seeds: dict[str, Any], name: str, output: Any) -> Any:
    """The cotangent of an output in its dtype; zeros where it has no part in the loss."""
    seed = seeds.get(name)
    return jnp.zeros_like(output) if seed is None else seed.astype(output.dtype)


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
