"""Problems of one model side by side: padded to common sizes, one pass serves all of them.

Every array gets a leading axis of the cases. What is padded is inert: padded units and features are
zero rows and columns of every block of the matrices, padded steps hold the state (`mask` False) and
weigh 0, padded sequences weigh 0, padded outputs have logits that vanish from the loss (`ABSENT`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...cases.model import Model
from ...cases.types import Array
from ..cells import is_built_in
from ..network import Problem
from .blocks import ABSENT, blocks_of, common_shape, real_entries, side_by_side

FUNCTIONS = 16
"""Multiplications that take as long as the functions of one gate or output."""

LARGEST = 2_000_000
"""Numbers that the padded inputs of a batch may hold: bounds the memory."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Problems side by side.

    Args:
        problems: as they were.
        padded: all of them; its arrays have an axis of the cases in front, vectors one of length 1
            behind it.
    """

    problems: tuple[Problem, ...]
    padded: Problem

    def parts(self, grads: Mapping[str, Array]) -> list[dict[str, Array]]:
        """What each problem has of gradients of the padded inputs: of those it differentiates."""
        blocks = blocks_of(self.padded.model)

        def part(gradient: Array, name: str, shape: tuple[int, ...]) -> Array:
            own = gradient.reshape(gradient.shape[-len(shape) :])  # a vector has an axis before it
            return (
                real_entries(own, shape, blocks.get(name, _one_each(shape))).reshape(shape).copy()
            )

        return [
            {n: part(grads[n][c], n, p.inputs[n].shape) for n in p.differentiated}
            for c, p in enumerate(self.problems)
        ]


def _one_each(shape: tuple[int, ...]) -> tuple[int, ...]:
    """One block along each axis."""
    return (1,) * len(shape)


def groups_of(problems: Sequence[Problem], overhead: float) -> list[list[int]]:
    """Which problems go together, by their place: those for which padding costs less than a pass.

    Args:
        problems: in any order.
        overhead: what one step of a pass costs beside its arithmetic, in multiplications.
    """
    of_size: dict[tuple[Hashable, _Extent], list[int]] = {}
    for place, problem in enumerate(problems):
        alike = _alike(problem) or place
        of_size.setdefault((alike, _extent(problem)), []).append(place)
    groups: dict[Hashable, list[tuple[_Extent, list[int]]]] = {}
    for (alike, extent), places in sorted(of_size.items(), key=lambda i: -i[0][1].cost(overhead)):
        for some in range(0, len(places), extent.fitting):
            part = places[some : some + extent.fitting]
            _join(groups.setdefault(alike, []), extent.times(len(part)), part, overhead)
    return [sorted(places) for of_alike in groups.values() for _, places in of_alike]


def _join(
    groups: list[tuple[_Extent, list[int]]], extent: _Extent, places: list[int], overhead: float
) -> None:
    """Add problems to the group where they cost least, or to a new one."""
    joined = [(of_group.with_others(extent), n) for n, (of_group, _) in enumerate(groups)]
    costs = [
        (larger.cost(overhead) - groups[n][0].cost(overhead), n)
        for larger, n in joined
        if larger.numbers <= LARGEST
    ]
    more, n = min(costs, default=(math.inf, 0))
    if more < extent.cost(overhead):
        groups[n] = joined[n][0], groups[n][1] + places
    else:
        groups.append((extent, places))


def batch_of(problems: Sequence[Problem]) -> Batch:
    """The problems side by side; all of one model, see `groups_of`."""
    model = problems[0].model
    shapes = {n: common_shape(p.inputs[n].shape for p in problems) for n in problems[0].inputs}
    blocks = blocks_of(model)
    inputs = {
        n: side_by_side([p.inputs[n] for p in problems], shape, blocks.get(n, _one_each(shape)))
        for n, shape in shapes.items()
    }
    inputs |= _logits_apart(model, problems, shapes)
    inputs = {n: a[:, None] if a.ndim == 2 else a for n, a in inputs.items()}
    T, B, _ = shapes["x"]
    finals = {
        s: side_by_side([p.final_cotangents[s] for p in problems], shapes[f"{s}0"], (1, 1, 1))
        for s in problems[0].final_cotangents
    }
    width = common_shape(p.targets.shape for p in problems)
    targets = [p.targets for p in problems]
    of_states = blocks_of(model)["cotangents"] if model.loss == "linear" else (1, 1, 1)
    padded = Problem(
        model=model,
        inputs=inputs,
        targets=side_by_side(targets, width, of_states),
        weights=side_by_side([p.weights for p in problems], (T, B), (1, 1)),
        mask=_masks(problems, T, B),
        reverse=_reverses(problems, T, B),
        final_cotangents=finals,
        differentiated=tuple(n for n in shapes if any(n in p.differentiated for p in problems)),
    )
    return Batch(tuple(problems), padded)


def _logits_apart(
    model: Model, problems: Sequence[Problem], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Array]:
    """The bias of the outputs, which keeps padded ones out of the loss; nothing without those."""
    absent = ABSENT[model.loss]
    if "W_hy" not in shapes or not absent:
        return {}
    b_y = np.full((len(problems), shapes["W_hy"][0]), absent)
    for own, problem in zip(b_y, problems, strict=True):
        outputs = len(problem.inputs["W_hy"])
        own[:outputs] = problem.inputs.get("b_y", 0.0)
    return {"b_y": b_y}


def _masks(problems: Sequence[Problem], T: int, B: int) -> Array | None:
    """Which steps are no padding, (cases, T, B); None if all are."""
    if all(p.mask is None and len(p.weights) == T for p in problems):
        return None
    masks = np.zeros((len(problems), T, B), dtype=bool)
    for own, problem in zip(masks, problems, strict=True):
        steps, sequences = problem.weights.shape
        own[:steps, :sequences] = True if problem.mask is None else problem.mask
    return masks


def _reverses(problems: Sequence[Problem], T: int, B: int) -> Array | None:
    """The step that each step of the reverse direction reads; a padded one reads itself."""
    if problems[0].reverse is None:
        return None
    steps = np.broadcast_to(np.arange(T)[:, None], (len(problems), T, B)).copy()
    for own, problem in zip(steps, problems, strict=True):
        assert problem.reverse is not None
        own[: problem.reverse.shape[0], : problem.reverse.shape[1]] = problem.reverse
    return steps


def _alike(problem: Problem) -> tuple[object, ...] | None:
    """What problems that are padded together have in common; None for one that stays alone.

    A user's cell may mix its units (a norm of them) and tell no bias from a zero one.
    """
    model = problem.model
    if not is_built_in(model) or (model.loss != "linear" and "W_hy" not in problem.inputs):
        return None
    return model, tuple(problem.inputs), tuple(problem.final_cotangents)


@dataclass(frozen=True)
class _Extent:
    """What a batch comes to: cases, their common sizes, and passes through layers and gates."""

    cases: int
    sizes: tuple[int, int, int, int, int]
    layers: int
    gates: int

    def times(self, cases: int) -> _Extent:
        """So many of one size."""
        return replace(self, cases=cases)

    @property
    def fitting(self) -> int:
        """How many of one size fit into a batch."""
        return max(1, LARGEST // max(1, self.times(1).numbers))

    def with_others(self, other: _Extent) -> _Extent:
        """With room for others."""
        sizes = tuple(max(pair) for pair in zip(self.sizes, other.sizes, strict=True))
        return replace(self, cases=self.cases + other.cases, sizes=sizes)

    def cost(self, overhead: float) -> float:
        """Multiplications of one forward pass, with what its steps cost beside those."""
        T, B, D, H, O = self.sizes
        products = self.gates * H * (D + self.layers * (H + FUNCTIONS)) + O * (H + FUNCTIONS)
        return T * (self.layers * overhead + self.cases * B * products)

    @property
    def numbers(self) -> int:
        """Numbers that the padded inputs hold, about."""
        T, B, D, H, O = self.sizes
        return self.cases * (T * B * (D + O) + self.gates * H * (D + self.layers * H) + O * H)


def _extent(problem: Problem) -> _Extent:
    """That of one problem."""
    model, inputs = problem.model, problem.inputs
    T, B, D = inputs["x"].shape
    sizes = T, B, D, inputs["h0"].shape[-1], problem.targets.shape[-1]
    return _Extent(1, sizes, model.layers * len(model.directions), len(model.layout.gates))
