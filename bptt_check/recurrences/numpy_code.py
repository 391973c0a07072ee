"""Plain NumPy code: run in float64, differentiated in reverse mode, rounded at random."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import numpy as np

from ..cases.precision import PRECISIONS
from ..cases.recurrences.outputs import named_outputs
from ..cases.recurrences.reference_code import Evaluation
from ..cases.types import Array
from ..equations.arithmetics.arithmetic import Arithmetic, Exact
from ..equations.arithmetics.rounding import GridRounding
from ..equations.arithmetics.rounding_model import RoundingModel
from ..errors import SpecError, quoted
from .samples import groups_of_samples, is_finite, joined_samples, some_samples
from .traced.array import TracedArray
from .traced.creating import REPLACED, stand_in
from .traced.functions import FUNCTIONS
from .traced.infinities import KeepsInfinities
from .traced.numbers import FLOATS, Numbers
from .traced.own_globals import OwnGlobals
from .traced.trace import Recorded, Trace


class NumPyCode:
    """A function of NumPy arrays that returns an array, or a nest of arrays.

    It may loop, write into arrays, branch; what it calls of NumPy must be in
    `traced.functions.FUNCTIONS`. Branches and comparisons of a rounded run are those of its first
    sample. Of equal numbers in a maximum each gets half of what flows back, and |x| has the slope 0
    at zero.

    Args:
        function: called with arrays by name.
    """

    framework = "numpy"

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._entries: dict[Any, int] = {}
        """Of the record of a run of one sample, by the shapes of the arrays."""

    def outputs(self, arrays: Mapping[str, Any]) -> dict[str, Array]:
        """The outputs; complex where an array is."""
        if any(np.iscomplexobj(a) for a in arrays.values()):
            run = _Run(self._function, arrays, (), Exact(), 1, "complex128")
            return {name: _plain(out, run.trace)[0] for name, out in run.outputs.items()}
        copies = {name: _copied(a) for name, a in arrays.items()}
        with np.errstate(all="ignore"):
            returned = named_outputs(self._function(**copies))
        return {name: _float64(name, out) for name, out in returned.items()}

    def gradients(
        self, arrays: Mapping[str, Any], cotangents: Mapping[str, Array], wrt: Sequence[str]
    ) -> Evaluation:
        """The outputs, and the vector-Jacobian product with the cotangents, in reverse mode."""
        run = _Run(self._function, arrays, wrt, Exact(_slope_of_relu), 1)
        self._entries[_shapes_of(arrays, wrt)] = run.trace.entries
        return _of_one_sample(run.evaluation(cotangents))

    def enclosed(
        self, arrays: Mapping[str, Any], cotangents: Mapping[str, Array], wrt: Sequence[str]
    ) -> Evaluation:
        """The same in balls that hold the exact results, of the precision that flint is set to.

        What the code computes from numbers alone it does in float64, and that is taken as it is.

        Raises:
            LeftAlone: the code calls what has no balls, or branches on one that is not exact.
        """
        from .traced.in_balls import BALL_FUNCTIONS, BALL_NUMBERS, ENCLOSING

        code = self._function
        run = _Run(code, arrays, wrt, ENCLOSING, 1, "float64", BALL_FUNCTIONS, BALL_NUMBERS)
        return _of_one_sample(run.evaluation(cotangents))

    def operations(self, arrays: Mapping[str, Any], wrt: Sequence[str]) -> int:
        """About how many operations on single numbers a forward pass takes."""
        shapes = _shapes_of(arrays, wrt)
        if shapes not in self._entries:
            self._entries[shapes] = _Run(self._function, arrays, wrt, Exact(), 1).trace.entries
        return self._entries[shapes]

    def rounded(
        self,
        arrays: Mapping[str, Any],
        cotangents: Mapping[str, Array],
        wrt: Sequence[str],
        rounding: RoundingModel,
        samples: int,
    ) -> Evaluation:
        """Samples of the same, in which every operation of both passes rounds at random."""
        evaluations: list[Evaluation] = []
        for some in self._groups(arrays, wrt, samples):
            arithmetic = some_samples(_arithmetic(rounding, samples), some)
            run = _Run(self._function, arrays, wrt, arithmetic, some.stop - some.start)
            evaluation = run.evaluation(cotangents)
            if not is_finite(evaluation):
                # an infinity on a grid is no number: run again with an eye on them
                careful = KeepsInfinities(some_samples(_arithmetic(rounding, samples), some))
                run = _Run(self._function, arrays, wrt, careful, some.stop - some.start)
                evaluation = run.evaluation(cotangents)
            evaluations.append(evaluation)
        return joined_samples(evaluations)

    def _groups(self, arrays: Mapping[str, Any], wrt: Sequence[str], samples: int) -> list[slice]:
        """Samples that are run at once: all, if there is memory for their record."""
        return groups_of_samples(self.operations(arrays, wrt), samples)


class _Run:
    """One traced run of a function."""

    def __init__(
        self,
        function: Callable[..., Any],
        arrays: Mapping[str, Any],
        wrt: Sequence[str],
        arithmetic: Arithmetic,
        samples: int,
        dtype: str = "float64",
        functions: Mapping[Any, Any] | None = None,
        numbers: Numbers = FLOATS,
    ) -> None:
        self.trace = Trace(arithmetic, samples, dtype, functions or FUNCTIONS, numbers)
        self.inputs: dict[str, Recorded] = {}
        given: dict[str, Any] = {}
        for name, array in arrays.items():
            if name in wrt or (isinstance(array, np.ndarray) and array.dtype.kind in "fc"):
                entries = numbers.of(np.array(array, dtype))[np.newaxis]
                self.inputs[name] = Recorded(entries.shape[1:], (), active=name in wrt)
                given[name] = TracedArray(self.trace, entries, self.inputs[name])
            else:
                given[name] = _copied(array)
        self.wrt = wrt
        code = OwnGlobals(stand_in(self.trace), REPLACED)
        try:
            with np.errstate(all="ignore"), _no_collection():
                self.outputs = named_outputs(code.of(function)(**given))
        finally:
            code.forget()

    def evaluation(self, cotangents: Mapping[str, Array]) -> Evaluation:
        """Outputs and gradients, [samples, ...] each."""
        unknown = [name for name in cotangents if name not in self.outputs]
        if unknown:
            raise SpecError(
                f"the reference has no output {quoted(unknown[0])}; its outputs are"
                f" {', '.join(self.outputs)}."
            )
        outputs = {name: _plain(out, self.trace) for name, out in self.outputs.items()}
        numbers = self.trace.numbers
        seeds = [
            (self.outputs[name].node, numbers.of(_seed(name, bar, self.outputs[name].shape)))
            for name, bar in cotangents.items()
            if isinstance(self.outputs[name], TracedArray)
        ]
        with np.errstate(all="ignore"), _no_collection():
            self.trace.backward(seeds)
        return Evaluation(outputs, {name: self._gradient(name) for name in self.wrt})

    def _gradient(self, name: str) -> Array:
        leaf = self.inputs[name]
        shape = (self.trace.samples, *leaf.shape)
        if leaf.bar is None:
            return np.zeros(shape, self.trace.numbers.stored)
        return np.array(np.broadcast_to(leaf.bar, shape))


def _of_one_sample(evaluation: Evaluation) -> Evaluation:
    parts = ({n: a.reshape(a.shape[1:]) for n, a in part.items()} for part in evaluation)
    return Evaluation(*parts)


@contextlib.contextmanager
def _no_collection() -> Generator[None]:
    """No search for garbage: it takes as long as a run, for each record stays until its end."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _arithmetic(rounding: RoundingModel, samples: int) -> GridRounding:
    if isinstance(rounding, RoundingModel):
        return rounding.arithmetic(samples)
    facts = PRECISIONS[rounding.dtype]
    return GridRounding(
        rounding.unit, samples, facts.functions, sums_in_turn=facts.name == facts.stored
    )


