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

from ..cases.case import Case
from ..cases.model import Model
from ..cases.result import Differentiator
from ..cases.types import Array
from ..conventions import Convention, transforms
from ..conventions.expression import declared_by, expression
from ..conventions.gates import order_for, permutation
from ..conventions.layout import forward
from ..conventions.names import Name
from ..conventions.scale_factors import FACTORS
from ..equations.exact import exact_gradients, exact_loss
from .pairs import Grads, Pair, close, is_right, pairs_of, same

MATRICES = ("W_xh", "W_hh", "W_hy")


@dataclass(frozen=True, eq=False)
class Reading:
    """A layout that keeps the shapes of a model's arrays.

    Args:
        model: of the arrays.
        order: of the gates, as indices of the contract's.
        flipped: whether z is 1-z.
        turned: base names of the matrices that are transposed.
    """

    model: Model
    order: tuple[int, ...]
    flipped: bool = False
    turned: tuple[str, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether the gates are in another order than the contract's."""
        return list(self.order) != sorted(self.order)

    @property
    def changes(self) -> int:
        """How many things are other than in the contract."""
        return self.moved + self.flipped + len(self.turned)

    @property
    def steps(self) -> list[transforms.Step]:
        """The steps from the contract's arrays to these."""
        gates = self.model.layout.gates
        found = [transforms.reordered(self.order)] if self.moved else []
        if self.flipped:  # first, while z is where the contract has it
            found.insert(0, transforms.negated(gates.index("z"), len(gates)))
        return [*found, transforms.transposed(lambda name: name.base in self.turned)]

    def there(self, arrays: Grads) -> dict[str, Array]:
        """Parameters, or their gradients, in this layout; everything else as it is."""
        named = forward(self.steps, {Name.of(n): a for n, a in arrays.items()})
        return {str(n): a for n, a in named.items()}

    def read(self, case: Case) -> Case:
        """The case that code in this layout takes a case for."""
        named: transforms.Arrays = {Name.of(n): a for n, a in case.params.items()}
        for step in reversed(self.steps):
            named = step.inverse(named)
        return case.with_inputs({str(n): a for n, a in named.items()})

    def words(self, declared: Convention) -> str:
        """What it is, for code that was taken to be in the declared convention."""
        letters = " ".join(self._letters(declared))
        found = [f"gate order '{letters}'"] if self.moved else []
        found += ["z for 1-z"] if self.flipped else []
        found += [f"{' and '.join(self.turned)} transposed"] if self.turned else []
        return " and ".join(found)

    def options(self, declared: Convention) -> dict[str, object]:
        """The options that declare it, on top of what is declared."""
        found: dict[str, object] = {}
        if self.moved:
            letters = self._letters(declared)
            found["gate_order"] = ("" if all(len(w) == 1 for w in letters) else " ").join(letters)
        if self.flipped:
            found["z_means"] = "keep" if declared.z_means == "renew" else "renew"
        if self.turned:
            before = MATRICES if declared.transposed is True else declared.transposed or ()
            found["transposed"] = tuple(n for n in MATRICES if (n in before) != (n in self.turned))
        return found

    def _letters(self, declared: Convention) -> list[str]:
        """The gates in order, as the code has them."""
        gates = self.model.layout.gates
        theirs = order_for(declared.gate_order, self.model) or gates
        index = permutation(theirs, gates) or range(len(gates))
        return [gates[self.order[n]] for n in index]


def which_convention(subject: Differentiator, cases: Sequence[Case]) -> str:
    """The sentence that names the convention in which a subject is right; "" if there is none.

    Args:
        subject: has the loss or the gradient of all cases wrong, else there is nothing to name.
        cases: of one model, with a matrix that is square in all of them or in none.
    """
    if not cases:
        return ""
    readings = [r for r in sorted(_readings(cases), key=lambda r: r.changes) if r.changes]
    pairs = pairs_of(subject, cases) if readings else []
    if not pairs or any(is_right(pair) for pair in pairs):
        return ""
    own = declared_by(subject)
    return _only_gradients(pairs, readings, own) or _everything(pairs, readings, own)


def _only_gradients(pairs: Sequence[Pair], readings: Sequence[Reading], own: Convention) -> str:
    """The loss is right, the gradients are returned in another layout."""
    if not all(close(pair.got_loss, pair.want_loss, pair) for pair in pairs):
        return ""
    for reading in readings:
        factor = _factor(pairs, [reading.there(pair.want) for pair in pairs])
        if factor is not None:
            times = f", times {factor}" if factor else ""
            inner = expression(own, reading.options(own))
            option = expression(own, {"gradients": inner} | _factored(factor))
            return (
                f"your loss is right, but your gradients are those of {reading.words(own)}{times}: "
                f"turn them back before you return them, or declare it ({option})"
            )
    return ""


def _everything(pairs: Sequence[Pair], readings: Sequence[Reading], own: Convention) -> str:
    """The parameters are read in another layout: loss and gradients are those of other arrays."""
    for reading in readings:
        if not all(_has_loss(pair, reading) for pair in pairs):
            continue
        factor = _factor(pairs, [reading.there(_offered(pair, reading)) for pair in pairs])
        if factor is not None:
            times = f", the gradients times {factor}" if factor else ""
            option = expression(own, reading.options(own) | _factored(factor))
            return (
                f"your loss and your gradients are those of {reading.words(own)}{times}: "
                f"declare it ({option})"
            )
    return ""


def _factored(factor: str) -> dict[str, object]:
    return {"gradient_factor": factor} if factor else {}


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


def _readings(cases: Sequence[Case]) -> Iterator[Reading]:
    """Every combination of order, sign and transposes.

    Cells of a user's own with many gates have too many orders to try.
    """
    model = cases[0].model
    own = tuple(range(len(model.layout.gates)))
    orders = itertools.permutations(own) if len(own) <= MOST_GATES else [own]
    signs = (False, True) if model.cell == "gru" else (False,)
    square = [base for base in MATRICES if _is_square(base, cases)]
    turns = [t for n in range(len(square) + 1) for t in itertools.combinations(square, n)]
    for order, flipped, turned in itertools.product(orders, signs, turns):
        yield Reading(model, order, flipped, turned)


MOST_GATES = 5


def _is_square(base: str, cases: Sequence[Case]) -> bool:
    """Whether a transpose keeps the shape in all cases, and is another matrix in one of them."""
    shapes = {a.shape for c in cases for n, a in c.params.items() if Name.of(n).base == base}
    square = all(rows == columns for rows, columns in shapes)
    return bool(shapes) and square and any(columns > 1 for _, columns in shapes)
