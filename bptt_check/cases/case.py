"""Specs and cases: a `Spec` is one readable line, and builds a `Case`, a model with its arrays.

Everything here is a frozen record. Arrays are float64 or float32 NumPy arrays, read-only, time
first; `model.parameter_shapes` and its neighbours are the shape table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ..errors import SpecError, UnknownName
from .generate import DATA_SETS, ON_REQUEST, REGIMES, draw_arrays
from .model import Model, Sizes, positive
from .precision import PRECISIONS
from .types import Array, Arrays
from .validation import check_arrays, check_data_set, frozen, sizes_of

DTYPES = tuple(PRECISIONS)


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
        lengths: draw a length in 1..T for every sequence.

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
    lengths: bool = False

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise UnknownName("dtype", self.dtype, DTYPES)
        if self.regime not in (regimes := (*REGIMES, *ON_REQUEST, *DATA_SETS)):
            raise UnknownName("regime", self.regime, regimes)
        for name, kind in (("model", Model), ("sizes", Sizes), ("truncation", Truncation | None)):
            _is_a(name, getattr(self, name), kind)
        if not isinstance(self.seed, int) or isinstance(self.seed, bool) or self.seed < 0:
            raise SpecError(f"seed must be a non-negative integer, got {self.seed!r}.")
        check_combination(self.model, self.truncation, self.lengths)
        check_data_set(self.regime, self.model, self.sizes)

    def build(self) -> Case:
        """The case of this spec."""
        arrays = draw_arrays(self.model, self.sizes, self.seed, self.regime, self.lengths)
        return Case(
            model=self.model, truncation=self.truncation, dtype=self.dtype, spec=self, **arrays
        )

    def __str__(self) -> str:
        """One readable line that `parse` reads back: the model, the sizes, whatever is not the
        default.
        """
        words = [str(self.model)]
        words += [f"{name}={value}" for name, value in asdict(self.sizes).items()]
        if self.truncation is not None:
            words += [f"k1={self.truncation.k1}", f"k2={self.truncation.k2}"]
        words += [f"dtype={self.dtype}"] if self.dtype != "float64" else []
        words += [f"regime={self.regime}"] if self.regime != "normal" else []
        words += ["lengths"] if self.lengths else []
        return " ".join([*words, f"seed={self.seed}"])

    @classmethod
    def parse(cls, text: str) -> Spec:
        """The spec of a line printed by `str(spec)`; sizes left out keep their defaults.

        Raises:
            SpecError: a word is unknown, stands twice or has no integer where one belongs.
        """
        name, *words = text.split() or [""]
        values: dict[str, str] = {}
        for word in words:
            key, _, value = word.partition("=")
            if key in values:
                raise SpecError(f"{key!r} stands twice in the spec {text!r}.")
            values[key] = value
        return cls(Model.parse(name), **_spec_arguments(values, text))


def _spec_arguments(values: dict[str, str], text: str) -> dict[str, Any]:
    """Keyword arguments of `Spec` from the `key=value` words of its line."""
    sizes = {f.name: f.name for f in fields(Sizes)}
    unknown = set(values) - set(sizes) - {"k1", "k2", "dtype", "seed", "regime", "lengths"}
    if unknown:
        valid = [*sizes, "k1", "k2", "dtype", "regime", "lengths", "seed"]
        raise UnknownName("word in a spec:", min(unknown), valid)
    if ("k1" in values) != ("k2" in values):
        raise SpecError(f"k1 and k2 belong together; the spec {text!r} has only one of them.")
    if values.get("lengths"):
        raise SpecError(f"'lengths' in a spec takes no value, got {values['lengths']!r}.")
    integer = {k: _integer(k, values[k]) for k in values if k not in ("dtype", "regime", "lengths")}
    arguments: dict[str, Any] = {k: values[k] for k in ("dtype", "regime") if k in values}
    arguments["sizes"] = Sizes(**{k: integer[k] for k in sizes if k in integer})
    if "k1" in integer:
        arguments["truncation"] = Truncation(integer["k1"], integer["k2"])
    return arguments | {"seed": integer.get("seed", 0), "lengths": "lengths" in values}


def _integer(key: str, value: str) -> int:
    if not value.isdecimal():
        raise SpecError(f"{key} in a spec must be a non-negative integer, got {value!r}.")
    return int(value)


@dataclass(frozen=True, eq=False)
class Case:
    """One problem: a model and its arrays (shapes in `model.parameter_shapes`), read-only.

    `spec` is None when the arrays were given by the user. Arrays are rounded to `dtype`; a
    subject's gradients must have the dtype `stored`, which is the same but for `bfloat16` and
    `float16`.

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

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise UnknownName("dtype", self.dtype, DTYPES)
        for name, kind in (
            ("model", Model),
            ("params", Mapping),
            ("truncation", Truncation | None),
        ):
            _is_a(name, getattr(self, name), kind)
        check_combination(self.model, self.truncation, self.lengths is not None)
        convert: dict[str, Any] = {
            n: frozen(n, getattr(self, n), self.dtype) for n in _FLOAT_FIELDS
        }
        labels = self.model.loss == "cross_entropy"
        convert["targets"] = frozen("targets", self.targets, "int64" if labels else self.dtype)
        convert["lengths"] = frozen("lengths", self.lengths, "int64")
        convert["params"] = {n: frozen(n, a, self.dtype) for n, a in self.params.items()}
        needed = {n: convert[n] for n in ("x", "h0", "targets")} | convert["params"]
        missing = [name for name, array in needed.items() if array is None]
        if missing:
            raise SpecError(f"{', '.join(missing)} must be an array, got None.")
        for name, value in convert.items():
            object.__setattr__(self, name, value)
        check_arrays(self.model, self.params, {n: getattr(self, n) for n in _ARRAY_FIELDS})

    @property
    def stored(self) -> str:
        """NumPy dtype of the arrays and of the gradients."""
        return PRECISIONS[self.dtype].stored

    @property
    def sizes(self) -> Sizes:
        """T, B, D, H and O of the arrays; O is 1 for a model without head."""
        return sizes_of(self.x, self.h0, self.params)

    @property
    def inputs(self) -> dict[str, Array]:
        """Every array that has a gradient: the parameters, then `x`, `h0` and `c0`."""
        states = {"h0": self.h0} | ({} if self.c0 is None else {"c0": self.c0})
        return {**self.params, "x": self.x, **states}

    def with_inputs(self, inputs: Arrays) -> Case:
        """The same case with some of `inputs` replaced; its spec is dropped."""
        params = {n: inputs.get(n, a) for n, a in self.params.items()}
        others = {n: inputs[n] for n in ("x", "h0", "c0") if n in inputs}
        return replace(self, params=params, spec=None, **others)

    def save(self, path: str | Path) -> None:
        """Write the case as an `.npz` file, without pickle."""
        header: dict[str, Any] = {
            "model": asdict(self.model),
            "dtype": self.dtype,
            "spec": str(self.spec or ""),
        }
        header["truncation"] = asdict(self.truncation) if self.truncation else None
        arrays: dict[str, Any] = {f"param.{n}": a for n, a in self.params.items()}
        arrays |= {n: getattr(self, n) for n in _ARRAY_FIELDS if getattr(self, n) is not None}
        with open(path, "wb") as file:
            np.savez(file, header=np.array(json.dumps(header)), **arrays)

    @classmethod
    def load(cls, path: str | Path) -> Case:
        """Read a case written by `save`.

        Raises:
            SpecError: the file is not one of ours.
        """
        try:
            with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            header = json.loads(str(arrays.pop("header")))
            params = {n[6:]: arrays.pop(n) for n in list(arrays) if n.startswith("param.")}
            cut = header["truncation"]
            return cls(
                model=Model(**header["model"]),
                truncation=Truncation(**cut) if cut else None,
                dtype=header["dtype"],
                spec=Spec.parse(header["spec"]) if header["spec"] else None,
                params=params,
                **arrays,
            )
        except (KeyError, ValueError, TypeError, EOFError, BadZipFile) as error:
            raise SpecError(f"{path} is not a case saved by Case.save: {error}") from error


_FLOAT_FIELDS = ("x", "h0", "c0", "cotangent_h_n", "cotangent_c_n")
_ARRAY_FIELDS = (*_FLOAT_FIELDS, "targets", "lengths")


def lengths_of(case: Case) -> Array:
    """The number of steps of every sequence, (B,): T for a case without lengths."""
    return np.full(case.sizes.B, case.sizes.T) if case.lengths is None else case.lengths


def check_combination(model: Model, truncation: Truncation | None, lengths: bool) -> None:
    """Raise `SpecError` for what a case cannot combine."""
    if truncation is not None and model.bidirectional:
        raise SpecError(
            "truncation and bidirectional=True exclude each other: a reverse direction has no "
            "causal window. Use truncation=None or bidirectional=False."
        )


def _is_a(name: str, value: object, kind: Any) -> None:
    """Raise `SpecError` unless a field has its type."""
    if not isinstance(value, kind):
        wanted = getattr(kind, "__name__", str(kind))
        raise SpecError(f"{name} must be a {wanted}, got {value!r}.")
