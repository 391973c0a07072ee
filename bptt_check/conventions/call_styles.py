"""How code in some convention is called, and where it leaves its gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..cases.model import Model
from ..cases.result import Result
from ..errors import BrokenContract, SpecError
from .supplied_head import apply_head, no_head_reason
from .view import View

Words = str | Sequence[str]


def words(text: Words) -> list[str]:
    """Names from `"x h0 Wx"`, `"x, h0, Wx"` or a list of them."""
    return text.replace(",", " ").split() if isinstance(text, str) else list(text)


class CallStyle:
    """How code is called on a view, for loss and gradients under the code's own names."""

    @property
    def pads_itself(self) -> bool:
        """Whether sequences of different lengths, run forwards, need nothing of the code."""
        return False

    @property
    def received(self) -> frozenset[str] | None:
        """What the code gets, under its own names; None where it may take anything."""
        return None

    def __call__(self, view: View) -> tuple[Any, Any]:
        """Loss and gradients."""
        raise NotImplementedError

    def unsupported_reason(self, model: Model) -> str:
        """Why code called like this cannot have a model's loss; empty if it can."""
        return ""


@dataclass(frozen=True)
class Function(CallStyle):
    """One function that returns the loss and leaves or returns its gradients."""

    function: Callable[..., Any]
    arguments: list[str] | None
    returns: list[str] | None

    @property
    def received(self) -> frozenset[str] | None:
        """The arguments that are declared."""
        return None if self.arguments is None else frozenset(self.arguments)

    def __call__(self, view: View) -> tuple[Any, Any]:
        """What it returns, or a loss beside buffers that it filled."""
        buffers = view.buffers()
        if self.arguments is None:
            out = self.function(view)
        else:
            given = {"grads": buffers}
            out = self.function(*_arguments(view, self.arguments, given))
            if "grads" in self.arguments:
                filled = {n: g for n, g in buffers.items() if n in (self.returns or buffers)}
                return (out[0] if isinstance(out, tuple) else out), filled
        if isinstance(out, Result):
            return out.loss, out.grads
        if not isinstance(out, tuple) or len(out) < 2:
            raise BrokenContract("return value", f"expected (loss, gradients), got {_type_of(out)}")
        if self.returns is None:
            return out[0], out[1]
        rest = out[1] if len(out) == 2 and isinstance(out[1], (tuple, list)) else out[1:]
        return out[0], in_order(self.returns, rest)


@dataclass(frozen=True)
class Kernel(CallStyle):
    """A forward pass that returns `(h, ..., cache)` and `backward(dh, cache)`; no head, no loss."""

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    arguments: list[str]
    returns: list[str] | None

    @property
    def received(self) -> frozenset[str] | None:
        """The arguments of the forward pass."""
        return frozenset(self.arguments)

    @property
    def pads_itself(self) -> bool:
        """The supplied head sends nothing back from padded steps."""
        return True

    def __call__(self, view: View) -> tuple[Any, Any]:
        """Loss from the supplied head, gradients of both."""
        out = self.forward(*_arguments(view, self.arguments, {}))
        if not isinstance(out, tuple) or len(out) < 2:
            raise BrokenContract("return value", f"expected (h, ..., cache), got {_type_of(out)}")
        loss, dh, head = _head(view, out[0])
        grads = self.backward(dh, out[-1])
        if self.returns is not None:
            grads = in_order(self.returns, grads if isinstance(grads, tuple) else (grads,))
        return loss, {**_mapping(grads), **head}

    def unsupported_reason(self, model: Model) -> str:
        """Why the supplied head has not a model's loss; empty if it has."""
        return no_head_reason(model)


