"""How rounding grows in a case: the conditioning from which error budgets are made.

The gradient is computed with all roundings of a chosen unit roundoff made random, several times;
the root mean square of its scatter, divided by the unit, says how many units of rounding each entry
suffers. Measured, not bounded: worst-case analysis overestimates exponentially in T. Compared with
one run in a lower precision this is smooth (no entry is lucky), linear in the unit even where a
sigmoid saturates (s(1-s) then loses all digits in float32, none of which says anything of float64),
and knows what the choice of a subgradient makes of it at a kink of relu.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.case import Case
from ..cases.directions import is_per_sequence
from ..cases.precision import PRECISIONS
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.timing.stage_clock import Stage, timed_as
from ..cases.types import Array
from .arithmetics.offsets import Position
from .arithmetics.rounding import DRIFT, GridRounding
from .arithmetics.rounding_model import FLOAT64, SAMPLES, RoundingModel
from .arithmetics.scatter import chaotic_entries, scatter_of
from .discontinuities.flushing import change_by_flushing, may_flush
from .discontinuities.kinks import width_at_kinks
from .discontinuities.ties import DIVERGED, tied_sequences
from .exact import TAPED, Sweep, leaves, record, sampled_states, swept_back
from .network import Problem, losses_of, outputs, problem_of, run_layers
from .recurrences.conditioning import conditioning_of_recurrence, rounded_once
from .rounding_errors import Conditioning
from .tape import Node, Tape
from .truncation import windows_entered_by


@functools.lru_cache(maxsize=16)
@timed_as(Stage.ROUNDING)
def conditioning(
    case: AnyCase,
    dtype: str,
    keeps_digits: bool = True,
    factor_digits: int = 0,
    throughout: bool = False,
) -> Conditioning:
    """Conditioning of the gradient of a case under arithmetic in `dtype`.

    Remembered for the last few cases, because several subjects are judged on one. Where it is
    chaotic at a unit that is coarser than that of the dtype, a finer one decides. Of a recurrence
    whose kernel has a wider dtype inside only results are rounded to this one, unless it is asked
    for `throughout`.
    """
    rounding = RoundingModel(dtype, keeps_digits, factor_digits)
    if isinstance(case, RecurrenceCase):
        inside = "" if throughout or dtype != case.dtype else case.model.inside_of(dtype)
        if inside:
            return rounded_once(case, conditioning_of_recurrence(case, RoundingModel(inside)))
        return conditioning_of_recurrence(case, rounding)
    found = _simulated(case, rounding)
    if found.chaotic is None or not rounding.has_finer:
        return found
    return _simulated(case, replace(rounding, finest=True))


def _simulated(case: Case, rounding: RoundingModel) -> Conditioning:
    """Conditioning as one simulation of rounding measures it."""
    dtype, whole = rounding.dtype, problem_of(case)
    sums: dict[str, dict[str, Array]] = {"rounding": _zeros(case)}
    loss, flushed_loss = 0.0, 0.0
    before = _Before(rounding)
    for window in windows_entered_by(case, before.states):
        scatter = _scatter(window.problem, rounding, before.diverged)
        loss, flushed_loss = loss + scatter.loss, flushed_loss + scatter.flushed_loss
        for kind, grads in scatter.parts.items():  # magnitudes add: windows round independently
            window.add_to(sums.setdefault(kind, _zeros(case)), grads)
    if case.truncation is not None:  # the loss is the whole one, not the windows'
        loss = before.loss
        if "flush" in sums:
            tiniest = PRECISIONS[dtype].tiniest
            flushed_loss = float(change_by_flushing(whole, tiniest, SAMPLES)[0].sum())
    return Conditioning(
        dtype,
        loss,
        sums["rounding"],
        kinks=sums.get("kinks"),
        chaotic=sums.get("chaotic"),
        flush=sums.get("flush"),
        flushed_loss=flushed_loss,
    )


def conditioning_in_float64(case: AnyCase) -> Conditioning:
    """Conditioning of the gradient of a case under the float64 of the oracles.

    Beside the rounding of a case in fewer digits it is nothing: there the units that an entry
    suffers are taken to be as many as in that arithmetic, instead of being simulated once more.
    """
    own = conditioning(case, case.dtype)
    if case.dtype == "float64":
        return own
    return replace(own, dtype="float64", chaotic=None, flush=None, flushed_loss=0.0, results={})


def _zeros(case: Case) -> dict[str, Array]:
    """A zero for every entry of the gradient."""
    return {n: np.zeros(a.shape) for n, a in case.inputs.items()}


def loss_scatter(problem: Problem, rounding: RoundingModel = FLOAT64) -> Array:
    """Rounding error of each sequence's loss per unit roundoff, (B,)."""
    _, loss = record(problem, arithmetic=rounding.arithmetic(SAMPLES))
    return _loss_spread(loss.value, loss.tape, rounding)


def output_scatter(problem: Problem, rounding: RoundingModel = FLOAT64) -> dict[str, Array]:
    """Rounding error per unit roundoff of the forward values by name, (T, B, width) each."""
    named = outputs(TAPED, problem, leaves(problem, rounding.arithmetic(SAMPLES)))
    return {
        name: np.stack([scatter_of(value.value, rounding.unit) for value in steps])
        for name, steps in named.items()
    }


