"""Where an error starts when no known mistake explains it: the first wrong quantity, backwards.

Crafted cases bisect the backward pass: with one sequence and one input that is not zero, the
gradient of `W_xh` is the cotangent of the pre-activations at that very step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..cases.case import Case, Spec
from ..cases.model import HEAD, Model, Sizes, has_gates
from ..cases.types import Array
from .facts import FirstError, WrongCotangent, WrongSum
from .trials import Trial, Trials

STEPS = 4
"""Steps of the crafted case."""


def first_error(trials: Trials, wrong: Sequence[Trial]) -> FirstError:
    """Where the error starts.

    Args:
        trials: ask about crafted cases.
        wrong: on which some gradient is wrong.
    """
    model, spec = wrong[0].case.model, wrong[0].case.spec
    names = {name for trial in wrong for name, _ in trial.wrong}
    inside = {n for n in names if "_l" in n}
    if not inside:
        head = sorted(names.intersection(HEAD))
        return FirstError(outside=tuple(head or sorted(names)))
    layer = max(k for k in range(model.layers) for n in inside if f"_l{k}" in n)
    return FirstError(
        layer=layer if layer < model.layers - 1 else None,
        gates=_gates(model, wrong),
        at=_first_step(trials, spec) if spec and layer == 0 and not model.bidirectional else None,
    )


def _gates(model: Model, trials: Sequence[Trial]) -> tuple[str, ...]:
    """Gates of which rows are wrong on some case, where that is not every gate."""
    names = model.layout.gates
    wrong = sorted({gate for t in trials for name, gate in t.wrong if has_gates(model, name)})
    return () if len(wrong) == len(names) else tuple(names[g] for g in wrong)


def _first_step(trials: Trials, spec: Spec) -> WrongCotangent | WrongSum | None:
    """The step, going backwards, at which the cotangent of the pre-activations is first wrong; or
    that the cotangents are right, and their sum is not.
    """
    steps = range(STEPS)
    given = [t for t in (trials.of_crafted(one_input(spec, step)) for step in steps) if t]
    if len(given) < STEPS or any(SHARES not in trial.got for trial in given):
        return None
    bad = [np.any(_far(trial, SHARES), axis=1) for trial in given]
    wrong = [step for step in steps if bad[step].any()]
    if not wrong:
        return None
    missing = all(not given[step].got[SHARES].any() for step in wrong)
    kept = tuple(step for step in steps if missing and step not in wrong)
    witness = _witness(given)
    # a loop that ends early leaves the last shares; none leaves the first alone, since the
    # cotangent of the first step is made of all others
    if witness or 0 in kept:
        return WrongSum(SHARES, witness, kept, STEPS)
    return _cotangent(spec.model, bad[max(wrong)], max(wrong))


SHARES = "W_xh_l0"
"""The gradient of which each crafted case shows the share of one step."""


def _witness(given: Sequence[Trial]) -> str:
    """Another gradient that shows the cotangents, and is right; "" if there is none.

    Args:
        given: the crafted cases, by the step whose input is not zero.
    """
    if all("x" in t.got and not _far(t, "x")[step].any() for step, t in enumerate(given)):
        return "x"
    biases = [n for n in given[0].got if n in ("b_h_l0", "b_xh_l0")]
    return next((n for n in biases if not any(_far(t, n).any() for t in given)), "")


def _far(trial: Trial, name: str) -> Array:
    """Which entries of a gradient are wrong."""
    return ~trial.by_rounding(name, trial.got[name], trial.want[name])


def _cotangent(model: Model, bad: Array, step: int) -> WrongCotangent:
    """Which part of the cotangent of the pre-activations is wrong at a step."""
    gates, names = bad.reshape(len(model.layout.gates), -1), model.layout.gates
    wrong = [g for g in range(len(names)) if gates[g].any()]
    units = np.flatnonzero(gates.any(axis=0)).tolist()
    return WrongCotangent(
        step,
        STEPS,
        gates=() if len(wrong) == len(names) else tuple(names[g] for g in wrong),
        units=() if len(units) == gates.shape[1] else tuple(units),
    )


def one_input(spec: Spec, step: int) -> Case:
    """One sequence of which only the input of one step is not zero: it is 1."""
    sizes = Sizes(T=STEPS, B=1, D=1, H=3, O=3)
    case = replace(spec, sizes=sizes, truncation=None, lengths=False, regime="normal").build()
    x = np.zeros_like(case.x)
    x[step] = 1.0
    return case.with_inputs({"x": x})
