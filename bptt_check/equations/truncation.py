"""A truncated gradient as the exact gradient of a surrogate: the windows of a case."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..cases.case import Case, lengths_of
from ..cases.directions import SignDirections, is_initial_state, is_per_sequence
from ..cases.types import Array
from .namespaces.numpy import NumPy
from .network import Problem, problem_of, run_layers


@dataclass(frozen=True)
class Span:
    """Where a window lies: the losses of steps [counted, end) flow back to step `start`."""

    start: int
    counted: int
    end: int


def windows(T: int, k1: int, k2: int) -> list[Span]:
    """The windows of `Truncation(k1, k2)` over T steps, one for each block of k1 steps.

    Each has the last k2 steps up to its block's end and counts the losses of its block; those
    before the window, if k2 is the smaller one, give no gradient.
    """
    ends = [min(block + k1, T) for block in range(0, T, k1)]
    starts = [max(0, end - k2) for end in ends]
    return [
        Span(start, max(block, start), end)
        for block, start, end in zip(range(0, T, k1), starts, ends, strict=True)
    ]


def by_length(case: Case) -> Iterator[tuple[int, Array]]:
    """Each length of a sequence, and which sequences have it: their columns of the batch."""
    lengths = lengths_of(case)
    for length in np.unique(lengths):
        yield int(length), np.flatnonzero(lengths == length)


@dataclass(frozen=True)
class Cut:
    """One window of some sequences: where it lies, their columns of the batch, whether they end."""

    span: Span
    columns: Array
    ends: bool


def cuts_of(case: Case) -> list[Cut]:
    """The windows of a case without their values. Sequences of all lengths share those of their
    whole blocks; the last one, and what flows in at the end, each length has for itself.
    """
    if case.truncation is None:
        return [Cut(Span(0, 0, case.sizes.T), np.arange(case.sizes.B), ends=True)]
    shared: dict[tuple[Span, bool], list[Array]] = {}
    for length, columns in by_length(case):
        for span in windows(length, case.truncation.k1, case.truncation.k2):
            shared.setdefault((span, span.end == length), []).append(columns)
    return [Cut(span, np.sort(np.concatenate(c)), ends) for (span, ends), c in shared.items()]


def forward_steps(case: Case) -> int:
    """Steps of all layers and directions in one forward pass through each window of a case."""
    steps = sum(cut.span.end - cut.span.start for cut in cuts_of(case))
    return steps * case.model.layers * len(case.model.directions)


@dataclass(frozen=True, eq=False)
class Window:
    """One summand of a case's surrogate loss: a problem on steps [start, end) of some sequences."""

    problem: Problem
    start: int
    end: int
    columns: Array

    def inputs_of(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """This window's inputs out of those of the whole case; what enters it stays a constant."""
        own = {n: self.part(n, inputs[n]) for n in self.problem.differentiated}
        return {**self.problem.inputs, **own}

    def part(self, name: str, array: Array) -> Array:
        """What this window has of an array like the input of that name, [..., *shape]."""
        if not is_per_sequence(name):
            return array
        steps = slice(self.start, self.end) if name == "x" else slice(None)
        return array[..., steps, self.columns, :]

    def parts(self, along: Mapping[str, SignDirections]) -> dict[str, SignDirections]:
        """What this window has of directions through the inputs of the whole case."""
        return {
            n: SignDirections(n, self.part(n, along[n].signs)) for n in self.problem.differentiated
        }

    def add_slopes_to(self, total: dict[str, Array], slopes: Mapping[str, Array]) -> None:
        """Add slopes along those directions to those of the whole case, in place."""
        for name in self.problem.differentiated:
            if is_per_sequence(name):
                total[name][:, self.columns] += slopes[name]
            else:
                total[name] += slopes[name]

    def add_to(self, total: dict[str, Array], grads: Mapping[str, Array]) -> None:
        """Add gradients of this window's problem to those of the whole case, in place."""
        for name in self.problem.differentiated:
            if name == "x":
                total[name][self.start : self.end, self.columns] += grads[name]
            elif is_initial_state(name):
                total[name][:, self.columns] += grads[name]
            else:
                total[name] += grads[name]


def states_after(problem: Problem) -> dict[str, Array]:
    """State name to its values after each step, (T, layers, B, H); one direction."""
    layers = [layer.states for layer in run_layers(NumPy(), problem, problem.inputs)]
    names = problem.model.layout.states
    return {
        name: np.stack([np.stack([s[n] for s in states]) for states in layers], axis=1)
        for n, name in enumerate(names)
    }


@functools.lru_cache(maxsize=32)
def windows_of(case: Case) -> tuple[Window, ...]:
    """The surrogate of a case: problems whose gradients sum to its (truncated) gradient.

    Remembered for the last few cases, because every oracle asks for them.
    """
    if case.truncation is None:
        return (Window(problem_of(case), 0, case.sizes.T, np.arange(case.sizes.B)),)
    return windows_entered_by(case, states_after)


def windows_entered_by(
    case: Case, states: Callable[[Problem], dict[str, Array]]
) -> tuple[Window, ...]:
    """`windows_of` a case whose states after each step are those of `states`.

    Without truncation the case itself. With it, one problem per window: its steps, the losses that
    it counts, and the state that enters it as a constant, as `states` has it after each step. A
    sequence of length n is cut as if it were alone, so sequences go by equal length.
    """
    if case.truncation is None:
        return windows_of(case)
    whole = problem_of(case)
    entering = states(whole)
    return tuple(
        Window(_problem(whole, cut, entering), cut.span.start, cut.span.end, cut.columns)
        for cut in cuts_of(case)
    )


def _problem(whole: Problem, cut: Cut, entering: Mapping[str, Array]) -> Problem:
    """The problem of one window, the states after each step of all sequences given."""
    span = cut.span
    window = restricted(whole, span.start, span.end, cut.columns)
    counted = np.arange(span.start, span.end)[:, None] >= span.counted
    window = replace(window, weights=window.weights * counted)
    if not cut.ends:
        window = replace(window, final_cotangents={})
    if span.start > 0:
        constant = {f"{s}0": a[span.start - 1][..., cut.columns, :] for s, a in entering.items()}
        rest = tuple(n for n in window.differentiated if n not in constant)
        window = replace(window, inputs={**window.inputs, **constant}, differentiated=rest)
    return window


def restricted(problem: Problem, start: int, end: int, columns: Array) -> Problem:
    """The problem on steps [start, end) of some sequences, none of which is padded there."""
    cut = {n: a[:, columns] for n, a in problem.inputs.items() if is_initial_state(n)}
    x = problem.inputs["x"][start:end, columns]
    return replace(
        problem,
        inputs={**problem.inputs, **cut, "x": x},
        targets=problem.targets[start:end, columns],
        weights=problem.weights[start:end, columns],
        mask=None,
        final_cotangents={s: a[:, columns] for s, a in problem.final_cotangents.items()},
        first_step=problem.first_step + start,
    )
