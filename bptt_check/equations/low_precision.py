"""Arithmetics that lose digits: what code may have been computing in by mistake.

A right formula in such an arithmetic is `imprecise`, not wrong: its errors are no larger than those
that the arithmetic would leave, as `conditioning` measures them for the case. Eight bits would
explain many a wrong formula too. So half precision is believed only where the answer lies on its
grid, and products on few bits only where the errors are those of rounding the very factors of this
case, which is no matter of chance.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cases.any_case import AnyCase
from ..cases.case import Case
from ..cases.precision import FACTOR_FORMATS, PRECISIONS
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.types import Array
from .arithmetics.fewer_bits import fewer_bits
from .arithmetics.rounding_model import RoundingModel
from .conditioning import conditioning, loss_scatter
from .exact import exact_gradients, gradients_in
from .network import problem_of
from .rounding_errors import Conditioning

_PRODUCTS = tuple(RoundingModel("float32", factor_digits=f.digits) for f in FACTOR_FORMATS)
_HALF = (RoundingModel("float16"), RoundingModel("bfloat16"))
LOSSY_MODELS: dict[str, tuple[RoundingModel, ...]] = {
    "float64": (
        RoundingModel("float64", keeps_digits=False),
        RoundingModel("float32"),
        *_HALF,
        *_PRODUCTS,
    ),
    "float32": (RoundingModel("float32", keeps_digits=False), *_HALF, *_PRODUCTS),
    "bfloat16": (),
    "float16": (),
}
"""For code that should compute in a dtype: those that are believed by the size of errors alone come
first, from the mildest to the worst.
"""


def lossy_models(case: AnyCase, grads: Mapping[str, NDArray[Any]]) -> Iterator[RoundingModel]:
    """Those that may be behind these gradients."""
    if isinstance(case, RecurrenceCase) and case.model.inside_of(case.dtype):
        yield RoundingModel(case.dtype)
    for rounding in LOSSY_MODELS[case.dtype]:
        if isinstance(case, RecurrenceCase) and not _is_dtype_alone(rounding):
            continue
        if rounding not in _HALF or is_on_grid(grads, rounding.dtype):
            yield rounding


def _is_dtype_alone(rounding: RoundingModel) -> bool:
    """Whether nothing is odd about an arithmetic but its dtype: what a recurrence is rounded by."""
    return rounding.keeps_digits and not rounding.factor_digits


def loss_error(case: AnyCase, rounding: RoundingModel) -> float:
    """The `Conditioning.loss_error` that an arithmetic leaves; takes a forward pass alone."""
    if isinstance(case, RecurrenceCase):
        return conditioning_in(case, rounding).loss_error()
    scatter = float(loss_scatter(problem_of(case), rounding).sum())
    return scatter * PRECISIONS[rounding.dtype].unit


def conditioning_in(case: AnyCase, rounding: RoundingModel) -> Conditioning:
    """How rounding grows in one of them."""
    return conditioning(
        case, rounding.dtype, rounding.keeps_digits, rounding.factor_digits, throughout=True
    )


def is_on_grid(grads: Mapping[str, NDArray[Any]], dtype: str) -> bool:
    """Whether every entry of the gradients is a number of this format, and one is not zero."""
    round_to = PRECISIONS[dtype].rounded
    on_it = all(np.array_equal(round_to(g).astype(np.float64), g) for g in grads.values())
    return on_it and any(np.any(g) for g in grads.values())


def rounding_name(rounding: RoundingModel) -> str:
    """What a message calls it."""
    if rounding.factor_digits:
        (name,) = (f.name for f in FACTOR_FORMATS if f.digits == rounding.factor_digits)
        return f"matrix products on {rounding.factor_digits} bits with float32 sums ({name})"
    if rounding.keeps_digits:
        return f"{rounding.dtype} inside"
    return "a gate, a state or a softmax that keeps no digits where it is small or saturates"


ALIKE = 0.5
"""Cosine of the angle between two vectors of errors from which on they are of one origin. Those of
the same roundings reach 0.99; those of other ones, and of wrong formulas, lie around 0.
"""
SIZES = 4.0
"""How many times as long the longer of them may be."""


def errors_of_factors(
    case: Case, grads: Mapping[str, Array], rounding: RoundingModel, weights: Mapping[str, Array]
) -> bool:
    """Whether the errors of gradients are those of products whose factors are read on few bits.

    How a factor of this case is rounded is known, to the nearest or towards zero, and so are the
    errors that this makes.

    Args:
        case: the case.
        grads: the gradients.
        rounding: of `factor_digits`.
        weights: what each entry counts, by name of the gradient.
    """
    exact = _exact(case)
    errors = _as_one(grads, exact, weights)
    for to_integer in (np.rint, np.trunc):
        read = _read(case, rounding.factor_digits, to_integer)
        if _alike(errors, _as_one(read, exact, weights)):
            return True
    return False


@functools.lru_cache(maxsize=1)
def _exact(case: Case) -> dict[str, Array]:
    """The gradients, remembered for all formats of factors."""
    return exact_gradients(case)


@functools.lru_cache(maxsize=4)
def _read(case: Case, digits: int, to_integer: Callable[[Array], Array]) -> dict[str, Array]:
    """The gradients with factors on few bits, remembered as they are asked for twice."""
    return gradients_in(case, fewer_bits(digits, to_integer))


def _as_one(
    grads: Mapping[str, Array], exact: Mapping[str, Array], weights: Mapping[str, Array]
) -> Array:
    """All weighted errors as one vector."""
    return np.concatenate([((grads[n] - exact[n]) * w).ravel() for n, w in weights.items()])


def _alike(one: Array, other: Array) -> bool:
    """Whether two vectors of errors point the same way and are of one size."""
    short, long = sorted((float(np.linalg.norm(one)), float(np.linalg.norm(other))))
    return 0.0 < long <= SIZES * short and float(one @ other) >= ALIKE * short * long
