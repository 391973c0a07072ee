"""JAX autograd on the shared forward: reverse mode gives the answer, forward mode checks it.

XLA compiles for every shape and every branch of Python, and a run draws hundreds of shapes. So a
problem is padded into a bucket of sizes, and whatever can be data is data: activation, loss,
readout, reduction, lengths, missing biases. Only cell, layers and directions make other programs.

- Padded steps and sequences are dead (`mask` False) and weigh 0. They hold copies of real ones, so
  that a cell meets nothing there that it could not meet anyway (a norm of zeros would be NaN).
- Padded outputs have logits that vanish from the loss (see `ABSENT`).
- Padded units and features are zero rows and columns of every block of the matrices. A user's cell
  may mix its units (layer norm) and tell no bias from a zero one: it keeps its own D, H and biases.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..cases.case import Case
from ..cases.model import Model, Sizes, input_shapes, output_width, parameter_shapes
from ..cases.model_words import ACTIVATIONS, LOSSES
from ..cases.types import Array
from ..cases.validation import sizes_of
from ..equations import cells
from ..equations.namespaces.jax import Jax
from ..equations.network import Problem, logits, pair_loss, unroll
from ..equations.truncation import cuts_of
from ..errors import Undecidable
from . import Gradients

SMALLEST = Sizes(T=20, B=4, D=5, H=6, O=5)
"""The bucket that holds all sizes drawn by default; a size beyond it goes to a power of two."""

ABSENT = {"cross_entropy": -1e30, "bce": -1e30, "mse": 0.0, "linear": 0.0, "sigmoid_mse": -1e30}
"""Bias of a padded output: its softmax or softplus, its slope and its target are exactly 0."""

AGREEMENT = 1e-12
"""Largest gap of the two modes relative to all that they add up; 6e-16 is the most ever seen."""


def too_large(case: Case) -> str:
    """Why a case is not compiled unless asked for; empty if all its windows fit one program."""
    for cut in cuts_of(case):
        sizes = replace(case.sizes, T=cut.span.end - cut.span.start, B=len(cut.columns))
        bucket = _trunk(case.model, sizes, cells.CELLS[case.model.cell]).sizes
        beyond = [n for n in _padded(case.model) if getattr(bucket, n) > getattr(SMALLEST, n)]
        if beyond:
            its = ", ".join(f"{n}={getattr(sizes, n)}" for n in beyond)
            limits = ", ".join(f"{n}={getattr(SMALLEST, n)}" for n in beyond)
            return f"too large to compile unless asked for: {its}; up to {limits} by default"
    return ""


@dataclass(frozen=True)
class AnyActivation(Jax):
    """For the rnn: the activation is data, and the name `tanh` stands for the chosen one."""

    index: Any

    def tanh(self, z: Any) -> Any:
        """All four and a choice: cheaper than a branch, and none of their slopes can be NaN."""
        candidates = [z if name == "identity" else getattr(Jax, name)(z) for name in ACTIVATIONS]
        return jax.lax.select_n(self.index, *candidates)


@dataclass(frozen=True)
class Trunk:
    """What a program is compiled for. `cell` is there because a name can be registered anew."""

    model: Model
    sizes: Sizes
    cell: cells.Cell
    ours: bool


@dataclass(frozen=True)
class Place:
    """Where a padded array lies in the flat vector, and its shape.

    `blocks` says how many blocks each axis holds side by side (gates, directions); every one of
    them is padded by itself.
    """

    span: slice
    shape: tuple[int, ...]
    blocks: tuple[int, ...]

    def padded(self, flat: Any) -> Any:
        return flat[self.span].reshape(self.shape)

    def real(self, flat: Array, shape: tuple[int, ...]) -> Array:
        """View of the entries of the unpadded array of that shape, in its `split` shape."""
        blocked = flat[self.span].reshape(self.split(self.shape))
        return blocked[..., *map(slice, self.split(shape))]  # the dots: an array even without axes

    def split(self, shape: tuple[int, ...]) -> list[int]:
        """The shape with one more axis for the blocks in front of each."""
        pairs = zip(shape, self.blocks, strict=True)
        return [n for size, count in pairs for n in (count, size // count)]


def gradients(problem: Problem) -> Gradients:
    """Loss and gradients by reverse accumulation; exact up to float64 rounding.

    Raises:
        Undecidable: forward mode finds another slope than the gradient says.
    """
    trunk = _trunk(problem.model, _sizes(problem), cells.CELLS[problem.model.cell])
    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):  # here and now only
        answer = np.asarray(compiled_program(trunk)(_pack(problem, trunk)))
    (loss, slope, noise), grads = answer[:3], answer[3:]
    _compare_modes(slope, grads, direction(len(grads)), noise)
    places = _places(trunk)
    shapes = {n: problem.inputs[n].shape for n in problem.differentiated}
    return float(loss), {n: places[n].real(grads, s).reshape(s) for n, s in shapes.items()}, None


def _compare_modes(slope: float, grads: Array, signs: Array, noise: float) -> None:
    """Raise unless the forward slope along `signs` is that of the gradient, up to rounding.

    `noise` is the size of terms that may cancel inside the loss, where both have only rounding.
    A gradient that overflowed is for the caller to see; sizes that did allow anything.
    """
    allowed = AGREEMENT * (np.abs(grads).sum() + noise)
    if not np.isfinite(grads).all() or not np.isfinite(allowed):
        return
    expected = float(grads @ signs)
    if not np.isfinite(slope):
        raise Undecidable(
            "forward mode of JAX leaves the range of float64 on this case: nothing confirms what "
            "reverse mode finds"
        )
    if not abs(slope - expected) <= allowed:
        raise Undecidable(
            f"JAX contradicts itself: along a fixed direction forward mode finds the slope "
            f"{slope:.17g}, reverse mode {expected:.17g}; rounding does not explain that."
        )


@cache
def direction(size: int) -> Array:
    """Random signs, always the same: a wrong entry of a gradient has no other to cancel against."""
    return np.random.default_rng(0).choice([-1.0, 1.0], size)


@cache
def compiled_program(trunk: Trunk) -> Callable[[Any], Any]:
    """The compiled program of a trunk, from the flat vector of a problem to that of the answer."""
    return jax.jit(partial(_both_modes, trunk))


def _both_modes(trunk: Trunk, flat: Any) -> Any:
    """Loss, forward slope, its noise, and the gradient of every padded input, all flat."""
    places = _places(trunk)
    arrays = {name: place.padded(flat) for name, place in places.items()}
    names = list(_input_shapes(trunk))
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
    models = [replace(trunk.model, loss=loss) for loss in LOSSES]
    branches = [partial(_weighted_loss, xp, model, arrays, inputs) for model in models]
    loss = jax.lax.switch(jnp.int32(arrays["loss"]), branches, hidden)
    for name in trunk.model.layout.states:
        loss = loss + (jnp.stack(finals[name]) * arrays[f"final_{name}"]).sum()
    return loss, logits(xp, hidden, inputs)


def _weighted_loss(xp: Jax, model: Model, arrays: Any, inputs: Any, hidden: Any) -> Any:
    """The loss of all steps for one kind of loss."""
    target = arrays["cotangents" if model.loss == "linear" else "targets"]
    return (arrays["weights"] * pair_loss(xp, model, inputs)(hidden, target)).sum()


def _sizes(problem: Problem) -> Sizes:
    """Sizes of a problem, as in `Case.sizes`."""
    inputs = problem.inputs
    return sizes_of(problem.model, inputs["x"], inputs["h0"], inputs)


@lru_cache(maxsize=4096)
def _trunk(model: Model, sizes: Sizes, cell: cells.Cell) -> Trunk:
    """The program for a problem: whatever is data has one and the same value here.

    That padded units and zero biases are harmless is known of the cells of this package only.
    """
    names, ours = _padded(model), cells.is_built_in(model)
    bucket = replace(sizes, **{n: _bucket(getattr(sizes, n), getattr(SMALLEST, n)) for n in names})
    model = replace(
        model, loss="cross_entropy", readout="every", reduction="sum", head=True, cotangents="all"
    )
    if ours:
        model = replace(model, activation="tanh", bias=True)
    return Trunk(model, bucket, cell, ours)


def _padded(model: Model) -> tuple[str, ...]:
    """The sizes that are padded: a cell of a user keeps its own D and H."""
    return ("T", "B", "D", "H", "O") if cells.is_built_in(model) else ("T", "B", "O")


def _bucket(size: int, smallest: int) -> int:
    return smallest if size <= smallest else 1 << (size - 1).bit_length()


def _input_shapes(trunk: Trunk) -> dict[str, tuple[int, ...]]:
    """Padded shapes of all inputs. The head is not the cell's: it always gets a bias."""
    shapes = parameter_shapes(trunk.model, trunk.sizes) | {"b_y": (trunk.sizes.O,)}
    return shapes | input_shapes(trunk.model, trunk.sizes)


