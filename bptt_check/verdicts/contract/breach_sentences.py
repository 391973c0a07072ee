"""The sentence of each breach of the contract: what came, and what belongs there."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from ...cases.contract import Breach
from ...cases.probes import SCALE
from ..nonfinite import NotFinite, OutOfRange, Overflow
from .breaches import CaseBreach, KeptByShape, TwoAnswers, UnknownOutput
from .linearity import Clipping, Linearity, Nonlinearity, Probe


def breach_sentence(breach: CaseBreach) -> str:
    """What breaks the contract, in one sentence."""
    match breach:
        case Breach():
            return breach.message
        case UnknownOutput():
            return (
                f"{breach.name} is no output of the reference, which returns "
                f"{', '.join(breach.known)}: return it there as well, or leave it out here"
            )
        case NotFinite():
            return _not_finite(breach)
        case Overflow():
            return OVERFLOWS[breach.function].format(**asdict(breach))
        case TwoAnswers():
            return f"two calls on the same case gave two answers, in {', '.join(breach.names)}"
        case KeptByShape():
            what = "other arrays of the same shapes got the very same gradients"
            return f"{what}: are they kept by shape?"
        case Nonlinearity():
            return nonlinearity(breach)


def _not_finite(what: NotFinite) -> str:
    if what.truth is None:
        return what.breach.message
    source = f" (by {what.by})" if what.by else ""
    return f"{what.breach.message}; the truth there is finite: {what.truth:.17g}{source}"


OVERFLOWS = {
    "log_softmax": (
        "the largest logit of this case is {largest:.4g}, and exp overflows {dtype} beyond "
        "{limit:.2f}: take the maximum out before exp, and do not take the log of a quotient"
    ),
    "softplus": (
        "the largest logit of this case is {largest:.4g}, and in {dtype} 1 - sigmoid(z) is 0 from "
        "{limit:.2f} on: take the loss of the logits, not the log of a sigmoid"
    ),
    "sigmoid": (
        "the largest pre-activation of a sigmoid is {largest:.4g}, and exp overflows {dtype} "
        "beyond {limit:.2f}: take exp of -|z|"
    ),
    "tanh": (
        "the largest pre-activation of a tanh is {largest:.4g}, and exp(2z) overflows {dtype} "
        "beyond {limit:.2f}"
    ),
}
"""Function to the sentence for arguments beyond its limit."""

LINEARITY = {
    Linearity.CONSTANT: "does not depend on the cotangents",
    Linearity.AFFINE: "has a constant term, into which no cotangent goes",
    Linearity.NOT_ZERO: "is not zero where every cotangent is zero",
    Linearity.NOT_LINEAR: "is not linear in the cotangents",
}
"""What each way of not being linear is called."""


def nonlinearity(what: Nonlinearity) -> str:
    """`the loss and the gradient of x, h0 is not linear in the cotangents: ...`."""
    grads = ", ".join([n for n in what.names if n != "loss"])
    parts = ["the loss"] if "loss" in what.names else []
    parts += [f"the gradient of {grads}"] if grads else []
    return f"{' and '.join(parts)} {LINEARITY[what.kind]}: {_example(what)}"


def _example(what: Nonlinearity) -> str:
    """What a probe gave, at one entry."""
    times = f"times {SCALE:g} they give"
    if what.kind is Linearity.CONSTANT:
        return f"{times} the very same"
    if not what.values:
        return {
            Probe.ZERO: "no finite array came back",
            Probe.SCALED: f"{times} no finite array",
            Probe.PARTS: "a part of them gives no finite array",
        }[what.probe]
    place = what.names[0] + (f"[{', '.join([*map(str, what.index)])}]" if what.index else "")
    got = " and ".join(f"{value:.17g}" for value in what.values)
    return {
        Probe.ZERO: f"without any {place} is {got}",
        Probe.SCALED: f"{times} {place} = {got}, not {what.want:.17g}{_clipping(what.clipping)}",
        Probe.PARTS: f"two parts of them give {place} = {got}, together {what.want:.17g}",
    }[what.probe]


def _clipping(clipping: Clipping | None) -> str:
    """What is left of a multiple by clipping."""
    if clipping is None:
        return ""
    if clipping.limit is not None:
        return f"; these are clipped to values within {clipping.limit:.5g}"
    if clipping.factor is not None:
        what = f"all are {clipping.factor:.3g} times what they should be"
        return f"; {what}, as clipping by norm leaves them"
    return "; is it clipped?"


def why_out_of_range(what: OutOfRange) -> str:
    """Why nobody could have returned what is not finite."""
    size = f"{what.reached:.3g}" if np.isfinite(what.reached) else "beyond float64"
    return (
        f"on the way to the true value numbers reach {size}, "
        f"and the largest of {what.dtype} is {what.limit:.3g}"
    )
