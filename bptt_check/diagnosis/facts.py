"""What the searches of a diagnosis find, as data; `wording` makes sentences of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..cases.case import Truncation
from .call_facts import (
    AddedUp,
    AnswersInTurn,
    CarriedState,
    NeverGiven,
    OwnRandomNumbers,
    UnusedInputs,
)


@dataclass(frozen=True)
class CommonFactor:
    """What loss, gradients or both are a multiple by.

    Args:
        factors: all that are this number on every case, the first being what to declare.
        of_loss, of_gradients: what has the factor.
        option: the expression that declares it; "" where none does.
        loss_scale: whether it is a power of two as those by which losses are scaled.
    """

    factors: tuple[str, ...]
    of_loss: bool
    of_gradients: bool
    option: str = ""
    loss_scale: bool = False


@dataclass(frozen=True)
class FactorOfSome:
    """What some gradients are a multiple by, while the loss and all others are right.

    Args:
        factors: all that are this number on every case.
        names: of the gradients.
    """

    factors: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class ZeroGradients:
    """Gradients that are zero on every case, where they should not be.

    Args:
        names: of the gradients; () for all.
    """

    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class WeightDecay:
    """Gradients of parameters to which the parameter itself is added.

    Args:
        rate: times the parameter.
        names: of the parameters.
        in_loss: whether the loss has half of it times their squares, so that all is consistent.
    """

    rate: float
    names: tuple[str, ...]
    in_loss: bool


class EpsilonForm(StrEnum):
    """How a small number comes into the logarithm of a probability p."""

    ADDED = "p + eps"
    FLOOR = "max(p, eps)"
    CLIPPED = "clip(p, eps, 1 - eps)"


@dataclass(frozen=True)
class EpsilonInLoss:
    """A loss that is computed by logarithms of probabilities that a small number keeps off zero.

    Args:
        epsilon: the number.
        form: how it comes in.
        complements: whether there are also logarithms of 1 - p.
        gradients: of what the gradients are: "model", "own" of such a loss, or "" of neither.
    """

    epsilon: float
    form: EpsilonForm
    complements: bool
    gradients: str


@dataclass(frozen=True)
class ClippedToNorm:
    """The norm of the parameters together, or else of all gradients, is cut to a limit."""

    limit: float
    parameters_only: bool


@dataclass(frozen=True)
class ClippedToValues:
    """Every entry is cut to a limit."""

    limit: float


@dataclass(frozen=True)
class ClippedInLoop:
    """States' gradients are cut to a limit at every step.

    Args:
        limit: of every entry.
        states: how many: h, or h and c.
        whole: all of dh_t; else only what comes from step t+1.
    """

    limit: float
    states: int
    whole: bool


@dataclass(frozen=True)
class OtherLayout:
    """Arrays are in another layout than the declared one.

    Args:
        only_gradients: whether they are read as declared, and only gradients returned so.
        gates: their order by the declared letters; () where it is as declared.
        flipped: whether z stands for 1-z.
        transposed: base names of matrices.
        factor: that gradients have on top; "" for 1.
        option: the expression that declares it.
    """

    only_gradients: bool
    gates: tuple[str, ...]
    flipped: bool
    transposed: tuple[str, ...]
    factor: str
    option: str


class WindowChange(StrEnum):
    """What was done to windows of a truncation."""

    NONE = "none"
    NOT_CUT = "not cut"
    TAIL_ONLY = "tail only"
    OVERLAPS_COUNTED_TWICE = "overlaps counted twice"
    ONLY_H_CUT = "only h cut"
    ONLY_C_CUT = "only c cut"
    LAST_LOSS_DROPPED = "last loss dropped"
    FIRST_LOSS_DROPPED = "first loss dropped"
    SHORT_BLOCK_SKIPPED = "short block skipped"
    AVERAGED = "averaged"
    DETACHED = "detached every k steps"
    DETACHED_FROM_END = "detached every k steps, counted from the end"
    DETACHED_EARLY = "detached before step k - 1 and every k steps from there"
    DETACHED_H = "only h detached every k steps"
    DETACHED_C = "only c detached every k steps"
    SHORT_CHUNK_MERGED = "short chunk merged"
    SHORT_CHUNK_SKIPPED = "short chunk skipped"


@dataclass(frozen=True)
class TruncationMade:
    """How a gradient is truncated.

    Args:
        k1, k2: of its windows; the steps of the tail are k2.
        change: what was done to these.
    """

    k1: int
    k2: int
    change: WindowChange = WindowChange.NONE


@dataclass(frozen=True)
class OtherTruncation:
    """A gradient that is truncated otherwise than wanted.

    Args:
        made: how it is truncated.
        wanted: on the same case; None for full BPTT.
        in_hops: whether its k2 is the wanted one counted in hops.
    """

    made: TruncationMade
    wanted: Truncation | None
    in_hops: bool = False


@dataclass(frozen=True)
class WrongCotangent:
    """Going backwards, the first wrong cotangent of the pre-activations, on a crafted case.

    Args:
        step: where, of `steps`.
        steps: of the case.
        gates: whose rows are wrong; () for all.
        units: that are wrong in one of these; () for all.
    """

    step: int
    steps: int
    gates: tuple[str, ...] = ()
    units: tuple[int, ...] = ()


@dataclass(frozen=True)
class WrongSum:
    """A gradient that is a sum over steps, and is wrong though every cotangent is right.

    Args:
        parameter: whose gradient it is.
        witness: the gradient that shows the cotangents, and is right.
        kept: the steps of which the share arrives, where the other shares are missing altogether;
            () where they are there and wrong.
        steps: of the crafted case.
    """

    parameter: str
    witness: str
    kept: tuple[int, ...]
    steps: int


@dataclass(frozen=True)
class FirstError:
    """Where the error of gradients starts that no known mistake gives.

    Args:
        outside: the wrong gradients, where those of the layers are all right; then nothing else is
            said.
        layer: the first that is wrong, going backwards; None where it is the last of the model.
        gates: the only ones of which rows are wrong on some case; () for all.
        at: the first wrong quantity on crafted cases; None where these show none.
    """

    outside: tuple[str, ...] = ()
    layer: int | None = None
    gates: tuple[str, ...] = ()
    at: WrongCotangent | WrongSum | None = None


Fact = (
    CommonFactor
    | FactorOfSome
    | ZeroGradients
    | UnusedInputs
    | NeverGiven
    | AddedUp
    | CarriedState
    | AnswersInTurn
    | OwnRandomNumbers
    | WeightDecay
    | EpsilonInLoss
    | ClippedToNorm
    | ClippedToValues
    | ClippedInLoop
    | OtherLayout
    | OtherTruncation
    | FirstError
)
"""What is wrong with a subject."""
