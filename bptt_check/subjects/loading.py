"""How foreign code becomes a differentiator: from the text that names it."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from ..cases.result import Differentiator
from ..errors import SubjectNotFound, UnknownName

DEFAULT = "bptt_reference:loss_and_grads"
GROUP = "bptt_check.subjects"

PROGRAMS = ("exec:", "exec1:")


def entry_points() -> dict[str, str]:
    """Name to `module:attribute` of every installed subject that registered itself."""
    return {e.name: e.value for e in importlib.metadata.entry_points(group=GROUP)}


def load(text: str) -> Differentiator:
    """The subject that `text` names.

    Args:
        text: `package.module:attribute`, `path/to/file.py:attribute`, the name of an entry point
            of the group `bptt_check.subjects.loading`, `gallery:NAME` for a printed formula, or
            `exec:COMMAND` (once for all cases) or `exec1:COMMAND` (once a case) for a program.

    Raises:
        SubjectNotFound: says which part of the text leads nowhere, and what is there instead.
    """
    text = entry_points().get(text, text)
    if text.startswith(PROGRAMS):
        from .program import program

        return program(text)
    module_name, separator, attribute = text.rpartition(":")
    if not separator or not module_name or not attribute:
        known = ", ".join(entry_points()) or "none"
        raise SubjectNotFound(
            f"{text!r} names no subject: write package.module:attribute, "
            f"path/to/file.py:attribute, exec:COMMAND or one of the installed subjects ({known})."
        )
    if module_name == "gallery" and not attribute.isidentifier():  # 001-update is no attribute
        return _from_gallery(attribute)
    module = _from_file(module_name) if module_name.endswith(".py") else _from_name(module_name)
    subject: Any = module
    for part in attribute.split("."):
        if not hasattr(subject, part):
            raise SubjectNotFound(f"{module_name} has no {attribute!r}. It has: {_public(module)}.")
        subject = getattr(subject, part)
    if not callable(subject):
        raise SubjectNotFound(f"{text} is a {type(subject).__name__}; a subject must be callable.")
    return cast("Differentiator", subject)


def _from_gallery(name: str) -> Differentiator:
    """An entry of the gallery, which stands to the right of everything and is loaded by name."""
    gallery: Any = importlib.import_module("gallery")
    try:
        return gallery.subject(name)
    except UnknownName as error:
        raise SubjectNotFound(str(error)) from error


def _from_name(name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does: a module beside you is found
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            raise SubjectNotFound(f"there is no module {name!r} on the Python path.") from error
        raise SubjectNotFound(f"importing {name} failed: {error}") from error
    except (Exception, SystemExit) as error:
        raise SubjectNotFound(
            f"importing {name} failed: {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path.remove(str(Path.cwd()))


def _from_file(name: str) -> ModuleType:
    path = Path(name)
    if not path.is_file():
        raise SubjectNotFound(f"there is no file {name}.")
    spec = importlib.util.spec_from_file_location(f"bptt_check_subject_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the names in annotations
    sys.path.insert(0, str(path.parent))  # as `python file.py` does: its neighbours are found
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise SubjectNotFound(f"running {name} failed: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(path.parent))
    return module


def _public(module: ModuleType) -> str:
    names = [n for n, value in vars(module).items() if callable(value) and not n.startswith("_")]
    return ", ".join(names[:12]) or "nothing callable"
