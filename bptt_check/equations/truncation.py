"""A truncated gradient as the exact gradient of a surrogate: the windows of a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..cases.case import Case, Truncation
from ..cases.types import Array
from .namespaces.numpy import NumPy
from .network import Problem, problem, run_layers


@dataclass(frozen=True, eq=False)
class Part:
    """One summand of a case's surrogate loss: a problem on steps [start, end) of some sequences."""

    problem: Problem
    start: int
    end: int
    columns: Array

    def inputs_of(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """This part's inputs out of those of the whole case; what enters it stays a constant."""
        cut = {
            "x": lambda a: a[self.start : self.end, self.columns],
            "h0": lambda a: a[:, self.columns],
            "c0": lambda a: a[:, self.columns],
        }
        own = {n: cut.get(n, lambda a: a)(inputs[n]) for n in self.problem.wanted}
        return {**self.problem.inputs, **own}

    def add_to(self, total: dict[str, Array], grads: Mapping[str, Array]) -> None:
        """Add gradients of this part's problem to those of the whole case, in place."""
        for name in self.problem.wanted:
            if name == "x":
                total[name][self.start : self.end, self.columns] += grads[name]
            elif name in ("h0", "c0"):
                total[name][:, self.columns] += grads[name]
            else:
                total[name] += grads[name]


def states_after(given: Problem) -> dict[str, Array]:
    """State name to its values after each step, (T, layers, B, H); one direction."""
    layers = [states for *_, states in run_layers(NumPy(), given, given.inputs)]
    names = given.model.layout.states
    return {
        name: np.stack([np.stack([s[n] for s in states]) for states in layers], axis=1)
        for n, name in enumerate(names)
    }


def parts(case: Case, states: Callable[[Problem], dict[str, Array]] = states_after) -> list[Part]:
    """The surrogate of a case: problems whose gradients sum to its (truncated) gradient.

    Without truncation the case itself. With it, one problem per block of k1 steps: the last k2
    steps up to the block's end, the block's own losses, and the state that enters the window as a
    constant, as `states` has it after each step. A sequence of length n is cut as if it were
    alone, so sequences go by equal length.
    """
    whole = problem(case)
    everyone = np.arange(case.sizes.B)
    if case.truncation is None:
        return [Part(whole, 0, case.sizes.T, everyone)]
    lengths = np.full(case.sizes.B, case.sizes.T) if case.lengths is None else case.lengths
    found: list[Part] = []
    for length in np.unique(lengths):
        columns = everyone[lengths == length]
        alone = restricted(whole, 0, int(length), columns)
        found += _windows(alone, states(alone), case.truncation, columns)
    return found


def _windows(
    alone: Problem, entering: Mapping[str, Array], truncation: Truncation, columns: Array
) -> Iterator[Part]:
    """The windows of sequences of one length, `alone` being the problem of just these."""
    k1, k2 = truncation.k1, truncation.k2
    T, everyone = len(alone.weights), np.arange(len(columns))
    for block in range(0, T, k1):
        end = min(block + k1, T)
        start = max(0, end - k2)
        window = restricted(alone, start, end, everyone)
        in_block = np.arange(start, end)[:, None] >= block
        window = replace(window, weights=window.weights * in_block)
        if end < T:
            window = replace(window, final={})
        if start > 0:
            constant = {f"{s}0": a[start - 1] for s, a in entering.items()}
            wanted = tuple(n for n in window.wanted if n not in constant)
            window = replace(window, inputs={**window.inputs, **constant}, wanted=wanted)
        yield Part(window, start, end, columns)


def restricted(given: Problem, start: int, end: int, columns: Array) -> Problem:
    """The problem on steps [start, end) of some sequences, none of which is padded there."""
    cut = {n: a[:, columns] for n, a in given.inputs.items() if n in ("h0", "c0")}
    x = given.inputs["x"][start:end, columns]
    return replace(
        given,
        inputs={**given.inputs, **cut, "x": x},
        targets=given.targets[start:end, columns],
        weights=given.weights[start:end, columns],
        alive=None,
        final={s: a[:, columns] for s, a in given.final.items()},
    )
