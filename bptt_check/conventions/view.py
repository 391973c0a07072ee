"""A case as a subject in some convention sees it, and the way of its answer back."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..cases.arrays.handover import nested
from ..cases.case import Case
from ..cases.directions import is_per_sequence
from ..cases.memory_layout import arranged
from ..cases.model import output_width
from ..cases.types import Array
from ..equations.network import pair_count
from ..errors import BrokenContract, SpecError, Unsupported
from . import layout
from .alternatives import model_without, that_fit
from .names import Name, subject_name
from .options import Options
from .scale_factors import factor_of

_known_factor = functools.lru_cache(maxsize=64, typed=True)(factor_of)
"""`factor_of` of what was checked before, as every call of a subject asks for it."""
_OF_CASE = (
    "model", "sizes", "dtype", "spec",
    "c0", "lengths", "cotangent_h_n", "cotangent_c_n",
)  # fmt: skip
"""What code written for a case finds in a view as well; the arrays, where there are none."""


class Lengths(NamedTuple):
    """A truncation as a subject counts it; zero hops are one step, which `Truncation` has not."""

    k1: int
    k2: int


class View:
    """The arrays of a case under the names and in the shapes of a convention.

    `view["x"]`, `view.x` and, for parameters, `view.params` read them; `T B D H O` are the sizes.
    It has a case's other attributes too, so that code written for one runs on it. All arrays are
    copies. `answer` reads what came back.
    """

    def __init__(self, convention: Options, case: Case) -> None:
        _check(convention, case)
        self.convention, self.case = convention, case
        self._steps = [*layout.data_steps(convention, case.model, case.sizes)]
        self._chain = layout.chain(convention, case.model)
        of_params = {Name.of(n): a for n, a in case.params.items()}
        params = layout.forward(self._chain, of_params)
        self._output_axes = layout.output_axes(convention)
        self._names = {name: self._subject_name(name) for name in params}
        others = layout.forward(self._steps, layout.data(case))
        others_names = {name: self._subject_name(name) for name in others}
        self.own_names = {**self._names, **others_names}
        self._optional = {others_names[n]: n for n in others if is_per_sequence(n.base)}
        if convention.tokens:
            self._optional = {t: n for t, n in self._optional.items() if n.base != "x"}
        self._params = {self._names[n]: self._copied(a) for n, a in params.items()}
        self._others = {others_names[n]: self._copied(a) for n, a in others.items()}
        self._handed_over = {name: _copy(array) for name, array in self.arrays.items()}

    @property
    def truncation(self) -> Lengths | None:
        """`k1` and `k2` of the truncation, `k2` in hops if the convention counts these."""
        cut = self.case.truncation
        if cut is None:
            return None
        return Lengths(cut.k1, cut.k2 - (self.convention.truncation == "hops"))

    @property
    def params(self) -> dict[str, Any]:
        """The parameters by name; nested dicts if the convention has these."""
        return nested(self._params) if self.convention.nested else dict(self._params)

    @property
    def arrays(self) -> dict[str, Any]:
        """Every array by name, the parameters first."""
        return {**self._params, **self._others}

    def buffers(self) -> dict[str, Any]:
        """Zeros in the shape of every array that has a gradient, for code that adds up into
        them.
        """
        like = {n: self.arrays[n] for n in (*self._params, *self._optional)}
        return {n: np.zeros_like(np.asarray(a)) for n, a in like.items()}

    def __getitem__(self, name: str) -> Any:
        """An array, a size, `params`, `case`, `view` itself or `grads`, fresh buffers."""
        if name in self._params:
            return self._params[name]
        if name in self._others:
            return self._others[name]
        if name in ("T", "B", "D", "H", "O"):
            return getattr(self.case.sizes, name)
        if name in ("params", "case"):
            return getattr(self, name)
        if name == "view":
            return self
        known = ", ".join([*self.arrays, *"TBDHO", "params", "case", "view"])
        raise SpecError(f"there is no {name!r} in this convention; there is: {known}.")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except SpecError as error:
            if name in _OF_CASE:
                return getattr(self.case, name)
            raise AttributeError(str(error)) from None

    @property
    def scale(self) -> float:
        """What the subject's loss is, in units of the model's."""
        scale = self._factor("loss_factor")
        model, theirs = self.case.model, self.convention.reduction
        if theirs and model.loss != "linear" and theirs != model.reduction:
            count = pair_count(self.case)
            return scale / count if theirs == "mean" else scale * count
        return scale

    def _factor(self, option: str) -> float:
        """A factor that is declared; 1 if it is not."""
        factor = getattr(self.convention, option)
        return 1.0 if factor == "" else _known_factor(option, factor)(self.case)

    def answer(self, loss: Any, grads: Any) -> tuple[Any, dict[str, Array]]:
        """The contract's loss and gradients from the subject's.

        Raises:
            BrokenContract: a gradient is missing, unknown, no array or of another shape.
        """
        scale = self.scale
        of_gradient = scale * self._factor("gradient_factor")
        scaled = self.gradients(grads)
        ours = scaled if of_gradient == 1.0 else {n: g / of_gradient for n, g in scaled.items()}
        is_number = hasattr(loss, "__truediv__")  # what is none is reported as it came
        return (loss / scale if is_number and scale != 1.0 else loss), ours

    def gradients(self, grads: Any) -> dict[str, Array]:
        """Gradients of the contract's arrays from those of the subject's."""
        if not isinstance(grads, Mapping):
            what = f"the gradients must be a dict by name, got {type(grads).__name__}"
            raise BrokenContract("return value", what)
        if self.convention.gradients is not None:
            without = (*self.convention.without, *self.convention.gradients.without)
            inner = replace(self.convention.gradients, without=without)
            return View(inner, self.case).gradients(grads)
        given = layout.flat(grads) if self.convention.nested else dict(grads)
        known = {text: name for name, text in self._names.items()} | self._optional
        for text in given:
            if text not in known:
                valid = ", ".join(known)
                what = f"there is no array {text!r} in this convention; gradients may be: {valid}"
                raise BrokenContract(str(text), what)
        read = {known[n]: self._read(n, known[n], g) for n, g in given.items() if g is not None}
        for name, text in self._names.items():
            if name not in read and text not in self.convention.without:
                what = f"the gradient of {text} is missing, shape {self._params[text].shape}"
                advice = f"if the code never gives it, declare without=({text!r},)"
                contract = self._contract_name(name)
                other = model_without(self.case.model, contract)
                advice += f"; if it has no {text}, its model is {str(other)!r}" if other else ""
                raise BrokenContract(contract, f"{what}; {advice}")
            read.setdefault(name, np.full(np.shape(self._params[text]), np.nan))
        of_params = {n: g for n, g in read.items() if n in self._names}
        of_data = {n: g for n, g in read.items() if n not in self._names}
        ours = layout.gradients_from_subject(self._chain, of_params)
        ours |= layout.gradients_from_subject(self._steps, of_data)
        absent = layout.parameters_without_gradient(self.convention, self.case.model)
        given = {str(name): self._in_dtype(g) for name, g in ours.items()}
        return {n: g for n, g in given.items() if n not in absent or np.isfinite(g).all()}

    def outputs(self, h: Any) -> Array:
        """Outputs of the top layer in the code's layout as (T, B, H*N)."""
        sizes, model = self.case.sizes, self.case.model
        zeros = np.zeros((sizes.T, sizes.B, output_width(model, sizes)))
        own, got = np.shape(self.cotangent(zeros)), np.shape(h)
        if got != own:
            what = f"the outputs have shape {got}, not {own}"
            fits = that_fit(self.convention, self.case, "h", got)
            raise BrokenContract("return value", what + fits)
        return layout.gradients_from_subject([self._output_axes], {Name("h"): h})[Name("h")]

    def cotangent(self, dh: Array) -> Any:
        """`dh` (T, B, H*N) in the code's layout."""
        return self._copied(layout.forward([self._output_axes], {Name("h"): dh})[Name("h")])

    def head_gradients(self, grads: Mapping[str, Array]) -> dict[str, Array]:
        """Gradients of `W_hy` and `b_y`, known in the contract's shapes, in the code's."""
        named = {Name.of(n): g for n, g in grads.items()}
        return {self._subject_name(n): g for n, g in layout.forward(self._chain, named).items()}

    def written(self) -> None:
        """Raise `BrokenContract` if the subject changed an array that it was handed."""
        for name, array in self.arrays.items():
            if not np.array_equal(np.asarray(array), self._handed_over[name]):
                what = f"{name} was written to: a subject must leave its inputs as they are"
                raise BrokenContract(name, what)

    def _subject_name(self, name: Name) -> str:
        return subject_name(name, self.convention.names, self.case.model.cell)

    def _copied(self, array: Any) -> Any:
        """A copy in the convention's dtype and the case's memory layout."""
        if isinstance(array, list):
            return [self._copied(step) for step in array]
        if isinstance(array, int):
            return array
        dtype = self.convention.dtype if array.dtype.kind == "f" else ""
        return arranged(np.asarray(array, dtype=dtype or array.dtype), self.case.layout)

    def _read(self, text: str, name: Name, value: Any) -> Array:
        """One gradient as an array of the shape that its array was handed over with."""
        wanted = np.shape(self.arrays[text])
        try:
            array = np.asarray(value)
            array = array.astype(self.case.dtype) if _has_no_dtype(value) else array
        except Exception as error:  # whatever a foreign array's conversion raises
            what = f"the gradient of {text} is no array of numbers: {error}"
            raise BrokenContract(self._contract_name(name), what) from error
        if array.shape != wanted:
            what = f"the gradient of {text} has shape {array.shape}, not {wanted}"
            what += that_fit(self.convention, self.case, text, array.shape)
            raise BrokenContract(self._contract_name(name), what)
        return array

    def _contract_name(self, name: Name) -> str:
        """The contract's name of an array, or of one it is part of."""
        bases = {"W": "W_xh", "b": "b_xh"}
        plain = str(Name(bases.get(name.base, name.base), name.layer, name.suffix))
        return plain if plain in self.case.inputs else str(name)

    def _in_dtype(self, gradient: Array) -> Array:
        declared = self.convention.dtype
        return gradient.astype(self.case.dtype) if declared else gradient


def _copy(array: Any) -> Array:
    """The values of an array, or of a list of arrays, wherever they lie."""
    return np.array(array)


def _check(convention: Options, case: Case) -> None:
    """Raise `Unsupported` for a case that a convention cannot express."""
    if why := layout.unsupported_reason(convention, case.model):
        raise Unsupported(why)
    if convention.batch == "none" and case.sizes.B > 1:
        raise Unsupported(f"without an axis of the batch there is one sequence, not {case.sizes.B}")
    if convention.tokens and not _one_hot(case.x):
        raise Unsupported(
            "x is not one-hot, so it has no tokens: draw such cases with a model '...+onehot'"
        )
    if (convention.dtype, case.dtype) == ("float32", "float64"):
        raise Unsupported("this convention is float32, the case float64: use --dtype float32")


def _one_hot(x: Array) -> bool:
    """Whether every vector has a single 1 among zeros."""
    return bool(np.all((x == 0) | (x == 1)) and np.all(x.sum(-1) == 1))


def _has_no_dtype(value: Any) -> bool:
    """Plain numbers, and lists of them, are read in the case's precision."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (int, float, list, tuple))
