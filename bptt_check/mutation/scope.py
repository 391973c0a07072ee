"""Which functions of a package are edited."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """Functions by pattern, `module.function` without the package's name, and statements left out.

    Args:
        functions: patterns as of `fnmatch`.
        without: a regular expression; a statement in which it is found is left alone.
    """

    functions: tuple[str, ...] = ("*",)
    without: str = r"(?!)"

    def has(self, function: str) -> bool:
        """Whether the function is edited."""
        return any(fnmatch.fnmatchcase(function, pattern) for pattern in self.functions)

    def leaves(self, statement: str) -> bool:
        """Whether the statement is left alone."""
        return re.search(self.without, statement) is not None


BACKWARD = {
    "bptt_reference": Scope(
        functions=(
            "*.backward",
            "linear.affine_*_bar",
            "losses.*",
            "activations.*",
            "network.backpropagate",
            "network._shares",
            "sequences.differentiate",
            "sequences._part",
            "sequences._loss",
            "sequences._after_zeros",
            "windows.*",
            "bptt.loss_*",
            "bptt._*",
        ),
        without=r"^(loss|linear_part)\b.* = |^loss \+= |out=value\)|copyto\(value",
    )
}
"""Of packages we know: the functions that make gradients, without what the loss alone needs."""


def scope_of(root: str) -> Scope:
    """The functions of a package that are edited; all of a package we know nothing about."""
    return BACKWARD.get(root, Scope())
