"""Which truncation is it? Names the truncation that a gradient really is of.

Everything called truncated BPTT is the exact gradient of some surrogate, so a subject that claims
one truncation and implements another can be told which one: its gradient is compared with that of
every variant seen in the wild, to rounding, on several cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...cases.case import Case, Truncation
from ...cases.directions import is_per_sequence
from ...cases.types import Array
from ...equations.namespaces.taped import Taped
from ...equations.network import Problem, losses, problem_of, run_layers
from ...equations.tape import Node, Tape
from ...equations.truncation import by_length, restricted, states_after, windows
from ..facts import OtherTruncation, TruncationMade, WindowChange
from ..matching import same
from ..trials import Trial, all_reproduced, by_rounding

Grads = dict[str, Array]


@dataclass(frozen=True)
class VariantWindow:
    """The losses of steps [counted, until) flow back to step `start`; what enters there is cut.

    `cut` names the states that are constants at `start`; the others let gradient through to step 0.
    """

    start: int
    counted: int
    until: int
    end: int
    cut: tuple[str, ...] = ("h", "c")
    factor: float = 1.0


VariantWindows = Callable[[int, int, int], list[VariantWindow]]
"""From (T, k1, k2) as claimed to the windows of a variant."""


@dataclass(frozen=True)
class Variant:
    """A way to truncate.

    Args:
        made: what it is, from k1 and k2 as claimed.
        windows: its windows.
    """

    made: Callable[[int, int], TruncationMade]
    windows: VariantWindows


def claimed_windows(T: int, k1: int, k2: int) -> list[VariantWindow]:
    """The windows of `Truncation(k1, k2)`."""
    return [VariantWindow(w.start, w.counted, w.end, w.end) for w in windows(T, k1, k2)]


def _general(change: Callable[[int, int], tuple[int, int]]) -> Variant:
    """`Truncation` with other lengths than claimed."""
    return Variant(
        lambda k1, k2: TruncationMade(*change(k1, k2)),
        lambda T, k1, k2: claimed_windows(T, *change(k1, k2)),
    )


def _adjusted(
    change: WindowChange, adjust: Callable[[list[VariantWindow], int, int], list[VariantWindow]]
) -> Variant:
    """The claimed windows with something done to them."""
    return Variant(
        lambda k1, k2: TruncationMade(k1, k2, change),
        lambda T, k1, k2: adjust(claimed_windows(T, k1, k2), k1, k2),
    )


FIXED = (*range(1, 21), 25, 30, 32, 35, 40)
"""Lengths that are tried whatever was claimed: a constant of the subject's own."""


def _constant(k: int) -> tuple[Variant, ...]:
    """Chunks of k, and windows of k for every loss, with k a constant."""
    return _general(lambda k1, k2: (k, k)), _general(lambda k1, k2: (1, k))


def chunks(starts: Sequence[int], T: int, cut: tuple[str, ...] = ("h", "c")) -> list[VariantWindow]:
    """Steps cut where a state is detached, each chunk with its own losses and nothing before it."""
    begins = sorted({0, *(start for start in starts if 0 < start < T)})
    ends = [*begins[1:], T]
    return [VariantWindow(b, b, e, e, cut) for b, e in zip(begins, ends, strict=True)]


Starts = Callable[[int, int], Sequence[int]]
"""From T and k to the steps before which the state is detached."""
DETACHED: tuple[tuple[WindowChange, Starts, tuple[str, ...]], ...] = (
    (WindowChange.DETACHED, lambda T, k: range(k, T, k), ("h", "c")),
    (WindowChange.DETACHED_FROM_END, lambda T, k: range(T % k, T, k), ("h", "c")),
    (WindowChange.DETACHED_EARLY, lambda T, k: range(k - 1, T, k), ("h", "c")),
    (WindowChange.SHORT_CHUNK_MERGED, lambda T, k: range(k, T - k + 1, k), ("h", "c")),
    (WindowChange.DETACHED_H, lambda T, k: range(k, T, k), ("h",)),
    (WindowChange.DETACHED_C, lambda T, k: range(k, T, k), ("c",)),
)
"""Where code detaches what it carries in a loop, every k steps, and which states."""


