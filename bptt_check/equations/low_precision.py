"""Arithmetics that lose digits: what code may have been computing in by mistake.

A right formula in such an arithmetic is `imprecise`, not wrong: its errors are no larger than those
that the arithmetic would leave, as `conditioning` measures them for the case. Eight bits would
explain many a wrong formula too; so half precision is believed only where the answer lies on its
grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cases.case import Case
from ..cases.precision import PRECISIONS
from .conditioning import Conditioning, RoundingModel, conditioning, loss_scatter
from .network import problem_of

_HALF = (RoundingModel("float16"), RoundingModel("bfloat16"))
LOSSY_MODELS: dict[str, tuple[RoundingModel, ...]] = {
    "float64": (RoundingModel("float64", keeps_digits=False), RoundingModel("float32"), *_HALF),
    "float32": (RoundingModel("float32", keeps_digits=False), *_HALF),
    "bfloat16": (),
    "float16": (),
}
"""For code that should compute in a dtype, from the mildest to the worst."""


def lossy_models(case: Case, grads: Mapping[str, NDArray[Any]]) -> Iterator[RoundingModel]:
    """Those that may be behind these gradients."""
    for rounding in LOSSY_MODELS[case.dtype]:
        if rounding not in _HALF or _on_grid(grads, rounding.dtype):
            yield rounding


def loss_error(case: Case, rounding: RoundingModel) -> float:
    """The `Conditioning.loss_error` that an arithmetic leaves; takes a forward pass alone."""
    scatter = float(loss_scatter(problem_of(case), rounding).sum())
    return scatter * PRECISIONS[rounding.dtype].unit


def conditioning_in(case: Case, rounding: RoundingModel) -> Conditioning:
    """How rounding grows in one of them."""
    return conditioning(case, rounding.dtype, rounding.keeps_digits)


def _on_grid(grads: Mapping[str, NDArray[Any]], dtype: str) -> bool:
    """Whether every entry of the gradients is a number of this format, and one is not zero."""
    round_to = PRECISIONS[dtype].rounded
    on_it = all(np.array_equal(round_to(g).astype(np.float64), g) for g in grads.values())
    return on_it and any(np.any(g) for g in grads.values())


def rounding_name(rounding: RoundingModel) -> str:
    """What a message calls it."""
    if rounding.keeps_digits:
        return f"{rounding.dtype} inside"
    return "a gate, a state or a softmax that keeps no digits where it saturates"
