"""A mutant: one edit of one line, as a record, and the subject that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from ..cases.result import Differentiator
from .package_copy import Copy, Overrides
from .source import sources


@dataclass(frozen=True)
class Edit:
    """Characters `start` to `end` of a module's text become `text`."""

    start: int
    end: int
    text: str

    def apply(self, source: str) -> str:
        """The edited text."""
        return source[: self.start] + self.text + source[self.end :]


@dataclass(frozen=True)
class Mutant:
    """One single edit of the source of a subject.

    Args:
        name: stable and readable: `lstm.backward:83 f_bar: c_prev -> f`.
        root: the package, module or file that is edited.
        attribute: the subject, `package.module:attribute`.
        module: the dotted name of the edited module.
        file: its file, as it is shown.
        line: of the edit, from 1.
        function: qualified name of the edited function.
        operator: one of `operators.OPERATORS`.
        before, after: the statement as it was and as it is, on one line each.
        equations: the numbers that the statement's comment cites, like `5.13`.
        edit: what is replaced.
    """

    name: str
    root: str
    attribute: str
    module: str
    file: str
    line: int
    function: str
    operator: str
    before: str
    after: str
    equations: tuple[str, ...]
    edit: Edit

    @property
    def where(self) -> str:
        """Which function is edited: `bptt_reference.lstm.backward`."""
        return f"{self.module}.{self.function}"

    def subject(self, overrides: Overrides | None = None) -> Differentiator:
        """The edited subject, from a copy of the package in memory.

        Raises:
            Exception: whatever the edited module raises when it is executed.
        """
        text = self.edit.apply(sources(self.root)[self.module].text)
        copy = Copy(self.root, self.module, text, f"<{self.name}>", overrides)
        return attribute_of(copy, self.attribute)


def attribute_of(copy: Copy, attribute: str) -> Differentiator:
    """The subject `module:name` of a copy."""
    module, _, name = attribute.rpartition(":")
    value = copy.module(module)
    for part in name.split("."):
        value = getattr(value, part)
    return cast("Differentiator", value)


def original(root: str, attribute: str, overrides: Overrides) -> Differentiator:
    """The unedited subject from a copy, for instance with its checks at the door taken out."""
    (name, *_) = overrides
    copy = Copy(root, name, sources(root)[name].text, "<original>", overrides)
    return attribute_of(copy, attribute)
