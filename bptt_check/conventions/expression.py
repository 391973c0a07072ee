"""Text that declares a convention, for messages that say which one would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .convention import Convention


class Expression(str):
    """Code inside other code: written as it is, without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def declared_by(subject: object) -> Convention:
    """The convention that a subject was adapted with; the contract's if it was not."""
    declared = getattr(subject, "convention", None)
    if isinstance(declared, Convention):
        return declared
    options = getattr(subject, "convention_options", None)
    return _of_options(options) if isinstance(options, dict) else Convention()


def _of_options(options: Mapping[str, Any]) -> Convention:
    """The convention of a subject in another process, of which only the options are here."""
    given = dict(options)
    if isinstance(given.get("gradients"), dict):
        given["gradients"] = _of_options(given["gradients"])
    for name, value in options.items():
        if isinstance(value, list):
            given[name] = tuple(value)  # pyright: ignore[reportUnknownArgumentType]
    return Convention(**given)


def expression(declared: Convention, options: Mapping[str, object]) -> Expression:
    """The expression for what is declared with these options on top."""
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    if declared == Convention():
        return Expression(f"bc.Convention({given})")
    return Expression(f"dataclasses.replace(your convention, {given})")
