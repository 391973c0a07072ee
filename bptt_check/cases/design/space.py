"""Which recipes a target may have: the values of every field, and the factors that apply."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...errors import SpecError
from ..case import Truncation
from ..generate import INITIAL_STATES, INPUTS, REGIMES
from ..memory_layout import LAYOUTS
from ..model import Model, Sizes, input_shapes, parameter_shapes
from ..targets import Target
from .cuts import cheapest_cut, cut_keeps, possible_cuts
from .factors import LONGEST, WIDEST, Factor, choice_factors, size_factors, truncation_factors
from .recipe import (
    MOST_STEPS,
    MOST_WORK,
    MOST_WORK_OF_SHORT,
    SHORT,
    SIZES,
    Cut,
    Recipe,
    steps_of,
    work_of,
)
from .within import DENSE, KINDS_OF_LENGTHS, Within, sizes_within

Values = tuple[tuple[str, tuple[object, ...]], ...]
UNLIMITED = 2**62
MOST_NUMBERS = 2**30
"""Numbers that the arrays of a case may hold, about 8 GiB of them."""
_WIDTHS = tuple(
    n for n in range(1, WIDEST + 1) if n < 10 or any(abs(n - 2**k) <= 1 for k in range(4, 8))
)
USUAL = dict.fromkeys(SIZES, _WIDTHS) | {"T": tuple(range(1, LONGEST + 1))}
"""Every T; B, D, H and O up to 9, and beside every power of two."""


@dataclass(frozen=True)
class Space:
    """What may be drawn.

    Args:
        directions: 2 for a bidirectional model.
        head: whether there are outputs, and with them O.
        values: field of a recipe to its values; all fields but the cut, the simplest first.
        ties: a size, and another one that it equals.
        truncation: whether there is one, and the relations that it keeps to.
        most_steps: that a case may take, over its layers, directions and windows.
        most_work, most_work_of_short: numbers that a case may compute for each layer and direction;
            the latter in a step or two.
    """

    directions: int
    head: bool
    values: Values
    ties: tuple[tuple[str, str], ...] = ()
    truncation: str | None = None
    fixed_cut: Cut = None
    most_steps: int = MOST_STEPS
    most_work: int = MOST_WORK
    most_work_of_short: int = MOST_WORK_OF_SHORT

    @functools.cached_property
    def choices(self) -> dict[str, tuple[object, ...]]:
        """`values` as a dict, without the sizes that equal another one."""
        return {name: v for name, v in self.values if name not in dict(self.ties)}

    @functools.cached_property
    def truncated(self) -> bool:
        """Whether its cases have a truncation."""
        return self.truncation is not None or self.fixed_cut is not None

    @functools.cached_property
    def factors(self) -> tuple[Factor, ...]:
        """The factors that apply."""
        sizes = [n for n in SIZES if n != "O" or self.head]
        factors = size_factors(sizes)
        if self.truncated:
            factors += truncation_factors()
        return (*factors, *choice_factors({n: v for n, v in self.values if n not in SIZES}))

    @property
    def at_any_cost(self) -> Space:
        """The same without limits of cost; directions matter for nothing else."""
        return replace(
            self,
            directions=1,
            most_steps=UNLIMITED,
            most_work=UNLIMITED,
            most_work_of_short=UNLIMITED,
        )

    def tied(self, recipe: Recipe) -> Recipe:
        """The recipe with the sizes that equal another one."""
        for name, other in self.ties:
            recipe = recipe.having(name, getattr(recipe, other))
        return recipe

    def possible(self, recipe: Recipe) -> bool:
        """Whether what a recipe says goes together: only arrays that are alike can be expanded."""
        return (
            recipe.layout != "expanded"
            or recipe.inputs == "alike"
            or "alike" not in self.choices["inputs"]
        )

    def affordable(self, recipe: Recipe) -> bool:
        """Whether a case of a recipe costs no more than a case may."""
        steps, times = steps_of(recipe.T, recipe.cut), recipe.layers * self.directions
        if steps * times > self.most_steps:
            return False
        most = self.most_work_of_short if steps <= SHORT else self.most_work
        return work_of(self.directions, recipe) <= most * times

    def allowed(self, recipe: Recipe) -> bool:
        """Whether a recipe is possible and can be afforded."""
        return self.possible(recipe) and self.affordable(recipe)

    def cut_holds(self, recipe: Recipe) -> bool:
        """Whether the truncation of a recipe is one that there may be."""
        if self.truncation is None:
            return recipe.cut == self.fixed_cut
        return cut_keeps(recipe.cut, recipe.T, self.truncation)

    def cuts(self, T: int) -> tuple[Cut, ...]:
        """The truncations that a sequence of T steps may have, the simplest first."""
        return (self.fixed_cut,) if self.truncation is None else possible_cuts(T, self.truncation)

    def cheapest_cut(self, T: int) -> Cut:
        """The one of `cuts` that needs fewest steps."""
        return self.fixed_cut if self.truncation is None else cheapest_cut(T, self.truncation)


def space_of(target: Target, dtypes: Sequence[str], within: Within) -> Space:
    """The space of a target.

    Raises:
        SpecError: nothing of the target lies within the limits; the message says why.
    """
    why = why_outside(target, within)
    if why:
        raise SpecError(why)
    values: dict[str, tuple[object, ...]] = {**_sizes(target, within)}
    values["layers"] = sizes_within(within.layers, (target.model.layers,))
    values |= _words(target, dtypes, within)
    fixed = target.truncation
    space = Space(
        len(target.model.directions),
        target.model.has_head,
        tuple(values.items()),
        tuple(_ties(target, within).items()),
        truncation=_relations(within) if target.truncated and fixed is None else None,
        fixed_cut=None if fixed is None else (fixed.k1, fixed.k2),
    )
    return _affordable(space)


def why_outside(target: Target, within: Within) -> str:
    """Why nothing of a target lies within the limits; empty if something does."""
    if within.truncation is False and (target.truncated or target.truncation is not None):
        return "truncation is left out by within"
    if within.lengths is False and target.lengths:
        return "lengths are left out by within"
    if target.regime is not None and within.regimes and target.regime not in within.regimes:
        return f"regime={target.regime} is left out by within"
    if target.sizes is not None:
        return _why_sizes_outside(target.sizes, target.truncation, within)
    values = _sizes(target, within)
    empty = [name for name, sizes in values.items() if not sizes]
    if "O" in empty:
        return "one class shows nothing, and within leaves no more"
    if empty:
        return f"within leaves no {empty[0]} for its truncation"
    least = {name: min(sizes) for name, sizes in values.items()}
    least |= {name: least[other] for name, other in _ties(target, within).items()}
    layers = min(sizes_within(within.layers, (target.model.layers,)))
    numbers = _numbers(replace(target.model, layers=layers), Sizes(**least))
    return f"its smallest case would hold {numbers:.0e} numbers" if numbers > MOST_NUMBERS else ""


def _numbers(model: Model, sizes: Sizes) -> int:
    """How many numbers the parameters, inputs and states of a case are."""
    shapes = {**parameter_shapes(model, sizes), **input_shapes(model, sizes)}.values()
    return sum(map(math.prod, shapes)) + sizes.T * sizes.B * sizes.H * model.layers


def _why_sizes_outside(sizes: Sizes, cut: Truncation | None, within: Within) -> str:
    """Why the sizes and the truncation that a target fixes do not lie within the limits."""
    for name in SIZES:
        size, limit = getattr(sizes, name), getattr(within, name)
        valid = (getattr(sizes, limit),) if isinstance(limit, str) else sizes_within(limit, (size,))
        if size not in valid:
            return f"{name}={size} is left out by within"
    if cut is not None and not cut_keeps((cut.k1, cut.k2), sizes.T, _relations(within)):
        return f"k1={cut.k1} k2={cut.k2} is left out by within"
    return ""


def _relations(within: Within) -> str:
    """The relations of a truncation, "" without any."""
    return str(within.truncation or "")


def _sizes(target: Target, within: Within) -> dict[str, tuple[int, ...]]:
    """The values of every size; none where a limit leaves none."""
    if target.sizes is not None:
        return {name: (getattr(target.sizes, name),) for name in SIZES}
    dense = dict.fromkeys(SIZES, DENSE) | {"T": LONGEST + 1}
    values = {n: sizes_within(getattr(within, n), USUAL[n], dense[n]) for n in SIZES}
    ties = _ties(target, within)
    if target.model.loss == "cross_entropy":  # with one class it is the constant 0, shows nothing
        classes = ties.get("O", "O")
        values[classes] = tuple(n for n in values[classes] if n > 1)
        values["O"] = tuple(n for n in values["O"] if n > 1)
    if not target.model.has_head:
        values["O"] = values["O"][:1]
    if target.truncated and target.truncation is None:
        steps = ties.get("T", "T")
        relations = _relations(within)
        values[steps] = tuple(n for n in values[steps] if possible_cuts(n, relations))
    return values


def _ties(target: Target, within: Within) -> dict[str, str]:
    """A size to the one that it equals, which equals none itself."""
    if target.sizes is not None:
        return {}
    missing = "" if target.model.has_head else "O"
    return {n: to for n, to in within.ties.items() if missing not in (n, to)}


def _words(target: Target, dtypes: Sequence[str], within: Within) -> dict[str, tuple[object, ...]]:
    """The values of the fields that hold a word."""
    given = target.regime is not None
    lengths: tuple[object, ...] = (False,)
    if target.lengths:
        kinds = within.lengths or KINDS_OF_LENGTHS
        lengths = tuple(True if kind == "drawn" else kind for kind in kinds)  # type: ignore[union-attr]
    inputs = ("random",) if given else tuple(within.inputs or INPUTS)
    usual = LAYOUTS if "alike" in inputs else tuple(w for w in LAYOUTS if w != "expanded")
    return {
        "dtype": tuple(dtypes),
        "regime": (target.regime,) if given else tuple(within.regimes or REGIMES),
        "lengths": lengths,
        "inputs": inputs,
        "initial_state": _states(target, within),
        "layout": tuple(within.layouts or usual),
    }


def _states(target: Target, within: Within) -> tuple[str, ...]:
    """The kinds of initial states; without c, one whose h is zero is zero."""
    if target.regime == "sentiment":
        return ("random",)
    kinds = tuple(within.initial_state or INITIAL_STATES)
    if "c" in target.model.layout.states:
        return kinds
    alone = {"zero_h": "zero", "zero_c": "random"} if within.initial_state else {}
    kinds = tuple(dict.fromkeys(alone.get(kind, kind) for kind in kinds))
    return tuple(kind for kind in kinds if kind in ("random", "zero"))


def _affordable(space: Space) -> Space:
    """The space with limits that its own cheapest cases keep: who asks for large ones gets them."""
    sizes = {n: v for n, v in space.values if n in (*SIZES, "layers")}
    longest = max(sizes["T"])  # type: ignore[type-var]
    low = Recipe(**{n: v[0] for n, v in sizes.items()})  # type: ignore[arg-type]
    low = space.tied(low).having("cut", space.cuts(low.T)[0])
    steps = steps_of(low.T, low.cut) * low.layers * space.directions
    most_steps = max(space.most_steps, 4 * steps)
    if longest > LONGEST:
        most_steps = max(most_steps, longest * low.layers * space.directions)  # type: ignore[operator]
    work = -(-4 * work_of(space.directions, low) // (low.layers * space.directions))
    return replace(
        space,
        most_steps=most_steps,
        most_work=max(space.most_work, work),
        most_work_of_short=max(space.most_work_of_short, work),
    )
