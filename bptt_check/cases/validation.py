"""What the arrays that a case is given must be: kinds, names, shapes, ranges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import SpecError, enumerated, quoted
from .generate import DATA_SETS, ON_REQUEST
from .model import (
    Model,
    Sizes,
    final_cotangents,
    initial_states,
    input_shapes,
    parameter_shapes,
    target_shape,
)
from .precision import PRECISIONS
from .types import Array, Arrays


def frozen(name: str, value: Any, dtype: str) -> Array | None:
    """A read-only copy in `dtype`; integers must be integers already."""
    if value is None:
        return None
    array = np.asarray(value)
    if dtype == "int64" and array.size and array.dtype.kind not in "iu":
        raise SpecError(f"{name} must hold integers, got dtype {array.dtype}.")
    if array.dtype.kind not in "fiub":
        raise SpecError(f"{name} must hold real numbers, got dtype {array.dtype}.")
    if dtype in PRECISIONS:
        array = PRECISIONS[dtype].rounded(array)
    array = np.array(array, dtype="int64" if dtype == "int64" else array.dtype, order="C")
    array.flags.writeable = False
    return array


def sizes_of(model: Model, x: Array, h0: Array, params: Arrays) -> Sizes:
    """T, B, D, H and O of arrays; O is 1 for a linear loss, the width of h without a head."""
    (T, B, D), units = x.shape, h0.shape[-1]
    outputs = 1 if model.loss == "linear" else units * len(model.directions)
    if "W_hy" in params:
        outputs = params["W_hy"].shape[0]
    if model.layout.proj_size is not None:
        units = max(1, len(params["W_xh_l0"]) // len(model.layout.gates))
    return Sizes(T, B, D, units, outputs)


def check_type(name: str, value: object, kind: Any) -> None:
    """Raise `SpecError` unless a field has its type."""
    if not isinstance(value, kind):
        wanted = getattr(kind, "__name__", str(kind))
        raise SpecError(f"{name} must be a {wanted}, got {quoted(value)}.")


def check_arrays(model: Model, params: Arrays, others: Mapping[str, Array | None]) -> None:
    """Raise `SpecError` for an array that is missing, superfluous, mis-shaped or out of range.

    Args:
        model: decides which arrays there are, and their shapes.
        params: parameter name to array.
        others: every other array of a case by name, None where there is none.
    """
    x, h0 = (_needed(others[n]) for n in ("x", "h0"))
    if x.ndim != 3 or h0.ndim != 3 or 0 in x.shape + h0.shape:
        raise SpecError(
            f"x must be (T, B, D) and h0 (layers*N, B, H), all at least 1; "
            f"got {x.shape} and {h0.shape}."
        )
    if model.layers > len(params):  # before names are made for every one of them
        raise SpecError(f"{model.layers:,} layers need more arrays than {len(params)} params.")
    _same_names(parameter_shapes(model, Sizes()), params)
    if "W_hy" in params and params["W_hy"].ndim != 2:
        raise SpecError(f"W_hy must be (O, H*N), got {params['W_hy'].shape}.")
    sizes = sizes_of(model, x, h0, params)
    states = input_shapes(model, sizes)
    wanted = parameter_shapes(model, sizes) | states | {"targets": target_shape(model, sizes)}
    pairs = zip(final_cotangents(model), initial_states(model), strict=False)
    wanted |= {name: states[state] for name, state in pairs}
    for name in dict.fromkeys([*others, *sorted(wanted)]):
        if name not in params and name not in ("x", "targets", "lengths"):
            _belongs(model, name, name in wanted, others.get(name))
    if others["lengths"] is not None:
        wanted["lengths"] = (sizes.B,)
    given = {**params, **others}
    for name, shape in wanted.items():
        _fits(name, _needed(given[name]), shape)
    _ranges(model, sizes, _needed(others["targets"]), others["lengths"])


def check_data_set(regime: str, model: Model, sizes: Sizes) -> None:
    """Raise `SpecError` where a given data set does not fit the model or the sizes."""
    if regime != "sentiment":
        return
    T, B, D, O = (getattr(sizes, n) for n in "TBDO")
    if (T, B, D, O) != (3, 3, 3, 1) or (model.loss, model.readout) != ("bce", "last"):
        raise SpecError(
            "regime='sentiment' is a data set of T=3, B=3, D=3, O=1 with loss='bce' and "
            "readout='last'; change the sizes and the model to these, or the regime."
        )


def check_kinds(model: Model, regime: str, inputs: str, initial_state: str) -> None:
    """Raise `SpecError` for a kind of inputs or of initial states that a spec cannot have."""
    if inputs != "random" and regime in (*ON_REQUEST, *DATA_SETS):
        raise SpecError(
            f"regime={regime!r} says what x is: use inputs='random' with it, not {inputs!r}."
        )
    if initial_state in ("zero_h", "zero_c") and "c" not in model.layout.states:
        raise SpecError(
            f"initial_state={initial_state!r} is for a cell with two states; "
            f"use 'zero' for {model.family!r}."
        )


def _needed(array: Array | None) -> Array:
    """An array that is known to be there."""
    assert array is not None  # was asked for before
    return array


def _fits(name: str, array: Array, shape: tuple[int, ...]) -> None:
    """Raise `SpecError` unless an array has this shape and is finite."""
    if array.shape != shape:
        raise SpecError(f"{name} must have shape {shape}, got {array.shape}.")
    if not np.all(np.isfinite(array)):
        raise SpecError(f"{name} holds NaN or infinity; a case must be finite.")


def _belongs(model: Model, name: str, needed: bool, array: Array | None) -> None:
    """Raise `SpecError` unless an array of the states is there just where it is needed."""
    if (array is not None) != needed:
        must = "is needed" if needed else "must be None"
        raise SpecError(f"{name} {must} for the model {model}.")


def _same_names(wanted: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raise `SpecError` unless the parameters are exactly those of the model."""
    missing, extra = sorted(set(wanted) - set(given)), sorted(set(given) - set(wanted))
    if missing or extra:
        raise SpecError(
            f"params must be exactly {', '.join(wanted)}; "
            f"missing: {enumerated(missing) or 'none'}; unknown: {enumerated(extra) or 'none'}."
        )


def _ranges(model: Model, sizes: Sizes, targets: Array, lengths: Array | None) -> None:
    """Raise `SpecError` for a length beyond 1..T or a label beyond 0..O-1."""
    if lengths is not None and (lengths.min() < 1 or lengths.max() > sizes.T):
        raise SpecError(
            f"lengths must lie in 1..{sizes.T} (T), got [{enumerated(lengths.tolist())}]."
        )
    if model.loss == "cross_entropy" and targets.size:
        low, high = int(targets.min()), int(targets.max())
        if low < 0 or high >= sizes.O:
            raise SpecError(f"targets must lie in 0..{sizes.O - 1} (O - 1), got {low}..{high}.")
