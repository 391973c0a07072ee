"""Operators and methods of a traced array: each is a function of NumPy, looked up in its trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .trace import Trace

_METHODS = frozenset(
    {
        *("sum", "mean", "max", "min", "prod", "cumsum", "cumprod", "var", "std"),
        *("clip", "squeeze", "swapaxes", "take", "repeat", "diagonal", "dot"),
        *("argmax", "argmin", "argsort"),
    }
)
"""Methods of NumPy's arrays that are functions of NumPy as well."""


def _binary(ufunc: Any) -> Callable[[Any, Any], Any]:
    return lambda self, other: self.trace.functions[ufunc](self, other)


def _swapped(ufunc: Any) -> Callable[[Any, Any], Any]:
    return lambda self, other: self.trace.functions[ufunc](other, self)


def _in_place(ufunc: Any) -> Callable[[Any, Any], Any]:
    return lambda self, other: self.assign(self.trace.functions[ufunc](self, other))


def _unary(ufunc: Any) -> Callable[[Any], Any]:
    return lambda self: self.trace.functions[ufunc](self)


class Operators:
    """What Python's operators, and the methods of NumPy's arrays, do."""

    __slots__ = ()
    trace: Trace

    __add__, __radd__, __iadd__ = _binary(np.add), _swapped(np.add), _in_place(np.add)
    __sub__, __rsub__ = _binary(np.subtract), _swapped(np.subtract)
    __isub__ = _in_place(np.subtract)
    __mul__, __rmul__ = _binary(np.multiply), _swapped(np.multiply)
    __imul__ = _in_place(np.multiply)
    __truediv__, __rtruediv__ = _binary(np.divide), _swapped(np.divide)
    __itruediv__ = _in_place(np.divide)
    __pow__, __rpow__, __ipow__ = _binary(np.power), _swapped(np.power), _in_place(np.power)
    __matmul__, __rmatmul__ = _binary(np.matmul), _swapped(np.matmul)
    __imatmul__ = _in_place(np.matmul)
    __neg__, __pos__, __abs__ = _unary(np.negative), _unary(np.positive), _unary(np.absolute)
    __lt__, __le__ = _binary(np.less), _binary(np.less_equal)
    __gt__, __ge__ = _binary(np.greater), _binary(np.greater_equal)
    __eq__, __ne__ = _binary(np.equal), _binary(np.not_equal)  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        function = getattr(np, name, None) if name in _METHODS else None
        ours = self.trace.functions.get(function) if function is not None else None
        if ours is None:
            raise AttributeError(
                f"an array of a traced reference has no {name!r}: write it with functions of NumPy"
            )
        return lambda *args, **options: ours(self, *args, **options)

    def reshape(self, *shape: Any) -> Any:
        """Another shape of the same entries."""
        return self.trace.functions[np.reshape](self, shape[0] if len(shape) == 1 else shape)

    def ravel(self) -> Any:
        """All entries along one axis."""
        return self.trace.functions[np.reshape](self, -1)

    def flatten(self) -> Any:
        """All entries along one axis, copied."""
        return self.trace.functions[np.reshape](self, -1).copy()

    def transpose(self, *axes: Any) -> Any:
        """Another order of the axes."""
        order = axes[0] if len(axes) == 1 else axes or None
        return self.trace.functions[np.transpose](self, order)

    def copy(self, order: str = "C") -> Any:
        """The same entries in memory of their own."""
        return self.trace.functions[np.copy](self)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """A copy, as float64 stays; integers and bools of the first sample."""
        return self.trace.functions["astype"](self, dtype)

    def fill(self, number: Any) -> None:
        """Write a number into all entries."""
        self[...] = number  # type: ignore[index]

    @property
    def T(self) -> Any:  # noqa: N802 - NumPy's name
        """All axes in reverse order."""
        return self.trace.functions[np.transpose](self)

    @property
    def mT(self) -> Any:  # noqa: N802 - NumPy's name
        """The last two axes swapped."""
        return self.trace.functions[np.matrix_transpose](self)

    @property
    def real(self) -> Any:
        """Itself: all numbers are real."""
        return self
