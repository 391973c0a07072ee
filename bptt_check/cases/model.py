"""What is being differentiated: models, their names, their sizes and the shapes of their arrays.

A cell is known here by its `Layout` only; its equations live in `cells`, which registers both. So a
model can be named, validated and given arrays without any equation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..errors import SpecError, UnknownName, quoted
from .arrays.cell_layout import Layout
from .sizes import Sizes, Truncation, positive
from .words.model_words import (
    ACTIVATIONS,
    COTANGENTS,
    LOSSES,
    READOUTS,
    REDUCTIONS,
    Activation,
    Cotangents,
    Loss,
    Readout,
    Reduction,
    changes_of,
)

_RNN = Layout(gates=("h",))
_LSTM = Layout(gates=("i", "f", "g", "o"), states=("h", "c"))
_GRU = Layout(gates=("r", "z", "n"), biases=("b_h",))
_GRU_RESET_AFTER = Layout(gates=("r", "z", "n"), biases=("b_xh", "b_hh"))
"""Two biases where the reset gate acts inside the candidate's recurrent term."""
_GRU_ONE_BIAS = Layout(gates=("r", "z", "n"), biases=("b_xh",))


def _gru(model: Model) -> Layout:
    if not model.reset_after:
        return _GRU
    return _GRU_ONE_BIAS if model.one_bias else _GRU_RESET_AFTER


LAYOUTS: dict[str, Callable[[Model], Layout]] = {
    "rnn": lambda model: _RNN,
    "lstm": lambda model: _LSTM,
    "gru": _gru,
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
            (no factor 1/2), `"sigmoid_mse"` (that of sigmoid(y)) or `"linear"` (cotangents on the
            states, no head).
        readout: loss at `"every"` step or at each sequence's `"last"`.
        reduction: `"sum"`, or `"mean"` over the (step, sequence) pairs that carry a loss, and for
            the losses of values over the outputs too.
        head: False has the loss on the states h of the top layer themselves, which O then equals;
            not for cross entropy. A linear loss never has a head.
        one_bias: of the gru cell with the reset after only: the second bias, which the reset gate
            multiplies, is left out; the first one, `b_xh`, stays.
        cotangents: of a linear loss: on the outputs and `"all"` final states, on the outputs and
            `"h_n"`, or on the `"outputs"` alone.
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
    head: bool = True
    one_bias: bool = False
    cotangents: Cotangents = "all"

    def __post_init__(self) -> None:
        _one_of("cell", self.cell, LAYOUTS)
        _one_of("activation", self.activation, ACTIVATIONS)
        _one_of("loss", self.loss, LOSSES)
        _one_of("readout", self.readout, READOUTS)
        _one_of("reduction", self.reduction, REDUCTIONS)
        _one_of("cotangents", self.cotangents, COTANGENTS)
        positive("layers", self.layers)
        for name in ("reset_after", "bidirectional", "bias", "head", "one_bias"):
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
        self._check_what_is_left_out()

    def _check_what_is_left_out(self) -> None:
        """Raise `SpecError` where something is left out that is not there."""
        if not self.head and self.loss in ("cross_entropy", "linear"):
            raise SpecError(
                f"head=False is for loss='mse', 'bce' and 'sigmoid_mse', not {self.loss!r}: "
                "leave it out."
            )
        if self.one_bias and not (self.cell == "gru" and self.reset_after and self.bias):
            raise SpecError(
                "one_bias=True is for cell='gru' with reset_after=True and bias=True, which has "
                "two biases: leave it out."
            )
        if self.cotangents != "all" and self.loss != "linear":
            raise SpecError(
                f"cotangents={self.cotangents!r} is for loss='linear', not {self.loss!r}: leave it "
                "out."
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
            "nohead": not self.head,
            "onebias": self.one_bias,
            self.cotangents: self.cotangents != "all",
        }
        return [name for name, wanted in chosen.items() if wanted]

    @property
    def family(self) -> str:
        """The name without modifiers: `rnn-tanh`, `lstm`, `gru`, `gru-reset-before`, ..."""
        if self.cell == "rnn":
            return f"rnn-{self.activation}"
        return f"{self.cell}-reset-before" if not self.reset_after else self.cell

    @property
    def has_head(self) -> bool:
        """Whether outputs y are made of the states, with parameters of their own."""
        return self.head and self.loss != "linear"

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
            change = changes_of(modifier)
            if set(change) & set(changes):
                raise SpecError(
                    f"{quoted(name)} says {next(iter(change))} twice: leave one of the two out."
                )
            changes |= change
        return replace(known[family], **changes)  # type: ignore[arg-type]


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
            models |= {f"rnn-{a}": Model("rnn", activation=a) for a in ACTIVATIONS}
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
    biases (G*H,), the same again with `_reverse`; then `W_hy` (O, P*N) and `b_y` (O,) if there
    is a head. P, the width of h, is H unless the cell projects it.
    """
    width = output_width(model, sizes)
    shapes: dict[str, tuple[int, ...]] = {}
    for k in range(model.layers):
        of_layer = model.layout.shapes(sizes.D if k == 0 else width, sizes.H, model.bias)
        for suffix in model.directions:
            shapes |= {f"{name}_l{k}{suffix}": shape for name, shape in of_layer.items()}
    if model.has_head:
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


def target_shape(model: Model, sizes: Sizes) -> tuple[int, ...]:
    """Shape of the targets: (T, B) labels or (T, B, width) values, without T for readout 'last'."""
    steps = (sizes.T,) if model.readout == "every" else ()
    if model.loss == "cross_entropy":
        return (*steps, sizes.B)
    return (*steps, sizes.B, sizes.O if model.has_head else output_width(model, sizes))


def final_cotangents(model: Model) -> tuple[str, ...]:
    """Names of the cotangents of the final states: `cotangent_h_n`, ...; of a linear loss alone."""
    states = {"all": model.layout.states, "h_n": ("h",), "outputs": ()}[model.cotangents]
    return tuple(f"cotangent_{s}_n" for s in states if model.loss == "linear")


def _one_of(kind: str, value: object, valid: object) -> None:
    if value not in valid:  # type: ignore[operator]
        raise UnknownName(kind, value, valid)  # type: ignore[arg-type]
