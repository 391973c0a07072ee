"""Systematic single-edit mutants of a subject's source, made from its syntax tree.

`mutants("bptt_reference:loss_and_grads")` lists them as plain records; `mutant.subject()` is the
edited subject, run from a copy in memory. What one mutant is caught by is the business of `power`;
what its gradients are is that of a diagnosis.
"""

from __future__ import annotations

from .catalogue import mutants, observed
from .mutant import Edit, Mutant, original
from .operators import OPERATORS, SWAP_NAME
from .package_copy import Overrides
from .scope import Scope

__all__ = [
    "OPERATORS",
    "SWAP_NAME",
    "Edit",
    "Mutant",
    "Overrides",
    "Scope",
    "mutants",
    "observed",
    "original",
]
