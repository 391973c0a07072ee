"""What is being differentiated: models, their names, their sizes and the shapes of their arrays.

A cell is known here by its `Layout` only; its equations live in `cells`, which registers both. So a
model can be named, validated and given arrays without any equation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

from ..errors import SpecError, UnknownName
from .arrays.cell_layout import Layout

Activation = Literal["tanh", "relu", "sigmoid", "identity"]
Loss = Literal["cross_entropy", "bce", "mse", "linear"]
Readout = Literal["every", "last"]
Reduction = Literal["sum", "mean"]

ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
LOSSES: tuple[Loss, ...] = get_args(Loss)
READOUTS: tuple[Readout, ...] = get_args(Readout)
REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)


_RNN = Layout(gates=("h",))
_LSTM = Layout(gates=("i", "f", "g", "o"), states=("h", "c"))
_GRU = Layout(gates=("r", "z", "n"), biases=("b_h",))
_GRU_RESET_AFTER = Layout(gates=("r", "z", "n"), biases=("b_xh", "b_hh"))
"""Two biases where the reset gate acts inside the candidate's recurrent term."""

LAYOUTS: dict[str, Callable[[Model], Layout]] = {
    "rnn": lambda model: _RNN,
    "lstm": lambda model: _LSTM,
    "gru": lambda model: _GRU_RESET_AFTER if model.reset_after else _GRU,
}
"""Cell name to the layout it has for a model; `cells.register` adds those of users."""


