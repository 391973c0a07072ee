"""Code in a convention as a subject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from ..cases.case import Case
from ..cases.model import Model
from ..cases.result import name_of
from ..cases.targets import Target, default_targets, parse_targets, with_one_hot
from ..errors import SpecError, UnknownName, Unsupported
from .call_styles import Form, Words, form_of, words
from .layout import unsupported_reason
from .options import Options
from .per_sequence import added_up
from .view import View

MODES = ("truncation", "lengths")


@dataclass(frozen=True, eq=False)
class Adapted:
    """A subject: code of some form in some convention."""

    convention: Options
    form: Form
    name: str
    models: tuple[Target, ...]
    handles: tuple[str, ...]

    def __call__(self, case: Case) -> tuple[Any, dict[str, Any]]:
        """Loss and gradients of a case, in the contract's names and shapes.

        Raises:
            Unsupported: the code or the convention does not do this case.
            BrokenContract: the answer cannot be read.
        """
        self._decline(case)
        if self.convention.batch == "none":
            return added_up(case, self._whole)
        return self._whole(case)

    def supports(self, model: Model) -> bool:
        """Whether the model was declared and can be expressed."""
        if self.models and model not in [target.model for target in self.models]:
            return False
        reasons = unsupported_reason(self.convention, model), self.form.why_not(model)
        return not any(reasons)

    @property
    def targets(self) -> list[Target] | None:
        """What is verified where nothing else is named; None for all there is."""
        if not self.convention.tokens:
            return list(self.models) or None
        return [with_one_hot(target) for target in self.models or default_targets()]

    def _whole(self, case: Case) -> tuple[Any, dict[str, Any]]:
        view = View(self.convention, case)
        loss, grads = self.form(view)
        view.written()
        return view.answer(loss, grads)

    def _decline(self, case: Case) -> None:
        """Raise `Unsupported` for a mode that was not declared."""
        if case.truncation is not None and "truncation" not in self.handles:
            raise Unsupported("adapted without handles='truncation': full BPTT only")
        padded = self.form.pads_itself and not case.model.bidirectional
        cuts = self.convention.batch == "none" or padded
        if case.lengths is not None and "lengths" not in self.handles and not cuts:
            raise Unsupported("adapted without handles='lengths': sequences of one length only")


class AdaptOptions(TypedDict, total=False):
    """The keywords of `Convention.adapt`, described there."""

    backward: Callable[..., Any] | None
    arguments: Words | None
    returns: Words | None
    calls: Sequence[Words] | None
    attributes: str | None
    models: Sequence[str] | None
    handles: Words
    name: str


def adapted(convention: Options, target: Any, options: AdaptOptions) -> Adapted:
    """See `Convention.adapt`.

    Raises:
        SpecError: options that do not belong together, or a model that cannot be expressed.
    """
    if not callable(target):
        raise SpecError(f"only a function or a class can be adapted, got {target!r}.")
    if unknown := sorted(set(options) - set(AdaptOptions.__annotations__)):
        raise UnknownName("option of adapt:", unknown[0], AdaptOptions.__annotations__)
    form = form_of(
        target,
        options.get("backward"),
        options.get("arguments"),
        options.get("returns"),
        options.get("calls"),
        options.get("attributes"),
    )
    modes = words(options.get("handles", ()))
    if wrong := [mode for mode in modes if mode not in MODES]:
        raise SpecError(f"handles may be {' and '.join(MODES)}, got {wrong[0]!r}.")
    chosen = _targets(convention, form, options.get("models") or ())
    name = options.get("name") or name_of(target)
    return Adapted(convention, form, name, chosen, tuple(modes))


def _targets(convention: Options, form: Form, models: Sequence[str]) -> tuple[Target, ...]:
    """The targets of these names, all of which must be possible."""
    if isinstance(models, str):
        raise SpecError(f"models must be a list of names: models=[{models!r}].")
    found = tuple(target for model in models for target in parse_targets(model))
    for wanted in found:
        if why := unsupported_reason(convention, wanted.model) or form.why_not(wanted.model):
            raise SpecError(f"{wanted.name} cannot be adapted: {why}.")
    return found
