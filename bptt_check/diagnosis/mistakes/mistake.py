"""What a named mistake is: an edit of the textbook, and the words for it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from ...mutation.mutant import Edit
from .textbook import TextbookEdit, textbook_functions

Replacement = tuple[str, str]
"""Text of the textbook and what stands in its place."""


@dataclass(frozen=True)
class Mistake:
    """One mistake in one function.

    Args:
        kind: the class it belongs to, one of `KINDS`.
        phrase: completes "this is exactly what you get when ...".
        function: of the textbook.
        replacements: each text occurs once in the function.
        cell_state: whether it is about the cell state though its replacements do not name it.
    """

    kind: str
    phrase: str
    function: str
    replacements: tuple[Replacement, ...]
    cell_state: bool = False

    @functools.cached_property
    def change(self) -> TextbookEdit:
        """The edits.

        Raises:
            ValueError: the textbook does not have a replaced text exactly once.
        """
        function = textbook_functions()[self.function]
        edits: list[Edit] = []
        for right, wrong in self.replacements:
            if function.text.count(right) != 1:
                raise ValueError(
                    f"{self.function} has {right!r} {function.text.count(right)} times."
                )
            start = function.start + function.text.index(right)
            edits.append(Edit(start, start + len(right), wrong))
        return TextbookEdit(self.function, tuple(edits))


KINDS: dict[str, str] = {
    "carry lost": "The recurrent path is dropped, or one of the paths through the gates",
    "index": "A state, an input or a cotangent of another step",
    "boundary": "The first or the last step's term is missing, or comes from the wrong array",
    "activation": "A derivative at the wrong value, of another function, or forgotten",
    "wrong variable": "Another gate's cotangent, candidate for state, a wrong sign",
    "accumulation": "Assigned for added, added twice, added to itself, never written",
    "aliasing": "A stored value that changes before the backward pass reads it",
    "loss placement": "The error enters at the wrong steps or layers",
    "transpose": "W for its transpose, which shapes cannot show where W is square",
    "batch": "Sequences of a batch are mixed",
    "partial": "Parameters right, inputs or initial states wrong",
}
"""Classes of mistakes, the most frequent in public code first."""
