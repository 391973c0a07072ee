"""Which convention is it? Names the layout in which a wrong answer would be right.

Tried are all orders of the gates, z for 1-z, transposes of matrices that are square, and a common
factor with these; on two levels, since either everything is read in another layout (then the loss
is another one too), or only the gradients are returned in one. A match is one to rounding, on all
cases.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .case import Case, Differentiator
from .conventions import steps
from .conventions.factors import FACTORS
from .conventions.names import Name
from .model import Model
from .signatures import Grads, Pair, close, exact_gradients, exact_loss, pairs_of, same

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Reading:
    """Options of `Convention` that keep the shapes of a model's arrays, and the steps they mean."""

    words: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    steps: tuple[steps.Step, ...] = ()

    def __add__(self, other: Reading) -> Reading:
        return Reading(
            self.words + other.words, self.options + other.options, self.steps + other.steps
        )

    def there(self, arrays: Grads) -> dict[str, Array]:
        """Parameters, or their gradients, as this reading has them; everything else as it is."""
        named = {Name.of(n): a for n, a in arrays.items()}
        for step in self.steps:
            named = step.forward(named)
        return {str(n): a for n, a in named.items()}

    def read(self, case: Case) -> Case:
        """The case that code with this reading takes a case for."""
        named: steps.Arrays = {Name.of(n): a for n, a in case.params.items()}
        for step in reversed(self.steps):
            named = step.inverse(named)
        return case.with_inputs({str(n): a for n, a in named.items()})

    def option(self, factor: str = "") -> str:
        """The text that declares it."""
        extra = (f"gradient_factor={factor!r}",) if factor else ()
        return f"bc.Convention({', '.join(dict.fromkeys(self.options + extra))})"


def which_convention(subject: Differentiator, cases: Sequence[Case]) -> str:
    """The sentence that names the convention in which a subject is right; "" if there is none.

    Args:
        subject: has the loss or the gradient of all cases wrong.
        cases: of one model, with a matrix that is square in all of them or in none.
    """
    if not cases:
        return ""
    readings = sorted(_readings(cases), key=lambda reading: len(reading.words))
    if len(readings) == 1:
        return ""
    pairs = pairs_of(subject, cases)
    if not pairs:
        return ""
    return _only_gradients(pairs, readings[1:]) or _everything(pairs, readings[1:])


def _only_gradients(pairs: Sequence[Pair], readings: Sequence[Reading]) -> str:
    """The loss is right, the gradients are returned in another layout."""
    if not all(close(pair.got_loss, pair.want_loss, pair) for pair in pairs):
        return ""
    for reading in readings:
        want = [reading.there(pair.want) for pair in pairs]
        factor = _factor(pairs, want)
        if factor is not None:
            times = f", times {factor}" if factor else ""
            option = f"bc.Convention(gradients={reading.option()}"
            option += f", gradient_factor={factor!r})" if factor else ")"
            return (
                f"your loss is right, but your gradients are those of {_listed(reading)}{times}: "
                f"turn them back before you return them, or declare it ({option})"
            )
    return ""


def _everything(pairs: Sequence[Pair], readings: Sequence[Reading]) -> str:
    """The parameters are read in another layout: loss and gradients are those of other arrays."""
    for reading in readings:
        if not _has_loss(pairs[0], reading):
            continue
        if not all(_has_loss(pair, reading) for pair in pairs[1:]):
            continue
        want = [reading.there(_offered(pair, reading)) for pair in pairs]
        factor = _factor(pairs, want)
        if factor is not None:
            times = f", the gradients times {factor}" if factor else ""
            return (
                f"your loss and your gradients are those of {_listed(reading)}{times}: "
                f"declare it ({reading.option(factor)})"
            )
    return ""


def _has_loss(pair: Pair, reading: Reading) -> bool:
    return close(pair.got_loss, exact_loss(reading.read(pair.case)), pair)


def _offered(pair: Pair, reading: Reading) -> dict[str, Array]:
    found = exact_gradients(reading.read(pair.case))
    return {name: found[name] for name in pair.got}


def _factor(pairs: Sequence[Pair], want: Sequence[Grads]) -> str | None:
    """The factor that the gradients have to the wanted ones: "" for 1, None if there is none."""
    if all(same(pair, w) for pair, w in zip(pairs, want, strict=True)):
        return ""
    for name, of in FACTORS.items():
        scaled = [
            {n: of(pair.case) * g for n, g in w.items()}
            for pair, w in zip(pairs, want, strict=True)
        ]
        if all(same(pair, s) for pair, s in zip(pairs, scaled, strict=True)):
            return name
    return None


def _listed(reading: Reading) -> str:
    return " and ".join(reading.words)


def _readings(cases: Sequence[Case]) -> Iterator[Reading]:
    """Every combination of order, sign and transposes; the first is the contract's own."""
    model = cases[0].model
    for parts in itertools.product(_orders(model), _signs(model), _transposes(cases)):
        yield parts[0] + parts[1] + parts[2]


def _orders(model: Model) -> Iterator[Reading]:
    """Orders of the gates; cells of a user's own with many gates have too many to try."""
    gates = model.layout.gates
    if len(gates) > MOST_GATES:
        yield Reading()
        return
    for index in itertools.permutations(range(len(gates))):
        letters = [gates[n] for n in index]
        text = ("" if all(len(g) == 1 for g in gates) else " ").join(letters)
        if list(index) == sorted(index):
            yield Reading()
        else:
            words = (f"gate order '{' '.join(letters)}'",)
            yield Reading(words, (f"gate_order={text!r}",), (steps.reordered(index),))


MOST_GATES = 5


def _signs(model: Model) -> Iterator[Reading]:
    """An update gate that keeps, or one that renews."""
    yield Reading()
    gates = model.layout.gates
    if model.cell == "gru":
        step = steps.negated(gates.index("z"), len(gates))
        yield Reading(("z for 1-z",), ("z_means='renew'",), (step,))


def _transposes(cases: Sequence[Case]) -> Iterator[Reading]:
    """Subsets of the matrices whose blocks are square, each gate's block transposed."""
    model = cases[0].model
    gates = len(model.layout.gates)
    square = [base for base in ("W_xh", "W_hh", "W_hy") if _is_square(base, cases, gates)]
    for count in range(len(square) + 1):
        for chosen in itertools.combinations(square, count):
            if not chosen:
                yield Reading()
                continue
            options = (f"transposed={chosen!r}",)
            if gates > 1 and chosen != ("W_hy",):
                options += ("per_gate=True",)
            words = (f"{' and '.join(chosen)} transposed",)
            yield Reading(words, options, tuple(_transposed(base, gates) for base in chosen))


def _is_square(base: str, cases: Sequence[Case], gates: int) -> bool:
    """Whether a transpose keeps the shape in all cases, and is another matrix in one of them."""
    blocks = 1 if base == "W_hy" else gates
    shapes = {a.shape for c in cases for n, a in c.params.items() if Name.of(n).base == base}
    square = all(rows == blocks * columns for rows, columns in shapes)
    return bool(shapes) and square and any(columns > 1 for _, columns in shapes)


def _transposed(base: str, gates: int) -> steps.Step:
    """Every block of a matrix transposed, the blocks where they were."""
    blocks = 1 if base == "W_hy" else gates

    def turned(a: Array) -> Array:
        return np.swapaxes(a.reshape(blocks, -1, a.shape[1]), 1, 2).reshape(a.shape)

    return steps.Each(lambda name: name.base == base, turned, turned)
