"""Lines of Python that make an object which has no name in any module."""

from __future__ import annotations

import ast
import functools
import math
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from ...cases.written.reproduction import Construction
from ...cases.written.written_out import READABLE
from .addresses import import_name, names_of
from .array_text import array_text, is_array, numbers_of
from .module_source import bound_names, module_source
from .snippets import (
    Environment,
    NotWritable,
    Snippet,
    class_source,
    function_source,
    is_builtin,
    names_needed,
)

DEEPEST, LONGEST, MOST = 60, 200, 2000
"""Objects inside objects, characters of a text and objects in all; what is more is not written."""
MUTABLE = (dict, list, set, bytearray)


class Writer:
    """Collects lines; each name that they bind stands for one object.

    `saved` are expressions for the numbers of arrays, by identity, that need not be written.
    """

    def __init__(self, bound: Mapping[str, Any], saved: Mapping[int, str] | None = None) -> None:
        self.lines: list[str] = []
        self._saved = saved or {}
        self._bound = dict(bound)
        self._written: set[int] = set()
        self._depth = self._count = 0

    def bind(self, name: str, value: Any, around: Environment) -> None:
        """Write what binds a name: the statement of its module, or a value.

        Raises:
            NotWritable: there is no way to write it, or the name stands for something else.
        """
        if name in self._bound:
            if self._bound[name] is not value:
                raise NotWritable(name)
            return
        self._bound[name] = value
        if self._from_module(name, value, around):
            return
        if isinstance(value, ModuleType):
            self._import(value, name)
        elif isinstance(value, FunctionType) and value.__name__ == name:
            self._source(function_source(value))
        elif isinstance(value, type) and value.__name__ == name:
            self._source(class_source(value, _globals_of(value)))
        else:
            del self._bound[name]
            text = self.expression(value)
            self._bound[name] = value
            if text != name:
                self.lines.append(f"{name} = {text}")

    def expression(self, value: Any) -> str:
        """An expression for an object, after the lines that it needs.

        Raises:
            NotWritable: there is none.
        """
        self._depth += 1
        self._count += 1
        too_long = isinstance(value, (str, bytes)) and len(value) > LONGEST
        if self._depth > DEEPEST or self._count > MOST or too_long:
            raise NotWritable(value)
        try:
            return self._expression(value)
        finally:
            self._depth -= 1

    def _expression(self, value: Any) -> str:
        known = [n for n, v in self._bound.items() if v is value and not _is_plain(value)]
        if known:
            return known[0]
        if _is_plain(value):
            return f"float({str(value)!r})" if _has_no_literal(value) else repr(value)
        if type(value) in (list, tuple, set, frozenset, dict):
            return self._container(value)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return self._call(self.expression(type(value)), tuple(value), {})  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        if is_array(value):
            return self._array(value)
        if isinstance(construction := getattr(value, "construction", None), Construction):
            of = construction
            return self._call(self.expression(of.maker), of.arguments, of.options)
        if isinstance(value, functools.partial):
            return self._call(
                self._imported(functools, "partial"), (value.func, *value.args), value.keywords
            )
        if isinstance(value, MethodType):
            return f"{self.expression(value.__self__)}.{value.__func__.__name__}"
        if isinstance(value, (FunctionType, type)):
            return self._definition(value)
        return self._named(value) or self._instance(value)

    def _definition(self, value: FunctionType | type) -> str:
        """A function or a class: by its module, else by its source."""
        around = value.__globals__ if isinstance(value, FunctionType) else _globals_of(value)
        first = value.__qualname__.partition(".")[0]
        if isinstance(value, FunctionType) and value.__name__ == "<lambda>":
            snippet = function_source(value)
            self._needs(snippet)
            return f"({snippet.text})"
        if getattr(value, "__module__", "") == "builtins":
            return value.__qualname__
        if _found_in(around, value.__qualname__) is value:
            self.bind(first, around[first], around)
            return value.__qualname__
        self.bind(value.__name__, value, {})
        return value.__name__

    def _from_module(self, name: str, value: Any, around: Environment) -> bool:
        """Write how a module binds a name: by an import of it, else by its statements."""
        module = sys.modules.get(str(around.get("__name__", "")))
        if module is None or vars(module).get(name, around) is not value:
            return False
        source = module_source(str(around.get("__file__", "")))
        text = import_name(module)
        if text and (source is None or source.is_bound_at_import(name)):
            self.lines.append(f"from {text} import {name}")
            return True
        statements = source.binding(name) if source is not None else []
        for statement in statements:
            if id(statement) not in self._written:
                self._written.add(id(statement))
                self._statement(statement, source.text_of(statement), vars(module))  # pyright: ignore[reportOptionalMemberAccess]
        return bool(statements)

    def _statement(self, statement: ast.stmt, text: str, around: Environment) -> None:
        """A statement at the top of a module, after what it needs."""
        if isinstance(statement, ast.ImportFrom) and statement.level:
            raise NotWritable(text)
        for name in bound_names(statement) - {"*"}:
            if self._bound.setdefault(name, around.get(name)) is not around.get(name):
                raise NotWritable(name)
        self._source(Snippet(text, around))

    def _source(self, snippet: Snippet) -> None:
        self._needs(snippet)
        block = snippet.text.startswith(("def ", "class ", "@", "async "))
        self.lines += [*snippet.text.splitlines(), *([""] if block else [])]

    def _needs(self, snippet: Snippet) -> None:
        """Bind every name that a source reads from around it."""
        names = snippet.names
        for name in names_needed(snippet.text):
            if is_builtin(name, names) or (name in self._bound and name not in names):
                continue
            if name not in names:
                raise NotWritable(name)
            if not self._as_at_first(name, snippet):
                self.bind(name, names[name], names)

    def _as_at_first(self, name: str, snippet: Snippet) -> bool:
        """Write a container as it was before anything was put into it; False if it is none."""
        value, text = snippet.names[name], snippet.first.get(name, "")
        if name in self._bound or not text or not isinstance(value, MUTABLE):
            return False
        if any(not is_builtin(n, snippet.names) for n in names_needed(text)):
            return False
        self._bound[name] = value
        self.lines.append(f"{name} = {text}")
        return True

    def _import(self, module: ModuleType, name: str) -> None:
        text = import_name(module)
        if not text:
            raise NotWritable(module)
        self.lines.append(f"import {text}" if text == name else f"import {text} as {name}")

    def _imported(self, module: ModuleType, name: str) -> str:
        """A name of an importable module, by an import of the name."""
        self.bind(name, getattr(module, name), vars(module))
        return name

    def _named(self, value: Any) -> str:
        """An object that an importable module has by a name; "" if none has."""
        if isinstance(value, ModuleType):
            self.bind(value.__name__.rpartition(".")[2], value, {})
            return value.__name__.rpartition(".")[2]
        for module, name in names_of(value):
            if import_name(module) and "." not in name and name not in self._bound:
                return self._imported(module, name)
        return ""

    def _container(self, value: Any) -> str:
        if isinstance(value, dict):
            pairs = [f"{self.expression(k)}: {self.expression(v)}" for k, v in value.items()]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            return "{" + ", ".join(pairs) + "}"
        inside = ", ".join(self.expression(v) for v in value)
        kinds = {list: f"[{inside}]", tuple: f"({inside}{',' * (len(value) == 1)})"}
        return kinds.get(type(value), f"{type(value).__name__}([{inside}])")

    def _array(self, array: Any) -> str:
        numbers = self._saved.get(id(array), "")
        if not numbers:
            if math.prod(array.shape) > READABLE:
                raise NotWritable(array)
            numbers = self.expression(numbers_of(array))
        made = array_text(array, numbers)
        for module, name in made.modules.items():
            self._module(module, name)
        self.lines += [line for line in made.before if line not in self.lines]
        return made.text

    def _module(self, text: str, name: str) -> str:
        self.bind(name, sys.modules[text], {})
        return name

    def _call(self, function: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> str:
        given = [self.expression(a) for a in arguments]
        given += [f"{n}={self.expression(v)}" for n, v in options.items()]
        return f"{function}({', '.join(given)})"

    def _instance(self, value: Any) -> str:
        """An object of a class: of its fields, else of its attributes."""
        if isinstance(value, BuiltinFunctionType) or type(value).__module__ == "builtins":
            raise NotWritable(value)
        if type(value).__module__ == "torch":  # a dtype, a device: they print as they are written
            return self._torch(value)
        cls = self.expression(type(value))
        if is_dataclass(value):
            return self._call(cls, (), _given_fields(value))
        if not hasattr(value, "__dict__") or isinstance(value, (dict, list, tuple, set)):
            raise NotWritable(value)
        if not vars(value) and type(value).__init__ is object.__init__:
            return f"{cls}()"
        name = f"{type(value).__name__.lower()}_"
        state = self.expression(vars(value))
        if name in self._bound:
            raise NotWritable(value)
        self._bound[name] = value
        self.lines += [f"{name} = object.__new__({cls})", f"vars({name}).update({state})"]
        return name

    def _torch(self, value: Any) -> str:
        torch = self._module("torch", "torch")
        kind = type(value).__name__
        if kind not in ("dtype", "device"):
            raise NotWritable(value)
        return str(value) if kind == "dtype" else f"{torch}.device({str(value)!r})"


def _given_fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that differ from their defaults."""
    given: dict[str, Any] = {}
    for field in fields(value):
        default = field.default
        if field.default_factory is not MISSING:
            default = field.default_factory()
        now = getattr(value, field.name)
        if field.init and not (type(now) is type(default) and bool(now == default)):
            given[field.name] = now
    return given


def _found_in(around: Environment, qualified: str) -> Any:
    """What a qualified name stands for; None if it leads nowhere."""
    first, *rest = qualified.split(".")
    value = around.get(first)
    for part in rest:
        value = getattr(value, part, None)
    return value


def _globals_of(cls: type) -> dict[str, Any]:
    module = sys.modules.get(cls.__module__)
    return {} if module is None else vars(module)


def _is_plain(value: Any) -> bool:
    """Whether an object prints as it is written."""
    return value is None or value is ... or type(value) in (bool, int, float, complex, str, bytes)


def _has_no_literal(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