def _detached(k: int) -> Iterator[Variant]:
    """Chunks of a constant k, whose last or first one may be short."""
    for change, starts, cut in DETACHED:
        yield Variant(
            lambda k1, k2, change=change: TruncationMade(k, k, change),
            lambda T, k1, k2, starts=starts, cut=cut: chunks(starts(T, k), T, cut),
        )
    yield Variant(
        lambda k1, k2: TruncationMade(k, k, WindowChange.SHORT_CHUNK_SKIPPED),
        lambda T, k1, k2: [w for w in chunks(range(k, T, k), T) if w.end % k == 0],
    )


VARIANTS: tuple[Variant, ...] = (
    Variant(
        lambda k1, k2: TruncationMade(k1, k2, WindowChange.NOT_CUT),
        lambda T, k1, k2: [VariantWindow(0, 0, T, T)],
    ),
    _general(lambda k1, k2: (k2, k2)),
    _general(lambda k1, k2: (k1, k1)),
    _general(lambda k1, k2: (1, k2)),
    _general(lambda k1, k2: (1, k1)),
    _general(lambda k1, k2: (k1, k2 + 1)),
    _general(lambda k1, k2: (k1, max(1, k2 - 1))),
    _general(lambda k1, k2: (k1 + 1, k2)),
    _general(lambda k1, k2: (max(1, k1 - 1), k2)),
    _general(lambda k1, k2: (k1 + 1, k2 + 1)),
    _general(lambda k1, k2: (max(1, k1 - 1), max(1, k2 - 1))),
    _general(lambda k1, k2: (k2, k1)),
    Variant(
        lambda k1, k2: TruncationMade(k2, k2, WindowChange.TAIL_ONLY),
        lambda T, k1, k2: [VariantWindow(max(0, T - k2), max(0, T - k2), T, T)],
    ),
    Variant(
        lambda k1, k2: TruncationMade(k1, k1, WindowChange.TAIL_ONLY),
        lambda T, k1, k2: [VariantWindow(max(0, T - k1), max(0, T - k1), T, T)],
    ),
    _adjusted(
        WindowChange.OVERLAPS_COUNTED_TWICE,
        lambda claimed, k1, k2: [replace(w, counted=w.start) for w in claimed],
    ),
    _adjusted(
        WindowChange.ONLY_H_CUT,
        lambda claimed, k1, k2: [replace(w, cut=("h",)) for w in claimed],
    ),
    _adjusted(
        WindowChange.ONLY_C_CUT,
        lambda claimed, k1, k2: [replace(w, cut=("c",)) for w in claimed],
    ),
    _adjusted(
        WindowChange.LAST_LOSS_DROPPED,
        lambda claimed, k1, k2: [replace(w, until=w.until - 1) for w in claimed],
    ),
    _adjusted(
        WindowChange.FIRST_LOSS_DROPPED,
        lambda claimed, k1, k2: [
            replace(w, counted=max(w.counted, w.start + 1)) if w.start else w for w in claimed
        ],
    ),
    _adjusted(
        WindowChange.SHORT_BLOCK_SKIPPED,
        lambda claimed, k1, k2: [w for w in claimed if w.end % k1 == 0],
    ),
    _adjusted(
        WindowChange.AVERAGED,
        lambda claimed, k1, k2: [replace(w, factor=1.0 / len(claimed)) for w in claimed],
    ),
    *(variant for k in FIXED for variant in _constant(k)),
)
"""Everything seen under the name of truncation in public code, but for the claimed one."""
CHUNKED = tuple(variant for k in FIXED for variant in _detached(k))
"""Chunks of a constant, which are tried where no truncation of the contract's kind fits."""


def which_truncation(trials: Sequence[Trial]) -> OtherTruncation | None:
    """The variant whose gradient the subject has on all of the cases.

    Args:
        trials: with lengths of one kind; more and longer ones tell more variants apart.

    Returns:
        None if no variant fits them all, or if the one that does is right on all of them.
    """
    if not trials or any(trial.case.model.bidirectional for trial in trials):
        return None  # a reverse direction has no window to cut
    for variants in (VARIANTS, CHUNKED):
        matching = list(variants)
        for trial in sorted(trials, key=lambda trial: trial.case.sizes.T):  # most differ in short
            matching = list(_matching(trial, matching))
        for variant in matching:
            if all_reproduced(trials, lambda t, v=variant: _gradients_made(t, v), by_rounding):
                return _found(variant, max((t.case for t in trials), key=lambda c: c.sizes.T))
    return None


