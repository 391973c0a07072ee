"""A case in the arrays of a framework, and the loss of what a recurrent module returns.

What a user writes for torch or JAX sees the names and shapes of a `Case`, or of a `Convention`,
only that the arrays are tensors. It returns either the loss, or the module's outputs, of which the
loss is computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..cases.arrays.handover import ArrayNames, Handover, Shape, handover_of, nested
from ..cases.case import ARRAY_FIELDS, Case
from ..cases.model import Model, Sizes
from ..equations.namespaces.numpy import Namespace
from ..equations.network import final_loss, pair_loss, problem_of
from ..errors import SpecError

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Frame:
    """What of a case is no array, and may be static to a compiler."""

    model: Model
    sizes: Sizes
    truncation: Any
    names: ArrayNames


@dataclass(frozen=True, eq=False)
class TensorCase:
    """A case whose arrays belong to a framework; names and shapes are those of a `Case`.

    Where the subject is adapted by a `Convention` they are the convention's. Every array can be
    read by name, `case["x"]`, and as an attribute. `truncation` is None or has `k1` and `k2`.
    """

    model: Model
    sizes: Sizes
    truncation: Any
    params: Fields
    x: Any = None
    h0: Any = None
    c0: Any = None
    targets: Any = None
    lengths: Any = None
    cotangent_h_n: Any = None
    cotangent_c_n: Any = None
    arrays: Fields = field(default_factory=dict[str, Any], repr=False)
    names: ArrayNames | None = field(default=None, repr=False)

    @property
    def state(self) -> Any:
        """The initial state as torch's modules take it: `h0`, `(h0, c0)`, `(h0, c0, n0)`, ..."""
        names = ("h0", "c0") if self.names is None else self.names.states
        states = tuple(self.arrays[n] for n in names if n in self.arrays)
        return states[0] if len(states) == 1 else states

    def __getitem__(self, name: str) -> Any:
        """An array by its name."""
        if name in self.arrays:
            return self.arrays[name]
        raise SpecError(f"there is no array {name!r}; there is: {', '.join(self.arrays)}.")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except SpecError as error:
            raise AttributeError(str(error)) from None


def handed_over(case: Case | Handover) -> Handover:
    """What is handed to code of a framework, of a case, or of a case in a convention."""
    return case if isinstance(case, Handover) else handover_of(case)


def frame_of(handed: Handover) -> Frame:
    """The frame of a case."""
    case = handed.case
    return Frame(case.model, case.sizes, handed.truncation, handed.names)


def arrays_of(handed: Handover, convert: Callable[[Any], Any]) -> dict[str, dict[str, Any]]:
    """Every array of a loss through `convert`: its inputs, its constants, those of `loss_of`.

    A linear loss has nothing of an output whose cotangent is zero, if that of another is not.
    """
    given, scale = problem_of(handed.case), handed.scale
    finals = {n: a if scale == 1.0 else a * scale for n, a in given.final_cotangents.items()}
    ours = {"targets": given.targets, **finals}
    if handed.case.model.loss == "linear":
        ours = {n: a for n, a in ours.items() if a.any()} or ours
    ours["weights"] = given.weights if scale == 1.0 else given.weights * scale
    ours |= {_place(n): a for n, a in handed.places.items()}
    groups = {"inputs": handed.inputs, "constants": handed.constants, "loss": ours}
    return {group: {n: convert(a) for n, a in named.items()} for group, named in groups.items()}


def tensor_case(of: Frame, inputs: Fields, constants: Fields) -> TensorCase:
    """The view of a case: its frame, its inputs and its constants."""
    names, everything = of.names, {**inputs, **constants}
    arrays = {n: list(a) if n in names.lists else a for n, a in everything.items()}
    params = {n: arrays.pop(n) for n in names.params}
    known = {n: arrays[n] for n in ARRAY_FIELDS if n in arrays}
    named = nested(params) if names.nested else params
    return TensorCase(
        of.model, of.sizes, of.truncation, named, **known, arrays={**params, **arrays}, names=names
    )


def loss_of(xp: Namespace, of: Frame, inputs: Fields, ours: Fields, returned: Any) -> Any:
    """The loss that a function returned, or that of the outputs which it returned.

    Args:
        xp: the framework's functions.
        of: the frame of the case.
        inputs: its inputs; the head is among them.
        ours: the arrays of the group "loss".
        returned: a loss, or `(y, h_n)`, or `(y, (h_n, c_n))` as torch's modules return them: `y`
            the top layer's states (T, B, P*N), `h_n`, `c_n`, ... final states (layers*N, B, H); in
            a convention as that has them.

    Raises:
        SpecError: it is neither; the message says what came.
    """
    if not isinstance(returned, tuple):
        return returned
    if len(returned) != 2:
        raise SpecError(f"return a loss or (y, final states), not a tuple of {len(returned)}.")
    y, last = returned
    states = of.model.layout.states
    finals = dict(zip(states, last if isinstance(last, tuple) else (last,), strict=False))
    parts: list[Any] = []
    y = _in_place("y", _joined(xp, y, of) if isinstance(y, list) else y, of, ours)
    if "targets" in ours:
        head = {n: _rearranged(n, inputs[own], ours) for n, own in of.names.head}
        of_pairs = pair_loss(xp, of.model, head)(y, ours["targets"])
        parts.append((of_pairs * ours["weights"]).sum())
    for name in [n for n in states if n in ours]:
        if name not in finals:
            wanted = ", ".join(f"{s}_n" for s in states)
            raise SpecError(f"the loss of this case needs {name}_n; return (y, ({wanted})).")
        final = _in_place(name, finals[name], of, ours)
        parts.append(final_loss([final[row] for row in range(final.shape[0])], ours[name]).sum())
    return sum(parts[1:], start=parts[0])


def _joined(xp: Namespace, steps: list[Any], of: Frame) -> Any:
    """A list of the outputs of each step as one array."""
    T, *rest = of.names.shape_of("y")
    if len(steps) != T:
        raise SpecError(f"y must be a list of {T} steps, got {len(steps)}.")
    for step in steps:
        _of_shape("each step of y", step, tuple(rest))
    return xp.concat([step.reshape(-1) for step in steps]).reshape((T, *rest))


def _place(name: str) -> str:
    """What the places of an array are called in the group "loss"."""
    return f"place of {name}"


def _in_place(name: str, array: Any, of: Frame, ours: Fields) -> Any:
    """An output in the contract's shape."""
    _of_shape(name if name == "y" else f"{name}_n", array, of.names.shape_of(name))
    return _rearranged(name, array, ours)


def _rearranged(name: str, array: Any, ours: Fields) -> Any:
    """An array with every number in its place; the same where it is there already."""
    place = ours.get(_place(name))
    return array if place is None else array.reshape(-1)[place]


def _of_shape(name: str, array: Any, wanted: Shape) -> None:
    shape = tuple(getattr(array, "shape", ()))
    if shape != wanted:
        raise SpecError(f"{name} must have shape {wanted}, got {shape}.")
