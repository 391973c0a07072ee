"""Plain code of a user in JAX: evaluated in float64, differentiated by JAX, rounded."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..cases.recurrences.outputs import named_outputs
from ..cases.recurrences.reference_code import Evaluation
from ..cases.types import Array
from ..equations.arithmetics.rounding_model import RoundingModel
from ..errors import SpecError, quoted
from .jaxprs.interpreter import Interpreter, result_sizes
from .samples import groups_of_samples, is_finite, joined_samples, some_samples

MOST_PROGRAMS = 32
"""Traced programs that are kept, each of one function in arrays of certain shapes."""


class TracedCode(NamedTuple):
    """A function, or both of its passes, as JAX has traced it.

    Args:
        program: from its arrays, and the cotangents of `seeded`, to the outputs, and the gradients
            of `wrt`.
        outputs: shape and dtype of each, by name.
        seeded: the outputs whose cotangents it is given: the others have no part in it, which a
            zero would have where it meets an infinite slope.
        wrt: the inputs with a gradient.
    """

    program: Any
    outputs: Mapping[str, Any]
    seeded: tuple[str, ...]
    wrt: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class JaxCode:
    """See `ReferenceCode`.

    JAX traces the function and its reverse mode; the trace is run in NumPy, see `jaxprs`. A branch
    or a loop on numbers takes the way of the first sample.

    Args:
        function: of arrays by name; what it computes in float32 it computes in float64 here, as it
            is the definition.
    """

    function: Callable[..., Any]
    framework: str = field(default="jax", init=False)

    @functools.cached_property
    def _traces(self) -> dict[Any, TracedCode]:
        """By the shapes of the arrays, the other arguments, and what is asked for."""
        return {}

    def outputs(self, arrays: Mapping[str, Any]) -> dict[str, Array]:
        """See `ReferenceCode`."""
        is_complex = any(np.iscomplexobj(a) for a in arrays.values())
        with _own_settings():
            code = self._traced(arrays, (), ())
            found = _run(Interpreter(), code, arrays, {})
        return {n: _number(n, a, is_complex)[0] for n, a in found.outputs.items()}

    def gradients(
        self, arrays: Mapping[str, Any], cotangents: Mapping[str, Array], wrt: Sequence[str]
    ) -> Evaluation:
        """See `ReferenceCode`."""
        with _own_settings():
            code = self._traced(arrays, (*cotangents,), (*wrt,))
            found = _run(Interpreter(), code, arrays, cotangents)
        outputs = {n: _number(n, a)[0] for n, a in found.outputs.items()}
        return Evaluation(outputs, {n: _number(n, a)[0] for n, a in found.grads.items()})

    def rounded(
        self,
        arrays: Mapping[str, Any],
        cotangents: Mapping[str, Array],
        wrt: Sequence[str],
        rounding: RoundingModel,
        samples: int,
    ) -> Evaluation:
        """See `ReferenceCode`."""
        with _own_settings():
            code = self._traced(arrays, (*cotangents,), (*wrt,))
            entries = sum(result_sizes(code.program))
            parts = [
                _rounded(code, arrays, cotangents, rounding, samples, some)
                for some in groups_of_samples(entries, samples)
            ]
        return joined_samples(parts)

    def _traced(
        self, arrays: Mapping[str, Any], seeded: tuple[str, ...], wrt: tuple[str, ...]
    ) -> TracedCode:
        """As it was traced before, for arrays of the same shapes and dtypes, or now."""
        given, fixed = _parted(arrays)
        of_arrays = tuple((n, a.shape, a.dtype) for n, a in given.items())
        of_others = tuple((n, type(v), repr(v)) for n, v in fixed.items())
        key = of_arrays, of_others, seeded, wrt
        if key not in self._traces:
            outputs = self._traced(arrays, (), ()).outputs if seeded else {}
            starts = _inexact(seeded, outputs)
            code = _trace(functools.partial(self.function, **fixed), given, starts, wrt)
            while len(self._traces) >= MOST_PROGRAMS:
                del self._traces[next(iter(self._traces))]
            self._traces[key] = code
        return self._traces[key]


def _inexact(seeded: Sequence[str], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the outputs that are floats: others have no cotangents.

    Raises:
        SpecError: there is no output of that name.
    """
    for name in seeded:
        if name not in outputs:
            told = ", ".join(outputs)
            raise SpecError(f"the reference has no output {quoted(name)}; its outputs are {told}.")
    return {n: outputs[n] for n in seeded if jnp.issubdtype(outputs[n].dtype, jnp.inexact)}


