"""What can be verified by name: a model, and what is drawn around it.

`lstm+2layers+mse` is a model; `+truncated`, `+lengths` and `+onehot` say that every case of it has
a truncation, a length per sequence or one-hot inputs; a preset is a whole system under one name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..errors import UnknownName
from .case import Spec, Truncation
from .model import READOUTS, Model, Sizes, families
from .words.model_words import MODIFIERS, is_modifier

DRAWN = ("truncated", "lengths", "onehot")
"""Modifiers of a name that say what a case has beyond its model."""


@dataclass(frozen=True)
class Target:
    """A named thing to verify.

    Args:
        name: as in `--model`.
        model: its model.
        truncated, lengths: whether every case has a truncation, a length per sequence.
        fixed: what every spec of it has instead of a drawn value: `sizes`, `truncation`, `regime`.
    """

    name: str
    model: Model
    truncated: bool = False
    lengths: bool = False
    sizes: Sizes | None = None
    truncation: Truncation | None = None
    regime: str | None = None

    def fit(self, spec: Spec) -> Spec:
        """A drawn spec with what this target fixes."""
        fixed: dict[str, Any] = {n: getattr(self, n) for n in ("sizes", "truncation", "regime")}
        return replace(spec, **{n: value for n, value in fixed.items() if value is not None})


def parse_targets(model: Model | Target | str) -> list[Target]:
    """The targets that a model or a name stands for: one, or several for some presets.

    Raises:
        UnknownName, SpecError: the name has an unknown part, or the combination is impossible.
    """
    if isinstance(model, Target):
        return [model]
    if isinstance(model, Model):
        return [Target(str(model), model)]
    if model in PRESETS:
        return PRESETS[model]
    family, *modifiers = model.split("+")
    if family not in families():
        raise UnknownName("model", family, [*families(), *PRESETS])
    drawn = {m: m in modifiers for m in DRAWN}
    rest = [m for m in modifiers if m not in DRAWN]
    for modifier in rest:
        if not is_modifier(modifier):
            raise UnknownName("model modifier", modifier, [*MODIFIERS, "2layers", *DRAWN])
    plain = Model.parse("+".join([family, *rest]))
    target = _target(plain, drawn["truncated"], drawn["lengths"])
    return [with_one_hot(target) if drawn["onehot"] else target]


def with_one_hot(target: Target) -> Target:
    """A target whose every `x` is one-hot: what code that takes integers is verified on.

    One with a regime of its own stays as it is.
    """
    if target.regime is not None:
        return target
    return replace(target, name=f"{target.name}+onehot", regime="one_hot")


def default_targets() -> list[Target]:
    """Every family with every loss and readout, and the `VARIANTS` of each."""
    grid = [{"loss": loss, "readout": readout} for loss in USUAL_LOSSES for readout in READOUTS]
    return [
        _target(replace(m, **options), truncated, lengths)
        for m in families().values()
        for options, truncated, lengths in [*((o, False, False) for o in grid), *VARIANTS]
    ]


def _target(model: Model, truncated: bool = False, lengths: bool = False) -> Target:
    if truncated:  # refused here, where the name is read, not when a case is drawn
        Spec(model, truncation=Truncation(1, 1))
    suffixes = [n for n, wanted in zip(DRAWN, (truncated, lengths), strict=False) if wanted]
    return Target("+".join([str(model), *suffixes]), model, truncated, lengths)


USUAL_LOSSES = ("cross_entropy", "bce", "mse", "linear")
"""Losses that are checked by default; others where they are named."""
VARIANTS: tuple[tuple[dict[str, Any], bool, bool], ...] = (
    ({"layers": 2}, False, False),
    ({"bias": False}, False, False),
    ({"layers": 2, "loss": "mse", "reduction": "mean"}, False, False),
    ({"layers": 2, "loss": "linear"}, False, False),
    ({"reduction": "mean"}, True, False),
    ({"loss": "linear"}, True, True),
    ({"layers": 2, "loss": "mse"}, True, False),
    ({"loss": "bce", "readout": "last", "reduction": "mean", "bias": False}, False, True),
    ({"layers": 2, "bidirectional": True, "loss": "mse"}, False, False),
    ({"layers": 2, "bidirectional": True, "loss": "linear"}, False, True),
)
"""What is checked by default of every family beyond all losses and readouts: options of the model,
whether truncated, whether with lengths."""

_ELMAN = Model("rnn", bias=False)
PRESETS: dict[str, list[Target]] = {
    "many_to_one": [Target("many_to_one", Model("rnn", layers=2, readout="last", loss="mse"))],
    "many_to_many": [Target("many_to_many", Model("rnn", layers=2, loss="mse"))],
    "elman_softmax": [Target("elman_softmax", _ELMAN)],
    "elman_biases": [
        Target(
            f"elman_biases/{activation}/{loss}/{readout}",
            Model("rnn", activation=activation, loss=loss, readout=readout),
        )
        for activation in ("tanh", "relu")
        for loss in ("bce", "cross_entropy")
        for readout in READOUTS
    ],
    "sentiment_toy": [
        Target(
            "sentiment_toy",
            Model("rnn", bias=False, loss="bce", readout="last"),
            sizes=Sizes(T=3, B=3, D=3, H=3, O=1),
            regime="sentiment",
        )
    ],
    "truncated_100_10": [
        Target(
            f"truncated_100_10/{cell}/{loss}",
            Model(cell, loss=loss),
            sizes=Sizes(T=110, B=2, D=2, H=2, O=2),
            truncation=Truncation(100, 10),
        )
        for cell in ("rnn", "lstm", "gru")
        for loss in ("cross_entropy", "mse")
    ],
}
"""Systems of teaching texts, each under its name."""
