"""A convention around what is a subject already: code of a framework, or adapted code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..cases.arrays.handover import ArrayNames, Handover, Shape, output_shapes
from ..cases.case import Case
from ..cases.directions import is_per_sequence
from ..cases.model import Model, initial_states
from ..cases.result import Result
from ..cases.types import Array
from ..errors import SpecError
from . import layout
from .call_styles import CallStyle
from .maps.transforms import Step
from .names import Name
from .options import Options
from .view import View


@runtime_checkable
class FrameworkSubject(Protocol):
    """A subject that a framework differentiates: it takes a `Handover` in place of a case."""

    takes_handover: bool

    def __call__(self, case: Handover) -> Result:
        """Loss, and gradients by the names that the handover has."""
        ...

    def supports(self, model: Model) -> bool:
        """Whether a model can be asked for."""
        ...


@dataclass(frozen=True)
class OfFramework(CallStyle):
    """A subject of torch or JAX, whose function gets tensors in the convention."""

    subject: FrameworkSubject

    def __call__(self, view: View) -> tuple[Any, Any]:
        """Its loss, and its gradients by the code's own names."""
        result = self.subject(handover_in(view))
        return result.loss, result.grads

    def unsupported_reason(self, model: Model) -> str:
        """Whether the subject was made for other models."""
        return "" if self.subject.supports(model) else f"the subject does not support {model}"


@dataclass(frozen=True)
class OfAdapted(CallStyle):
    """Code that was adapted before: it gets a case whose numbers lie as the outer convention says,
    under the contract's names.
    """

    subject: Any

    def __call__(self, view: View) -> tuple[Any, Any]:
        """Its loss, and its gradients by the contract's names."""
        answer = self.subject(case_in(view))
        return (answer.loss, answer.grads) if isinstance(answer, Result) else answer

    def unsupported_reason(self, model: Model) -> str:
        """Whether the inner convention cannot express the model."""
        return "" if self.subject.supports(model) else f"the subject does not support {model}"


KEEPING = {
    "gate_order", "z_means", "reduction", "loss_factor", "gradient_factor", "truncation", "without",
}  # fmt: skip
"""Options that leave names, shapes and dtypes of all arrays as they are."""


def check_keeps_names(convention: Options) -> None:
    """Raise `SpecError` for a convention that cannot stand around adapted code."""
    plain = Options()
    options = [f.name for f in fields(Options) if f.name not in KEEPING and f.name != "gradients"]
    for name in options:
        if getattr(convention, name) != getattr(plain, name):
            raise SpecError(
                f"{name}={getattr(convention, name)!r} cannot be said around code that is adapted "
                f"already: say it in the inner Convention, the one that the code is written in. "
                f"Around it there may be {', '.join(sorted(KEEPING))}."
            )


def case_in(view: View) -> Case:
    """A view that keeps the contract's names and shapes, as a case."""
    named: Mapping[str, Any] = view.arrays
    return view.case.with_inputs({n: named[n] for n in view.case.inputs})


def handover_in(view: View) -> Handover:
    """What code of a framework is handed of a view."""
    case, convention, own = view.case, view.convention, view.own_names
    arrays = {n: np.asarray(a) for n, a in view.arrays.items()}
    inputs = [own[n] for n in own if n.recurrent or n.is_head or is_per_sequence(n.base)]
    if convention.tokens:
        inputs = [n for n in inputs if n != own[Name("x")]]
    places, shapes = _places_of_outputs(view)
    head = {n: own[n] for n in own if n.is_head}
    chain = layout.chain(convention, case.model)
    places |= {str(n): _placed(chain, n, arrays[text].shape) for n, text in head.items()}
    return Handover(
        case=case,
        names=ArrayNames(
            params=tuple(own[n] for n in own if n.recurrent or n.is_head),
            states=tuple(own[Name(n)] for n in initial_states(case.model)),
            outputs=tuple(shapes.items()),
            head=tuple((str(n), text) for n, text in head.items()),
            lists=tuple(n for n, a in view.arrays.items() if isinstance(a, list)),
            nested=convention.nested,
            batch_first=convention.batch == "first",
            own=True,
        ),
        inputs={n: arrays[n] for n in inputs},
        constants={n: a for n, a in arrays.items() if n not in inputs},
        wanted=None,
        dtype=convention.dtype or case.dtype,
        truncation=view.truncation,
        scale=view.scale,
        places=places,
    )


def _places_of_outputs(view: View) -> tuple[dict[str, Array], dict[str, Shape]]:
    """Where the numbers of each output lie in the code's own, and the shapes that it has there."""
    places: dict[str, Array] = {}
    shapes: dict[str, Shape] = {}
    of_states = layout.data_steps(view.convention, view.case.model, view.case.sizes)
    for output, shape in output_shapes(view.case).items():
        name = Name("h" if output == "y" else f"{output}0")
        steps = [layout.output_axes(view.convention)] if output == "y" else of_states
        shapes[output] = np.shape(layout.forward(steps, {name: np.zeros(shape)})[name])
        places[output] = _placed(steps, name, shapes[output])
    return places, shapes


def _placed(steps: list[Step], name: Name, own_shape: Shape) -> Array:
    """Where each number of an array lies in the code's own, flattened."""
    numbers = np.arange(int(np.prod(own_shape)), dtype=np.int64).reshape(own_shape)
    return layout.gradients_from_subject(steps, {name: numbers})[name]
