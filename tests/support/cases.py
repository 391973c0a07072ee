"""Small cases."""

from __future__ import annotations

from typing import Any

from bptt_check.cases.case import Case, Spec
from bptt_check.cases.model import Model, Sizes


def case_of(name: str = "lstm", T: int = 3, **options: Any) -> Case:
    """A small case with all sizes different."""
    return Spec(Model.parse(name), Sizes(T=T, B=2, D=4, H=5, O=6), **options).build()
