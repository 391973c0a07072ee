"""The program of a trunk: loss, gradient and a forward slope of a problem, compiled by XLA.

One program serves every activation, loss, readout, reduction and length: they are data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...cases.types import Array
from ...cases.words.model_words import ACTIVATIONS, LOSSES
from ...equations.namespaces.jax import Jax
from ...equations.network import Problem, logits, pair_loss, unroll
from .padding import Trunk, padded_input_shapes, places_of
from .saved_programs import load_or_compile

OPTIONS: dict[str, str | bool] = {
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": "1",
}
"""What XLA is told for every program: its newer emitters take three times as long to compile, and
what they gain is nothing beside the time of a step.
"""

UNOPTIMISED: dict[str, str | bool] = {"xla_backend_optimization_level": "0"}
"""What it is told for small programs besides: a third of the time again, for 0.2 ms a run."""


@dataclass(frozen=True)
class AnyActivation(Jax):
    """For the rnn: the activation is data, and the name `tanh` stands for the chosen one."""

    index: Any

    def tanh(self, z: Any) -> Any:
        """All four and a choice: cheaper than a branch, and none of their slopes can be NaN."""
        candidates = [z if name == "identity" else getattr(Jax, name)(z) for name in ACTIVATIONS]
        return jax.lax.select_n(self.index, *candidates)


@cache
def direction(size: int) -> Array:
    """Random signs, always the same: a wrong entry of a gradient has no other to cancel against."""
    return np.random.default_rng(0).choice([-1.0, 1.0], size)


def answer_of(trunk: Trunk, flat: Array) -> Array:
    """The answer of the program of a trunk to the flat vector of a problem."""
    cpu = jax.devices("cpu")[0]
    with jax.enable_x64(True), jax.default_device(cpu), jax.disable_jit(False):  # here and now only
        return np.asarray(compiled_program(trunk)(flat))


@cache
def compiled_program(trunk: Trunk) -> Callable[[Any], Any]:
    """The compiled program of a trunk, from the flat vector of a problem to that of the answer.

    It is looked for among those that earlier processes have saved, unless the cell is a user's:
    nothing tells that its source is still the same.
    """
    if not trunk.ours:
        return _compiled(trunk)
    return load_or_compile(repr((trunk.model, trunk.sizes)), partial(_compiled, trunk))


def _compiled(trunk: Trunk) -> jax.stages.Compiled:
    """The program, compiled; an option that this release of XLA does not know is no obstacle."""
    flat = jax.ShapeDtypeStruct((places_of(trunk)["loss"].span.stop,), np.dtype(np.float64))
    lowered = jax.jit(partial(_both_modes, trunk)).lower(flat)
    try:
        return lowered.compile(OPTIONS | ({} if trunk.beyond else UNOPTIMISED))
    except jax.errors.JaxRuntimeError:
        return lowered.compile()


def _both_modes(trunk: Trunk, flat: Any) -> Any:
    """Loss, forward slope, its noise, and the gradient of every padded input, all flat."""
    places = places_of(trunk)
    arrays = {name: place.padded(flat) for name, place in places.items()}
    names = list(padded_input_shapes(trunk))
    inputs = {name: arrays[name] for name in names}
    signs = direction(places[names[-1]].span.stop)
    tangents = {name: places[name].padded(signs) for name in names}
    forward = partial(_loss_and_logits, trunk, arrays)
    (loss, _), grads = jax.value_and_grad(forward, has_aux=True)(inputs)
    (_, y), (slope, y_dot) = jax.jvp(forward, (inputs,), (tangents,))
    steep = abs(y_dot) * jnp.where(arrays["outputs"] > 0.0, 1.0 + abs(y), 0.0)
    noise = (arrays["weights"][:, :, None] * steep).sum()
    return jnp.concatenate([jnp.stack([loss, slope, noise]), *(grads[n].ravel() for n in names)])


def _loss_and_logits(trunk: Trunk, arrays: Any, inputs: Any) -> tuple[Any, Any]:
    """The loss of a padded problem, and the logits (T, B, O) to tell how much cancels in it.

    Where a softmax or a sigmoid is sure of its target, `p - target` is nothing but rounding, and so
    is the whole gradient.
    """
    any_activation = trunk.ours and trunk.model.cell == "rnn"
    xp = AnyActivation(jnp.int32(arrays["activation"])) if any_activation else Jax()
    reverse = jnp.int32(arrays["reverse"]) if trunk.model.bidirectional else None
    mask, weights = arrays["mask"] > 0.0, arrays["weights"]
    problem = Problem(
        *(trunk.model, inputs, arrays["targets"], weights, mask, reverse, {}, ()),
        first_step=arrays["first_step"],
    )
    hidden, finals = unroll(xp, problem, inputs)
    y = logits(xp, hidden, inputs)
    branches = [partial(_pair_losses, xp, trunk, arrays, loss) for loss in LOSSES]
    pairs = jax.lax.switch(jnp.int32(arrays["loss"]), branches, hidden, y)
    loss = (weights * pairs).sum()
    for name in trunk.model.layout.states:
        loss = loss + (jnp.stack(finals[name]) * arrays[f"final_{name}"]).sum()
    return loss, y


def _pair_losses(xp: Jax, trunk: Trunk, arrays: Any, loss: str, hidden: Any, y: Any) -> Any:
    """The loss of every step and sequence, (T, B), for one kind of loss, given states and logits:
    one head for all of them makes a program that is compiled in half the time.
    """
    rows, target = (hidden, "cotangents") if loss == "linear" else (y, "targets")
    return pair_loss(xp, replace(trunk.model, loss=loss), {})(rows, arrays[target])