def _shapes_of(arrays: Mapping[str, Any], wrt: Sequence[str]) -> Any:
    return (*((name, np.shape(a)) for name, a in arrays.items()), *wrt)


def _slope_of_relu(z: Array) -> Array:
    return np.where(z > 0.0, 1.0, np.where(z < 0.0, 0.0, 0.5))


def _seed(name: str, bar: Any, shape: tuple[int, ...]) -> Array:
    seed = np.asarray(bar, np.float64)
    if seed.shape != shape:
        raise SpecError(f"the cotangent of {name} has shape {seed.shape}, the output {shape}.")
    return seed[np.newaxis]


def _plain(output: Any, trace: Trace) -> Array:
    """An output as [samples, ...]."""
    traced = isinstance(output, TracedArray)
    own = output.entries if traced else trace.numbers.of(np.asarray(output, trace.dtype))[None]
    return np.array(np.broadcast_to(own, (trace.samples, *own.shape[1:])))


def _copied(array: Any) -> Any:
    """An argument that the code may write into: arrays of floats are of float64."""
    if not isinstance(array, np.ndarray):
        return array
    return np.array(array, np.float64 if array.dtype.kind == "f" else None)


def _float64(name: str, output: Any) -> Array:
    found = np.asarray(output)
    if found.dtype.kind not in "biuf":
        raise SpecError(f"{name} of the reference holds no real numbers but {found.dtype}.")
    if found.dtype.kind == "f" and found.dtype != np.float64:
        raise SpecError(
            f"{name} of the reference is {found.dtype}. It is the definition, evaluated in float64:"
            " leave dtypes out."
        )
    return found.astype(np.float64)
