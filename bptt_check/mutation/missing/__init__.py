"""Single edits that put into a source what it lacks; the other half of `mutation.operators`.

Most mutants are undone by the operators that make them. What these cannot undo is what they leave
out: a factor, a term, a sum, a statement. What may stand there is told by a run: names and
expressions of the same function whose shapes fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..mutant import Edit
from ..sites import Site
from . import calls, constants, formulas, names, orders
from .shapes import Shape, Surroundings, broadcasts

Operator = Callable[[Site, Surroundings], Iterator[Edit]]

SMALL: dict[str, Operator] = {
    "add for assign": names.add_for_assign,
    "keep what was before": names.before_kept,
    "shift index": names.shift_index,
    "other product": orders.other_product,
    "regroup": orders.regroup,
    "other end": orders.other_end,
    "other slope": formulas.other_slope,
    "complement": formulas.complement,
    "without call": calls.without_call,
    "other function": calls.other_function,
    "keep axes": calls.keep_axes,
    "swap elements": names.swap_elements,
    "other start": names.other_start,
    "fixed test": names.fixed_test,
    "add transpose": formulas.add_transpose,
    "add sum": formulas.add_sum,
}
"""Operators of which there are few edits at one place."""
IN_PLACE: dict[str, Operator] = {
    "new array": names.new_array,
    "add copy": calls.add_copy,
}
"""What keeps an array from being written into through another name: few edits in all."""
NAMES: dict[str, Operator] = {
    "other name": names.other_name,
    "other target": names.other_target,
}
"""Operators that put another name in a place: as many edits as there are names of that shape."""
FACTORS: dict[str, Operator] = {
    "add factor": formulas.add_factor,
    "add scale": formulas.add_scale,
}
TERMS: dict[str, Operator] = {
    "add term": formulas.add_term,
    "for constant": constants.for_constant,
}
SLOPES: dict[str, Operator] = {"add slope": formulas.add_slope}
"""Operators that try everything of the function that fits."""
PRODUCT_TERMS: dict[str, Operator] = {
    "add activated factor": formulas.add_activated_factor,
    "add product term": formulas.add_product_term,
    "add two factors": formulas.add_two_factors,
}
"""What adds a product of any two things, or multiplies with one, a sum, or an activation."""
RARE: dict[str, Operator] = {
    "add power": formulas.add_power,
    "add call": calls.add_call,
    "other expression": names.other_expression,
}
"""Those that try very much, or are seldom what is wrong."""

__all__ = [
    "FACTORS",
    "IN_PLACE",
    "NAMES",
    "PRODUCT_TERMS",
    "RARE",
    "SLOPES",
    "SMALL",
    "TERMS",
    "Operator",
    "Shape",
    "Surroundings",
    "broadcasts",
]
