"""`Convention`: how somebody else names, orders and lays out the arrays of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Unpack, overload

from ..cases.case import Case
from ..cases.model import Model, families
from ..cases.written.reproduction import Construction
from ..errors import SpecError
from .adapt import Adapted, AdaptOptions, adapted
from .layout import from_subject, unsupported_reason
from .options import Options
from .view import View


class Convention(Options):
    """A subject's layout; the defaults are the contract's. Shapes are in `docs/conventions.md`.

    Args:
        names: base name (`W_xh`, `b_h`, `h0`, ...) or `cell.base` to what the subject calls it;
            may hold `{k}` (layer), `{suffix}` (direction) and `{gate}`; with `per_gate` also of the
            array of one gate, `W_hh_f`.
        gate_order: `"ifog"`, or words with blanks, `"input forget cell output"`, or a dict of them
            by cell; the candidate is any of a, c, g, h, j, n.
        z_means: GRU: `"keep"` for `h = z*h_prev + (1-z)*n`, `"renew"` for the opposite.
        biases: `"one"` bias vector as the model has it; `"two"` that are added; `"stacked"` (2, n)
            where the model has two; `"candidate"`: a second one for the candidate alone.
        joined: `"xh"` for one matrix `W` of [x; h], `"hx"` for [h; x], else empty.
        per_gate: one array per gate.
        transposed: True for all matrices as (in, out), or the base names of those that are.
        gate_axis: True for gates on an axis of their own, biases (G, H) and matrices (G, H, D), or
            the base names of the arrays that have it.
        bias_column: `"first"` or `"last"` where a bias is that column of its matrix (a row if it is
            transposed), or a dict of them by the matrices that hold one.
        columns: vectors are columns: (D, B), biases (n, 1).
        rows: biases are rows (1, n); one sequence is (T, 1, D).
        batch: axis of the batch: `"second"` (T, B, D), `"first"` (B, T, D), `"none"` (T, D), for
            which the sequences are run one by one and their gradients added up.
        time_last: time is the last axis: (B, D, T), with `columns` (D, B, T).
        layer_axis: whether `h0` and `c0` have the axis of layers; without it, one layer only.
        lists: sequences are lists of T steps.
        tokens: `x` holds integers; their cases are one-hot and have no gradient of `x`.
        nested: names with slashes are nested dicts.
        truncation: `"hops"` if `view.truncation.k2` is to count hops between cells, one fewer than
            cells.
        reduction: the subject's loss is always this one, `"sum"` or `"mean"`; empty: the model's.
        loss_factor: the subject's loss and gradients are this times the model's: a number, or a
            product or quotient of numbers and sizes (`"1/2"`, `"1/(2*B)"`).
        gradient_factor: its gradients are this times those of its loss (`"-1"`).
        dtype: arrays are handed over in this one; empty: the case's.
        without: its parameters, by its own names, whose gradients the code never gives; they are
            not checked, and reported as not offered.
        gradients: the convention of the gradients where it is another one.

    Raises:
        SpecError: options that exclude each other, or a value that does not exist.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_some_model(self)

    def why_not(self, model: Model) -> str:
        """Why this convention cannot express a model; empty if it can."""
        return unsupported_reason(self, model)

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
        return from_subject(self, model, arrays)

    @overload
    def adapt(self, target: Callable[..., Any], **options: Unpack[AdaptOptions]) -> Adapted: ...

    @overload
    def adapt(
        self, target: None = None, **options: Unpack[AdaptOptions]
    ) -> Callable[[Callable[..., Any]], Adapted]: ...

    def adapt(
        self, target: Callable[..., Any] | None = None, **options: Unpack[AdaptOptions]
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
            return lambda function: self.adapt(function, **options)
        made_by = Construction(self.adapt, (target,), options)
        return replace(adapted(self, target, options), construction=made_by)


def _check_some_model(options: Options) -> None:
    """Raise `SpecError` if no model at all can be expressed."""
    reasons = {name: unsupported_reason(options, model) for name, model in families().items()}
    if all(reasons.values()):
        name, reason = next(iter(reasons.items()))
        raise SpecError(f"this convention expresses no model; {name}, for instance: {reason}.")
