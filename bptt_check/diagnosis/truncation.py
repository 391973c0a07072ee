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

from ..cases.case import Case, Truncation
from ..cases.precision import PRECISIONS
from ..cases.result import Differentiator
from ..cases.types import Array
from ..equations.conditioning import Conditioning, conditioning
from ..equations.network import Problem, losses, problem_of, run_layers
from ..equations.tape import Node, Tape, Taped
from ..equations.truncation import restricted, states_after
from ..subjects.calling import ask

Grads = dict[str, Array]


@dataclass(frozen=True)
class Window:
    """The losses of steps [counted, until) flow back to step `start`; what enters there is cut.

    `cut` names the states that are constants at `start`; the others let gradient through to step 0.
    """

    start: int
    counted: int
    until: int
    end: int
    cut: tuple[str, ...] = ("h", "c")
    factor: float = 1.0


Windows = Callable[[int, int, int], list[Window]]
"""From (T, k1, k2) as claimed to the windows of a variant."""


@dataclass(frozen=True)
class Variant:
    """A way to truncate: its sentence (with k1 and k2 as claimed) and its windows."""

    name: Callable[[int, int], str]
    windows: Windows


def windows(T: int, k1: int, k2: int, cut: tuple[str, ...] = ("h", "c")) -> list[Window]:
    """The windows of `Truncation(k1, k2)`."""
    ends = [min(block + k1, T) for block in range(0, T, k1)]
    found = zip(range(0, T, k1), ends, strict=True)
    return [
        Window(start, max(block, start), end, end, cut)
        for block, end in found
        for start in [max(0, end - k2)]
    ]


def describe(k1: int, k2: int) -> str:
    """A truncation in words."""
    if k1 == k2:
        return f"chunked truncation with k = {k1} (a detached state is carried between chunks)"
    if k1 == 1:
        hops = f"{k2 - 1} hop{'s' if k2 != 2 else ''}"
        return f"a sliding window of {k2} steps ({hops}) for every loss"
    return f"truncation with k1 = {k1}, k2 = {k2}"


def _general(change: Callable[[int, int], tuple[int, int]]) -> Variant:
    """`Truncation` with other lengths than claimed."""
    return Variant(
        lambda k1, k2: describe(*change(k1, k2)), lambda T, k1, k2: windows(T, *change(k1, k2))
    )


def _adjusted(sentence: str, adjust: Callable[[list[Window], int, int], list[Window]]) -> Variant:
    """The claimed windows with something done to them."""
    return Variant(
        lambda k1, k2: f"{describe(k1, k2)}, but {sentence}",
        lambda T, k1, k2: adjust(windows(T, k1, k2), k1, k2),
    )


FIXED = range(1, 21)
"""Window lengths that are tried whatever was claimed: a constant of the subject's own."""


def _constant(k: int) -> tuple[Variant, ...]:
    """Chunks of k, and windows of k for every loss, with k a constant."""
    return _general(lambda k1, k2: (k, k)), _general(lambda k1, k2: (1, k))


VARIANTS: tuple[Variant, ...] = (
    Variant(
        lambda k1, k2: "full BPTT: nothing is truncated",
        lambda T, k1, k2: [Window(0, 0, T, T)],
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
        lambda k1, k2: f"the tail only: the last {k2} steps, without the losses before them",
        lambda T, k1, k2: [Window(max(0, T - k2), max(0, T - k2), T, T)],
    ),
    Variant(
        lambda k1, k2: f"the tail only: the last {k1} steps, without the losses before them",
        lambda T, k1, k2: [Window(max(0, T - k1), max(0, T - k1), T, T)],
    ),
    _adjusted(
        "every window counts all losses in it, so that overlapping windows count some twice",
        lambda found, k1, k2: [replace(w, counted=w.start) for w in found],
    ),
    _adjusted(
        "only h is detached, c is not",
        lambda found, k1, k2: [replace(w, cut=("h",)) for w in found],
    ),
    _adjusted(
        "only c is detached, h is not",
        lambda found, k1, k2: [replace(w, cut=("c",)) for w in found],
    ),
    _adjusted(
        "the loss of the last step of each block is dropped",
        lambda found, k1, k2: [replace(w, until=w.until - 1) for w in found],
    ),
    _adjusted(
        "the loss of the first step of each window is dropped",
        lambda found, k1, k2: [
            replace(w, counted=max(w.counted, w.start + 1)) if w.start else w for w in found
        ],
    ),
    _adjusted(
        "the last, shorter block is skipped",
        lambda found, k1, k2: [w for w in found if w.end % k1 == 0],
    ),
    _adjusted(
        "the blocks are averaged instead of summed",
        lambda found, k1, k2: [replace(w, factor=1.0 / len(found)) for w in found],
    ),
    *(variant for k in FIXED for variant in _constant(k)),
)
"""Everything seen under the name of truncation in public code, but for the claimed one."""

