"""A problem in a bucket of sizes: what a program is compiled for, and every array in one vector.

- Padded steps and sequences are dead (`mask` False) and weigh 0. They hold copies of real ones, so
  that a cell meets nothing there that it could not meet anyway (a norm of zeros would be NaN).
- Padded outputs have logits that vanish from the loss (see `ABSENT`).
- Padded units and features are zero rows and columns of every block of the matrices. A user's cell
  may mix its units (layer norm) and tell no bias from a zero one: it keeps its own D, H and biases.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import numpy as np

from ...cases.model import Model, Sizes, input_shapes, output_width, parameter_shapes
from ...cases.types import Array
from ...cases.validation import sizes_of
from ...cases.words.model_words import ACTIVATIONS, LOSSES
from ...equations import cells
from ...equations.network import Problem
from ...equations.padding.blocks import ABSENT, blocks_of, real_entries, split_shape

SMALLEST = Sizes(T=20, B=4, D=5, H=6, O=5)
"""The bucket that holds all sizes drawn by default; a size beyond it goes to a power of two."""


@dataclass(frozen=True)
class Trunk:
    """What a program is compiled for. `cell` is there because a name can be registered anew."""

    model: Model
    sizes: Sizes
    cell: cells.Cell
    ours: bool

    @property
    def beyond(self) -> list[str]:
        """The sizes in which it is larger than the smallest bucket."""
        names = padded_sizes(self.model)
        return [n for n in names if getattr(self.sizes, n) > getattr(SMALLEST, n)]


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
        return real_entries(self.padded(flat), shape, self.blocks)

    def split(self, shape: tuple[int, ...]) -> list[int]:
        """The shape with one more axis for the blocks in front of each."""
        return split_shape(shape, self.blocks)


def sizes_of_problem(problem: Problem) -> Sizes:
    """Sizes of a problem, as in `Case.sizes`."""
    inputs = problem.inputs
    return sizes_of(problem.model, inputs["x"], inputs["h0"], inputs)


def trunk_of(model: Model, sizes: Sizes) -> Trunk:
    """The program for problems of a model: whatever is data has one and the same value here."""
    return _trunk(model, sizes, cells.CELLS[model.cell])


@lru_cache(maxsize=4096)
def _trunk(model: Model, sizes: Sizes, cell: cells.Cell) -> Trunk:
    """That padded units and zero biases are harmless is known of the cells of this package only."""
    names, ours = padded_sizes(model), cells.is_built_in(model)
    bucket = replace(sizes, **{n: _bucket(getattr(sizes, n), getattr(SMALLEST, n)) for n in names})
    model = replace(
        model, loss="cross_entropy", readout="every", reduction="sum", head=True, cotangents="all"
    )
    if ours:
        model = replace(model, activation="tanh", bias=True)
    return Trunk(model, bucket, cell, ours)


def padded_sizes(model: Model) -> tuple[str, ...]:
    """The sizes that are padded: a cell of a user keeps its own D and H."""
    return ("T", "B", "D", "H", "O") if cells.is_built_in(model) else ("T", "B", "O")


def _bucket(size: int, smallest: int) -> int:
    return smallest if size <= smallest else 1 << (size - 1).bit_length()


def padded_input_shapes(trunk: Trunk) -> dict[str, tuple[int, ...]]:
    """Padded shapes of all inputs. The head is not the cell's: it always gets a bias."""
    shapes = parameter_shapes(trunk.model, trunk.sizes) | {"b_y": (trunk.sizes.O,)}
    return shapes | input_shapes(trunk.model, trunk.sizes)


@cache
def places_of(trunk: Trunk) -> dict[str, Place]:
    """Place of every array in the flat vector, the inputs first."""
    T, B, O = (getattr(trunk.sizes, n) for n in "TBO")
    shapes = padded_input_shapes(trunk)
    shapes |= {f"final_{s}": shapes[f"{s}0"] for s in trunk.model.layout.states}
    shapes |= {"targets": (T, B, O), "cotangents": (T, B, output_width(trunk.model, trunk.sizes))}
    shapes |= dict.fromkeys(("weights", "mask", "reverse"), (T, B))
    shapes |= {"outputs": (O,), "first_step": (), "activation": (), "loss": ()}
    blocks = {n: (1,) * len(s) for n, s in shapes.items()} | blocks_of(trunk.model)
    ends = np.cumsum([math.prod(s) for s in shapes.values()]).tolist()
    spans = map(slice, [0, *ends[:-1]], ends)
    return {n: Place(span, shapes[n], blocks[n]) for n, span in zip(shapes, spans, strict=True)}


def flat_vector(problem: Problem, trunk: Trunk) -> Array:
    """The flat vector of a problem: one small copy to the device instead of thirty."""
    places = places_of(trunk)
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
    outputs = sizes_of_problem(problem).O
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
