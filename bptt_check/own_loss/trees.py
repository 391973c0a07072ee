"""What people call a function with, as named NumPy arrays and back: nests, tensors, half, complex.

A leaf that is no NumPy array of float64 or float32 is *stored* as one: half precision as float32 on
its own grid, a complex array as one of real and imaginary parts along a further last axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..cases.precision import PRECISIONS
from ..cases.result import Result
from ..cases.types import Array
from ..errors import SpecError

FLOATS = {
    "float64": "float64",
    "complex128": "float64",
    "complex64": "float32",
    "float32": "float32",
    "bfloat16": "bfloat16",
    "float16": "float16",
}
"""Name of a dtype to that of the precision of its numbers."""
ComplexGradient = Literal["torch", "jax"]
"""The gradient of a real loss in z = x + iy: dL/dx + i dL/dy, or its conjugate."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """One array of a user.

    Args:
        name: its path: `W`, `layers[0].W`.
        given: as the user gave it.
        dtype: the name of its dtype.
        array: its values as they are stored, read-only.
    """

    name: str
    given: Any
    dtype: str
    array: Array

    @property
    def is_complex(self) -> bool:
        """Whether its last axis, as stored, is that of real and imaginary parts."""
        return self.dtype in ("complex128", "complex64")

    @property
    def precision(self) -> str:
        """The precision of its numbers; "" for a constant."""
        return FLOATS.get(self.dtype, "")

    @property
    def is_plain(self) -> bool:
        """Whether it is an array of NumPy, or numbers, stored as they are."""
        of_numpy = isinstance(self.given, (np.ndarray, np.generic))
        return self.dtype == self.array.dtype.name and (
            of_numpy or not hasattr(self.given, "dtype")
        )

    def rebuilt(self, stored: Array) -> Any:
        """Such values as the user has them: in the given dtype, or in float64 where they are that.

        A NumPy array shares its memory with what is stored where it can.
        """
        widened = self.precision not in ("", "float64") and stored.dtype == np.float64
        if self.is_complex:
            pairs = np.ascontiguousarray(stored)
            stored = pairs.view(f"complex{16 * pairs.itemsize}")[..., 0]
        if hasattr(self.given, "new_tensor"):
            like = self.given
            if widened:
                like = like.cdouble() if self.is_complex else like.double()
            return like.new_tensor(stored).requires_grad_(self.given.requires_grad)
        dtype = stored.dtype if widened or not hasattr(self.given, "dtype") else self.given.dtype
        if isinstance(self.given, (np.ndarray, np.generic)) or not hasattr(
            self.given, "__array_namespace__"
        ):
            return stored.astype(dtype, copy=False)
        return self.given.__array_namespace__().asarray(stored, dtype=dtype)

    def stored_gradient(self, gradient: Any, convention: ComplexGradient) -> Any:
        """A gradient as it is stored; None, of what is not used, is zero."""
        if gradient is None:
            return np.zeros(self.array.shape, self.array.dtype)
        if self.is_complex and np.iscomplexobj(array := as_numpy(gradient)):
            return _pairs(np.conj(array) if convention == "jax" else array)
        if self.dtype in ("bfloat16", "float16"):
            array = as_numpy(gradient)
            return array.astype("float32") if dtype_name(gradient) == self.dtype else array
        return as_numpy(gradient) if hasattr(gradient, "detach") else gradient


@dataclass(frozen=True, eq=False)
class Form:
    """The arrays of a user: every leaf by name, and the nest that they lie in."""

    leaves: dict[str, Leaf]
    nest: Any

    @property
    def given(self) -> Any:
        """The nest as the user gave it."""
        return _mapped(self.nest, lambda leaf: leaf.given)

    @property
    def is_plain(self) -> bool:
        """Whether it is a dict of NumPy arrays that are stored as they are."""
        return isinstance(self.nest, dict) and all(
            leaf is self.nest.get(name) and leaf.is_plain for name, leaf in self.leaves.items()
        )

    def call(
        self,
        function: Callable[[Any], Any],
        order: Sequence[str],
        convention: ComplexGradient,
        stored: Mapping[str, Array],
    ) -> Any:
        """What the function returns for such values, with gradients by name, as they are stored.

        Args:
            function: of the user's nest.
            order: names of the gradients, if these come as a sequence.
            convention: of complex gradients.
            stored: values by name; they are changed where the function writes to its arrays.
        """
        rebuilt = {name: leaf.rebuilt(stored[name]) for name, leaf in self.leaves.items()}
        returned = function(_mapped(self.nest, lambda leaf: rebuilt[leaf.name]))
        for name, leaf in self.leaves.items():
            left = as_numpy(rebuilt[name])
            stored[name][...] = _pairs(left) if leaf.is_complex else left
        if isinstance(returned, Result):
            loss, grads = returned.loss, returned.grads
        elif isinstance(returned, tuple) and len(returned) == 2:
            loss, grads = returned
        else:
            return returned
        named = self._named(grads, order)
        if not isinstance(named, Mapping):
            return loss, named
        return as_numpy(loss) if hasattr(loss, "detach") else loss, {
            name: self.leaves[name].stored_gradient(g, convention) if name in self.leaves else g
            for name, g in named.items()
        }

    def _named(self, grads: Any, order: Sequence[str]) -> Any:
        """Gradients by the names of their leaves, from a dict of these, a nest or a sequence."""
        if isinstance(grads, Mapping) and grads.keys() <= self.leaves.keys():
            return dict(grads)
        if isinstance(grads, (list, tuple)) and isinstance(self.nest, dict):
            return dict(zip(order, grads, strict=True)) if len(grads) == len(order) else grads
        return dict(_beside(self.nest, grads, "")) if isinstance(grads, _NESTS) else grads


_NESTS = (Mapping, list, tuple)


def read_form(arrays: Any) -> Form:
    """The leaves of a nest of dicts, lists and tuples.

    Raises:
        SpecError: there is none, or one is empty, not finite or of a dtype that cannot be read.
    """
    if not isinstance(arrays, _NESTS) or _is_array(arrays) or not arrays:
        raise SpecError(
            f"arrays must be a dict of name to array, got {type(arrays).__name__}; lists, tuples "
            "and dicts inside it are fine."
        )
    leaves: dict[str, Leaf] = {}

    def read(value: Any, path: str) -> Any:
        if isinstance(value, _NESTS) and not _is_array(value):
            children = {key: read(child, _joined(path, key)) for key, child in _items(value)}
            return children if isinstance(value, Mapping) else _like(value, children.values())
        return leaves.setdefault(path, _leaf(path, value))

    return Form(leaves, read(arrays, ""))


def as_numpy(value: Any) -> Array:
    """A tensor of any framework as an array; bfloat16 becomes float32."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().resolve_conj().resolve_neg()
        return np.asarray(value.float() if dtype_name(value) == "bfloat16" else value)
    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def dtype_name(value: Any) -> str:
    """The name of a dtype, without that of its framework."""
    dtype = value.dtype if hasattr(value, "dtype") else np.asarray(value).dtype
    return str(dtype).rpartition(".")[2]