UNITS = 64.0
"""A match is one to rounding: twice the budget of a verdict, since two gradients are inexact."""


def which_truncation(subject: Differentiator, cases: Sequence[Case]) -> str:
    """The sentence that names the variant whose gradient the subject has on all of the cases.

    Args:
        subject: has the loss of the cases right and their gradient wrong.
        cases: with lengths of one kind; more and longer ones tell more variants apart.

    Returns:
        "" if no variant fits them all, or if several do that differ on none of the cases.
    """
    if any(case.model.bidirectional for case in cases):
        return ""  # a reverse direction has no window to cut
    matching = list(range(len(VARIANTS)))
    for case in cases:
        matching = list(_matches(subject, case, matching))
    if not matching:
        return ""
    longest = max(cases, key=lambda case: case.sizes.T)
    T = longest.sizes.T
    claimed = longest.truncation or Truncation(T, T)
    if VARIANTS[matching[0]].windows(T, claimed.k1, claimed.k2) == windows(
        T, claimed.k1, claimed.k2
    ):
        return ""  # the claimed one after all: what is wrong is not the truncation
    name = VARIANTS[matching[0]].name(claimed.k1, claimed.k2)
    wanted = describe(claimed.k1, claimed.k2) if longest.truncation else "full BPTT"
    hops = longest.truncation is not None and name == describe(claimed.k1, claimed.k2 + 1)
    option = " (do you count hops? bc.Convention(truncation='hops'))" if hops else ""
    return f"this is {name}; wanted is {wanted}{option}"


def _matches(subject: Differentiator, case: Case, candidates: Sequence[int]) -> Iterator[int]:
    """Those of the candidate variants whose gradient the subject has on one case."""
    answer = ask(subject, case)
    if answer.result is None:
        return
    spread = conditioning(case, case.dtype)
    T = case.sizes.T
    claimed = case.truncation or Truncation(T, T)
    ends = [T] if case.lengths is None else np.unique(case.lengths).tolist()
    known: dict[tuple[Window, ...], bool] = {}
    for index in candidates:
        of = VARIANTS[index].windows
        cut = tuple(window for end in ends for window in of(end, claimed.k1, claimed.k2))
        if cut not in known:  # many variants coincide on a short case
            want = gradients(case, VARIANTS[index].windows)
            known[cut] = _same(answer.result.grads, want, spread, case.dtype)
        if known[cut]:
            yield index


def _same(got: Mapping[str, Array], want: Grads, spread: Conditioning, dtype: str) -> bool:
    """Whether two gradients are the same up to rounding."""
    return all(
        np.all(
            np.abs(g - want[n])
            <= UNITS * spread.error(n) + spread.choice(n) + _floor(want[n], dtype)
        )
        for n, g in got.items()
    )


def _floor(want: Array, dtype: str) -> Array:
    """Rounding of a variant's own terms, unknown to the claimed truncation's conditioning."""
    return 512.0 * PRECISIONS[dtype].unit * np.abs(want).max(initial=0.0) * np.ones_like(want)


def gradients(case: Case, of: Windows) -> Grads:
    """Gradient of a case truncated by the windows that a variant gives it; float64."""
    claimed = case.truncation or Truncation(case.sizes.T, case.sizes.T)
    total = {n: np.zeros(a.shape) for n, a in case.inputs.items()}
    whole = problem_of(case)
    lengths = np.full(case.sizes.B, case.sizes.T) if case.lengths is None else case.lengths
    for length in np.unique(lengths):
        columns = np.flatnonzero(lengths == length)
        alone = restricted(whole, 0, int(length), columns)
        for window in of(int(length), claimed.k1, claimed.k2):
            for name, share in _window_gradient(alone, window).items():
                where: Any = (
                    (slice(0, window.end), columns) if name == "x" else (slice(None), columns)
                )
                if name in ("x", "h0", "c0"):
                    total[name][where] += window.factor * share
                else:
                    total[name] += window.factor * share
    return total


def _window_gradient(alone: Problem, window: Window) -> Grads:
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
    alone: Problem, window: Window, inputs: Mapping[str, Node], everyone: Array
) -> dict[str, Node]:
    """The states that enter a window: constants where they are cut, else still on the tape."""
    if window.start == 0:
        return {}
    before = restricted(alone, 0, window.start, everyone)
    constant = states_after(before)
    early = {**inputs, "x": inputs["x"][..., : window.start, :, :]}
    layers = list(run_layers(Taped(), before, early))
    found: dict[str, Node] = {}
    for n, name in enumerate(alone.model.layout.states):
        if name in window.cut:
            found[f"{name}0"] = inputs["x"].tape.input(constant[name][-1])
        else:
            found[f"{name}0"] = Taped().stack([layer.final_states[0][n] for layer in layers])
    return found
