"""What each gradient owes to each term of a step: the closed forms of what a formula may lack.

A term is a local variable of the cell's step: a gate's pre-activation, a state that enters, the
input. Where nothing flows back through it, at any step, every gradient loses its share of what
comes through there. The names are the cell's own, so a registered cell has its terms like any
other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CodeType
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.types import Array
from .arithmetics.arithmetic import Arithmetic
from .cells import step_code
from .exact import EXACT, leaves
from .namespaces.taped import Taped
from .network import losses
from .tape import Node, Tape
from .truncation import Window, windows_of


def shares_of_terms(case: Case) -> dict[str, dict[str, Array]]:
    """By the name of each term its shares of all gradients of a case, float64.

    A state that enters is a term of its own, apart from the same state where the loss of its step
    reads it. Empty for a cell whose step is no plain function.
    """
    code = step_code(case.model)
    if code is None:
        return {}
    total: dict[str, dict[str, Array]] = {}
    for window in windows_of(case):
        for name, shares in _shares(window, code):
            own = total.setdefault(name, {n: np.zeros(a.shape) for n, a in case.inputs.items()})
            window.add_to(own, shares)
    return total


def _shares(window: Window, code: CodeType) -> Iterator[tuple[str, dict[str, Array]]]:
    """The shares of each term in the gradients of one window."""
    problem, observed = window.problem, _ObservedSteps(code)
    inputs = leaves(problem, EXACT, _CutTape)
    loss = losses(observed, problem, inputs)
    tape, names = loss.tape, list(observed.terms)
    assert isinstance(tape, _CutTape)
    tape.cut([observed.terms[name] for name in names])
    tape.backward(loss, np.ones((1 + len(names), loss.value.shape[1])))
    bars = {n: inputs[n].cotangent for n in problem.differentiated}
    for number, name in enumerate(names, 1):
        yield name, {n: _share(bar, number, problem.inputs[n].shape) for n, bar in bars.items()}


def _share(bar: Array, number: int, shape: tuple[int, ...]) -> Array:
    """What a gradient loses in one of the samples, the first of which has everything."""
    return (bar[0] - bar[min(number, len(bar) - 1)]).reshape(shape)


class _CutTape(Tape):
    """A tape whose samples differ backwards: in each of them but the first one, nothing flows
    through some nodes.
    """

    def __init__(self, arithmetic: Arithmetic, sequences: int) -> None:
        super().__init__(arithmetic, sequences)
        self._passes: dict[int, Array] = {}

    def cut(self, nodes: Sequence[Sequence[Node]]) -> None:
        """Sample 1 + n lets nothing through the nodes of number n."""
        for sample, together in enumerate(nodes, 1):
            for node in together:
                passes = self._passes.setdefault(id(node), np.ones(1 + len(nodes)))
                passes[sample] = 0.0

    def complete(self, node: Node, bar: Array) -> None:
        super().complete(node, bar)
        passes = self._passes.get(id(node))
        if passes is not None:
            node.bar = bar * passes.reshape(-1, *[1] * (bar.ndim - 1))


class _ObservedSteps(Taped):
    """The namespace over nodes, which notes what the local variables of every step are.

    The first step of a layer is observed; where the others make as many nodes, the same ones are
    the same variables.
    """

    def __init__(self, code: CodeType) -> None:
        self.terms: dict[str, list[Node]] = {}
        self._code = code

    def scan(self, step: Callable[..., Any], state: Any, *sequences: Any) -> tuple[Any, list[Any]]:
        places: dict[str, int] = {}
        made = 0

        def observed(state: Any, x_t: Node, *rest: Any) -> Any:
            nonlocal made
            tape, first = x_t.tape, len(x_t.tape.nodes)
            arguments = tuple(map(_copied, state)), _copied(x_t), *rest
            if made:
                result = step(*arguments)
            else:
                result, names = self._with_names(tape, step, arguments)
                places.update(_places(names, tape.nodes[first:]))
                made = len(tape.nodes) - first
            if len(tape.nodes) - first == made:
                for name, place in places.items():
                    self.terms.setdefault(name, []).append(tape.nodes[first + place])
            return result

        return super().scan(observed, state, *sequences)

    def _with_names(
        self, tape: Tape, step: Callable[..., Any], arguments: Sequence[Any]
    ) -> tuple[Any, dict[str, Any]]:
        """What a step returns, and its local variables when it made its last node."""
        before, watched = tape.nodes, _Watched(self._code)
        tape.nodes = watched
        try:
            return step(*arguments), watched.names
        finally:
            tape.nodes = [*before, *watched]


class _Watched(list[Node]):
    """Nodes as they are made, with the local variables of the function that makes them."""

    def __init__(self, code: CodeType) -> None:
        super().__init__()
        self.names: dict[str, Any] = {}
        self._code = code

    def append(self, node: Node, /) -> None:
        super().append(node)
        frame = inspect.currentframe()  # no hook: a profiler or a debugger may have that
        while frame is not None:
            if frame.f_code is self._code:
                self.names = dict(frame.f_locals)
                return
            frame = frame.f_back


def _places(names: Mapping[str, Any], nodes: Sequence[Node]) -> dict[str, int]:
    """Which of some nodes each variable is, those that are one of them."""
    numbers = {id(node): number for number, node in enumerate(nodes)}
    return {name: numbers[id(value)] for name, value in names.items() if id(value) in numbers}


def _copied(node: Node) -> Node:
    """The same value as a node of its own, through which all flows that one reader sends back."""
    return node.derived(node.value, (node, lambda bar: bar))
