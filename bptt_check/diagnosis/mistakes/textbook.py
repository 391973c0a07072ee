"""The gradient of a case by the textbook's lines, as they stand or with some of them edited.

The forward pass is run once for each case and remembered; an edit changes a function of the
backward pass, in a copy that nobody else sees.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...cases.case import Case
from ...cases.model import Model, Sizes, parameter_shapes
from ...cases.types import Array
from ...cases.validation import sizes_of
from ...equations.network import Problem, layer_params
from ...equations.truncation import Window, windows_of
from ...mutation.mutant import Edit
from ...mutation.source import Source, Text
from . import textbook_cells, textbook_network
from .textbook_network import Direction, gather_steps

Grads = dict[str, Array]
Place = tuple[int, str]
"""A layer and the suffix of a direction."""

CELLS: dict[str, tuple[Callable[..., Any], str]] = {
    "rnn": (textbook_cells.rnn_forward, "rnn_backward"),
    "lstm": (textbook_cells.lstm_forward, "lstm_backward"),
    "gru": (textbook_cells.gru_after_forward, "gru_after_backward"),
    "gru-reset-before": (textbook_cells.gru_before_forward, "gru_before_backward"),
}
"""Cell to its forward step and the name of its backward step."""


@dataclass(frozen=True)
class TextbookFunction:
    """One function of the textbook: the source that holds it, and where in its text it stands."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        """The function's own text."""
        return self.source.text[self.start : self.end]


@functools.cache
def textbook_functions() -> dict[str, TextbookFunction]:
    """The functions that are edited, by name."""
    functions: dict[str, TextbookFunction] = {}
    for module in (textbook_cells, textbook_network):
        name = module.__name__
        source = Source(name, f"{name.rpartition('.')[2]}.py", inspect.getsource(module))
        for node in ast.parse(source.text).body:
            if isinstance(node, ast.FunctionDef) and node.name.endswith(("_backward", "agate")):
                functions[node.name] = TextbookFunction(source, *Text(source.text).span(node))
    return functions


@dataclass(frozen=True)
class TextbookEdit:
    """Edits of one function of the textbook, as places in the text of its module.

    `only` is the layer and direction in which they are made; None is all.
    """

    function: str
    edits: tuple[Edit, ...] = ()
    only: Place | None = None

    @functools.cached_property
    def text(self) -> str:
        """The function with the edits made, the last in the text first."""
        function = textbook_functions()[self.function]
        text = function.source.text[: function.end]
        for edit in sorted(self.edits, key=lambda e: -e.start):
            text = edit.apply(text)
        return text[function.start :]


def merged(function: str, changes: Sequence[TextbookEdit], place: Place | None) -> str:
    """The text of a function with all the changes made that apply to a place.

    Raises:
        ValueError: two of them edit the same characters.
    """
    edits = sorted(
        (e for c in changes if c.function == function and c.only in (None, place) for e in c.edits),
        key=lambda e: e.start,
    )
    if any(b.start < a.end for a, b in itertools.pairwise(edits)):
        raise ValueError(f"two edits of {function} meet")
    return TextbookEdit(function, tuple(edits)).text


@functools.lru_cache(maxsize=4096)
def compiled(name: str, text: str) -> Callable[..., Any]:
    """The function that a text defines, with everything around it as the textbook has it.

    Raises:
        SyntaxError: the edited text is no Python.
    """
    module = (
        textbook_cells
        if textbook_functions()[name].source.name == textbook_cells.__name__
        else None
    )
    names = dict(vars(module or textbook_network))
    defined: dict[str, Any] = {}
    exec(compile(text, f"<{name}>", "exec", flags=0, dont_inherit=True), names, defined)
    return defined[name]


@dataclass(frozen=True, eq=False)
class ForwardRun:
    """One part of a case, run forward: everything that a backward pass reads."""

    part: Window
    layers: Sequence[Sequence[Direction]]
    on: Array
    h: Array

    @property
    def given(self) -> Problem:
        """The part's problem."""
        return self.part.problem


def run_forward(case: Case) -> list[ForwardRun]:
    """A case run forward, part by part; its arrays are read-only, as an edit may write to any."""
    runs = [_run(part) for part in windows_of(case)]
    for one in runs:
        steps = [a for ds in one.layers for d in ds for step in d.steps for a in step]
        given = one.given
        for array in (
            *steps,
            *given.inputs.values(),
            *given.final_cotangents.values(),
            one.on,
            one.h,
        ):
            array.flags.writeable = False
        given.targets.flags.writeable = given.weights.flags.writeable = False
    return runs


