"""Where an object lies that has a name in a module: what the command line takes for it."""

from __future__ import annotations

import contextlib
import functools
import os
import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import MethodType, ModuleType
from typing import Any

from ..own_code import is_ours
from .module_source import module_source


def address_found(value: Any) -> str:
    """`module:name` or `path/to/file.py:name` of an object; "" if no module has it by a name."""
    if isinstance(value, MethodType):
        owner = address_found(value.__self__)
        return f"{owner}.{value.__func__.__name__}" if owner else ""
    for module, name in names_of(value):
        if place := _place(module, name):
            return f"{place}:{name}"
    return ""


def name_in_session(value: Any) -> str:
    """What an object is called in a session that has no file: a notebook, an interpreter."""
    main = sys.modules.get("__main__")
    names = [n for m, n in names_of(value) if m is main and not hasattr(m, "__file__")]
    return next(iter(names), "")


def names_of(value: Any) -> Iterator[tuple[ModuleType, str]]:
    """The modules and names by which an object can be got, the place of its definition first."""
    home = sys.modules.get(str(getattr(value, "__module__", "")))
    qualified = getattr(value, "__qualname__", "")
    if home is not None and qualified and _resolved(home, qualified) is value:
        yield home, qualified
    others = [m for m in list(sys.modules.values()) if isinstance(m, ModuleType) and m is not home]
    for module in [*([home] if home else []), *sorted(others, key=_is_own)]:
        named = [n for n, v in list(vars(module).items()) if v is value and n.isidentifier()]
        yield from ((module, name) for name in sorted(named, key=lambda n: n.startswith("_")))


def import_name(module: ModuleType) -> str:
    """The name by which a fresh process imports a module; "" if it would not find it."""
    name = module.__name__
    if name == "__main__":
        spec = getattr(module, "__spec__", None)
        return spec.name.removesuffix(".__main__") if spec else ""
    file = getattr(module, "__file__", None)
    if file is None:
        return name if name in sys.builtin_module_names else ""
    root = _root(module, file)
    return name if root in _fresh_paths(str(Path.cwd())) else ""


def _place(module: ModuleType, name: str) -> str:
    """How the command line names a module of which an import binds a name; "" if it cannot."""
    file = getattr(module, "__file__", None)
    source = module_source(file) if file else None
    if source is not None and not source.is_bound_at_import(name.partition(".")[0]):
        return ""
    in_package = "." in module.__name__ or bool(getattr(module, "__path__", None))
    if (text := import_name(module)) and (in_package or not _lies_here(file)):
        return text
    if file is None or not file.endswith(".py"):
        return text
    return Path(os.path.relpath(file)).as_posix()


def _lies_here(file: str | None) -> bool:
    return file is not None and Path(file).resolve().is_relative_to(Path.cwd())


def _resolved(module: ModuleType, qualified: str) -> Any:
    value: Any = module
    for part in qualified.split("."):
        value = getattr(value, part, None)
    return value


def _is_own(module: ModuleType) -> bool:
    """Whether a module is one of ours: what users have under a name of theirs comes first."""
    return is_ours(str(getattr(module, "__file__", "") or ""))


def _root(module: ModuleType, file: str) -> str:
    """The folder from which a module is found by its dotted name."""
    levels = module.__name__.count(".") + bool(getattr(module, "__path__", None))
    return str(Path(file).resolve().parents[levels])


@functools.lru_cache(maxsize=8)
def _fresh_paths(here: str) -> frozenset[str]:
    """The folders in which a new interpreter in this folder looks for modules."""
    installed = {*sysconfig.get_paths().values(), *site.getsitepackages()}
    if site.ENABLE_USER_SITE:
        installed.add(site.getusersitepackages())
    files = [file for folder in installed for file in Path(folder).glob("*.pth")]
    pointed = [line.strip() for file in files for line in _lines(file)]
    given = [f for f in os.environ.get("PYTHONPATH", "").split(os.pathsep) if f]
    compiled = [str(Path(f, "lib-dynload")) for f in installed]
    folders = {here, *installed, *compiled, *given, *filter(os.path.isabs, pointed)}
    return frozenset(str(Path(f).resolve()) for f in folders if os.path.isdir(f))


def _lines(file: Path) -> list[str]:
    """The lines of a file; none where it cannot be read, of which an interpreter takes nothing."""
    with contextlib.suppress(OSError):
        return file.read_text("utf-8", "replace").splitlines()
    return []
