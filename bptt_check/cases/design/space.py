"""Which recipes a target may have: the values of every field, and the factors that apply."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...errors import SpecError
from ..case import LAYOUTS
from ..generate import INPUTS, REGIMES
from ..targets import Target
from .factors import LONGEST, WIDEST, Factor, choice_factors, size_factors, truncation_factors
from .recipe import MOST_STEPS, MOST_WORK, SIZES, Cut, Recipe, steps_of, work_of
from .within import Relation, Within, relations, sizes_within

Values = tuple[tuple[str, tuple[object, ...]], ...]
USUAL_WIDTHS = tuple(
    n for n in range(1, WIDEST + 1) if n < 10 or any(abs(n - 2**k) <= 1 for k in range(4, 8))
)
"""B, D, H and O: up to 9, and beside every power of two."""


@dataclass(frozen=True)
class Space:
    """What may be drawn.

    Args:
        directions: 2 for a bidirectional model.
        head: whether there are outputs, and with them O.
        values: field of a recipe to its values; all fields but the cut, the simplest first.
        ties: a size, and another one that it equals.
        truncation: whether there is one, and the relations that it keeps to.
        most_steps, most_work: the cost that a case may have.
    """

    directions: int
    head: bool
    values: Values
    ties: tuple[tuple[str, str], ...] = ()
    truncation: str | None = None
    fixed_cut: Cut = None
    most_steps: int = MOST_STEPS
    most_work: int = MOST_WORK

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

    def tied(self, recipe: Recipe) -> Recipe:
        """The recipe with the sizes that equal another one."""
        return recipe._replace(**{name: getattr(recipe, other) for name, other in self.ties})

    def possible(self, recipe: Recipe) -> bool:
        """Whether what a recipe says goes together: only arrays that are alike can be expanded."""
        return (
            recipe.layout != "expanded"
            or recipe.inputs == "alike"
            or "alike" not in self.choices["inputs"]
        )

    def affordable(self, recipe: Recipe) -> bool:
        """Whether a case of a recipe costs no more than a case may."""
        steps = steps_of(recipe.T, recipe.cut)
        if steps * recipe.layers * self.directions > self.most_steps:
            return False
        return work_of(self.directions, recipe) <= self.most_work

    def allowed(self, recipe: Recipe) -> bool:
        """Whether a recipe is possible and can be afforded."""
        return self.possible(recipe) and self.affordable(recipe)

    def cut_holds(self, recipe: Recipe) -> bool:
        """Whether the truncation of a recipe is one that there may be."""
        if self.truncation is None or recipe.cut is None:
            return recipe.cut == self.fixed_cut
        return all(holds(*recipe.cut, recipe.T) for holds in _relations(self.truncation))

    def cuts(self, T: int) -> tuple[Cut, ...]:
        """The truncations that a sequence of T steps may have, the simplest first."""
        return _cuts(T, self.truncation, self.fixed_cut)


def space_of(target: Target, dtypes: Sequence[str], within: Within) -> Space:
    """The space of a target.

    Raises:
        SpecError: nothing of the target lies within the limits; the message says why.
    """
    why = why_outside(target, within)
    if why:
        raise SpecError(why)
    fixed = {} if target.sizes is None else {n: (getattr(target.sizes, n),) for n in SIZES}
    usual = dict.fromkeys(SIZES[1:], USUAL_WIDTHS) | {"T": tuple(range(1, LONGEST + 1))}
    # with one class the cross-entropy is the constant 0 and shows nothing
    least = {"O": 2 if target.model.loss == "cross_entropy" else 1}
    values: dict[str, tuple[object, ...]] = {}
    for name in SIZES:
        dense = LONGEST + 1 if name == "T" else 33
        sizes = fixed.get(name) or sizes_within(getattr(within, name), usual[name], dense)
        values[name] = tuple(n for n in sizes if n >= least.get(name, 1)) or (least[name],)
    if target.model.loss == "linear":
        values["O"] = values["O"][:1]
    ties = tuple(
        (n, v) for n in SIZES if isinstance(v := getattr(within, n), str) and n not in fixed
    )
    values["layers"] = sizes_within(within.layers, (target.model.layers,))
    values |= _words(target, dtypes, within)
    cut = target.truncation
    space = Space(
        len(target.model.directions),
        target.model.loss != "linear",
        tuple(values.items()),
        ties,
        truncation=str(within.truncation or "") if target.truncated and cut is None else None,
        fixed_cut=None if cut is None else (cut.k1, cut.k2),
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
    return ""


def _words(target: Target, dtypes: Sequence[str], within: Within) -> dict[str, tuple[object, ...]]:
    """The values of the fields that hold a word."""
    given = target.regime is not None
    states = ("random", "zero")
    if "c" in target.model.layout.states:
        states = (*states, "zero_h", "zero_c")
    if target.regime == "sentiment":
        states = ("random",)
    lengths: tuple[object, ...] = (False,)
    if target.lengths:
        kinds = within.lengths or ("drawn", "full", "one", "equal")
        lengths = tuple(True if kind == "drawn" else kind for kind in kinds)  # type: ignore[union-attr]
    inputs = ("random",) if given else tuple(within.inputs or INPUTS)
    usual = LAYOUTS if "alike" in inputs else tuple(w for w in LAYOUTS if w != "expanded")
    return {
        "dtype": tuple(dtypes),
        "regime": (target.regime,) if given else tuple(within.regimes or REGIMES),
        "lengths": lengths,
        "inputs": inputs,
        "initial_state": _limited(states, within.initial_state),
        "layout": tuple(within.layouts or usual),
    }


def _limited(values: tuple[str, ...], wanted: object) -> tuple[object, ...]:
    """The values that are wanted; "zero" where what is wanted is a state that there is not."""
    if not wanted:
        return values
    words = tuple(wanted)  # type: ignore[arg-type]
    return tuple(v for v in values if v in words) or ("random",)


def _affordable(space: Space) -> Space:
    """The space with limits that its own cheapest cases keep: who asks for large ones gets them."""
    sizes = {n: v for n, v in space.values if n in (*SIZES, "layers")}
    longest = max(sizes["T"])  # type: ignore[type-var]
    low = Recipe(**{n: v[0] for n, v in sizes.items()})  # type: ignore[arg-type]
    low = space.tied(low)._replace(cut=space.cuts(low.T)[0])
    steps = steps_of(low.T, low.cut) * low.layers * space.directions
    most_steps = max(space.most_steps, 4 * steps)
    if longest > LONGEST:
        most_steps = max(most_steps, longest * low.layers * space.directions)  # type: ignore[operator]
    # a network of many layers and directions would have nothing but tiny cases
    most_work = space.most_work * max(4, 2 + low.layers * space.directions) // 4
    return replace(
        space,
        most_steps=most_steps,
        most_work=max(most_work, 4 * work_of(space.directions, low)),
    )


@functools.lru_cache(maxsize=4096)
def _cuts(T: int, truncation: str | None, fixed: Cut) -> tuple[Cut, ...]:
    if truncation is None:
        return (fixed,)
    holding = _relations(truncation)
    found = [
        (k1, k2) for k1, k2 in _some_cuts(T) if all(relation(k1, k2, T) for relation in holding)
    ]
    if not found:  # only numbers that the usual ones miss: look at all
        every = ((k1, k2) for k1 in range(1, T + 3) for k2 in range(1, T + 3))
        found = [cut for cut in every if all(relation(*cut, T) for relation in holding)][:20]
    if not found:
        raise SpecError(f"no truncation of T={T} steps has {truncation!r}; change T or truncation.")
    return tuple(dict.fromkeys(found))


def _relations(truncation: str) -> tuple[Relation, ...]:
    return relations(truncation) if truncation else ()


def _some_cuts(T: int) -> Iterator[tuple[int, int]]:
    """Blocks of every kind for T steps, each with windows of every kind."""
    divisors = [n for n in range(2, T) if T % n == 0]
    short = [n for n in (2, 3, 4, 5, 7, 8, 16, T // 2 + 1, T - 1) if 1 < n < T and T % n]
    for k1 in dict.fromkeys((1, *divisors[:3], *divisors[-2:], *short, T, T + 2)):
        for k2 in dict.fromkeys((1, 2, 3, k1 - 1, k1, k1 + 1, 2 * k1, T - 1, T, T + 2)):
            if k2 > 0:
                yield k1, k2
