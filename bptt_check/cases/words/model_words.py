"""The words of a model: what its options may be, and how a name says them."""

from __future__ import annotations

from typing import Literal, get_args

from ...errors import UnknownName

Activation = Literal["tanh", "relu", "sigmoid", "identity"]
Loss = Literal["cross_entropy", "bce", "mse", "linear", "sigmoid_mse"]
Readout = Literal["every", "last"]
Reduction = Literal["sum", "mean"]
Cotangents = Literal["all", "h_n", "outputs"]

ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
LOSSES: tuple[Loss, ...] = get_args(Loss)
READOUTS: tuple[Readout, ...] = get_args(Readout)
REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)
COTANGENTS: tuple[Cotangents, ...] = get_args(Cotangents)
OF_SIGMOID: tuple[Loss, ...] = ("bce", "sigmoid_mse")
"""Losses of sigmoid(y), whose targets lie in 0..1."""

MODIFIERS: dict[str, dict[str, object]] = {
    "bidirectional": {"bidirectional": True},
    "nobias": {"bias": False},
    "nohead": {"head": False},
    "onebias": {"one_bias": True},
    "h_n": {"cotangents": "h_n"},
    "outputs": {"cotangents": "outputs"},
    **{loss: {"loss": loss} for loss in LOSSES},
    **{readout: {"readout": readout} for readout in READOUTS},
    **{reduction: {"reduction": reduction} for reduction in REDUCTIONS},
}
"""What each `+modifier` of a model name changes, but for `+2layers`, `+3layers`, ..."""


LONGEST_NUMBER = 9
"""Digits of a number of layers."""


def is_modifier(text: str) -> bool:
    """Whether `+text` may stand in a model name."""
    count = text.removesuffix("layers")
    return text in MODIFIERS or (
        count != text and count.isdecimal() and len(count) <= LONGEST_NUMBER
    )


def changes_of(text: str) -> dict[str, object]:
    """What one `+modifier` of a model name changes."""
    if not is_modifier(text):
        raise UnknownName("model modifier", text, [*MODIFIERS, "2layers", "3layers"])
    return MODIFIERS.get(text) or {"layers": int(text.removesuffix("layers"))}