Forward = tuple[dict[str, Node], Node, Position]


def rounded_forward(problem: Problem, rounding: RoundingModel) -> Forward:
    """The forward pass, `record` of it, and where its arithmetic got to.

    Remembered, as finite differences ask for it before the gradients are judged.
    """
    return _forward(problem, rounding, SAMPLES)


@functools.lru_cache(maxsize=2)
def _forward(problem: Problem, rounding: RoundingModel, samples: int) -> Forward:
    """The same, of so many samples."""
    arithmetic = rounding.arithmetic(samples)
    inputs, loss = record(problem, arithmetic=arithmetic)
    return inputs, loss, arithmetic.position


def _sweep(problem: Problem, rounding: RoundingModel) -> Sweep:
    """Both passes; the backward one begins where the forward one got to, whoever asked before."""
    inputs, loss, position = rounded_forward(problem, rounding)
    arithmetic = loss.tape.arithmetic
    assert isinstance(arithmetic, GridRounding)
    arithmetic.position = position
    return swept_back(problem, inputs, loss)


class _Before:
    """The steps before a window, with their rounding.

    A state that enters a window is a constant to the gradient, but not one that anybody knows
    exactly: where it cancels, two right implementations enter the window with different values, and
    where their trajectories `diverged` before it, with any. They end in the loss of the whole
    case, of which `loss` is the scatter.
    """

    def __init__(self, rounding: RoundingModel) -> None:
        self._rounding = rounding
        self.diverged, self.loss = False, 0.0

    def states(self, problem: Problem) -> dict[str, Array]:
        """States after each step with the rounding of all before, (T, SAMPLES, layers, B, H)."""
        inputs = leaves(problem, self._rounding.arithmetic(SAMPLES))
        layers = list(run_layers(TAPED, problem, inputs))
        # float64 is simulated at a coarser unit, at which they diverge long before
        if self._rounding.dtype != "float64":
            self.diverged |= _diverged(inputs["x"].tape)
        loss = losses_of(TAPED, problem, inputs, layers)
        self.loss = float(_loss_spread(loss.value, loss.tape, self._rounding).sum())
        return sampled_states(problem, layers)


def _diverged(tape: Tape) -> bool:
    """Whether the samples no longer follow each other."""
    entering = (z for z in tape.nonlinear_inputs if z.size)
    return any(float(np.ptp(z, axis=0).max()) > DIVERGED for z in entering)


@dataclass(frozen=True, eq=False)
class _Scatter:
    """What two right gradients of a problem may differ by.

    Args:
        loss: scatter of the loss per unit.
        flushed_loss: what flushing to zero changes of the loss.
        parts: what there is of the scatter per unit ("rounding"), of the reach of "kinks", of what
            is "chaotic", and of what flushing to zero changes ("flush").
    """

    loss: float
    flushed_loss: float
    parts: dict[str, dict[str, Array]]


def _scatter(problem: Problem, rounding: RoundingModel, diverged: bool) -> _Scatter:
    """Run one problem forwards and backwards with rounding; did its states diverge before?"""
    unit, tiniest = rounding.unit, PRECISIONS[rounding.dtype].tiniest
    swept = _sweep(problem, rounding)
    grads = {n: scatter_of(bar, unit) for n, bar in swept.bars.items()}
    parts, flushed_loss = {"rounding": grads}, 0.0
    if any(k.places.any() for k in swept.tape.relu_kinks):
        parts["kinks"] = width_at_kinks(problem, swept.tape.relu_kinks, SAMPLES)
    if diverged or _diverged(swept.tape):
        tied = tied_sequences(problem, swept.tape.logits)
        parts["chaotic"] = {
            n: chaotic_entries(bar, grads[n] * unit) + _behind_ties(n, tied)
            for n, bar in swept.bars.items()
        }
    if may_flush(problem, swept, tiniest):
        losses, parts["flush"] = change_by_flushing(problem, tiniest, SAMPLES)
        flushed_loss = float(losses.sum())
    loss = float(_loss_spread(swept.losses, swept.tape, rounding).sum())
    return _Scatter(loss, flushed_loss, parts)


def _loss_spread(losses: Array, tape: Tape, rounding: RoundingModel) -> Array:
    """The scatter of the losses [S, B], with the share of each in what their sum is off where equal
    ones are added in turn; where trajectories diverge it is no longer proportional.

    These end as far apart under the unit of the dtype as under the coarser one that is simulated:
    what is seen counts whole.
    """
    spread = scatter_of(losses, rounding.unit)
    if losses.shape[1] > 1:
        spread = spread + np.abs(losses).mean(0) * losses.shape[1] / DRIFT
    coarser = rounding.unit / PRECISIONS[rounding.dtype].unit
    return spread * coarser if _diverged(tape) else spread


def _behind_ties(name: str, tied: Array) -> Array | float:
    """Infinite for what a loss of tied logits goes back to."""
    of_any = np.inf if tied.any() else 0.0
    return np.where(tied[:, np.newaxis], np.inf, 0.0) if is_per_sequence(name) else of_any
