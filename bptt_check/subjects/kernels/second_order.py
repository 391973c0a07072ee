"""The gradients of a function as a function of its own: what second derivatives are those of.

With fixed cotangents c_o of its outputs, these are the gradients of L = sum of c_o o in each input,
and the derivatives of those along cotangents are products of the Hessian of L with a vector.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...cases.recurrences.outputs import named_outputs
from ...cases.types import Array
from ...errors import SpecError
from .framework import framework_of
from .vjp import Vjp

ENDING = "_bar"
"""Ends the name of an output that is the gradient of an input."""


def gradients_of(
    function: Callable[..., Any] | Vjp, differentiated: Sequence[str], like: str = "numpy"
) -> Callable[..., Any]:
    """A function that returns the gradients of another by the names of its inputs.

    Args:
        function: of torch tensors or JAX arrays by name.
        differentiated: the inputs that have a gradient.
        like: the framework of a function that does not say in which it is written.

    Raises:
        SpecError: it is written in neither framework.
    """
    framework = None
    if not isinstance(function, Vjp):
        own = framework_of(function)
        framework = like if own == "numpy" else own
    if isinstance(function, Vjp) or framework not in _GRADIENTS:
        raise SpecError(
            "order=2 differentiates the gradients once more: that takes torch or JAX, and "
            "is not possible for NumPy or a bc.Vjp."
        )
    gradients = functools.partial(_GRADIENTS[framework], function, tuple(differentiated))
    return functools.wraps(function)(gradients)


def _of_torch(
    function: Callable[..., Any], differentiated: tuple[str, ...], **arrays: Any
) -> dict[str, Any]:
    import torch

    with torch.enable_grad():
        leaves = {n: _leaf(arrays[n]) for n in differentiated}
        named = named_outputs(function(**{**arrays, **leaves}))
        terms = [
            (o * torch.as_tensor(cotangent(o.shape)).to(o)).sum()
            for o in named.values()
            if o.requires_grad
        ]
        if not terms:
            return {f"{n}{ENDING}": torch.zeros_like(leaf) for n, leaf in leaves.items()}
        found = torch.autograd.grad(
            functools.reduce(torch.add, terms),
            [*leaves.values()],
            create_graph=True,
            allow_unused=True,
        )
    pairs = zip(leaves.items(), found, strict=True)
    return {f"{n}{ENDING}": torch.zeros_like(a) if g is None else g for (n, a), g in pairs}


def _leaf(tensor: Any) -> Any:
    """A tensor that has a gradient, whether it had one or not."""
    return tensor if tensor.requires_grad else tensor.detach().requires_grad_()


def _of_jax(
    function: Callable[..., Any], differentiated: tuple[str, ...], **arrays: Any
) -> dict[str, Any]:
    import jax
    import jax.numpy as jnp

    def loss(leaves: dict[str, Any]) -> Any:
        named = named_outputs(function(**{**arrays, **leaves}))
        return sum(jnp.sum(o * jnp.asarray(cotangent(o.shape), o.dtype)) for o in named.values())

    found = jax.grad(loss)({n: arrays[n] for n in differentiated})
    return {f"{n}{ENDING}": g for n, g in found.items()}


_GRADIENTS: dict[str, Callable[..., dict[str, Any]]] = {"torch": _of_torch, "jax": _of_jax}


def cotangent(shape: Sequence[int]) -> Array:
    """The cotangent of an output of this shape: quarters, which every dtype has, and none zero."""
    rng = np.random.default_rng(tuple(shape))
    return rng.choice([-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0], tuple(shape))
