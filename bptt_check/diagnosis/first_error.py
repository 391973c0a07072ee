"""Where an error starts when no known mistake explains it: the first wrong quantity, backwards.

Crafted cases bisect the backward pass: with one sequence and one input that is not zero, the
gradient of `W_xh` is the cotangent of the pre-activations at that very step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..cases.case import Case, Spec
from ..cases.model import Model, Sizes
from .trials import Trial, Trials

STEPS = 4
"""Steps of the crafted case."""


def first_error(trials: Trials, wrong: Sequence[Trial]) -> str:
    """Where the error starts, in words.

    Args:
        trials: ask about crafted cases.
        wrong: on which some gradient is wrong.
    """
    model, spec = wrong[0].case.model, wrong[0].case.spec
    names = {name for trial in wrong for name, _ in trial.wrong}
    inside = {n for n in names if "_l" in n}
    if not inside:
        return _outside(names)
    layer = max(k for k in range(model.layers) for n in inside if f"_l{k}" in n)
    places: list[str] = []
    if layer < model.layers - 1:
        places.append(f"going backwards, layer {layer} is the first that is wrong")
    if layer == 0 and not model.bidirectional and spec is not None:
        step = _first_step(trials, spec)
        places = [*places, step] if step else [_by_length(wrong), _gates(model, wrong)]
    places = places or [_by_length(wrong), _gates(model, wrong)]
    return f"no known mistake gives these gradients: {'; '.join(p for p in places if p)}"


def _outside(wrong: set[str]) -> str:
    """The parameters of every layer are right."""
    head = sorted(wrong & {"W_hy", "b_y"})
    if head:
        return f"what flows back through the layers is right, the gradient of {_and(head)} is not"
    return f"every parameter's gradient is right, only that of {_and(sorted(wrong))} is wrong"


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)


def _by_length(trials: Sequence[Trial]) -> str:
    """From how many steps on something is wrong."""
    return f"it is wrong from T = {min(t.case.sizes.T for t in trials)} on"


def _gates(model: Model, trials: Sequence[Trial]) -> str:
    """Gates whose rows are wrong on the shortest case, where that is not every gate."""
    shortest = min(trials, key=lambda t: t.case.sizes.T)
    names = model.layout.gates
    wrong = sorted({gate for name, gate in shortest.wrong if "_l" in name})
    if not wrong or len(wrong) == len(names):
        return ""
    return f"in gate{'s' if len(wrong) > 1 else ''} {_and([names[g] for g in wrong])} only"


def _first_step(trials: Trials, spec: Spec) -> str:
    """The step, going backwards, at which the cotangent of the pre-activations is first wrong."""
    for step in reversed(range(STEPS)):
        trial = trials.of_crafted(one_input(spec, step))
        if trial is None or "W_xh_l0" not in trial.got:
            return ""
        got, want = trial.got["W_xh_l0"], trial.want["W_xh_l0"]
        bad = np.any(~trial.by_rounding("W_xh_l0", got, want), axis=1)
        if bad.any():
            return _cotangent(spec.model, bad, step)
    return ""


def _cotangent(model: Model, bad: np.ndarray, step: int) -> str:
    """Which part of the cotangent of the pre-activations is wrong at a step."""
    gates, names = bad.reshape(len(model.layout.gates), -1), model.layout.gates
    wrong = [g for g in range(len(names)) if gates[g].any()]
    units = np.flatnonzero(gates.any(axis=0)).tolist()
    which = "" if len(wrong) == len(names) else f" of gate {_and([names[g] for g in wrong])}"
    some = "" if len(units) == gates.shape[1] else f", unit {_and([str(u) for u in units])}"
    later = f"; it is right at the steps after it, up to {STEPS - 1}"
    later = ", the last" if step == STEPS - 1 else later
    return (
        f"going backwards, the gradient of the pre-activations{which}{some} is first wrong at "
        f"step {step}{later}"
    )


def one_input(spec: Spec, step: int) -> Case:
    """One sequence of which only the input of one step is not zero: it is 1."""
    sizes = Sizes(T=STEPS, B=1, D=1, H=3, O=3)
    case = replace(spec, sizes=sizes, truncation=None, lengths=False, regime="normal").build()
    x = np.zeros_like(case.x)
    x[step] = 1.0
    return case.with_inputs({"x": x})
