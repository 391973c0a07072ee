"""A recurrence of a user's own, its specs and its cases: what stands beside `Model` and `Case`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...errors import SpecError, UnknownName, quoted
from ..memory_layout import LAYOUTS, arranged
from ..precision import PRECISIONS
from ..types import Array, Arrays
from ..written.case_file import write_case_file
from .cotangents import COTANGENTS, cotangent_name, draw_cotangents, of_last_step
from .inputs import Inputs
from .reference_code import ReferenceCode
from .values import REGIMES

DEFAULTS = {
    "dtype": "float64",
    "regime": "normal",
    "cotangents": "random",
    "layout": "contiguous",
}
"""Words that the line of a spec leaves out where they say this."""


@dataclass(frozen=True, eq=False)
class Recurrence:
    """What a user's own recurrence is: a name, its inputs, and plain code that defines it, which
    is None where a kernel is called and nothing is judged.
    """

    name: str
    inputs: Inputs
    reference: ReferenceCode | None

    def __str__(self) -> str:
        return self.name

    @property
    def cell(self) -> str:
        """The name once more: it has no variants."""
        return self.name

    def spec_of(self, text: str) -> RecurrenceSpec:
        """The spec of a line that `str(spec)` printed.

        Raises:
            SpecError, UnknownName: a word is unknown, missing or no number.
        """
        name, *words = text.split() or [""]
        if name != self.name:
            raise SpecError(f"the spec is of {quoted(name)}, and the recurrence is {self.name}.")
        pairs = (word.partition("=") for word in words)
        said = {key: value for key, _, value in pairs}
        for word in said:
            if word not in {*self.inputs.sizes, *DEFAULTS, "seed"}:
                raise UnknownName("word in a spec:", word, [*self.inputs.sizes, *DEFAULTS, "seed"])
        numbers: dict[str, int] = {}
        for word in (*self.inputs.sizes, "seed"):
            if not said.get(word, "").isdecimal():
                raise SpecError(f"the spec {quoted(text, 200)} needs a whole number for {word}.")
            numbers[word] = int(said.pop(word))
        seed = numbers.pop("seed")
        tied = self.inputs.tied({n: numbers[n] for n in self.inputs.free})
        for word, number in tied.items():
            if numbers[word] != number:
                equal = self.inputs.sizes[word]
                raise SpecError(f"{word}={numbers[word]}, but {word} equals {equal}: {number}.")
        return RecurrenceSpec(self, tuple(numbers.items()), seed=seed, **said)


@dataclass(frozen=True)
class RecurrenceTarget:
    """A recurrence as something to verify by name."""

    name: str
    model: Recurrence


@dataclass(frozen=True)
class RecurrenceSpec:
    """A recipe for a case of a recurrence: the same numbers on every machine.

    Args:
        model: the recurrence.
        lengths_of_axes: every symbolic size and its number.
        dtype: of every array that has none of its own.
        regime: one of `values.REGIMES`.
        cotangents: one of `COTANGENTS`.
        layout: how arrays lie in memory, one of `memory_layout.LAYOUTS`.
        seed: of the numbers.

    Raises:
        UnknownName: a word is none of those.
    """

    model: Recurrence
    lengths_of_axes: tuple[tuple[str, int], ...]
    dtype: str = "float64"
    regime: str = "normal"
    cotangents: str = "random"
    layout: str = "contiguous"
    seed: int = 0

    def __post_init__(self) -> None:
        valid = {"dtype": PRECISIONS, "regime": REGIMES, "cotangents": COTANGENTS}
        for name, words in (valid | {"layout": LAYOUTS}).items():
            if getattr(self, name) not in words:
                raise UnknownName(name, getattr(self, name), words)

    @property
    def sizes(self) -> dict[str, int]:
        """Every symbolic size."""
        return dict(self.lengths_of_axes)

    def __str__(self) -> str:
        words = [f"{name}={number}" for name, number in self.lengths_of_axes]
        said = {n: getattr(self, n) for n in DEFAULTS}
        words += [f"{n}={v}" for n, v in said.items() if v != DEFAULTS[n]]
        return " ".join([self.model.name, *words, f"seed={self.seed}"])

    def build(self) -> RecurrenceCase:
        """The case; its outputs, which cotangents belong to, are those of the reference.

        Raises:
            SpecError: the numbers cannot be drawn, or the reference cannot be evaluated.
        """
        drawn = self.model.inputs.draw(self.sizes, self.dtype, self.seed, self.regime)
        return RecurrenceCase(self.model, drawn, self.dtype, self, layout=self.layout)


@dataclass(frozen=True, eq=False)
class RecurrenceCase:
    """One problem of a recurrence: its inputs, and a cotangent for its outputs.

    Args:
        model: the recurrence.
        arrays: input name to its numbers: float64 on the grid of their dtype, whole numbers, or
            what is passed as it is.
        dtype: of every array that has none of its own.
        spec: None where the arrays were given by hand.
        cotangents: output name to an array of its shape; an output that has none has no part in
            the loss. None draws them as the spec says.
        layout: how arrays lie in memory.
        wanted: the inputs whose gradient is asked for; None is all that have one.
    """

    model: Recurrence
    arrays: dict[str, Any]
    dtype: str = "float64"
    spec: RecurrenceSpec | None = None
    cotangents: dict[str, Array] = field(default_factory=dict[str, Array])
    layout: str = "contiguous"
    wanted: tuple[str, ...] | None = None
    lengths: None = None
    truncation: None = None

    def __post_init__(self) -> None:
        if not self.cotangents and self.spec is not None:
            spec = self.spec
            drawn = draw_cotangents(self.expected_outputs, spec.cotangents, spec.dtype, spec.seed)
            if spec.cotangents == "last_step":
                drawn = {n: of_last_step(a, self.time_axis_of(a)) for n, a in drawn.items()}
            object.__setattr__(self, "cotangents", drawn)

    @functools.cached_property
    def expected_outputs(self) -> dict[str, Array]:
        """The outputs of the reference in float64, by name."""
        return self.reference.outputs(self.arrays)

    @property
    def reference(self) -> ReferenceCode:
        """The plain code that defines the recurrence; only where cases are judged."""
        assert self.model.reference is not None
        return self.model.reference

    @property
    def stored(self) -> str:
        """NumPy dtype of the arrays that have no dtype of their own, and of their gradients."""
        return PRECISIONS[self.dtype].stored

    @property
    def sizes(self) -> dict[str, int]:
        """Every symbolic size; empty where the arrays were given by hand."""
        return {} if self.spec is None else self.spec.sizes

    @property
    def inputs(self) -> dict[str, Array]:
        """Every array that has a gradient, as it is stored."""
        return self._inputs

    @functools.cached_property
    def _inputs(self) -> dict[str, Array]:
        return {n: self._stored(n) for n in self.model.inputs.differentiated}

    @property
    def params(self) -> dict[str, Array]:
        """Every array whose gradient is required: all that have one."""
        return self.inputs

    @property
    def steps(self) -> int:
        """The number of steps; 1 where there is no time."""
        inputs = self.model.inputs
        axes = [(n, axis) for n in inputs.values if (axis := inputs.time_axis(n)) is not None]
        return np.shape(self.arrays[axes[0][0]])[axes[0][1]] if axes else 1

    def time_axis_of(self, output: Array) -> int | None:
        """Which axis of an output is that of time: the one that it is in most inputs, if an output
        has as many steps there.
        """
        inputs = self.model.inputs
        axes = [axis for n in inputs.values if (axis := inputs.time_axis(n)) is not None]
        if not axes:
            return None
        axis = max(axes, key=axes.count)
        return axis if output.ndim > axis and output.shape[axis] == self.steps else None

    @functools.cached_property
    def constants(self) -> dict[str, Any]:
        """What has no gradient, as it is stored or passed."""
        return {n: self._stored(n) for n in self.arrays if n not in self.inputs}

    @functools.cached_property
    def data(self) -> dict[str, Array]:
        """The cotangents, by `cotangent of` and the name of an output, as they are stored."""
        return {cotangent_name(n): a.astype(self.stored) for n, a in self.cotangents.items()}

    def precision_of(self, name: str) -> str:
        """The name of the precision of an input."""
        return self.model.inputs.values[name].precision(self.dtype)

    def cotangent(self, output: str) -> Array:
        """The cotangent of an output, as it is stored."""
        return self.data[cotangent_name(output)]

    @property
    def layout_of_cotangents(self) -> str:
        """How cotangents lie in memory: ones come with stride 0, as those of a sum do."""
        alike = all(a.size > 1 and np.all(a == a.flat[0]) for a in self.cotangents.values())
        return "expanded" if alike else self.layout

    @property
    def given(self) -> dict[str, Array]:
        """Every array: inputs, constants and cotangents."""
        arrays = {n: v for n, v in self.constants.items() if isinstance(v, np.ndarray)}
        return {**self.inputs, **arrays, **self.data}

    def _stored(self, name: str) -> Any:
        value = self.arrays[name]
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            return value
        stored = value.astype(PRECISIONS[self.precision_of(name)].stored)
        stored.flags.writeable = False
        return stored

    def save(self, path: str | Path | IO[bytes]) -> None:
        """Write the inputs and cotangents by name, and the line that builds them, as `.npz`."""
        header = {"recurrence": self.model.name, "spec": str(self.spec or ""), "dtype": self.dtype}
        write_case_file(path, header, {}, self.given)

    def in_own_memory(self) -> RecurrenceCase:
        """The same on writable copies in its memory layout, of which nobody else has any part."""
        own = replace(self)
        copied = {
            "_inputs": {n: arranged(a, self.layout) for n, a in self.inputs.items()},
            "data": {n: arranged(a, self.layout_of_cotangents) for n, a in self.data.items()},
            "constants": {n: self._own(v) for n, v in self.constants.items()},
        }
        vars(own).update(copied)  # where what was computed once is kept
        return own

    def _own(self, value: Any) -> Any:
        return arranged(value, self.layout) if isinstance(value, np.ndarray) else value

    def with_data(self, arrays: Arrays) -> RecurrenceCase:
        """The same case with some of `data` replaced; its spec is dropped."""
        changed = {
            n: np.asarray(arrays.get(cotangent_name(n), a), dtype=np.float64)
            for n, a in self.cotangents.items()
        }
        return replace(self, spec=None, cotangents=changed)

    def with_inputs(self, inputs: Arrays) -> RecurrenceCase:
        """The same case with some of `inputs` replaced; its spec is dropped."""
        changed = {n: np.asarray(a, dtype=np.float64) for n, a in inputs.items()}
        return replace(self, spec=None, arrays={**self.arrays, **changed})

    def is_declared(self, sizes: Mapping[str, int]) -> bool:
        """Whether its numbers are those that `Inputs` may draw for these sizes."""
        inputs = self.model.inputs
        kinds = all(inputs.values[n].may_hold(a) for n, a in self.inputs.items())
        return kinds and (not sizes or inputs.allows(sizes, self.arrays))