def _leaf(name: str, value: Any) -> Leaf:
    array = np.array(as_numpy(value))
    dtype = dtype_name(value)
    if dtype not in FLOATS and array.dtype.kind not in "iub":
        raise SpecError(
            f"{name} has dtype {dtype}; an array must have one of {', '.join(FLOATS)}, or hold "
            "integers or booleans, which are constants."
        )
    if array.size == 0 or not np.all(np.isfinite(array)):
        what = "is empty" if array.size == 0 else "holds NaN or infinity"
        raise SpecError(f"{name} {what}; a function is checked where everything is finite.")
    if array.dtype.kind == "c":
        array = _pairs(array)
    elif dtype in FLOATS:
        array = array.astype(PRECISIONS[FLOATS[dtype]].stored)
    array.flags.writeable = False
    return Leaf(name, value, dtype, array)


def _pairs(array: Array) -> Array:
    """Real and imaginary parts along a last axis, in the same memory where that is possible."""
    return np.ascontiguousarray(array)[..., None].view(f"float{4 * array.itemsize}")


def _is_array(value: Any) -> bool:
    """Whether a list is one of numbers, to any depth: an array, as NumPy would read it."""
    if not isinstance(value, (list, tuple)):
        return isinstance(value, (int, float, complex, str, np.generic))
    return all(map(_is_array, value))


def _items(nest: Any) -> Iterator[tuple[Any, Any]]:
    return iter(nest.items() if isinstance(nest, Mapping) else enumerate(nest))


def _joined(path: str, key: Any) -> str:
    """The name of a leaf below a path."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else str(key)


def _like(nest: Any, values: Any) -> Any:
    """A list, tuple or named tuple of the same kind with other values."""
    return type(nest)(*values) if hasattr(nest, "_fields") else type(nest)(values)


def _mapped(nest: Any, change: Callable[[Leaf], Any]) -> Any:
    """The nest with something else in the place of every leaf."""
    if isinstance(nest, Leaf):
        return change(nest)
    if isinstance(nest, dict):
        return {key: _mapped(child, change) for key, child in nest.items()}
    return _like(nest, [_mapped(child, change) for child in nest])


def _beside(nest: Any, grads: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The name and the gradient of every leaf; what has no place in the nest by its own path."""
    if isinstance(nest, Leaf):
        yield nest.name, grads
    elif grads is None:
        for key, child in _items(nest):
            yield from _beside(child, None, _joined(path, key))
    elif isinstance(grads, Mapping) == isinstance(nest, dict) and isinstance(grads, _NESTS):
        inside = dict(_items(nest))
        for key, child in _items(grads):
            below = _joined(path, key)
            yield from _beside(inside[key], child, below) if key in inside else [(below, child)]
    else:
        yield path, grads
