"""`Convention`: how somebody else names, orders and lays out the arrays of the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Unpack, overload

from ..cases.case import DTYPES, Case
from ..cases.model import REDUCTIONS, Model, families
from ..errors import SpecError, UnknownName
from .adapt import Adapted, Options, adapted
from .gates import Order, check_order, order_for
from .layout import blank, cell_steps, home
from .names import Name, called, check_templates
from .scale_factors import FACTORS
from .view import View

BATCH = ("second", "first", "none")
BIASES = ("one", "two", "stacked", "candidate")


@dataclass(frozen=True)
class Convention:
    """A subject's layout; the defaults are the contract's. Shapes are in `docs/conventions.md`.

    Args:
        names: base name (`W_xh`, `b_h`, `h0`, ...) or `cell.base` to what the subject calls it;
            may hold `{k}` (layer), `{suffix}` (direction) and `{gate}`.
        gate_order: `"ifog"`, or a dict of them by cell; the candidate is any of a, c, g, h, j, n.
        z_means: GRU: `"keep"` for `h = z*h_prev + (1-z)*n`, `"renew"` for the opposite.
        biases: `"one"` bias vector as the model has it; `"two"` that are added; `"stacked"` (2, n)
            where the model has two; `"candidate"`: a second one for the candidate alone.
        joined: `"xh"` for one matrix `W` of [x; h], `"hx"` for [h; x], else empty.
        per_gate: one array per gate.
        transposed: True for all matrices as (in, out), or the base names of those that are.
        columns: vectors are columns: (D, B), biases (n, 1).
        batch: axis of the batch: `"second"` (T, B, D), `"first"` (B, T, D), `"none"` (T, D), for
            which the sequences are run one by one and their gradients added up.
        layer_axis: whether `h0` and `c0` have the axis of layers; without it, one layer only.
        lists: sequences are lists of T steps.
        tokens: `x` holds integers; their cases are one-hot and have no gradient of `x`.
        nested: names with slashes are nested dicts.
        truncation: `"hops"` if `view.truncation.k2` is to count hops between cells, one fewer than
            cells.
        reduction: the subject's loss is always this one, `"sum"` or `"mean"`; empty: the model's.
        loss_factor: the subject's loss and gradients are this times the model's (`"1/2"`, `"1/B"`).
        gradient_factor: its gradients are this times those of its loss (`"-1"`).
        dtype: arrays are handed over in this one; empty: the case's.
        gradients: the convention of the gradients where it is another one.

    Raises:
        SpecError: options that exclude each other, or a value that does not exist.
    """

    names: Mapping[str, str] = field(default_factory=dict[str, str])
    gate_order: Order = ""
    z_means: str = "keep"
    biases: str = "one"
    joined: str = ""
    per_gate: bool = False
    transposed: bool | tuple[str, ...] = False
    columns: bool = False
    batch: str = "second"
    layer_axis: bool = True
    lists: bool = False
    tokens: bool = False
    nested: bool = False
    truncation: str = "cells"
    reduction: str = ""
    loss_factor: str = ""
    gradient_factor: str = ""
    dtype: str = ""
    gradients: Convention | None = None

    def __post_init__(self) -> None:
        choices: dict[str, Iterable[str]] = {
            "z_means": ("keep", "renew"), "biases": BIASES, "joined": ("", "xh", "hx"),
            "batch": BATCH, "truncation": ("cells", "hops"), "reduction": ("", *REDUCTIONS),
            "loss_factor": ("", *FACTORS), "gradient_factor": ("", *FACTORS),
            "dtype": ("", *DTYPES),
        }  # fmt: skip
        for name, valid in choices.items():
            if getattr(self, name) not in tuple(valid):
                raise UnknownName(name, getattr(self, name), [v for v in valid if v])
        check_order(self.gate_order)
        check_templates(self.names)
        for together, why in _EXCLUDED.items():
            if all(getattr(self, option) == value for option, value in together):
                raise SpecError(f"{' and '.join(f'{o}={v!r}' for o, v in together)}: {why}.")
        _check_some_model(self)

    def why_not(self, model: Model) -> str:
        """Why this convention cannot express a model; empty if it can."""
        if order_for(self.gate_order, model) is None:
            return f"gate_order {self.gate_order!r} has other gates than {model.layout.gates}"
        if not self.layer_axis and model.layers * len(model.directions) > 1:
            return "without an axis of layers there is one layer and one direction"
        seen: dict[str, Name] = {}
        for name in cell_steps(self, model, blank(model)):
            text = called(name, self.names, model.cell)
            if text in seen:
                return f"{seen[text]} and {name} would both be called {text!r}"
            seen[text] = name
        return ""

    def view(self, case: Case) -> View:
        """A case as the subject sees it.

        Raises:
            Unsupported: the case cannot be expressed (`x` not one-hot, more than one sequence).
        """
        return View(self, case)

    def parameters(self, model: Model, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters of the contract from a subject's own, such as those of a trained model.

        Raises:
            BrokenContract: one is missing.
        """
        return home(self, model, arrays)

    @overload
    def adapt(self, target: Callable[..., Any], **options: Unpack[Options]) -> Adapted: ...

    @overload
    def adapt(
        self, target: None = None, **options: Unpack[Options]
    ) -> Callable[[Callable[..., Any]], Adapted]: ...

    def adapt(
        self, target: Callable[..., Any] | None = None, **options: Unpack[Options]
    ) -> Adapted | Callable[[Callable[..., Any]], Adapted]:
        """Make a subject of code in this convention; a decorator if `target` is left out.

        Args:
            target: a function or a class. A function gets a `View` and returns loss and
                gradients under its own names, unless `arguments` says otherwise.
            backward: a second function; then `target` is a forward pass that returns
                `(h, ..., cache)`, and `backward(dh, cache)` returns gradients. Head and loss are
                supplied.
            arguments: names of the positional arguments, in order: arrays, `params`, sizes
                (`T B D H O`), `case`, `view`, or `grads`: a dict of buffers to add up into. For a
                class, those of its constructor.
            returns: names of the gradients that are returned in a tuple, where `_` is passed over;
                of the buffers that are filled, if not all of them are.
            calls: of a class: its methods in order, each with the names of its arguments; an
                argument `dh` says that the first returned outputs and not the loss.
            attributes: of a class: where a gradient lies, `"d{name}"` or `"grads[{name}]"`.
            models: names of the models to verify by default, and the only ones supported.
            handles: `"truncation"` and `"lengths"` if it does them; other cases are declined.
            name: as shown in reports; the function's if left out.

        Returns:
            A callable `case -> (loss, grads)` with `name`, `supports(model)` and `targets`.
        """
        if target is None:
            return lambda function: adapted(self, function, options)
        return adapted(self, target, options)


_EXCLUDED: dict[tuple[tuple[str, Any], ...], str] = {
    (("columns", True), ("batch", "first")): "columns put the batch last",
    (("lists", True), ("batch", "first")): "a list of steps has time first",
    (("biases", "stacked"), ("per_gate", True)): "stacked biases are one array",
    (("biases", "stacked"), ("columns", True)): "stacked biases are rows",
}
"""Options that exclude each other, and why."""


def _check_some_model(convention: Convention) -> None:
    """Raise `SpecError` if no model at all can be expressed."""
    reasons = {name: convention.why_not(model) for name, model in families().items()}
    if all(reasons.values()):
        name, reason = next(iter(reasons.items()))
        raise SpecError(f"this convention expresses no model; {name}, for instance: {reason}.")