@dataclass(frozen=True)
class Model:
    """A recurrent net with its loss. Impossible combinations raise `SpecError` at construction.

    Args:
        cell: `"rnn"`, `"lstm"`, `"gru"` or the name of a registered cell.
        activation: of the rnn cell only: `"tanh"`, `"relu"`, `"sigmoid"` or `"identity"`.
        reset_after: of the gru cell only: True applies the reset gate after the recurrent product
            (two biases, as cuDNN does), False before it (Cho et al. 2014).
        layers: number of stacked layers, at least 1.
        bidirectional: a second pass from the end of each sequence to its start.
        bias: False removes every bias vector, that of the head included.
        loss: `"cross_entropy"` (softmax, integer targets), `"bce"` (sigmoid, from logits), `"mse"`
            (no factor 1/2) or `"linear"` (cotangents on the states, no head).
        readout: loss at `"every"` step or at each sequence's `"last"`.
        reduction: `"sum"`, or `"mean"` over the (step, sequence) pairs that carry a loss, and for
            bce and mse over the outputs too.
    """

    cell: str = "lstm"
    activation: Activation = "tanh"
    reset_after: bool = True
    layers: int = 1
    bidirectional: bool = False
    bias: bool = True
    loss: Loss = "cross_entropy"
    readout: Readout = "every"
    reduction: Reduction = "sum"

    def __post_init__(self) -> None:
        _one_of("cell", self.cell, LAYOUTS)
        _one_of("activation", self.activation, ACTIVATIONS)
        _one_of("loss", self.loss, LOSSES)
        _one_of("readout", self.readout, READOUTS)
        _one_of("reduction", self.reduction, REDUCTIONS)
        positive("layers", self.layers)
        for name in ("reset_after", "bidirectional", "bias"):
            if not isinstance(getattr(self, name), bool):
                raise SpecError(f"{name} must be True or False, got {getattr(self, name)!r}.")
        if self.cell != "rnn" and self.activation != "tanh":
            raise SpecError(
                f"activation={self.activation!r} applies to cell='rnn' only; "
                f"leave it out for cell={self.cell!r}."
            )
        if self.cell != "gru" and not self.reset_after:
            raise SpecError(
                f"reset_after=False applies to cell='gru' only; "
                f"leave it out for cell={self.cell!r}."
            )
        if self.loss == "linear" and self.reduction == "mean":
            raise SpecError(
                "loss='linear' takes reduction='sum' only: scale the cotangents instead."
            )

    def __str__(self) -> str:
        """The name of `--model`: the family, then `+modifier` for whatever is not the default."""
        return "+".join([self.family, *self._modifiers()])

    def _modifiers(self) -> list[str]:
        chosen = {
            f"{self.layers}layers": self.layers > 1,
            "bidirectional": self.bidirectional,
            self.loss: self.loss != "cross_entropy",
            self.readout: self.readout != "every",
            self.reduction: self.reduction != "sum",
            "nobias": not self.bias,
        }
        return [name for name, wanted in chosen.items() if wanted]

    @property
    def family(self) -> str:
        """The name without modifiers: `rnn-tanh`, `lstm`, `gru`, `gru-reset-before`, ..."""
        if self.cell == "rnn":
            return f"rnn-{self.activation}"
        return f"{self.cell}-reset-before" if not self.reset_after else self.cell

    @property
    def layout(self) -> Layout:
        """Gates, states and biases of the cell of this model."""
        return LAYOUTS[self.cell](self)

    @property
    def directions(self) -> tuple[str, ...]:
        """Suffixes of the parameter names, one per direction: `("",)` or `("", "_reverse")`."""
        return ("", "_reverse") if self.bidirectional else ("",)

    @classmethod
    def parse(cls, name: str) -> Model:
        """The model of a name such as `lstm+2layers+mse+mean`.

        Raises:
            UnknownName: the family or a modifier does not exist; the message lists the valid ones.
            SpecError: the combination is impossible.
        """
        family, *modifiers = name.strip().split("+")
        known = families()
        if family not in known:
            raise UnknownName("model", family, known)
        changes: dict[str, object] = {}
        for modifier in modifiers:
            change = _modifier(modifier)
            if set(change) & set(changes):
                raise SpecError(
                    f"{name!r} says {next(iter(change))} twice: leave one of the two out."
                )
            changes |= change
        return replace(known[family], **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Sizes:
    """Steps T, sequences B, input features D, hidden units H, outputs O; each at least 1."""

    T: int = 8
    B: int = 3
    D: int = 4
    H: int = 5
    O: int = 3

    def __post_init__(self) -> None:
        for field in fields(self):
            positive(field.name, getattr(self, field.name))


@dataclass(frozen=True)
class Truncation:
    """Truncated BPTT: after each block of `k1` steps, back over the last `k2` steps.

    The state that enters the window [max(0, e - k2), e) of the block ending at step e is a
    constant. Both count steps and are at least 1.
    """

    k1: int
    k2: int

    def __post_init__(self) -> None:
        positive("k1", self.k1)
        positive("k2", self.k2)


def check_combination(model: Model, truncation: Truncation | None) -> None:
    """Raise `SpecError` for what a case cannot combine."""
    if truncation is not None and model.bidirectional:
        raise SpecError(
            "truncation and bidirectional=True exclude each other: a reverse direction has no "
            "causal window. Use truncation=None or bidirectional=False."
        )


def families() -> dict[str, Model]:
    """The model of each family name, registered cells included, in a fixed order."""
    models: dict[str, Model] = {}
    for cell in LAYOUTS:
        if cell == "rnn":
            models |= {f"rnn-{a}": Model("rnn", activation=a) for a in get_args(Activation)}
        else:
            models[cell] = Model(cell)
        if cell == "gru":
            models["gru-reset-before"] = Model("gru", reset_after=False)
    return models


HEAD = ("W_hy", "b_y")
"""Parameters of the readout."""


def parameter_shapes(model: Model, sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter of a model, in the order in which they are reported.

    Per layer k: `W_xh_l{k}` (G*H, D_k), `W_hh_l{k}` (G*H, P), the layout's further arrays and the
    biases (G*H,), the same again with `_reverse`; then `W_hy` (O, P*N) and `b_y` (O,) unless the
    loss is linear. P, the width of h, is H unless the cell projects it.
    """
    width = output_width(model, sizes)
    shapes: dict[str, tuple[int, ...]] = {}
    for k in range(model.layers):
        of_layer = model.layout.shapes(sizes.D if k == 0 else width, sizes.H, model.bias)
        for suffix in model.directions:
            shapes |= {f"{name}_l{k}{suffix}": shape for name, shape in of_layer.items()}
    if model.loss != "linear":
        shapes["W_hy"] = (sizes.O, width)
        shapes |= {"b_y": (sizes.O,)} if model.bias else {}
    return shapes


def has_gates(model: Model, name: str) -> bool:
    """Whether the rows of a parameter are those of the gates of a cell."""
    base, layer, _ = name.partition("_l")
    return bool(layer) and base not in model.layout.further


def output_width(model: Model, sizes: Sizes) -> int:
    """Width of the outputs of a layer, all directions beside each other: P*N."""
    return model.layout.width("h", sizes.H) * len(model.directions)


def input_shapes(model: Model, sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Shapes of `x` (T, B, D) and of the initial states (layers*N, B, H), of `h` with P for H."""
    rows, layout = model.layers * len(model.directions), model.layout
    return {"x": (sizes.T, sizes.B, sizes.D)} | {
        f"{s}0": (rows, sizes.B, layout.width(s, sizes.H)) for s in layout.states
    }


def initial_states(model: Model) -> tuple[str, ...]:
    """Names of the initial states: `h0`, `c0`, ..."""
    return tuple(f"{s}0" for s in model.layout.states)


def final_cotangents(model: Model) -> tuple[str, ...]:
    """Names of the cotangents of the final states: `cotangent_h_n`, ...; of a linear loss alone."""
    return tuple(f"cotangent_{s}_n" for s in model.layout.states if model.loss == "linear")


def target_shape(model: Model, sizes: Sizes) -> tuple[int, ...]:
    """Shape of the targets: (T, B) labels or (T, B, width) values, without T for readout 'last'."""
    steps = (sizes.T,) if model.readout == "every" else ()
    if model.loss == "cross_entropy":
        return (*steps, sizes.B)
    return (*steps, sizes.B, output_width(model, sizes) if model.loss == "linear" else sizes.O)


def positive(name: str, value: object) -> None:
    """Raise `SpecError` unless `value` is an integer of at least 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SpecError(f"{name} must be an integer of at least 1, got {value!r}.")


MODIFIERS: dict[str, dict[str, object]] = {
    "bidirectional": {"bidirectional": True},
    "nobias": {"bias": False},
    **{loss: {"loss": loss} for loss in LOSSES},
    **{readout: {"readout": readout} for readout in READOUTS},
    **{reduction: {"reduction": reduction} for reduction in REDUCTIONS},
}
"""What each `+modifier` of a model name changes, but for `+2layers`, `+3layers`, ..."""


def is_modifier(text: str) -> bool:
    """Whether `+text` may stand in a model name."""
    count = text.removesuffix("layers")
    return text in MODIFIERS or (count != text and count.isdecimal())


def _modifier(text: str) -> dict[str, object]:
    """What one `+modifier` of a model name changes."""
    if not is_modifier(text):
        raise UnknownName("model modifier", text, [*MODIFIERS, "2layers", "3layers"])
    return MODIFIERS.get(text) or {"layers": int(text.removesuffix("layers"))}


def _one_of(kind: str, value: object, valid: object) -> None:
    if value not in valid:  # type: ignore[operator]
        raise UnknownName(kind, value, valid)  # type: ignore[arg-type]
