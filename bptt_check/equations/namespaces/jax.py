"""The equations on arrays of JAX."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from .numpy import Choices

# JAX's own slopes, 1 - tanh^2 and s * (1 - s), cancel to nothing when saturated; these keep digits
tanh, sigmoid = jax.custom_jvp(jnp.tanh), jax.custom_jvp(jax.nn.sigmoid)
tanh.defjvps(lambda z_dot, t, z: z_dot * (1.0 / jnp.cosh(z)) ** 2)
sigmoid.defjvps(lambda z_dot, s, z: z_dot * (s * jax.nn.sigmoid(-z)))


class Jax(Choices):
    """`jax.numpy`; a sequence is one array (T, B, H), a function of a step takes all T at once."""

    tanh = staticmethod(tanh)
    sigmoid = staticmethod(sigmoid)
    relu = staticmethod(jax.nn.relu)  # slope 0 at 0, unlike that of maximum
    lerp = staticmethod(lambda a, b, weight: (1.0 - weight) * a + weight * b)
    exp = staticmethod(jnp.exp)
    softplus = staticmethod(jax.nn.softplus)
    log_softmax = staticmethod(jax.nn.log_softmax)
    constant = steps = staticmethod(lambda array: array)
    where = staticmethod(lambda condition, a, b: jnp.where(condition, a, b))
    concat = staticmethod(partial(jnp.concatenate, axis=-1))

    def scan(self, step: Callable[..., Any], state: Any, *sequences: Any) -> tuple[Any, Any]:
        """One compiled step in a loop; the states of all steps are stacked in front."""

        def body(state: Any, inputs: Any) -> tuple[Any, Any]:
            state = step(state, *inputs)
            return state, state

        return jax.lax.scan(body, state, sequences)

    def map_steps(self, function: Callable[..., Any], *sequences: Any) -> Any:
        return function(*sequences)

    def sum_pairs(
        self, function: Callable[..., Any], hidden: Any, targets: Any, weights: Any, /
    ) -> Any:
        return jnp.sum(function(hidden, targets, weights), axis=0)

    def reorder(self, sequence: Any, index: Any) -> Any:
        return jnp.take_along_axis(sequence, index[:, :, None], axis=0)