@cache
def _places(trunk: Trunk) -> dict[str, Place]:
    """Place of every array in the flat vector, the inputs first."""
    T, B, O = (getattr(trunk.sizes, n) for n in "TBO")
    shapes = _input_shapes(trunk)
    shapes |= {f"final_{s}": shapes[f"{s}0"] for s in trunk.model.layout.states}
    shapes |= {"targets": (T, B, O), "cotangents": (T, B, output_width(trunk.model, trunk.sizes))}
    shapes |= dict.fromkeys(("weights", "mask", "reverse"), (T, B))
    shapes |= {"outputs": (O,), "first_step": (), "activation": (), "loss": ()}
    blocks = {n: (1,) * len(s) for n, s in shapes.items()} | _blocks(trunk.model)
    ends = np.cumsum([math.prod(s) for s in shapes.values()]).tolist()
    spans = map(slice, [0, *ends[:-1]], ends)
    return {n: Place(span, shapes[n], blocks[n]) for n, span in zip(shapes, spans, strict=True)}


def _blocks(model: Model) -> dict[str, tuple[int, ...]]:
    """Blocks per axis of the arrays that have any: gates as rows, directions as columns."""
    G, N = len(model.layout.gates), len(model.directions)
    blocks: dict[str, tuple[int, ...]] = {"W_hy": (1, N), "cotangents": (1, 1, N)}
    for k in range(model.layers):
        for suffix in model.directions:
            blocks[f"W_xh_l{k}{suffix}"] = (G, N if k else 1)
            blocks[f"W_hh_l{k}{suffix}"] = (G, 1)
            blocks |= {f"{b}_l{k}{suffix}": (G,) for b in model.layout.biases if model.bias}
    return blocks


