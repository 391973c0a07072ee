"""Specs and cases: a `Spec` is one readable line, and builds a `Case`, a model with its arrays.

Everything here is a frozen record. Arrays are float64 or float32 NumPy arrays, read-only, time
first; `model.parameter_shapes` and its neighbours are the shape table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import SpecError, UnknownName
from .arrays.size_limit import check_size
from .generate import (
    DATA_SETS,
    FIELDS,
    INITIAL_STATES,
    INPUTS,
    LENGTHS,
    ON_REQUEST,
    REGIMES,
    Drawn,
    draw_arrays,
)
from .memory_layout import LAYOUTS
from .model import Model, Sizes, Truncation, check_combination, final_cotangents, initial_states
from .precision import PRECISIONS
from .types import Array, Arrays
from .validation import check_arrays, check_data_set, check_kinds, check_type, frozen, sizes_of
from .written.case_file import no_case, read_case_file, write_case_file
from .written.spec_line import SIZES, line_of, read_line

DTYPES = tuple(PRECISIONS)
_VALID: dict[str, tuple[str, ...]] = {
    "dtype": DTYPES,
    "regime": (*REGIMES, *ON_REQUEST, *DATA_SETS),
    "inputs": INPUTS,
    "initial_state": INITIAL_STATES,
    "layout": LAYOUTS,
}
"""Field of a spec to the words that it may hold."""


@dataclass(frozen=True)
class Spec:
    """A recipe for a case; `build()` gives the same arrays on every machine.

    Args:
        model, sizes: which network, and the sizes of its arrays.
        truncation: None for full BPTT.
        dtype: one of `precision.PRECISIONS`, of every array of the case; with `"bfloat16"` and
            `"float16"` the arrays are float32, their values on that grid.
        seed: non-negative integer.
        regime: one of `generate.REGIMES`, `ON_REQUEST` and `DATA_SETS`.
        lengths: a length in 1..T for every sequence: True draws them, `"full"` is T for all,
            `"one"` is 1 for at least one sequence, `"equal"` the same for all and, where T > 1,
            below T.
        inputs: one of `generate.INPUTS`, the kind of `x` (and, for `"alike"`, of the targets).
        initial_state: `"random"`, `"zero"`, or `"zero_h"` and `"zero_c"` where only one is zero.
        layout: one of `LAYOUTS`, how the arrays that a subject gets lie in memory.

    Raises:
        SpecError: what cannot be combined, or is not supported yet; the message says what to
            change.
    """

    model: Model
    sizes: Sizes = field(default_factory=Sizes)
    truncation: Truncation | None = None
    dtype: str = "float64"
    seed: int = 0
    regime: str = "normal"
    lengths: bool | str = False
    inputs: str = "random"
    initial_state: str = "random"
    layout: str = "contiguous"

    def __post_init__(self) -> None:
        for name, valid in _VALID.items():
            if getattr(self, name) not in valid:
                raise UnknownName(name, getattr(self, name), valid)
        if not isinstance(self.lengths, bool) and self.lengths not in LENGTHS:
            raise UnknownName("lengths", self.lengths, ("True", "False", *LENGTHS))
        for name, kind in (("model", Model), ("sizes", Sizes), ("truncation", Truncation | None)):
            check_type(name, getattr(self, name), kind)
        if not isinstance(self.seed, int) or isinstance(self.seed, bool) or self.seed < 0:
            raise SpecError(f"seed must be a non-negative integer, got {self.seed!r}.")
        check_combination(self.model, self.truncation)
        check_data_set(self.regime, self.model, self.sizes)
        check_kinds(self.model, self.regime, self.inputs, self.initial_state)

    def build(self) -> Case:
        """The case of this spec.

        Raises:
            SpecError: nobody could hold its arrays.
        """
        check_size(self.model, self.sizes)
        how = Drawn(
            self.seed,
            self.regime,
            self.lengths,
            self.inputs,
            self.initial_state,
            PRECISIONS[self.dtype].tiniest,
        )
        return Case(
            model=self.model,
            truncation=self.truncation,
            dtype=self.dtype,
            spec=self,
            layout=self.layout,
            **draw_arrays(self.model, self.sizes, how),
        )

    def __str__(self) -> str:
        """One readable line that `parse` reads back: the model, the sizes, whatever is not the
        default.
        """
        cut = None if self.truncation is None else (self.truncation.k1, self.truncation.k2)
        return line_of(self.model, asdict(self.sizes), cut, vars(self))

    @classmethod
    def parse(cls, text: str) -> Spec:
        """The spec of a line printed by `str(spec)`; sizes left out keep their defaults.

        Raises:
            SpecError: a word is unknown, stands twice or has no integer where one belongs.
        """
        name, numbers, others = read_line(text)
        return cls(
            Model.parse(name),
            sizes=Sizes(**{n: numbers[n] for n in SIZES if n in numbers}),
            truncation=Truncation(numbers["k1"], numbers["k2"]) if "k1" in numbers else None,
            seed=numbers.get("seed", 0),
            **others,
        )


@dataclass(frozen=True, eq=False)
class Case:
    """One problem: a model and its arrays (shapes in `model.parameter_shapes`), read-only.

    `spec` is None when the arrays were given by the user. `layout` is how the arrays that a subject
    gets lie in memory; `wanted` names the inputs whose gradient is asked for, None is all. Arrays
    are rounded to `dtype`; a subject's gradients must have the dtype `stored`, which is the same
    but for `bfloat16` and `float16`. `more_states` holds what a cell of more states than h and c
    has of them: `n0` and, with a linear loss, `cotangent_n_n`.

    Raises:
        SpecError: an array is missing, superfluous, mis-shaped, not finite or out of range.
    """

    model: Model
    params: Arrays
    x: Array
    h0: Array
    c0: Array | None = None
    targets: Array = field(default_factory=lambda: np.empty(0))
    lengths: Array | None = None
    cotangent_h_n: Array | None = None
    cotangent_c_n: Array | None = None
    truncation: Truncation | None = None
    dtype: str = "float64"
    spec: Spec | None = None
    layout: str = "contiguous"
    wanted: tuple[str, ...] | None = None
    more_states: Arrays = field(default_factory=dict[str, Array])

    def __post_init__(self) -> None:
        for name in ("dtype", "layout"):
            if getattr(self, name) not in _VALID[name]:
                raise UnknownName(name, getattr(self, name), _VALID[name])
        for name, kind in _KINDS.items():
            check_type(name, getattr(self, name), kind)
        check_combination(self.model, self.truncation)
        convert: dict[str, Any] = {n: frozen(n, getattr(self, n), self.dtype) for n in FIELDS}
        labels = self.model.loss == "cross_entropy"
        convert["targets"] = frozen("targets", self.targets, "int64" if labels else self.dtype)
        convert["lengths"] = frozen("lengths", self.lengths, "int64")
        for group in ("params", "more_states"):
            named: Arrays = getattr(self, group)
            convert[group] = {n: frozen(n, a, self.dtype) for n, a in named.items()}
        needed = {n: convert[n] for n in ("x", "h0", "targets")} | convert["params"]
        needed |= convert["more_states"]
        missing = [name for name, array in needed.items() if array is None]
        if missing:
            raise SpecError(f"{', '.join(missing)} must be an array, got None.")
        for name, value in convert.items():
            object.__setattr__(self, name, value)
        others = {n: getattr(self, n) for n in ARRAY_FIELDS}
        check_arrays(self.model, self.params, {**others, **self.more_states})

    @property
    def stored(self) -> str:
        """NumPy dtype of the arrays and of the gradients."""
        return PRECISIONS[self.dtype].stored

    @property
    def sizes(self) -> Sizes:
        """T, B, D, H and O of the arrays; O is 1 for a linear loss."""
        return sizes_of(self.model, self.x, self.h0, self.params)

    def array(self, name: str) -> Array | None:
        """An array that is no parameter, `x`, `n0`, `cotangent_h_n`, ...; None if there is none."""
        return self.more_states[name] if name in self.more_states else getattr(self, name)

    @property
    def data(self) -> dict[str, Array]:
        """Every array that is no parameter, by its name."""
        states = (*initial_states(self.model), *final_cotangents(self.model))
        named = {n: self.array(n) for n in ("x", *states, "targets", "lengths")}
        return {n: a for n, a in named.items() if a is not None}

    @property
    def given(self) -> dict[str, Array]:
        """Every array."""
        return {**self.params, **self.data}

    @property
    def inputs(self) -> dict[str, Array]:
        """Every array that has a gradient: the parameters, then `x`, `h0`, `c0`, ..."""
        data = self.data
        return {**self.params, **{n: data[n] for n in ("x", *initial_states(self.model))}}

    def with_data(self, arrays: Arrays) -> Case:
        """The same case with some of `data` replaced; its spec is dropped."""
        more = {n: arrays.get(n, a) for n, a in self.more_states.items()}
        own = {n: a for n, a in arrays.items() if n not in more}
        return replace(self, spec=None, more_states=more, **own)

    def with_inputs(self, inputs: Arrays) -> Case:
        """The same case with some of `inputs` replaced; its spec is dropped."""
        others = {n: a for n, a in inputs.items() if n in ("x", *initial_states(self.model))}
        params = {n: inputs.get(n, a) for n, a in self.params.items()}
        return replace(self.with_data(others), params=params)

    def save(self, path: str | Path | IO[bytes]) -> None:
        """Write the case as an `.npz` file, without pickle, or into an open one."""
        cut = self.truncation and asdict(self.truncation)
        header = {"model": asdict(self.model), "truncation": cut, "spec": str(self.spec or "")}
        header |= {"dtype": self.dtype, "layout": self.layout}
        write_case_file(path, header, self.params, self.data)

    @classmethod
    def load(cls, path: str | Path) -> Case:
        """Read a case written by `save`. The spec in a file is kept only where it builds these very
        numbers.

        Raises:
            SpecError: the file is not one of ours, whatever else it is, or its spec is of a case
                of another model or other sizes.
            FileNotFoundError: there is none.
        """
        with no_case(path):
            header, params, arrays = read_case_file(path)
            cut = header["truncation"]
            case = cls(
                model=Model(**header["model"]),
                truncation=Truncation(**cut) if cut else None,
                dtype=header["dtype"],
                layout=header.get("layout", "contiguous"),
                params=params,
                more_states={n: arrays.pop(n) for n in list(arrays) if n not in ARRAY_FIELDS},
                **arrays,
            )
            spec = Spec.parse(header["spec"]) if header["spec"] else None
            return replace(case, spec=spec) if spec and _builds(spec, case) else case


def _builds(spec: Spec, case: Case) -> bool:
    """Whether a spec builds the numbers of a case; `SpecError` if it is of another kind of case."""
    outputs = spec.sizes.O if case.model.has_head else case.sizes.O  # else it says nothing
    spec = replace(spec, sizes=replace(spec.sizes, O=outputs))
    for name in ("model", "sizes", "truncation", "dtype", "layout"):
        if (of_spec := getattr(spec, name)) != (of_case := getattr(case, name)):
            raise SpecError(f"its spec has the {name} {of_spec}, and the case has {of_case}")
    cases = spec.build(), case  # no larger than the case
    built, given = ({n: a.tobytes() for n, a in c.given.items()} for c in cases)
    return built == given


ARRAY_FIELDS = (*FIELDS, "targets", "lengths")
"""Fields of a case that hold an array, or nothing."""
_KINDS = {
    "model": Model,
    "params": Mapping,
    "more_states": Mapping,
    "truncation": Truncation | None,
}
"""Field of a case to its type."""


def lengths_of(case: Case) -> Array:
    """The number of steps of every sequence, (B,): T for a case without lengths."""
    return np.full(case.sizes.B, case.sizes.T) if case.lengths is None else case.lengths
