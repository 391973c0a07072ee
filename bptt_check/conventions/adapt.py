"""Code in a convention as a subject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from ..cases.case import Case
from ..cases.design.design import EVERYTHING
from ..cases.design.within import Within
from ..cases.model import LAYOUTS, Model
from ..cases.result import Result, name_of
from ..cases.targets import Target, default_targets, parse_targets, with_one_hot
from ..cases.written.reproduction import Construction
from ..errors import SpecError, UnknownName, Unsupported
from .around_subjects import FrameworkSubject, OfAdapted, OfFramework, check_keeps_names
from .call_styles import CallStyle, Words, call_style_of, words
from .layout import parameters_without_gradient, unsupported_reason
from .names import Name, subject_name
from .options import Options
from .per_sequence import sum_over_sequences
from .view import View

MODES = ("truncation", "lengths")


@dataclass(frozen=True, eq=False)
class Adapted:
    """A subject: code that is called in some style, in some convention."""

    convention: Options
    call_style: CallStyle
    name: str
    models: tuple[Target, ...]
    handles: tuple[str, ...]
    construction: Construction | None = None

    def __call__(self, case: Case) -> tuple[Any, dict[str, Any]] | Result:
        """Loss and gradients of a case, in the contract's names and shapes.

        Raises:
            Unsupported: the code or the convention does not do this case.
            BrokenContract: the answer cannot be read.
        """
        self._decline(case)
        alone = self.convention.batch == "none"
        answer = sum_over_sequences(case, self._of_view) if alone else self._of_view(case)
        absent = parameters_without_gradient(self.convention, case.model)
        return Result(*answer, without=absent) if absent else answer

    def supports(self, model: Model) -> bool:
        """Whether the model was declared and can be expressed."""
        declared = not self.models or model in [target.model for target in self.models]
        return declared and not _reason(self.convention, self.call_style, model)

    @property
    def targets(self) -> list[Target] | None:
        """What is verified where nothing else is named; None for all there is."""
        if not self.convention.tokens:
            return list(self.models) or None
        return [with_one_hot(target) for target in self.models or default_targets()]

    @property
    def within(self) -> Within:
        """Zero initial states, where the code gets none."""
        if isinstance(self.call_style, OfAdapted):
            return self.call_style.subject.within
        received = self.call_style.received
        if received is None or received & {"view", "case"}:
            return EVERYTHING
        given = {state for state in ("h0", "c0") if self._names_of(state) & received}
        kinds = {frozenset(): "zero", frozenset(["h0"]): "zero_c", frozenset(["c0"]): "zero_h"}
        return Within(initial_state=kinds.get(frozenset(given)))

    def _names_of(self, state: str) -> set[str]:
        """What an initial state may be called here."""
        return {subject_name(Name.of(state), self.convention.names, cell) for cell in LAYOUTS}

    def _of_view(self, case: Case) -> tuple[Any, dict[str, Any]]:
        view = View(self.convention, case)
        loss, grads = self.call_style(view)
        view.written()
        return view.answer(loss, grads)

    def _decline(self, case: Case) -> None:
        """Raise `Unsupported` for a loss that the code cannot have, and for a mode that was not
        declared.
        """
        if reason := self.call_style.unsupported_reason(case.model):
            raise Unsupported(reason)
        if case.truncation is not None and "truncation" not in self.handles:
            raise Unsupported("adapted without handles='truncation': full BPTT only")
        padded = self.call_style.pads_itself and not case.model.bidirectional
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
    call_style = _call_style_of(target, options)
    if isinstance(call_style, OfAdapted):
        check_keeps_names(convention)
    inner = target if isinstance(target, Adapted) else None
    modes = words(options.get("handles", inner.handles if inner else ()))
    if wrong := [mode for mode in modes if mode not in MODES]:
        raise SpecError(f"handles may be {' and '.join(MODES)}, got {wrong[0]!r}.")
    chosen = _targets(convention, call_style, options.get("models") or ())
    if inner is not None and not chosen:
        chosen = inner.models
    name = options.get("name") or name_of(target)
    return Adapted(convention, call_style, name, chosen, tuple(modes))


def _call_style_of(target: Any, options: AdaptOptions) -> CallStyle:
    """How the target is called: as the subject that it is, or as the options say.

    Raises:
        SpecError: options that do not belong together, or to a subject.
    """
    if isinstance(target, Adapted | FrameworkSubject):
        if told := [n for n in HOW if options.get(n) is not None]:
            raise SpecError(f"{told[0]}=... is for a function or a class, and this is a subject.")
        return OfAdapted(target) if isinstance(target, Adapted) else OfFramework(target)
    return call_style_of(target, *(options.get(n) for n in HOW))


HOW = ("backward", "arguments", "returns", "calls", "attributes")
"""Options that say how a target is called."""


def _targets(
    convention: Options, call_style: CallStyle, models: Sequence[str]
) -> tuple[Target, ...]:
    """The targets of these names, all of which must be possible."""
    if isinstance(models, str):
        raise SpecError(f"models must be a list of names: models=[{models!r}].")
    targets = tuple(target for model in models for target in parse_targets(model))
    for target in targets:
        if reason := _reason(convention, call_style, target.model):
            raise SpecError(f"{target.name} cannot be adapted: {reason}.")
    return targets


def _reason(convention: Options, call_style: CallStyle, model: Model) -> str:
    """Why a model can be neither expressed nor asked of the code; empty if it can."""
    return unsupported_reason(convention, model) or call_style.unsupported_reason(model)
