"""JAX autograd on the shared forward: reverse mode gives the answer, forward mode checks it.

XLA compiles for every shape and every branch of Python, and a run draws hundreds of shapes. So a
problem is padded into a bucket of sizes, and whatever can be data is data: activation, loss, readout,
reduction, lengths, missing biases. Only cell, layers and directions ask for another program.

- Padded steps and sequences are dead (`alive` False) and weigh 0. They hold copies of real ones, so
  that a cell meets nothing there that it could not meet anyway (a norm of zeros would be NaN).
- Padded units and features are zero rows and columns of every block of the matrices.
- Padded outputs have logits that vanish from the loss (see `ABSENT`).

A user's cell may mix its units (layer norm) and may tell no bias from a zero one, so it is compiled
for its own D, H and biases.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from .. import cells
from ..errors import Undecidable
from ..model import ACTIVATIONS, LOSSES, Model, Sizes, input_shapes, parameter_shapes
from ..network import Problem, _final_loss, _pair_loss, logits, unroll
from . import Gradients

Array = NDArray[Any]

SMALLEST = Sizes(T=20, B=4, D=5, H=6, O=5)
"""The bucket that holds all sizes drawn by default; a size beyond it goes to a power of two."""

ABSENT = {"cross_entropy": -1e30, "bce": -1e30, "mse": 0.0, "linear": 0.0}
"""Bias of a padded output: its softmax or softplus and their slopes are exactly 0, as is its target."""

AGREEMENT = 1e-12
"""Largest difference of the two modes relative to the sum of what they add up."""


@jax.custom_jvp
def tanh(z: Any) -> Any:
    """With a slope that keeps its digits when saturated, where JAX's own `1 - tanh^2` cancels."""
    return jnp.tanh(z)


@jax.custom_jvp
def sigmoid(z: Any) -> Any:
    """With a slope that keeps its digits when saturated, where JAX's own `s * (1 - s)` cancels."""
    return jax.nn.sigmoid(z)


tanh.defjvps(lambda z_dot, t, z: z_dot * (1.0 / jnp.cosh(z)) ** 2)
sigmoid.defjvps(lambda z_dot, s, z: z_dot * (s * jax.nn.sigmoid(-z)))


class Jax:
    """`jax.numpy`; a sequence is one array (T, B, H), and a function of a step takes all T at once."""

    where = staticmethod(jnp.where)
    relu = staticmethod(jax.nn.relu)  # slope 0 at 0, unlike that of maximum
    tanh = staticmethod(tanh)
    sigmoid = staticmethod(sigmoid)
    softplus = staticmethod(jax.nn.softplus)
    log_softmax = staticmethod(jax.nn.log_softmax)

    def concat(self, arrays: Sequence[Any]) -> Any:
        return jnp.concatenate(arrays, axis=-1)

    def constant(self, array: Any) -> Any:
        return array

    def steps(self, x: Any) -> Any:
        return x

    def scan(self, step: Callable[..., Any], state: Any, *sequences: Any) -> tuple[Any, Any]:
        """One compiled step in a loop; the states of all steps are stacked in front."""

        def body(state: Any, inputs: Any) -> tuple[Any, Any]:
            state = step(state, *inputs)
            return state, state

        return lax.scan(body, state, sequences)

    def map_steps(self, function: Callable[..., Any], *sequences: Any) -> Any:
        return function(*sequences)

    def sum_steps(self, sequence: Any) -> Any:
        return sequence.sum(0)

    def reorder(self, sequence: Any, index: Any) -> Any:
        return jnp.take_along_axis(sequence, index[:, :, None], axis=0)


