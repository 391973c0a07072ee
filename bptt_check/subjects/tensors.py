"""A case in the arrays of a framework, and the loss of what a recurrent module returns.

What a user writes for torch or JAX sees the names and shapes of a `Case`, only that the arrays are
tensors. It returns either the loss, or the module's outputs, of which the loss is computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..cases.case import Case, Truncation
from ..cases.model import Model, Sizes
from ..equations.namespaces.numpy import Namespace
from ..equations.network import final_loss, pair_loss, problem_of
from ..errors import SpecError

Fields = Mapping[str, Any]
CONSTANTS = ("targets", "lengths", "cotangent_h_n", "cotangent_c_n")


@dataclass(frozen=True)
class Frame:
    """What of a case is no array, and may be static to a compiler."""

    model: Model
    sizes: Sizes
    truncation: Truncation | None


@dataclass(frozen=True, eq=False)
class TensorCase:
    """A case whose arrays belong to a framework; names and shapes are those of a `Case`."""

    model: Model
    sizes: Sizes
    truncation: Truncation | None
    params: Fields
    x: Any
    h0: Any
    c0: Any = None
    targets: Any = None
    lengths: Any = None
    cotangent_h_n: Any = None
    cotangent_c_n: Any = None

    @property
    def state(self) -> Any:
        """The initial state as torch's modules take it: `h0`, or `(h0, c0)`."""
        return self.h0 if self.c0 is None else (self.h0, self.c0)


def frame_of(case: Case) -> Frame:
    """The frame of a case."""
    return Frame(case.model, case.sizes, case.truncation)


def arrays_of(case: Case, convert: Callable[[Any], Any]) -> dict[str, dict[str, Any]]:
    """Every array of a loss through `convert`: its inputs, its constants, those of `loss_of`.

    A linear loss has nothing of an output whose cotangent is zero, if that of another is not.
    """
    given = problem_of(case)
    constants = {n: getattr(case, n) for n in CONSTANTS if getattr(case, n) is not None}
    ours = {"targets": given.targets, **given.final_cotangents}
    if case.model.loss == "linear":
        ours = {n: a for n, a in ours.items() if a.any()} or ours
    ours["weights"] = given.weights
    groups = {"inputs": case.inputs, "constants": constants, "loss": ours}
    return {group: {n: convert(a) for n, a in named.items()} for group, named in groups.items()}


def tensor_case(of: Frame, inputs: Fields, constants: Fields) -> TensorCase:
    """The view of a case: its frame, its inputs and its constants."""
    outer = {n: inputs[n] for n in ("x", "h0", "c0") if n in inputs}
    params = {n: a for n, a in inputs.items() if n not in outer}
    return TensorCase(of.model, of.sizes, of.truncation, params, **outer, **constants)


def loss_of(xp: Namespace, of: Frame, inputs: Fields, ours: Fields, returned: Any) -> Any:
    """The loss that a function returned, or that of the outputs which it returned.

    Args:
        xp: the framework's functions.
        of: the frame of the case.
        inputs: its inputs; the head is among them.
        ours: the arrays of the group "loss".
        returned: a loss, or `(y, h_n)`, or `(y, (h_n, c_n))` as torch's modules return them: `y`
            the top layer's states (T, B, H*N), `h_n` and `c_n` final states (layers*N, B, H).

    Raises:
        SpecError: it is neither; the message says what came.
    """
    if not isinstance(returned, tuple):
        return returned
    if len(returned) != 2:
        raise SpecError(f"return a loss or (y, final states), not a tuple of {len(returned)}.")
    y, last = returned
    finals = dict(zip("hc", last if isinstance(last, tuple) else (last,), strict=False))
    T, B, H, N = of.sizes.T, of.sizes.B, of.sizes.H, len(of.model.directions)
    _of_shape("y", y, (T, B, H * N))
    parts: list[Any] = []
    if "targets" in ours:
        of_pairs = pair_loss(xp, of.model, inputs)(y, ours["targets"])
        parts.append((of_pairs * ours["weights"]).sum())
    for name in [n for n in of.model.layout.states if n in ours]:
        if name not in finals:
            raise SpecError(f"the loss of this case needs {name}_n; return (y, (h_n, c_n)).")
        _of_shape(f"{name}_n", finals[name], (of.model.layers * N, B, H))
        states = [finals[name][row] for row in range(of.model.layers * N)]
        parts.append(final_loss(states, ours[name]).sum())
    return sum(parts[1:], start=parts[0])


def _of_shape(name: str, array: Any, wanted: tuple[int, ...]) -> None:
    shape = tuple(getattr(array, "shape", ()))
    if shape != wanted:
        raise SpecError(f"{name} must have shape {wanted}, got {shape}.")
