"""A program that JAX has traced, run in NumPy, operation by operation.

XLA compiles for every shape, seconds for a loop that was written in Python, and half a minute once
every operation rounds besides. A case has its own shape and runs a few times: NumPy is done before
XLA has begun. Here loops run, branches are chosen, and what NumPy has no operation for is compiled
by itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jax.extend import core

from ...cases.types import Array
from ...equations.arithmetics.rounding import GridRounding
from .applied import applied, constant_array, wide_dtype
from .operations import stacked
from .rounding import EXACT, JaxOperation, rounded_result


class EquationStep(NamedTuple):
    """An equation, and the variables that nothing needs any more when it is done."""

    equation: Any
    dead: Sequence[Any]


class Interpreter:
    """Runs programs in float64, also where the code that was traced asks for a narrower float.

    Args:
        arithmetic: how results round; None is not at all.
        keeps_infinities: whether a result that is not finite stays as it is. That costs a look at
            each of them; without it an infinity on a grid becomes NaN.
    """

    def __init__(
        self, arithmetic: GridRounding | None = None, keeps_infinities: bool = False
    ) -> None:
        self._arithmetic, self._keeps_infinities = arithmetic, keeps_infinities

    def run(self, program: Any, arrays: Sequence[Any]) -> list[Any]:
        """The results of a program, [samples or 1, ...] each, given the same of its arguments."""
        jaxpr, constants = _opened(program)
        known: dict[Any, Any] = dict(zip(jaxpr.invars, arrays, strict=True))
        known.update(zip(jaxpr.constvars, map(constant_array, constants), strict=True))
        for equation, dead in _steps(jaxpr):
            operands = [_value(atom, known) for atom in equation.invars]
            results = self._results(equation, operands)
            known.update(zip(equation.outvars, results, strict=True))
            for variable in dead:
                known.pop(variable, None)
        return [_value(atom, known) for atom in jaxpr.outvars]

    def _results(self, equation: Any, operands: list[Any]) -> Sequence[Any]:
        """Of one equation."""
        name = equation.primitive.name
        if name in _CONTROL:
            return _CONTROL[name](self, equation.params, operands)
        if name in _CALLS and (inner := _inner_program(equation.params)) is not None:
            return self.run(inner, operands)
        apply = functools.partial(applied, equation)
        results = apply(*operands)
        if self._arithmetic is None or name in EXACT:
            return results
        return [
            self._rounded(name, JaxOperation(_nth(apply, i), equation.params, operands, result))
            for i, result in enumerate(results)
        ]

    def _rounded(self, name: str, operation: JaxOperation) -> Array:
        assert self._arithmetic is not None
        rounded = rounded_result(name, operation, self._arithmetic)
        if not self._keeps_infinities or rounded is operation.result:
            return rounded
        return np.where(np.isfinite(operation.result), rounded, operation.result)


def _nth(apply: Callable[..., Sequence[Any]], i: int) -> Callable[..., Any]:
    return lambda *operands: apply(*operands)[i]


def _scan(run: Interpreter, params: Mapping[str, Any], operands: list[Any]) -> Sequence[Any]:
    """A loop of so many steps, in which states go on and results of all steps are stacked."""
    first, last = params["num_consts"], params["num_consts"] + params["num_carry"]
    constants, state, sequences = operands[:first], operands[first:last], operands[last:]
    steps = range(params["length"])
    of_steps: list[Sequence[Any]] = []
    for t in reversed(steps) if params["reverse"] else steps:
        results = run.run(params["jaxpr"], [*constants, *state, *(x[:, t] for x in sequences)])
        state = results[: len(state)]
        of_steps.append(results[len(state) :])
    if params["reverse"]:
        of_steps.reverse()
    if not of_steps:
        return [*state, *_no_steps(params["jaxpr"], len(state))]
    return [*state, *(stacked(parts, 1) for parts in zip(*of_steps, strict=True))]


def _no_steps(program: Any, states: int) -> list[Array]:
    avals = [atom.aval for atom in program.jaxpr.outvars[states:]]
    return [np.zeros((1, 0, *aval.shape), wide_dtype(aval.dtype)) for aval in avals]


def _while(run: Interpreter, params: Mapping[str, Any], operands: list[Any]) -> Sequence[Any]:
    """A loop that goes on as long as the first sample says."""
    of_condition, of_body = params["cond_nconsts"], params["body_nconsts"]
    to_condition, rest = operands[:of_condition], operands[of_condition:]
    to_body, state = rest[:of_body], rest[of_body:]
    while bool(run.run(params["cond_jaxpr"], [*to_condition, *state])[0].flat[0]):
        state = run.run(params["body_jaxpr"], [*to_body, *state])
    return state


def _cond(run: Interpreter, params: Mapping[str, Any], operands: list[Any]) -> Sequence[Any]:
    """The branch that the first sample takes."""
    branches = params["branches"]
    number = min(max(int(operands[0].flat[0]), 0), len(branches) - 1)
    return run.run(branches[number], operands[1:])


def _linear_solve(
    run: Interpreter, params: Mapping[str, Any], operands: list[Any]
) -> Sequence[Any]:
    """The part that solves, without those that it is differentiated by."""
    lengths, programs = params["const_lengths"], params["jaxprs"]
    start = lengths.matvec + lengths.vecmat
    constants, right = operands[start : start + lengths.solve], operands[sum(lengths) :]
    return run.run(programs.solve, [*constants, *right])


def _same_ones(run: Interpreter, params: Mapping[str, Any], operands: list[Any]) -> Sequence[Any]:
    return operands


def _nothing(run: Interpreter, params: Mapping[str, Any], operands: list[Any]) -> Sequence[Any]:
    """Of what only prints."""
    return []


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CONTROL: dict[str, Callable[..., Sequence[Any]]] = {
    "scan": _scan,
    "while": _while,
    "cond": _cond,
    "custom_linear_solve": _linear_solve,
    "optimization_barrier": _same_ones,
    "device_put": _same_ones,
    "debug_callback": _nothing,
    "debug_print": _nothing,
}
_CALLS = _words(
    """
    jit pjit closed_call core_call core_closed_call call remat remat2 checkpoint remat_call
    custom_jvp_call custom_vjp_call custom_vjp_call_jaxpr custom_vmap_call composite
    """
)
"""Operations that call a program."""


def _value(atom: Any, known: Mapping[Any, Any]) -> Any:
    if isinstance(atom, core.Literal):
        aval: Any = atom.aval
        return np.asarray(atom.val, wide_dtype(aval.dtype))[np.newaxis]
    return known[atom]


def _inner_program(params: Mapping[str, Any]) -> Any:
    programs = (params.get(name) for name in ("jaxpr", "call_jaxpr", "fun_jaxpr"))
    return next((p for p in programs if isinstance(p, core.ClosedJaxpr | core.Jaxpr)), None)


def _opened(program: Any) -> tuple[Any, Sequence[Any]]:
    """Equations, and the constants that they name."""
    if isinstance(program, core.ClosedJaxpr):
        return program.jaxpr, program.consts
    return program, ()


@functools.lru_cache(maxsize=4096)
def _steps(jaxpr: Any) -> tuple[EquationStep, ...]:
    """Its equations, each with the variables that were needed for the last time."""
    needed = {atom for atom in jaxpr.outvars if not isinstance(atom, core.Literal)}
    steps: list[EquationStep] = []
    for equation in reversed(jaxpr.eqns):
        inputs = {atom for atom in equation.invars if not isinstance(atom, core.Literal)}
        dead = (inputs | {*equation.outvars}) - needed
        needed |= inputs
        steps.append(EquationStep(equation, tuple(dead)))
    return tuple(reversed(steps))


def result_sizes(program: Any) -> Iterator[int]:
    """Numbers of each array that a program computes, without those inside loops."""
    jaxpr, _ = _opened(program)
    for equation in jaxpr.eqns:
        inner = _inner_program(equation.params) if equation.primitive.name in _CALLS else None
        if inner is not None:
            yield from result_sizes(inner)
        for atom in equation.outvars:
            yield int(np.prod(getattr(atom.aval, "shape", ())))
