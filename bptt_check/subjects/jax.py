"""JAX code as a subject: its backward pass is what `jax.value_and_grad` makes of it.

So what is tested is a `custom_vjp`, a scan, a kernel. float64 is switched on inside a call and only
there; the process keeps its own setting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..cases.arrays.handover import Handover
from ..cases.case import Case
from ..cases.model import Model
from ..cases.result import Result
from ..cases.types import Array
from ..cases.written.reproduction import Construction
from ..equations.namespaces.jax import Jax
from ..errors import SpecError
from .tensors import Frame, TensorCase, arrays_of, frame_of, handed_over, loss_of, tensor_case

Supports = Callable[[Model], bool]


def from_function(
    function: Callable[[TensorCase], Any],
    *,
    jit: bool = False,
    device: str = "cpu",
    dtype: Any = None,
    name: str | None = None,
    supports: Supports | None = None,
) -> JaxSubject:
    """A subject that differentiates a function of JAX arrays.

    Args:
        function: takes a `TensorCase`, a case whose arrays are JAX's, and returns the loss, or
            `(y, h_n)` or `(y, (h_n, c_n))` with final states (layers*N, B, H), whose loss is then
            computed for it.
        jit: compile it. XLA compiles for every shape, a second or so, and a run draws many shapes;
            worth it where the function is itself a scan, which is compiled at every call otherwise.
        device: a platform of `jax.devices`, such as "cpu" or "gpu".
        dtype: in which it computes; None is the case's. Gradients come back in the case's.
        name: in reports; None is that of the function.
        supports: tells whether a model can be asked for; None is always.

    Raises:
        SpecError: the device is not there, or the dtype is no floating point.
    """
    if dtype is not None and not jnp.issubdtype(dtype, jnp.floating):
        raise SpecError(f"dtype must be a floating point dtype, got {dtype!r}.")
    own = name or getattr(function, "__qualname__", type(function).__name__)
    program: Any = partial(_loss_and_grads, function)
    compiled = jax.jit(program, static_argnums=0) if jit else program
    options = {"jit": jit, "device": device, "dtype": dtype, "name": name, "supports": supports}
    made_by = Construction(from_function, (function,), {n: v for n, v in options.items() if v})
    return JaxSubject(compiled, _device(device), dtype, own, supports or _always, made_by)


@dataclass(frozen=True, eq=False)
class JaxSubject:
    """`case -> Result` through reverse mode."""

    program: Callable[[Frame, Any, Any], Any]
    device: Any
    dtype: Any
    name: str
    supports: Supports
    construction: Construction | None = None
    takes_handover = True

    most_subsets = 2
    """Only the inputs in `case.wanted` are differentiated; a scan is compiled for each such set."""

    def __call__(self, case: Case | Handover) -> Result:
        """Loss and gradients of a case, in the dtype of its arrays; in a convention by the names
        that this has.
        """
        handed = handed_over(case)
        kind = jnp.dtype(self.dtype or handed.dtype)

        def convert(array: Array) -> Any:
            return jnp.asarray(array, dtype=kind if array.dtype.kind == "f" else None)

        with jax.enable_x64(kind == np.float64), jax.default_device(self.device):
            arrays = arrays_of(handed, convert)
            leaves = {n: arrays["inputs"].pop(n) for n in handed.wanted or handed.inputs}
            loss, grads = self.program(frame_of(handed), leaves, arrays)
            given = {n: np.asarray(grads[n]).astype(handed.inputs[n].dtype) for n in leaves}
            return Result(float(loss), given)


def _loss_and_grads(
    function: Callable[[TensorCase], Any], of: Frame, leaves: Any, arrays: Any
) -> Any:
    """Loss and the gradient of every leaf; the other inputs are constants."""

    def loss(leaves: Any) -> Any:
        inputs = {**arrays["inputs"], **leaves}
        returned = function(tensor_case(of, inputs, arrays["constants"]))
        return _scalar(loss_of(Jax(), of, inputs, arrays["loss"], returned))

    return jax.value_and_grad(loss)(leaves)


def _scalar(loss: Any) -> Any:
    size = getattr(loss, "size", None)
    if not isinstance(loss, jax.Array) or size != 1:
        what = tuple(loss.shape) if isinstance(loss, jax.Array) else type(loss).__name__
        raise SpecError(f"a JAX function must return one number as an array, got {what}.")
    return loss.reshape(())


def _always(model: Model) -> bool:
    return True


def _device(name: str) -> Any:
    """The first device of a platform, if it can be had here."""
    try:
        return jax.devices(name)[0]
    except RuntimeError as error:
        here = ", ".join(sorted({d.platform for d in jax.devices()}))
        raise SpecError(f"the device {name!r} is not there ({here} is): {error}") from error
