"""What the textbook computes on a case, quantity by quantity and step by step.

Its backward pass runs line by line, and what its locals hold is taken down as they get it. A value
of a subject is one of these if it has the same numbers, in any order, up to a common factor and a
common sign: other layouts, other orders of the gates and negated cotangents are the same quantity.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ....cases.case import Case
from ....cases.types import Array
from ...mistakes import textbook, textbook_cells

FEWEST = 3
"""Numbers without which a value is too little to be told from another."""
NEAR = {"float64": 1e-7, "float32": 1e-3, "bfloat16": 5e-2, "float16": 5e-2}
"""Distance, beside the largest number, of what is the same."""


@dataclass(frozen=True)
class Match:
    """A value that is a quantity of the textbook: which, in which of its turns, with which sign."""

    quantity: str
    turn: int
    sign: int = 1

    @property
    def signed(self) -> str:
        """The quantity with its sign."""
        return self.quantity if self.sign > 0 else f"-{self.quantity}"


class Quantities:
    """The quantities of some cases of one model, to be looked up by their values."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._near = NEAR[cases[0].dtype]
        counts = {1.0, 2.0}
        for sizes in (case.sizes for case in cases):
            counts |= {float(sizes.B), float(sizes.T), float(sizes.T * sizes.B)}
        self._factors = np.array(sorted(counts | {1.0 / c for c in counts}))
        by_size: dict[int, list[tuple[Match, Array, float]]] = {}
        for match, value in (pair for case in cases for pair in _recorded(case)):
            numbers, largest = _numbers(value)
            if largest > 0.0:
                by_size.setdefault(numbers.size, []).append((match, numbers, largest))
        self._by_size = {
            size: (
                [m for m, _, _ in found],
                np.stack([n for _, n, _ in found]),
                np.array([largest for _, _, largest in found]),
            )
            for size, found in by_size.items()
        }

    def matches(self, value: Array) -> list[Match]:
        """The quantities that a value is."""
        if value.size < FEWEST or value.size not in self._by_size:
            return []
        numbers, largest = _numbers(value)
        if not largest > 0.0 or not np.isfinite(largest):
            return []
        known, table, sizes = self._by_size[value.size]
        ratios = (largest / sizes)[:, None] / self._factors
        sized = (np.abs(ratios - 1.0) <= self._near).any(axis=1)
        found: list[Match] = []
        for sign, as_sorted in ((1, numbers), (-1, -numbers[::-1])):
            same = sized & (np.abs(table - as_sorted).max(axis=1) <= self._near)
            found += [replace(known[n], sign=sign) for n in np.flatnonzero(same)]
        return found


def _numbers(value: Array) -> tuple[Array, float]:
    """The numbers in order, beside the largest magnitude; and that."""
    numbers = np.sort(np.asarray(value, dtype=float).ravel())
    largest = float(np.abs(numbers).max()) if numbers.size else 0.0
    return (numbers / largest if largest > 0.0 and np.isfinite(largest) else numbers), largest


def _recorded(case: Case) -> Iterator[tuple[Match, Array]]:
    """Every value that a local of the textbook gets, and the whole sequences of them."""
    gates = len(case.model.layout.gates)
    for name, of_turns in _values(case).items():
        for turn, value in enumerate(of_turns):
            yield Match(name, turn), value
            if gates > 1 and name.startswith(("W_", "b_")) and len(value) % gates == 0:
                yield from ((Match(name, turn), part) for part in np.split(value, gates))
        if len(of_turns) > 1 and len({v.shape for v in of_turns}) == 1:
            yield Match(name, 0), np.stack(of_turns)


def _values(case: Case) -> dict[str, list[Array]]:
    """Name to the values that it gets in turn: states, and cotangents with a bar."""
    recorder = _Recorder(case.model.layers * len(case.model.directions))
    before = sys.gettrace()
    sys.settrace(recorder.called)
    try:
        runs = textbook.run_forward(case)
        textbook.edited_gradients(case, runs)
    finally:
        sys.settrace(before)
    found: dict[str, list[Array]] = {}
    for run in runs:
        for step in (s for of_layer in run.layers for d in of_layer for s in d.steps):
            for name, value in zip(step._fields, step, strict=True):
                found.setdefault(name, []).append(np.array(value))
    named = {WORDS.get(n, n): v for n, v in recorder.values.items()}
    found = found | {n: v for n, v in named.items() if n not in found}
    if "z" in found:
        found["1 - z"] = [1.0 - value for value in found["z"]]
    for value in list(found.get("y", ())):
        for name, of_logits in _of_logits(value).items():
            found.setdefault(name, []).append(of_logits)
    found |= recorder.sums()
    for one, other in JOINED:
        parts = found.get(one, ()), found.get(other, ())
        if len(parts[0]) == len(parts[1]):  # of h_prev = 0 there is no share of a gradient
            joined = [np.concatenate(pair, axis=-1) for pair in zip(*parts, strict=True)]
            found[f"{one} beside {other}"] = joined
    return found