@dataclass(frozen=True)
class Object(CallStyle):
    """A class: made anew for every case, its parameters set, its methods called in order."""

    make: Callable[..., Any]
    arguments: list[str]
    calls: list[list[str]]
    attributes: str

    @property
    def received(self) -> frozenset[str] | None:
        """The arguments of the constructor and of all methods."""
        return frozenset(self.arguments).union(*(arguments for _, *arguments in self.calls))

    @property
    def has_no_loss(self) -> bool:
        """Whether it is a kernel that takes `dh`."""
        return any("dh" in arguments for _, *arguments in self.calls)

    @property
    def pads_itself(self) -> bool:
        """Whether it gets `dh` from the supplied head, as a `Kernel` does."""
        return self.has_no_loss

    def __call__(self, view: View) -> tuple[Any, Any]:
        """The loss is what the first method returns, or the supplied head's."""
        made = self.make(*_arguments(view, self.arguments, {}))
        for name, array in view.params.items():
            if name not in self.arguments:
                setattr(made, name, array)
        loss, given, head = None, dict[str, Any](), dict[str, Any]()
        for n, (method, *arguments) in enumerate(self.calls):
            out = getattr(made, method)(*_arguments(view, arguments, given))
            if n == 0 and self.has_no_loss:
                h = out[0] if isinstance(out, tuple) else out
                loss, given["dh"], head = _head(view, h)
            elif n == 0:
                loss = out[0] if isinstance(out, tuple) else out
        return loss, {**_grads_in_attributes(made, view, self.attributes), **head}

    def unsupported_reason(self, model: Model) -> str:
        """Why the supplied head, where it is used, has not a model's loss; empty if it has."""
        return no_head_reason(model) if self.has_no_loss else ""


def in_order(names: list[str], values: Sequence[Any]) -> dict[str, Any]:
    """Gradients by name from a tuple; what is called `_` is passed over."""
    if len(values) != len(names):
        what = f"expected {len(names)} gradients ({' '.join(names)}), got {len(values)}"
        raise BrokenContract("return value", what)
    return {n: v for n, v in zip(names, values, strict=True) if n != "_"}


def _arguments(view: View, names: Sequence[str], given: Mapping[str, Any]) -> list[Any]:
    return [given[n] if n in given else view[n] for n in names]


def _head(view: View, h: Any) -> tuple[float, Any, dict[str, Any]]:
    """Loss, `dh` in the code's layout, and the head's gradients under the code's names."""
    loss, dh, grads = apply_head(view.case, view.outputs(h))
    return loss, view.cotangent(dh), view.head_gradients(grads)


def _grads_in_attributes(made: object, view: View, template: str) -> dict[str, Any]:
    """Gradients that lie in attributes; those of inputs where there are such."""
    attribute, _, key = template.partition("[")
    grads: dict[str, Any] = {}
    for name in view.buffers():
        holder = getattr(made, attribute.format(name=name), None)
        if key and holder is not None:
            holder = holder.get(key.rstrip("]").format(name=name))
        if holder is not None:
            grads[name] = holder
    return grads


def _mapping(grads: Any) -> Mapping[str, Any]:
    if not isinstance(grads, Mapping):
        what = f"the gradients must be a dict by name (or say returns=...), got {_type_of(grads)}"
        raise BrokenContract("return value", what)
    return grads


def _type_of(value: Any) -> str:
    return f"a tuple of {len(value)}" if isinstance(value, tuple) else type(value).__name__


def call_style_of(
    target: Any,
    backward: Callable[..., Any] | None,
    arguments: Words | None,
    returns: Words | None,
    calls: Sequence[Words] | None,
    attributes: str | None,
) -> CallStyle:
    """How code is called that the options of `Convention.adapt` describe.

    Raises:
        SpecError: options that do not belong together.
    """
    listed = None if arguments is None else words(arguments)
    ordered = None if returns is None else words(returns)
    if isinstance(target, type) or calls is not None:
        if calls is None or attributes is None:
            raise SpecError(
                "a class needs calls=('forward x targets', 'backward') and attributes='d{name}'."
            )
        return Object(target, listed or [], [words(call) for call in calls], attributes)
    if attributes is not None:
        raise SpecError("attributes=... is for a class; a function returns its gradients.")
    if backward is None:
        return Function(target, listed, ordered)
    if listed is None:
        raise SpecError("with backward=... say which arguments=... the forward pass takes.")
    return Kernel(target, backward, listed, ordered)
