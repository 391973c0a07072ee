"""The shapes of things: what a case must offer, and what a cell is.

Nothing here computes. A case is anything with these attributes; no class of ours has to be used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Params = Mapping[str, Array]
Gradients = dict[str, Array]
State = tuple[Array, ...]
"""`(h,)`, or `(h, c)` for an LSTM."""
InputBars = tuple[Gradients, Array, State]
"""What a backward pass returns: gradients of the parameters, of x, and of the entering state."""


class Model(Protocol):
    """What is differentiated; the values are listed in reference/README.md, section 1."""

    @property
    def cell(self) -> str:
        """`rnn`, `lstm` or `gru`."""
        ...

    @property
    def activation(self) -> str:
        """`tanh`, `relu`, `sigmoid` or `identity`; read for an rnn only."""
        ...

    @property
    def reset_after(self) -> bool:
        """Reset gate after the recurrent product, or before it; read for a gru only."""
        ...

    @property
    def layers(self) -> int:
        """Number of layers."""
        ...

    @property
    def bidirectional(self) -> bool:
        """Whether a second pass runs from the end of each sequence."""
        ...

    @property
    def bias(self) -> bool:
        """Whether there are bias vectors."""
        ...

    @property
    def loss(self) -> str:
        """`cross_entropy`, `bce`, `mse` or `linear`."""
        ...

    @property
    def readout(self) -> str:
        """Loss at `every` step or at the `last`."""
        ...

    @property
    def reduction(self) -> str:
        """`sum` or `mean`."""
        ...


class Truncation(Protocol):
    """Sizes of truncated BPTT: blocks of `k1` steps, windows of at most `k2` steps."""

    @property
    def k1(self) -> int:
        """Steps in a block."""
        ...

    @property
    def k2(self) -> int:
        """Most steps in a window."""
        ...


class Case(Protocol):
    """One problem; shapes are in reference/README.md, section 1, and held to by `check`."""

    @property
    def model(self) -> Model:
        """What is differentiated."""
        ...

    @property
    def truncation(self) -> Truncation | None:
        """None for full BPTT."""
        ...

    @property
    def params(self) -> Params:
        """The parameters by name."""
        ...

    @property
    def x(self) -> Array:
        """Inputs, [T, B, D]."""
        ...

    @property
    def h0(self) -> Array:
        """Initial states, [layers*N, B, H]."""
        ...

    @property
    def c0(self) -> Array | None:
        """Initial cell states, [layers*N, B, H]; None unless the cell is an LSTM."""
        ...

    @property
    def targets(self) -> NDArray[Any]:
        """Labels [T, B], values [T, B, O] or cotangents [T, B, H*N]; no T for readout `last`."""
        ...

    @property
    def lengths(self) -> NDArray[np.integer[Any]] | None:
        """Steps of each sequence, [B]; None if all have T."""
        ...

    @property
    def cotangent_h_n(self) -> Array | None:
        """Of the last states, for the linear loss, [layers*N, B, H]; None is zero."""
        ...

    @property
    def cotangent_c_n(self) -> Array | None:
        """Of the last cell states, for the linear loss; None is zero."""
        ...


class Tape(Protocol):
    """What a cell's forward pass leaves for its backward pass."""

    @property
    def states(self) -> State:
        """Each state at times 0..T, [T+1, B, H]; entry 0 is the state that was given."""
        ...


class Cell(NamedTuple):
    """The two passes of one cell over T steps, and the names of its states.

    `forward(params, x, state)` gives a tape; `backward(params, tape, above, state_bar)` gives the
    gradients. Parameters have their plain names here (`W_xh`, ...). `above` [T, B, H] is what each
    h_t receives from above, `state_bar` [B, H] what each last state receives.
    """

    forward: Callable[[Params, Array, State], Any]
    backward: Callable[[Params, Any, Array, State], InputBars]
    states: tuple[str, ...]
