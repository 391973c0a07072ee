"""A recurrence of a user's own, its specs and its cases: what stands beside `Model` and `Case`."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...errors import UnknownName
from ..memory_layout import LAYOUTS, arranged
from ..precision import PRECISIONS, nearest_in
from ..types import Array, Arrays
from ..written.case_file import write_case_file
from .cotangents import COTANGENTS, cotangent_name, draw_cotangents, of_last_step
from .inputs import Inputs
from .output_axes import time_axes_of
from .reference_code import ReferenceCode
from .spec_line import DEFAULTS, read_words
from .values import REGIMES


@dataclass(frozen=True, eq=False)
class Recurrence:
    """What a user's own recurrence is.

    Args:
        name: its name.
        inputs: what it is called with.
        reference: plain code that defines it; None where a kernel is called and nothing is judged.
        inside: the dtype in which its kernel computes whatever it is given; "" is that of a case.
        order: 2 where the outputs are gradients, of which derivatives are taken once more.

    Raises:
        UnknownName: `inside` is no dtype, or there is no such order.
    """

    name: str
    inputs: Inputs
    reference: ReferenceCode | None
    inside: str = ""
    order: int = 1

    def __post_init__(self) -> None:
        if self.order not in (1, 2):
            raise UnknownName("order", str(self.order), ("1", "2"))
        if self.inside and self.inside not in PRECISIONS:
            raise UnknownName("inside", self.inside, PRECISIONS)

    def __str__(self) -> str:
        return self.name

    @property
    def cell(self) -> str:
        """The name once more: it has no variants."""
        return self.name

    @property
    def options(self) -> dict[str, str | int]:
        """What was said of the kernel, by the names of arguments; what is default is left out."""
        said: dict[str, str | int] = {"inside": self.inside, "order": self.order}
        return {n: value for n, value in said.items() if value not in ("", 1)}

    @functools.cached_property
    def time_axes(self) -> dict[str, int | None] | None:
        """The axis of time of every output; None where it has to be told from one case."""
        return None if self.reference is None else time_axes_of(self.inputs, self.reference)

    def inside_of(self, dtype: str) -> str:
        """The dtype in which its kernel computes in cases of this one, if it is a wider one."""
        wider = self.inside and PRECISIONS[self.inside].unit < PRECISIONS[dtype].unit
        return self.inside if wider else ""

    def spec_of(self, text: str) -> RecurrenceSpec:
        """The spec of a line that `str(spec)` printed.

        Raises:
            SpecError, UnknownName: a word is unknown, missing or no number.
        """
        numbers, said = read_words(self.name, self.inputs, text)
        seed = numbers.pop("seed")
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
                drawn = {n: of_last_step(a, self.time_axis_of(n)) for n, a in drawn.items()}
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
        return self.model.inputs.steps(self.arrays)

    def time_axis_of(self, output: str) -> int | None:
        """Which axis of an output is that of time; None if there is none."""
        if (axes := self.model.time_axes) is not None:
            return axes.get(output)
        return self.model.inputs.time_axis_of(self.expected_outputs[output], self.steps)

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
        """The same case with some of `data` replaced, as its dtype has them; without its spec."""
        given = {n: arrays.get(cotangent_name(n), a) for n, a in self.cotangents.items()}
        changed = {n: nearest_in(a, self.dtype) for n, a in given.items()}
        return replace(self, spec=None, cotangents=changed)

    def with_inputs(self, inputs: Arrays) -> RecurrenceCase:
        """The same case with some of `inputs` replaced, as dtypes have them; without its spec."""
        changed = {n: nearest_in(a, self.precision_of(n)) for n, a in inputs.items()}
        return replace(self, spec=None, arrays={**self.arrays, **changed})