def _pack(problem: Problem, trunk: Trunk) -> Array:
    """The flat vector of a problem: one small copy to the device instead of thirty."""
    places = _places(trunk)
    flat = np.zeros(places["loss"].span.stop)
    places["b_y"].padded(flat)[:] = ABSENT[problem.model.loss]
    for name, array in _arrays(problem, trunk.sizes).items():
        place = places[name]
        place.real(flat, array.shape)[...] = array.reshape(place.split(array.shape))
    return flat


def _arrays(problem: Problem, bucket: Sizes) -> Mapping[str, Array]:
    """Every array of a problem by its name in the flat vector; what is missing is zero there."""
    model, weights = problem.model, problem.weights
    mask = np.ones(weights.shape) if problem.mask is None else problem.mask
    outputs = _sizes(problem).O
    arrays = {"weights": weights, "mask": mask, "outputs": np.ones(outputs)}
    head = {} if model.head else {"W_hy": np.eye(outputs)}  # a linear loss makes no use of one
    arrays |= {"b_y": np.zeros(outputs), **head, **problem.inputs}
    T, B = weights.shape
    rows, columns = np.minimum(range(bucket.T), T - 1), np.minimum(range(bucket.B), B - 1)
    arrays["x"] = arrays["x"][rows][:, columns]
    arrays |= {f"{name}0": arrays[f"{name}0"][:, columns] for name in model.layout.states}
    arrays |= {f"final_{name}": a for name, a in problem.final_cotangents.items()}
    arrays |= {} if problem.reverse is None else {"reverse": problem.reverse}
    arrays["cotangents" if model.loss == "linear" else "targets"] = problem.targets
    arrays["activation"] = np.array(ACTIVATIONS.index(model.activation))
    arrays["first_step"] = np.array(problem.first_step)
    return arrays | {"loss": np.array(LOSSES.index(model.loss))}