class AnyActivation(Jax):
    """For the rnn: the activation is data, and the name `tanh` stands for the chosen one."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def tanh(self, z: Any) -> Any:
        """All four and a choice: cheaper than a branch, and none of their slopes can be NaN."""
        found = [z if name == "identity" else getattr(Jax, name)(z) for name in ACTIVATIONS]
        return lax.select_n(self._index, *found)


@dataclass(frozen=True)
class Trunk:
    """What a program is compiled for. `cell` is there because a name can be registered anew."""

    model: Model
    sizes: Sizes
    cell: cells.Cell

    @property
    def any_activation(self) -> bool:
        return self.model.cell == "rnn" and _is_ours(self.model)


@dataclass(frozen=True)
class Place:
    """Where a padded array lies in the flat vector: from `start`, in `shape`.

    `blocks` says how many blocks each axis holds side by side (gates, directions); every one of them
    is padded by itself.
    """

    start: int
    shape: tuple[int, ...]
    blocks: tuple[int, ...]

    @property
    def end(self) -> int:
        return self.start + math.prod(self.shape)

    def padded(self, flat: Any) -> Any:
        return flat[self.start : self.end].reshape(self.shape)

    def real(self, flat: Array, shape: tuple[int, ...]) -> Array:
        """View of the entries of the unpadded array, one axis for the blocks before each axis."""
        blocked = flat[self.start : self.end].reshape(self.split(self.shape))
        return blocked[..., *map(slice, self.split(shape))]  # the dots keep a scalar's view an array

    def split(self, shape: tuple[int, ...]) -> list[int]:
        pairs = zip(shape, self.blocks, strict=True)
        return [n for size, count in pairs for n in (count, size // count)]


def gradients(problem: Problem) -> Gradients:
    """Loss and gradients by reverse accumulation; exact up to float64 rounding.

    Raises:
        Undecidable: forward mode finds another slope than the gradient says.
    """
    trunk = _trunk(problem.model, _sizes(problem), cells.CELLS[problem.model.cell])
    flat = _pack(problem, trunk)
    with _float64_on_cpu():
        found = np.asarray(program(trunk)(flat))
    (loss, slope, noise), grads = found[:3], found[3:]
    _compare_modes(slope, grads, direction(len(grads)), noise)
    places = _places(trunk)
    wanted = {n: problem.inputs[n].shape for n in problem.wanted}
    return float(loss), {n: places[n].real(grads, s).reshape(s) for n, s in wanted.items()}, None


@contextmanager
def _float64_on_cpu() -> Iterator[None]:
    """For this thread and this block only: a process-wide setting belongs to the user."""
    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):
        yield


def _compare_modes(slope: float, grads: Array, signs: Array, noise: float) -> None:
    """Raise unless the forward slope along `signs` is that of the gradient, up to rounding.

    `noise` is the size of terms that may cancel inside the loss, where both modes only have rounding.
    A gradient that is not finite is for the caller to see.
    """
    gap = abs(slope - grads @ signs)
    if gap > AGREEMENT * (np.abs(grads).sum() + noise):
        raise Undecidable(
            f"JAX contradicts itself: along a fixed direction forward mode finds the slope {slope!r}, "
            f"reverse mode {float(grads @ signs)!r}, which is more than rounding explains."
        )


@cache
def direction(size: int) -> Array:
    """Random signs, the same ones always: no entry of a gradient can hide from their sum for long."""
    return np.random.default_rng(0).choice([-1.0, 1.0], size)


@cache
def program(trunk: Trunk) -> Callable[[Any], Any]:
    """The compiled program of a trunk, from the flat vector of a problem to that of the answer."""
    return jax.jit(partial(_both_modes, trunk))


def _both_modes(trunk: Trunk, flat: Any) -> Any:
    """Loss, forward slope, its noise and the gradient of every padded input, flat in their order."""
    places = _places(trunk)
    arrays = {name: place.padded(flat) for name, place in places.items()}
    names = list(_input_shapes(trunk))
    inputs = {name: arrays[name] for name in names}
    signs = direction(places[names[-1]].end)
    tangents = {name: places[name].padded(signs) for name in names}
    forward = partial(_loss_and_logits, trunk, arrays)
    (loss, _), grads = jax.value_and_grad(forward, has_aux=True)(inputs)
    (_, y), (slope, y_dot) = jax.jvp(forward, (inputs,), (tangents,))
    steep = abs(y_dot) * jnp.where(arrays["outputs"] > 0.0, 1.0 + abs(y), 0.0)
    noise = (arrays["weights"][:, :, None] * steep).sum()
    return jnp.concatenate([jnp.stack([loss, slope, noise]), *(grads[n].ravel() for n in names)])


def _loss_and_logits(trunk: Trunk, arrays: Any, inputs: Any) -> tuple[Any, Any]:
    """The loss of a padded problem and its logits (T, B, O), which say how much cancels in the loss.

    For a softmax or a sigmoid that is sure of its target, `p - target` is nothing but rounding, and
    so is the whole gradient.
    """
    xp = AnyActivation(_integer(arrays["activation"])) if trunk.any_activation else Jax()
    reverse = _integer(arrays["reverse"]) if trunk.model.bidirectional else None
    alive, weights = arrays["alive"] > 0.0, arrays["weights"]
    given = Problem(trunk.model, inputs, arrays["targets"], weights, alive, reverse, {}, ())
    hidden, finals = unroll(xp, given, inputs)
    branches = [partial(_weighted_loss, xp, replace(trunk.model, loss=l), arrays, inputs) for l in LOSSES]
    loss = lax.switch(_integer(arrays["loss"]), branches, hidden)
    for name in trunk.model.layout.states:
        loss = loss + _final_loss(finals[name], arrays[f"final_{name}"]).sum()
    return loss, logits(xp, hidden, inputs)


def _weighted_loss(xp: Jax, model: Model, arrays: Any, inputs: Any, hidden: Any) -> Any:
    """The loss of all steps for one kind of loss."""
    target = arrays["cotangents" if model.loss == "linear" else "targets"]
    return (arrays["weights"] * _pair_loss(xp, model, inputs)(hidden, target)).sum()


def _integer(array: Any) -> Any:
    """Indices travel as floats, in the one vector."""
    return array.astype(jnp.int32)


def _sizes(problem: Problem) -> Sizes:
    (T, B, D), H = problem.inputs["x"].shape, problem.inputs["h0"].shape[-1]
    return Sizes(T, B, D, H, len(problem.inputs.get("W_hy", "1")))


@lru_cache(maxsize=4096)
def _trunk(model: Model, sizes: Sizes, cell: cells.Cell) -> Trunk:
    """The program for a problem: everything that is data has one and the same value here."""
    names = ("T", "B", "D", "H", "O") if _is_ours(model) else ("T", "B", "O")
    bucket = replace(sizes, **{n: _bucket(getattr(sizes, n), getattr(SMALLEST, n)) for n in names})
    model = replace(model, loss="cross_entropy", readout="every", reduction="sum")
    if _is_ours(model):
        model = replace(model, activation="tanh", bias=True)
    return Trunk(model, bucket, cell)


def _is_ours(model: Model) -> bool:
    """Whether we know the equations: only then are padded units and zero biases harmless."""
    return getattr(cells.step_of(model), "__module__", None) == cells.__name__


def _bucket(size: int, smallest: int) -> int:
    return smallest if size <= smallest else 1 << (size - 1).bit_length()


def _input_shapes(trunk: Trunk) -> dict[str, tuple[int, ...]]:
    """Padded shapes of all inputs. The bias of the head is ours to add: every loss here takes it."""
    shapes = parameter_shapes(trunk.model, trunk.sizes) | {"b_y": (trunk.sizes.O,)}
    return shapes | input_shapes(trunk.model, trunk.sizes)


@cache
def _places(trunk: Trunk) -> dict[str, Place]:
    """Place of every array in the flat vector, the inputs first."""
    sizes, N = trunk.sizes, len(trunk.model.directions)
    shapes = _input_shapes(trunk)
    shapes |= {f"final_{s}": shapes[f"{s}0"] for s in trunk.model.layout.states}
    shapes |= {"targets": (sizes.T, sizes.B, sizes.O), "cotangents": (sizes.T, sizes.B, N * sizes.H)}
    shapes |= dict.fromkeys(("weights", "alive", "reverse"), (sizes.T, sizes.B))
    shapes |= {"outputs": (sizes.O,), "activation": (), "loss": ()}
    blocks = {n: (1,) * len(s) for n, s in shapes.items()} | _blocks(trunk.model)
    ends = np.cumsum([math.prod(s) for s in shapes.values()]).tolist()
    starts = dict(zip(shapes, [0, *ends], strict=False))
    return {n: Place(starts[n], s, blocks[n]) for n, s in shapes.items()}


def _blocks(model: Model) -> dict[str, tuple[int, ...]]:
    """Blocks per axis of the arrays that have any: gates as rows, directions as columns."""
    G, N = len(model.layout.gates), len(model.directions)
    found: dict[str, tuple[int, ...]] = {"W_hy": (1, N), "cotangents": (1, 1, N)}
    for k in range(model.layers):
        for suffix in model.directions:
            found[f"W_xh_l{k}{suffix}"] = (G, N if k else 1)
            found[f"W_hh_l{k}{suffix}"] = (G, 1)
            found |= {f"{b}_l{k}{suffix}": (G,) for b in model.layout.biases if model.bias}
    return found


def _pack(problem: Problem, trunk: Trunk) -> Array:
    """The flat vector of a problem: one small copy to the device instead of thirty."""
    places = _places(trunk)
    flat = np.zeros(places["loss"].end)
    places["b_y"].padded(flat)[:] = ABSENT[problem.model.loss]
    for name, array in _arrays(problem, trunk.sizes).items():
        place = places[name]
        place.real(flat, array.shape)[...] = array.reshape(place.split(array.shape))
    return flat


def _arrays(problem: Problem, bucket: Sizes) -> Mapping[str, Array]:
    """Every array of a problem by its name in the flat vector; what is missing is zero there."""
    model, weights = problem.model, problem.weights
    alive = np.ones(weights.shape) if problem.alive is None else problem.alive
    O = _sizes(problem).O
    found = {"b_y": np.zeros(O), "outputs": np.ones(O), "weights": weights, "alive": alive}
    found |= problem.inputs
    found["x"] = _repeated(found["x"], (bucket.T, bucket.B))
    for name in model.layout.states:
        found[f"{name}0"] = _repeated(found[f"{name}0"], (len(found["h0"]), bucket.B))
    found |= {f"final_{name}": a for name, a in problem.final.items()}
    found |= {} if problem.reverse is None else {"reverse": problem.reverse}
    found["cotangents" if model.loss == "linear" else "targets"] = problem.targets
    found["activation"] = np.array(ACTIVATIONS.index(model.activation))
    return found | {"loss": np.array(LOSSES.index(model.loss))}


def _repeated(array: Array, shape: tuple[int, int]) -> Array:
    """Longer in the first two axes by repeating the last entry."""
    rows, columns = (np.minimum(np.arange(n), m - 1) for n, m in zip(shape, array.shape, strict=False))
    return array[rows[:, None], columns]