def knows(model: Model) -> bool:
    """Whether the textbook has the cell of a model."""
    return model.cell in ("rnn", "lstm", "gru")


def cell_name(model: Model) -> str:
    """The key of `CELLS`."""
    return "gru-reset-before" if model.cell == "gru" and not model.reset_after else model.cell


def functions_of(model: Model) -> list[str]:
    """The functions that a backward pass of a model uses."""
    return [CELLS[cell_name(model)][1], "layer_backward", "loss_backward", "backpropagate"]


def _run(part: Window) -> ForwardRun:
    given, model = part.problem, part.problem.model
    T, B = given.weights.shape
    on = np.ones((T, B, 1)) if given.mask is None else given.mask[:, :, None] * 1.0
    forward = CELLS[cell_name(model)][0]
    below, layers = given.inputs["x"], list[list[Direction]]()
    for k in range(model.layers):
        layers.append([])
        outputs: list[Array] = []
        for n, suffix in enumerate(model.directions):
            row = k * len(model.directions) + n
            index = given.reverse if suffix else None
            p = layer_params(model, given.inputs, k, suffix)
            d = Direction(k, f"_l{k}{suffix}", row, p, [], index)
            steps, out = _forward(forward, given, d, d.ordered(below), on)
            layers[k].append(Direction(k, d.suffix, row, p, steps, index))
            outputs.append(d.ordered(out))
        below = np.concatenate(outputs, axis=-1)
    return ForwardRun(part, layers, on, below)


def _forward(
    forward: Callable[..., Any], given: Problem, d: Direction, below: Array, on: Array
) -> tuple[list[Any], Array]:
    """The steps of one direction, and its states in its own order [T, B, H]."""
    h = given.inputs["h0"][d.row]
    c = given.inputs["c0"][d.row] if "c0" in given.inputs else np.zeros_like(h)
    steps, states = list[Any](), list[Array]()
    for t in range(len(below)):
        step = forward(given.model, d.params, below[t], h, c)
        h, c = (on[t] * new + (1 - on[t]) * old for new, old in ((step.h_t, h), (step.c_t, c)))
        steps.append(step)
        states.append(h)
    return steps, np.stack(states)


def edited_gradients(
    case: Case, runs: Sequence[ForwardRun], changes: Sequence[TextbookEdit] = ()
) -> Grads:
    """The gradient of every input of a case, float64, with the textbook edited.

    Args:
        runs: of the case.
        changes: edits, of the same function too.

    Raises:
        Exception: whatever the edited lines raise.
    """
    total = {n: np.zeros(a.shape) for n, a in case.inputs.items()}
    for one in runs:
        one.part.add_to(total, _backward(one, changes))
    return total


def _backward(one: ForwardRun, changes: Sequence[TextbookEdit]) -> Grads:
    """The gradient of one part."""
    given, model = one.given, one.given.model
    bars = _empty(given)

    def pick(name: str, place: Place | None = None) -> Callable[..., Any]:
        return compiled(
            name, merged(name, changes, place) if changes else textbook_functions()[name].text
        )

    def backward(d: Direction, above: Array, final: tuple[Array, Array]) -> Any:
        place = (d.layer, d.suffix)
        on = one.on if d.index is None else gather_steps(one.on, d.index)
        plain = {n.removesuffix(d.suffix): a for n, a in bars.items() if n.endswith(d.suffix)}
        plain["x"] = np.zeros((*above.shape[:2], d.params["W_xh"].shape[1]))
        step = pick(CELLS[cell_name(model)][1], place)
        walk = functools.partial(step, model, d.params, d.steps)
        bars_below = pick("layer_backward", place)(walk, on, above, final, plain)
        bars.update({n + d.suffix: a for n, a in plain.items() if n != "x"})
        return bars_below

    above = pick("loss_backward")(given, one.h, bars)
    x_bar, h0_bar, c0_bar = pick("backpropagate")(given, one.layers, above, backward)
    return bars | {"x": x_bar, "h0": h0_bar, "c0": c0_bar}


def _empty(given: Problem) -> Grads:
    """Zeros for every parameter, and for the biases and the head that a model does not have."""
    whole = replace(given.model, bias=True, head=True, one_bias=False)
    biased = parameter_shapes(whole, _sizes(given))
    return {n: np.zeros(shape) for n, shape in biased.items()}


def _sizes(given: Problem) -> Sizes:
    """The sizes of a problem."""
    return sizes_of(given.model, given.inputs["x"], given.inputs["h0"], given.inputs)
