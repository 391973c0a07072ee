"""Which framework a function is written in, as far as it says so."""

from __future__ import annotations

import dis
import functools
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
_LIBRARIES = frozenset(("numpy", "scipy", "builtins", "functools", "math", "typing"))
"""Packages of which nothing is looked into: some of them know of every framework there is."""
DEPTH = 12
"""Calls that are followed from a function on."""


def framework_of(function: Callable[..., Any]) -> str:
    """`"torch"`, `"jax"`, or `"numpy"` where a function uses neither: the nearest one that it, or
    what it calls, comes from or names.
    """
    layer: list[Any] = [function]
    seen: dict[int, Any] = {}
    for _ in range(DEPTH + 1):
        packages = (module.partition(".")[0] for value in layer for module in _modules(value))
        if known := [PACKAGES[package] for package in packages if package in PACKAGES]:
            return known[0]
        children = {id(child): child for value in layer for child in _uses(value)}
        layer = [child for n, child in children.items() if n not in seen]
        seen |= children  # kept, so that no other has its id
    return "numpy"


def _modules(value: Any) -> Iterator[str]:
    """The modules that a value, its type and the bases of a class come from, or that a name is."""
    if isinstance(value, str):
        yield value
        return
    if isinstance(value, types.ModuleType):
        yield value.__name__
        return
    classes = value.__mro__ if isinstance(value, type) else type(value).__mro__
    yield from (own for own in (getattr(value, "__module__", None),) if isinstance(own, str))
    yield from (base.__module__ for base in classes)


def _uses(value: Any) -> Iterator[Any]:
    """What a function names or closes over; of another callable the function behind it, and the
    callables that it has.
    """
    own = str(getattr(value, "__module__", "")).partition(".")[0]
    if isinstance(value, (str, types.ModuleType)) or own in _LIBRARIES - {"functools"}:
        return
    for inner in ("__wrapped__", "__func__", "__self__", "func"):
        if (found := getattr(value, inner, None)) is not None:
            yield found
    if isinstance(value, functools.partial):
        yield from filter(callable, [*value.args, *value.keywords.values()])
    elif isinstance(value, types.FunctionType):
        yield from _uses_of_function(value)
    elif callable(value) and not isinstance(value, type):
        yield type(value).__call__
        yield from (part for part in getattr(value, "__dict__", {}).values() if callable(part))


def _uses_of_function(function: types.FunctionType) -> Iterator[Any]:
    """What a function names, in its body or in its signature."""
    known, said = function.__globals__, [*_instructions(function.__code__)]
    yield from (name for how, name in said if how == "IMPORT_NAME")
    named = [known[name] for how, name in said if how == "LOAD_GLOBAL" and name in known]
    yield from named
    modules = [vars(child) for child in named if isinstance(child, types.ModuleType)]
    attributes = [name for how, name in said if how in ("LOAD_ATTR", "LOAD_METHOD")]
    yield from (module[name] for module in modules for name in attributes if name in module)
    yield from (cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell))
    yield from (d for d in (function.__defaults__ or ()) if callable(d))
    yield from (d for d in (function.__kwdefaults__ or {}).values() if callable(d))
    for annotation in function.__annotations__.values():
        head = annotation.partition(".")[0] if isinstance(annotation, str) else annotation
        yield known.get(head, annotation) if isinstance(head, str) else annotation


def _instructions(code: types.CodeType) -> Iterator[tuple[str, Any]]:
    """What a function does, and to which name, functions inside it included."""
    yield from ((step.opname, step.argval) for step in dis.get_instructions(code))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _instructions(constant)


def _is_filled(cell: types.CellType) -> bool:
    """Whether a variable of an outer function has a value yet."""
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
