"""What the pipeline asks of a user's own plain code, whatever its framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from ..types import Array

ORACLE = "reference"
"""Name of the oracle that such code is in float64, by its own reverse mode."""


class Evaluation(NamedTuple):
    """Outputs by their places in what the code returned, and gradients by the names of inputs.

    Of samples, every array has them along a further first axis.
    """

    outputs: dict[str, Array]
    grads: dict[str, Array]


class ReferenceCode(Protocol):
    """A plain function of arrays, evaluated in float64.

    `arrays` are float64, constants among them of any dtype, or numbers of Python. Outputs are named
    by their place: `output`, `output[1]`, `output.state`. Cotangents have the names of outputs; one
    that is missing is zero.
    """

    @property
    def framework(self) -> str:
        """What it is written in: `numpy`, `torch` or `jax`."""
        ...

    def outputs(self, arrays: Mapping[str, Any]) -> dict[str, Array]:
        """The outputs; complex where an array is.

        Raises:
            SpecError: what came back is no array, or no nest of arrays.
        """
        ...

    def gradients(
        self, arrays: Mapping[str, Any], cotangents: Mapping[str, Array], wrt: Sequence[str]
    ) -> Evaluation:
        """The outputs, and the vector-Jacobian product with the cotangents, in reverse mode."""
        ...

    def rounded(
        self,
        arrays: Mapping[str, Any],
        cotangents: Mapping[str, Array],
        wrt: Sequence[str],
        rounding: Any,
        samples: int,
    ) -> Evaluation:
        """Samples of the same, in which every operation of both passes rounds at random, as a
        `RoundingModel` says.
        """
        ...


class EnclosableCode(ReferenceCode, Protocol):
    """Code that can be run in balls, which enclose what it comes to."""

    def enclosed(
        self, arrays: Mapping[str, Any], cotangents: Mapping[str, Array], wrt: Sequence[str]
    ) -> Evaluation:
        """The same as `gradients` in balls, of the precision that flint is set to.

        Raises:
            LeftAlone: the code calls what has no balls, or branches on one that is not exact.
        """
        ...

    def operations(self, arrays: Mapping[str, Any], wrt: Sequence[str]) -> int:
        """About how many operations on single numbers a forward pass takes."""
        ...
