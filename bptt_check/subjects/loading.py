"""How foreign code becomes a differentiator: from the text that names it."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from ..errors import SubjectNotFound, SubjectTimeout
from .import_end import CheckReached, importing
from .raised import described
from .time_limit import LONGEST_WAIT, time_limit

if TYPE_CHECKING:
    from ..cases.result import Differentiator

DEFAULT = "bptt_reference:loss_and_grads"
GROUP = "bptt_check.subjects"

PROGRAMS = ("exec:", "exec1:")

NOT_INSTALLED = {
    "gallery": "The gallery of printed formulas is no part of the installation: "
    "put the folder examples/ of the source on PYTHONPATH."
}
"""Modules that messages name and an installation lacks, and what to do then."""


def entry_points() -> dict[str, str]:
    """Name to `module:attribute` of every installed subject that registered itself."""
    return {e.name: e.value for e in importlib.metadata.entry_points(group=GROUP)}


def load(text: str, seconds: float = LONGEST_WAIT) -> Differentiator:
    """The subject that `text` names.

    Args:
        text: `package.module:attribute`, `path/to/file.py:attribute`, the name of an entry point
            of the group `bptt_check.subjects`, or `exec:COMMAND` (once for all cases) or
            `exec1:COMMAND` (once a case) for a program.
        seconds: what a program has for its hello line.

    Raises:
        SubjectNotFound: says which part of the text leads nowhere, and what is there instead.
    """
    text = entry_points().get(text, text)
    if text.startswith(PROGRAMS):
        from .program import program

        return program(text, seconds)
    subject = load_object(text)
    if not callable(subject):
        raise SubjectNotFound(f"{text} is a {type(subject).__name__}; a subject must be callable.")
    return cast("Differentiator", subject)


def load_object(text: str) -> Any:
    """Whatever `package.module:attribute` or `path/to/file.py:attribute` names.

    Raises:
        SubjectNotFound: says which part of the text leads nowhere, and what is there instead.
    """
    module_name, separator, attribute = text.rpartition(":")
    if not separator or not module_name or not attribute:
        known = ", ".join(entry_points()) or "none"
        raise SubjectNotFound(
            f"{text!r} names no subject: write package.module:attribute, "
            f"path/to/file.py:attribute, exec:COMMAND or one of the installed subjects ({known})."
        )
    module = _from_file(module_name) if module_name.endswith(".py") else _from_name(module_name)
    subject: Any = module
    for part in attribute.split("."):
        if not hasattr(subject, part):
            what = f"{module_name} has no {attribute!r}. {_what_it_has(module, attribute)}"
            raise SubjectNotFound(what)
        subject = getattr(subject, part)
    return subject


def load_within(text: str, seconds: float | None) -> Differentiator:
    """`load` into this process, with a deadline for the import; None is none.

    Raises:
        SubjectNotFound: the text leads nowhere, or its import takes too long.
        SpecError: see `time_limit`.
    """
    try:
        with time_limit(seconds, "its start"):
            return load(text, seconds or LONGEST_WAIT)
    except SubjectTimeout as late:
        raise SubjectNotFound(f"importing {text} failed: it {late}.") from late


def _from_name(name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does: a module beside you is found
    try:
        with importing():
            return importlib.import_module(name)
    except CheckReached as reached:
        return _as_far_as(name, reached)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            advice = NOT_INSTALLED.get(name, "")
            raise SubjectNotFound(
                f"there is no module {name!r} on the Python path. {advice}".rstrip()
            ) from error
        raise SubjectNotFound(f"importing {name} failed: {error}") from error
    except (Exception, SystemExit) as error:
        raise SubjectNotFound(f"importing {name} failed: {described(error)}") from error
    finally:
        sys.path.remove(str(Path.cwd()))


def _as_far_as(name: str, reached: CheckReached) -> ModuleType:
    """A module whose import ended at its own check, with what it had defined until then."""
    frames = [f for f, _ in traceback.walk_tb(reached.__traceback__)]
    names = next(f.f_globals for f in frames if f.f_globals.get("__name__") == name)
    module = ModuleType(name)
    vars(module).update(names)
    sys.modules[name] = module  # where dataclasses look for the names in annotations
    return module


def _from_file(name: str) -> ModuleType:
    path = Path(name)
    if not path.is_file():
        raise SubjectNotFound(f"there is no file {name}.")
    spec = importlib.util.spec_from_file_location(f"bptt_check_subject_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the names in annotations
    # as `python file.py` does: its neighbours are found; Python remembers for ever what "." is
    beside = str(path.parent.absolute())
    sys.path.insert(0, beside)
    try:
        with importing():
            spec.loader.exec_module(module)
    except CheckReached:
        pass
    except (Exception, SystemExit) as error:
        raise SubjectNotFound(f"running {name} failed: {described(error)}") from error
    finally:
        sys.path.remove(beside)
    return module


def _what_it_has(module: ModuleType, wanted: str) -> str:
    """What can be called in a module, and what was probably meant."""
    names = [n for n in dict.fromkeys([*vars(module), *dir(module)]) if not n.startswith("_")]
    callables = [n for n in names if callable(getattr(module, n, None))]
    close = difflib.get_close_matches(wanted, callables, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"It has: {', '.join(callables[:12]) or 'nothing callable'}.{hint}"