JOINED = (("x_t", "h_prev"), ("W_xh", "W_hh"), ("W_xh_bar", "W_hh_bar"))
"""What many codes hold in one array."""
WORDS = {"later": "h_prev_bar", "later_c": "c_prev_bar"}
"""Locals of the textbook that have another name in its equations."""


def _of_logits(y: Array) -> dict[str, Array]:
    """What is made of logits on the way to a loss."""
    shifted = y - y.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return {
        "y - max(y)": shifted,
        "log softmax(y)": log_p,
        "softmax(y)": np.exp(log_p),
        "exp(y - max(y))": np.exp(shifted),
        "sigmoid(y)": 1.0 / (1.0 + np.exp(-y)),
    }


FORWARD = textbook_cells.__file__
"""The file of the textbook's steps of a cell."""


class _Recorder:
    """Takes down what the locals of the textbook's functions get.

    Args:
        places: layers times directions, each of which has gradients of its own.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self.values: dict[str, list[Array]] = {}
        self._shares: dict[tuple[int, str], list[Array]] = {}
        self._last: dict[tuple[int, str], Any] = {}
        self._sums: dict[tuple[int, str], Array] = {}
        self._seen: list[dict[str, Array]] = []

    def called(self, frame: Any, _: str, __: Any) -> Any:
        """A function is called; only those of the textbook are looked into."""
        code = frame.f_code
        backward = code.co_filename.startswith("<") and "backward" in code.co_name
        forward = code.co_filename == FORWARD and code.co_name.endswith("forward")
        return self._line if backward or forward else None

    def _line(self, frame: Any, _: str, __: Any) -> Any:
        for name, value in list(frame.f_locals.items()):
            if name == "bars":
                self._added(value)
            elif isinstance(value, np.ndarray) and self._is_new(frame, name, value):
                self.values.setdefault(name, []).append(np.array(value))
        return self._line

    def _is_new(self, frame: Any, name: str, value: Array) -> bool:
        key = (id(frame), name)
        new = self._last.get(key) is not value
        self._last[key] = value
        return new and value.dtype.kind == "f"

    def _added(self, bars: dict[str, Array]) -> None:
        """The shares of the gradients of the parameters, as they are added up."""
        number = next((n for n, one in enumerate(self._seen) if one is bars), len(self._seen))
        if number == len(self._seen):
            self._seen.append(bars)  # kept, so that no other takes its identity
        place = self._place(bars)
        for name, value in bars.items():
            if name == "x":
                continue
            before = self._sums.get((number, name), np.zeros_like(value))
            if not np.array_equal(before, value):
                self._shares.setdefault((place, name), []).append(value - before)
            self._sums[number, name] = np.array(value)

    def _place(self, bars: dict[str, Array]) -> int:
        """Which layer and direction some gradients are of; those of a whole network are of none.

        Every part of a truncated case goes through the layers in the same order.
        """
        of_layers = [one for one in self._seen if "x" in one]
        order = (n for n, one in enumerate(of_layers) if one is bars)
        return next(order, -1) % self._places if "x" in bars else -1

    def sums(self) -> dict[str, list[Array]]:
        """Each share, and the sums of the first, or of the last, so many."""
        found: dict[str, list[Array]] = {}
        for (_, name), shares in self._shares.items():
            sums = found.setdefault(f"{name}_bar", [])
            sums += [np.sum(shares[: n + 1], axis=0) for n in range(len(shares))]
            sums += [np.sum(shares[n:], axis=0) for n in range(len(shares))]
            sums += shares
        return found


def steps_held(matched: Sequence[Sequence[Match]]) -> tuple[str, int]:
    """The quantity that a value is for most of its turns from the first on, and for how many."""
    held: dict[str, int] = {}
    for turn, matches in enumerate(matched):
        for name in {m.signed for m in matches}:
            if held.get(name, 0) == turn:
                held[name] = turn + 1
    best = max(held, key=lambda name: held[name], default="")
    return best, held.get(best, 0)
