"""A user's function with another module in the place of numpy: the same code, other globals."""

from __future__ import annotations

import builtins
import functools
import types
from pathlib import Path
from typing import Any

import numpy as np


class OwnGlobals:
    """Copies of functions, and of those of the same folder that they call, that see a stand-in,
    by whichever name they have it or import it.

    Args:
        module: the stand-in for numpy.
        replaced: functions of numpy that code may have imported by name.
    """

    def __init__(self, module: types.ModuleType, replaced: tuple[Any, ...]) -> None:
        self._module = module
        self._replaced = {id(f): getattr(module, f.__name__) for f in replaced}
        self._globals: dict[int, dict[str, Any]] = {}
        self._functions: dict[int, Any] = {}
        self._folder: Path | None = None

    def of(self, function: Any) -> Any:
        """The function with a stand-in for numpy; a callable of another kind stays as it is."""
        if isinstance(function, functools.partial):
            return functools.partial(self.of(function.func), *function.args, **function.keywords)
        if isinstance(function, types.MethodType):
            return types.MethodType(self.of(function.__func__), function.__self__)
        if not isinstance(function, types.FunctionType):
            return function
        self._folder = _folder_of(function.__globals__)
        return self._copied(function)

    def forget(self) -> None:
        """Let go of all copies: they refer to each other, and to the arrays of a run."""
        for names in self._globals.values():
            names.clear()
        self._functions.clear()
        self._globals.clear()

    def _copied(self, function: types.FunctionType) -> Any:
        if id(function) in self._functions:
            return self._functions[id(function)]
        cells = tuple(types.CellType() for _ in function.__closure__ or ())
        copied = types.FunctionType(
            function.__code__,
            self._seen(function.__globals__),
            function.__name__,
            function.__defaults__,
            cells or None,
        )
        copied.__kwdefaults__ = function.__kwdefaults__
        copied.__dict__.update(function.__dict__)
        self._functions[id(function)] = copied
        for cell, own in zip(cells, function.__closure__ or (), strict=True):
            try:
                cell.cell_contents = self._exchanged(own.cell_contents)
            except ValueError:  # a name that is not bound yet stays so
                continue
        return copied

    def _seen(self, names: dict[str, Any]) -> dict[str, Any]:
        """The globals of a module with what stands in for numpy."""
        if id(names) not in self._globals:
            copied = self._globals[id(names)] = dict(names)
            copied["__builtins__"] = {**vars(builtins), "__import__": self._import}
            for name, value in names.items():
                if name != "__builtins__":
                    copied[name] = self._exchanged(value)
        return self._globals[id(names)]

    def _exchanged(self, value: Any) -> Any:
        if value is np:
            return self._module
        if isinstance(value, types.FunctionType) and self._is_users(value.__globals__):
            return self._copied(value)
        if isinstance(value, types.ModuleType) and self._is_users(vars(value)):
            module = types.ModuleType(value.__name__)
            module.__dict__.update(self._seen(vars(value)))
            return module
        return self._replaced.get(id(value), value)

    def _import(self, *args: Any, **options: Any) -> Any:
        """What `import` inside a function calls."""
        return self._exchanged(__import__(*args, **options))

    def _is_users(self, names: dict[str, Any]) -> bool:
        return id(names) in self._globals or (
            self._folder is not None and _folder_of(names) == self._folder
        )


def _folder_of(names: dict[str, Any]) -> Path | None:
    file = names.get("__file__")
    return Path(file).parent if isinstance(file, str) else None
