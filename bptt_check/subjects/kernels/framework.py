"""Which framework a function is written in, as far as it says so."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

PACKAGES = {
    "torch": "torch",
    "triton": "torch",
    "jax": "jax",
    "jaxlib": "jax",
    "flax": "jax",
    "equinox": "jax",
}
"""Package to the framework whose arrays its functions take."""
DEPTH = 3
"""Calls that are followed from a function on."""


def framework_of(function: Callable[..., Any]) -> str:
    """`"torch"`, `"jax"`, or `"numpy"` where a function uses neither: the nearest one that it, or
    what it calls, comes from or names.
    """
    layer: list[Any] = [function]
    for _ in range(DEPTH + 1):
        packages = (module.partition(".")[0] for value in layer for module in _modules(value))
        if known := [PACKAGES[package] for package in packages if package in PACKAGES]:
            return known[0]
        layer = [child for value in layer for child in _uses(value)]
    return "numpy"


def _modules(value: Any) -> Iterator[str]:
    """The modules that a value, its type and the bases of a class come from."""
    if isinstance(value, types.ModuleType):
        yield value.__name__
        return
    classes = value.__mro__ if isinstance(value, type) else type(value).__mro__
    yield from (own for own in (getattr(value, "__module__", None),) if isinstance(own, str))
    yield from (base.__module__ for base in classes)


def _uses(value: Any) -> Iterator[Any]:
    """What a function names or closes over, and what it takes from a module that it names; of
    another callable the function behind it.
    """
    for inner in ("__wrapped__", "__func__", "func"):
        if hasattr(value, inner) and not isinstance(value, types.ModuleType):
            yield getattr(value, inner)
    if isinstance(value, types.FunctionType):
        known, names = value.__globals__, {*_names(value.__code__)}
        named = [known[name] for name in names if name in known]
        yield from named
        of_modules = [vars(own) for own in named if isinstance(own, types.ModuleType)]
        yield from (own[name] for own in of_modules for name in names if name in own)
        yield from (cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell))
    elif callable(value) and not isinstance(value, type):
        yield type(value).__call__


def _names(code: types.CodeType) -> Iterator[str]:
    """The global names in a function, those of functions inside it included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _is_filled(cell: types.CellType) -> bool:
    """Whether a variable of an outer function has a value yet."""
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