def _gradients_made(trial: Trial, variant: Variant) -> Grads:
    return variant_gradients(trial.case, variant.windows)


def _claimed(case: Case) -> Truncation:
    """The truncation that a case asks for; without one, windows as long as the case."""
    return case.truncation or Truncation(case.sizes.T, case.sizes.T)


def _found(variant: Variant, case: Case) -> OtherTruncation:
    """What a variant is where the truncation of a case is wanted."""
    wanted = case.truncation
    made = variant.made(_claimed(case).k1, _claimed(case).k2)
    hops = wanted is not None and made == TruncationMade(wanted.k1, wanted.k2 + 1)
    return OtherTruncation(made, wanted, hops)


def _matching(trial: Trial, candidates: Sequence[Variant]) -> Iterator[Variant]:
    """Those of the candidate variants whose gradient the subject has on one case."""
    case = trial.case
    k1, k2 = _claimed(case).k1, _claimed(case).k2
    ends = [length for length, _ in by_length(case)]
    known: dict[tuple[VariantWindow, ...], bool] = {}
    for variant in candidates:
        cut = tuple(window for end in ends for window in variant.windows(end, k1, k2))
        if cut not in known:  # many variants coincide on a short case
            want = variant_gradients(case, variant.windows)
            known[cut] = same(trial.got, want, trial.by_rounding)
        if known[cut]:
            yield variant


def variant_gradients(case: Case, windows_of: VariantWindows) -> Grads:
    """Gradient of a case truncated by the windows that a variant gives it; float64."""
    claimed = _claimed(case)
    total = {n: np.zeros(a.shape) for n, a in case.inputs.items()}
    whole = problem_of(case)
    for length, columns in by_length(case):
        alone = restricted(whole, 0, length, columns)
        for window in windows_of(length, claimed.k1, claimed.k2):
            for name, share in _window_gradient(alone, window).items():
                where: Any = (
                    (slice(0, window.end), columns) if name == "x" else (slice(None), columns)
                )
                if is_per_sequence(name):
                    total[name][where] += window.factor * share
                else:
                    total[name] += window.factor * share
    return total


def _window_gradient(alone: Problem, window: VariantWindow) -> Grads:
    """Gradient of one window's losses with respect to all inputs up to its end."""
    T, everyone = len(alone.weights), np.arange(alone.weights.shape[1])
    step = np.arange(T)[:, None]
    counted = (step >= window.counted) & (step < window.until)
    given = replace(alone, weights=alone.weights * counted)
    if window.until < T:
        given = replace(given, final_cotangents={})
    tape = Tape()
    inputs = tape.inputs({**alone.inputs, "x": alone.inputs["x"][: window.end]})
    entering = _entering(alone, window, inputs, everyone)
    last = restricted(given, window.start, window.end, everyone)
    moved = {**inputs, **entering, "x": inputs["x"][..., window.start :, :, :]}
    loss = losses(Taped(), last, moved)
    tape.backward(loss)
    return {n: node.cotangent[0] for n, node in inputs.items()}


def _entering(
    alone: Problem, window: VariantWindow, inputs: Mapping[str, Node], everyone: Array
) -> dict[str, Node]:
    """The states that enter a window: constants where they are cut, else still on the tape."""
    if window.start == 0:
        return {}
    before = restricted(alone, 0, window.start, everyone)
    constant = states_after(before)
    early = {**inputs, "x": inputs["x"][..., : window.start, :, :]}
    layers = list(run_layers(Taped(), before, early))
    states: dict[str, Node] = {}
    for n, name in enumerate(alone.model.layout.states):
        if name in window.cut:
            states[f"{name}0"] = inputs["x"].tape.input(constant[name][-1])
        else:
            states[f"{name}0"] = Taped().stack([layer.final_states[0][n] for layer in layers])
    return states