def _trace(
    function: Callable[..., Any],
    given: Mapping[str, Array],
    starts: Mapping[str, Any],
    wrt: tuple[str, ...],
) -> TracedCode:
    """Trace a function, and its reverse mode if there are inputs to differentiate by.

    Raises:
        SpecError: it looks at numbers.
    """
    outputs: dict[str, Any] = {}

    def named(**arrays: Any) -> dict[str, Any]:
        found = {n: jnp.asarray(a) for n, a in named_outputs(function(**arrays)).items()}
        outputs.update({n: jax.ShapeDtypeStruct(a.shape, a.dtype) for n, a in found.items()})
        return found

    both = functools.partial(_both_passes, named, [*given], [*starts], wrt)
    try:
        program = jax.make_jaxpr(both)(
            [*given.values()], [np.zeros(o.shape) for o in starts.values()]
        )
    except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError) as error:
        raise SpecError(
            "the reference asks JAX for the numbers in an array, to branch or to loop on them:"
            " use jnp.where, jax.lax.cond or jax.lax.while_loop, or an input that is a number."
        ) from error
    return TracedCode(program, outputs, (*starts,), wrt)


def _both_passes(
    function: Callable[..., dict[str, Any]],
    names: Sequence[str],
    seeded: Sequence[str],
    wrt: Sequence[str],
    arrays: Sequence[Any],
    seeds: Sequence[Any],
) -> tuple[list[Any], list[Any]]:
    """Outputs, and gradients of some inputs."""
    given = dict(zip(names, arrays, strict=True))
    leaves = {n: given.pop(n) for n in wrt}
    if not wrt:
        return [*function(**given).values()], []

    def forward(leaves: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
        outputs = function(**given, **leaves)
        return [outputs[n] for n in seeded], [*outputs.values()]

    starts, pull, outputs = jax.vjp(forward, leaves, has_aux=True)
    pairs = zip(seeds, starts, strict=True)
    (grads,) = pull([jax.lax.convert_element_type(c, o.dtype) for c, o in pairs])
    return outputs, [grads[n] for n in wrt]


def _rounded(
    code: TracedCode,
    arrays: Mapping[str, Any],
    cotangents: Mapping[str, Array],
    rounding: RoundingModel,
    samples: int,
    some: slice,
) -> Evaluation:
    """Some of so many samples."""
    arithmetic = some_samples(rounding.arithmetic(samples), some)
    found = _run(Interpreter(arithmetic), code, arrays, cotangents)
    if not is_finite(found):
        # an infinity on a grid is no number: run again with an eye on them
        arithmetic = some_samples(rounding.arithmetic(samples), some)
        found = _run(Interpreter(arithmetic, True), code, arrays, cotangents)
    count = some.stop - some.start
    return Evaluation(
        *(
            {
                n: np.array(np.broadcast_to(_number(n, a), (count, *a.shape[1:])))
                for n, a in part.items()
            }
            for part in found
        )
    )


def _run(
    interpreter: Interpreter,
    code: TracedCode,
    arrays: Mapping[str, Any],
    cotangents: Mapping[str, Array],
) -> Evaluation:
    """What the program gives, [samples or 1, ...] each."""
    given, _ = _parted(arrays)
    seeds = [_seed(n, cotangents[n], code.outputs[n].shape) for n in code.seeded]
    with np.errstate(all="ignore"):
        results = interpreter.run(code.program, [a[np.newaxis] for a in (*given.values(), *seeds)])
    count = len(code.outputs)
    return Evaluation(
        dict(zip(code.outputs, results[:count], strict=True)),
        dict(zip(code.wrt, results[count:], strict=True)),
    )


def _seed(name: str, cotangent: Any, shape: tuple[int, ...]) -> Array:
    seed = np.asarray(cotangent, np.float64)
    if seed.shape != shape:
        raise SpecError(f"the cotangent of {name} has shape {seed.shape}, the output {shape}.")
    return seed


def _parted(arrays: Mapping[str, Any]) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays, floats in float64, and the other arguments."""
    given = {
        n: a.astype(_WIDE.get(a.dtype.kind, a.dtype))
        for n, a in arrays.items()
        if isinstance(a, np.ndarray)
    }
    return given, {n: a for n, a in arrays.items() if n not in given}


_WIDE = {"f": np.float64, "c": np.complex128}
"""Kinds of dtypes in which precision is lost otherwise."""


def _number(name: str, result: Any, is_complex: bool = False) -> Array:
    """A result as it is handed out: its own memory, in float64."""
    kind = getattr(result.dtype, "kind", "")
    if kind not in ("biufc" if is_complex else "biuf"):
        raise SpecError(f"{name} of the reference holds no real numbers but {result.dtype}.")
    return np.array(result, np.complex128 if is_complex else np.float64)


@contextlib.contextmanager
def _own_settings() -> Generator[None]:
    """Here and now only: those of the process belong to the user."""
    cpu = jax.devices("cpu")[0]
    with jax.enable_x64(True), jax.default_device(cpu), jax.disable_jit(False):
        yield
