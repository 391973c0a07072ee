"""What a case must be, checked on entry, so that the mathematics need not ask.

Numbers are not looked at: a case with infinities is computed like any other.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from .activations import ACTIVATIONS
from .types import Case, Model

_CHOICES: dict[str, tuple[str, ...]] = {
    "cell": ("rnn", "lstm", "gru"),
    "activation": tuple(ACTIVATIONS),
    "loss": ("cross_entropy", "bce", "mse", "linear"),
    "readout": ("every", "last"),
    "reduction": ("sum", "mean"),
}
_GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def supports(model: Model) -> bool:
    """Whether `loss_and_grads` can differentiate this model."""
    return not _complaint(model)


def check(case: Case) -> None:
    """Raise `ValueError` with a sentence that names what does not fit."""
    complaint = _complaint(case.model)
    if complaint:
        raise ValueError(complaint)
    _check_arrays(case)
    _check_truncation(case)
    _check_lengths(case)
    _check_targets(case)


def shapes(case: Case) -> dict[str, tuple[int, ...]]:
    """Shape of every floating point array of a case, by name."""
    model, (T, B, D), H = case.model, case.x.shape, case.h0.shape[-1]
    N = 2 if model.bidirectional else 1
    rows, state = _GATES[model.cell] * H, (model.layers * N, B, H)
    two_biases = model.cell == "gru" and model.reset_after
    biases = (("b_xh", "b_hh") if two_biases else ("b_h",)) if model.bias else ()
    found: dict[str, tuple[int, ...]] = {"x": (T, B, D), "h0": state}
    found |= {"c0": state} if model.cell == "lstm" else {}
    for k in range(model.layers):
        for suffix in (f"_l{k}", f"_l{k}_reverse")[:N]:
            found |= {f"W_xh{suffix}": (rows, H * N if k else D), f"W_hh{suffix}": (rows, H)}
            found |= {f"{bias}{suffix}": (rows,) for bias in biases}
    if model.loss == "linear":
        finals = ("h", "c") if model.cell == "lstm" else ("h",)
        return found | {f"cotangent_{name}_n": state for name in finals}
    outputs = len(case.params.get("W_hy", [0]))
    return found | {"W_hy": (outputs, H * N)} | ({"b_y": (outputs,)} if model.bias else {})


def _complaint(model: Model) -> str:
    """What is wrong with a model, or nothing."""
    for name, valid in _CHOICES.items():
        if getattr(model, name) not in valid:
            return f"{name} must be one of {', '.join(valid)}; got {getattr(model, name)!r}."
    if not _is_positive(model.layers):
        return f"layers must be an integer of at least 1; got {model.layers!r}."
    if not getattr(model, "head", True) or getattr(model, "one_bias", False):
        return "head=False and one_bias=True are not derived here; leave them out."
    if model.loss == "linear" and model.reduction != "sum":
        return "loss='linear' takes reduction='sum' only; scale the cotangents instead."
    return ""


def _check_arrays(case: Case) -> None:
    if case.x.ndim != 3 or case.h0.ndim != 3 or 0 in case.x.shape:
        raise ValueError(
            "x must be [T, B, D] and h0 [layers*N, B, H], none of them empty; "
            f"got {case.x.shape} and {case.h0.shape}."
        )
    if case.x.dtype.type not in (np.float32, np.float64):
        raise ValueError(f"x must be float32 or float64; got {case.x.dtype}.")
    expected = shapes(case)
    parameters = {name for name in expected if name[0] in "Wb"}
    if parameters != set(case.params):
        raise ValueError(
            f"This model's parameters are {sorted(parameters)}; got {sorted(case.params)}."
        )
    for name, shape in expected.items():
        array = case.params[name] if name in parameters else getattr(case, name)
        _check_array(name, array, shape, case)


def _check_array(name: str, array: Any, shape: tuple[int, ...], case: Case) -> None:
    if array is None and name.startswith("cotangent"):
        return
    if array is None or array.shape != shape or array.dtype != case.x.dtype:
        got = None if array is None else f"{array.dtype} {array.shape}"
        raise ValueError(f"{name} must be {case.x.dtype} {shape}; got {got}.")


def _check_targets(case: Case) -> None:
    model, (T, B, _) = case.model, case.x.shape
    labels = model.loss == "cross_entropy"
    last = case.h0.shape[-1] * (2 if model.bidirectional else 1)
    width = last if model.loss == "linear" else len(case.params["W_hy"])
    shape = (T, B)[model.readout == "last" :] + (() if labels else (width,))
    if not labels:
        _check_array("targets", case.targets, shape, case)
    elif case.targets.shape != shape or case.targets.dtype.kind not in "iu":
        got = f"{case.targets.dtype} {case.targets.shape}"
        raise ValueError(f"targets must be integer labels {shape}; got {got}.")
    else:
        _check_labels(case)


def _check_labels(case: Case) -> None:
    """Labels of padded steps may be anything; NumPy would read a negative one from the end."""
    labels, classes = case.targets, len(case.params["W_hy"])
    if case.lengths is not None and labels.ndim == 2:
        labels = labels[np.arange(len(labels))[:, None] < case.lengths]
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(
            f"Labels must lie in 0..{classes - 1}; got {labels.min()}..{labels.max()}."
        )


def _check_truncation(case: Case) -> None:
    if case.truncation is None:
        return
    sizes = (case.truncation.k1, case.truncation.k2)
    if not all(_is_positive(size) for size in sizes):
        raise ValueError(f"k1 and k2 must be integers of at least 1; got {sizes}.")
    if case.model.bidirectional:
        raise ValueError("Truncation has no meaning with a reverse direction; use one direction.")


def _check_lengths(case: Case) -> None:
    T, B, _ = case.x.shape
    lengths = case.lengths
    if lengths is None:
        return
    if lengths.shape != (B,) or lengths.dtype.kind not in "iu":
        raise ValueError(f"lengths must be integers ({B},); got {lengths.dtype} {lengths.shape}.")
    if lengths.min() < 1 or lengths.max() > T:
        raise ValueError(f"lengths must lie in 1..{T}; got {lengths.tolist()}.")


def _is_positive(value: Any) -> bool:
    return isinstance(value, Integral) and value is not True and int(value) >= 1
