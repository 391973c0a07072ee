"""Which convention is it? Names the layout in which a wrong answer would be right.

Tried are all orders of the gates, z for 1-z, transposes of matrices that are square, and a common
factor with these; on two levels, since either everything is read in another layout (then the loss
is another one too), or only the gradients are returned in one. A match is one to rounding, on all
cases.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ...cases.case import Case
from ...cases.model import Model
from ...cases.types import Array, Arrays
from ...conventions import Convention
from ...conventions.expression import expression
from ...conventions.gates import order_for, permutation
from ...conventions.layout import forward
from ...conventions.maps import transforms
from ...conventions.names import Name
from ...conventions.scale_factors import FACTORS
from ...equations.exact import exact_gradients, exact_loss
from ..facts import OtherLayout
from ..trials import Trial, all_reproduced

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
        steps = [transforms.reordered(self.order, self.model.layout.further)] if self.moved else []
        if self.flipped:  # first, while z is where the contract has it
            steps.insert(0, transforms.negated(gates.index("z"), len(gates)))
        return [*steps, transforms.transposed(lambda name: name.base in self.turned)]

    def there(self, arrays: Arrays) -> dict[str, Array]:
        """Parameters, or their gradients, in this layout; everything else as it is."""
        named = forward(self.steps, {Name.of(n): a for n, a in arrays.items()})
        return {str(n): a for n, a in named.items()}

    def read(self, case: Case) -> Case:
        """The case that code in this layout takes a case for."""
        named: transforms.Arrays = {Name.of(n): a for n, a in case.params.items()}
        for step in reversed(self.steps):
            named = step.inverse(named)
        return case.with_inputs({str(n): a for n, a in named.items()})

    def options(self, declared: Convention) -> dict[str, object]:
        """The options that declare it, on top of what is declared."""
        options: dict[str, object] = {}
        if self.moved:
            letters = self._letters(declared)
            options["gate_order"] = ("" if all(len(w) == 1 for w in letters) else " ").join(letters)
        if self.flipped:
            options["z_means"] = "keep" if declared.z_means == "renew" else "renew"
        if self.turned:
            before = MATRICES if declared.transposed is True else declared.transposed or ()
            options["transposed"] = tuple(
                n for n in MATRICES if (n in before) != (n in self.turned)
            )
        return options

    def _letters(self, declared: Convention) -> list[str]:
        """The gates in order, as the code has them."""
        gates = self.model.layout.gates
        theirs = order_for(declared.gate_order, self.model) or gates
        index = permutation(theirs, gates) or range(len(gates))
        return [gates[self.order[n]] for n in index]

    def found(self, declared: Convention, factor: str, only_gradients: bool) -> OtherLayout:
        """What it is, for code that was taken to be in the declared convention."""
        factor_option = {"gradient_factor": factor} if factor else {}
        options = self.options(declared)
        if only_gradients:
            options = {"gradients": expression(declared, options)}
        return OtherLayout(
            only_gradients,
            tuple(self._letters(declared)) if self.moved else (),
            self.flipped,
            self.turned,
            factor,
            expression(declared, options | factor_option),
        )


def which_convention(trials: Sequence[Trial]) -> OtherLayout | None:
    """The convention in which a subject is right; None if there is none.

    Args:
        trials: of one model, with a matrix that is square in all of them or in none.
    """
    if not trials or any(trial.is_right() for trial in trials):
        return None
    cases = [trial.case for trial in trials]
    readings = [r for r in sorted(_readings(cases), key=lambda r: r.changes) if r.changes]
    return _only_gradients(trials, readings) or _everything(trials, readings)


def _only_gradients(trials: Sequence[Trial], readings: Sequence[Reading]) -> OtherLayout | None:
    """The loss is right, the gradients are returned in another layout."""
    if not all(trial.has_loss(trial.want_loss) for trial in trials):
        return None
    for reading in readings:
        factor = _factor(trials, lambda trial, r=reading: r.there(trial.want))
        if factor is not None:
            return reading.found(trials[0].declared, factor, only_gradients=True)
    return None


def _everything(trials: Sequence[Trial], readings: Sequence[Reading]) -> OtherLayout | None:
    """The parameters are read in another layout: loss and gradients are those of other arrays."""
    for reading in readings:
        if not all(t.has_loss(exact_loss(reading.read(t.case))) for t in trials):
            continue
        factor = _factor(trials, lambda t, r=reading: r.there(_gradients_read(t, r)))
        if factor is not None:
            return reading.found(trials[0].declared, factor, only_gradients=False)
    return None


def _gradients_read(trial: Trial, reading: Reading) -> dict[str, Array]:
    """The gradients of the case as read in another layout, of those that the subject gave."""
    exact = exact_gradients(reading.read(trial.case))
    return {name: exact[name] for name in trial.got}


def _factor(trials: Sequence[Trial], want: Callable[[Trial], Arrays]) -> str | None:
    """The factor that the gradients have to the wanted ones: "" for 1, None if there is none."""
    if all_reproduced(trials, want):
        return ""
    for name, factor_of in FACTORS.items():

        def scaled(trial: Trial, factor_of: Callable[[Case], float] = factor_of) -> Arrays:
            return {n: factor_of(trial.case) * g for n, g in want(trial).items()}

        if all_reproduced(trials, scaled):
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
