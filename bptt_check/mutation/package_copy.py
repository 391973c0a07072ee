"""A package in memory with one module edited; the installed one never notices.

Only the edited module and those that import it are executed again, under an `__import__` of their
own; nothing is put into `sys.modules`.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib
import importlib.util
import sys
import warnings
from collections.abc import Generator, Mapping
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from .source import Source, dependents, sources

Overrides = Mapping[str, Mapping[str, Any]]
"""Module name to attributes that it gets once it is executed, in place of its own."""


class Copy:
    """A copy of the package `root` in which the module `changed` has another text.

    Args:
        root: a top-level package or module, or a path of a Python file.
        changed: the dotted name of one of its modules.
        text: what that module has instead of its source.
        label: stands for the file name in tracebacks.
        overrides: attributes to replace, for instance a check at the door that must not be made.
    """

    def __init__(
        self, root: str, changed: str, text: str, label: str, overrides: Overrides | None = None
    ) -> None:
        self._root, self._sources, self._overrides = root, sources(root), overrides or {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # an edit may well look odd
            self._code = {changed: compile(text, label, "exec", dont_inherit=True)}
        edited = (changed, *self._overrides)
        self._affected = frozenset[str]().union(*(affected(root, name) for name in edited))
        self._loaded: dict[str, ModuleType] = {}

    def module(self, name: str) -> ModuleType:
        """A module of the copy; the installed one if the edit cannot reach it."""
        if name not in self._affected:
            return importlib.import_module(name)
        if name not in self._loaded:
            self._execute(self._sources[name])
        return self._loaded[name]

    def _execute(self, source: Source) -> None:
        module = ModuleType(source.name)
        package = source.name if source.is_package else source.name.rpartition(".")[0]
        vars(module).update(
            __package__=package,
            __file__=source.file,
            __builtins__={**vars(builtins), "__import__": self._import},
            **({"__path__": []} if source.is_package else {}),
        )
        self._loaded[source.name] = module
        code = self._code.get(source.name) or _compiled(self._root, source.name)
        with _neighbours(self._root):
            exec(code, vars(module))
        vars(module).update(self._overrides.get(source.name, {}))
        parent, _, leaf = source.name.rpartition(".")
        if parent:
            setattr(self.module(parent), leaf, module)

    def _import(
        self,
        name: str,
        namespace: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """What the copy's import statements call."""
        full = name
        if level:
            full = importlib.util.resolve_name("." * level + name, (namespace or {})["__package__"])
        wanted = full if fromlist else full.partition(".")[0]
        if wanted not in self._affected:
            return builtins.__import__(name, namespace, local, fromlist or (), level)
        if fromlist:
            module = self.module(full)
            for item in fromlist:
                self._attach(f"{full}.{item}")
            return module
        self._attach(full)
        return self.module(full.partition(".")[0])

    def _attach(self, full: str) -> None:
        """Give a package of the copy the submodule that an import statement asks it for."""
        parent, _, leaf = full.rpartition(".")
        if full in self._sources and parent:
            self._attach(parent)
            if not hasattr(self.module(parent), leaf):
                setattr(self.module(parent), leaf, self.module(full))


@contextlib.contextmanager
def _neighbours(root: str) -> Generator[None]:
    """Where a file is edited, modules beside it are found, as when it is run."""
    if not root.endswith(".py"):
        yield
        return
    folder = str(Path(root).parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


@functools.cache
def affected(root: str, changed: str) -> frozenset[str]:
    """The modules that an edit of one can reach."""
    return frozenset(dependents(sources(root), changed))


@functools.cache
def _compiled(root: str, name: str) -> CodeType:
    source = sources(root)[name]
    return compile(source.text, source.file, "exec", dont_inherit=True)
