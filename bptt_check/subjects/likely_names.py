"""Which array of the contract somebody means by a name of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..cases.case import Case

Shape = tuple[int, ...]

ALIASES = {
    "W_xh": "wxh wx wih wi win wax u uh kernel weightih wxhl0",
    "W_hh": "whh wh whidden wr waa w recurrentkernel weighthh wrec whhl0",
    "b_h": "bh b bias ba hbias bhl0",
    "b_xh": "bxh bx bih biasih bi",
    "b_hh": "bhh biashh bhn br",
    "W_hy": "why wy wya wo wout v wd weightho woh",
    "b_y": "by bo bout c ybias",
    "x": "x xs inputs input data seq",
    "h0": "h0 hprev h hinit hin hidden",
    "c0": "c0 cprev cinit cin",
    "targets": "targets target y ys labels label t",
    "params": "params parameters p weights theta model",
}
"""What people call the arrays of the contract, without case and signs."""
TRANSPOSABLE = ("W_xh", "W_hh", "W_hy")


def plain_name(name: str) -> str:
    """A name in lower case without signs, and without what says that it is a gradient."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    shorter = re.sub(r"^(grads?|d(?=[a-z]))|(grads?|bar)$", "", plain)
    return shorter or plain


def bases_of(case: Case) -> dict[str, Shape]:
    """Base name and shape of every array that has a gradient, of layers only the first."""
    arrays = {n: a for n, a in case.inputs.items() if "_l" not in n or n.endswith("_l0")}
    return {n.removesuffix("_l0"): a.shape for n, a in arrays.items()}


def full_name(case: Case, base: str) -> str:
    """The name of an array in a case, of layers that of the first."""
    return base if base in case.inputs else f"{base}_l0"


def likely_names(own: Sequence[str], wanted: Sequence[str]) -> dict[str, str]:
    """Of each array that is wanted the first of somebody's names that is an alias of it."""
    found: dict[str, str] = {}
    for base in wanted:
        aliases = [plain_name(base), *ALIASES.get(base, "").split()]
        close = [n for alias in aliases for n in own if plain_name(n) == alias]
        left = [n for n in close if n not in found.values()]
        if left:
            found[base] = left[0]
    return found


def by_shape(
    own: Mapping[str, Shape], wanted: Mapping[str, Shape], known: Mapping[str, str]
) -> dict[str, str]:
    """Names that are likely, and those that are left over and alone have the shape of an array."""
    found = dict(known)
    for base, shape in wanted.items():
        alike = [n for n, s in own.items() if s in (shape, shape[::-1])]
        left = [n for n in alike if n not in found.values()]
        rivals = [b for b, s in wanted.items() if b not in found and s in (shape, shape[::-1])]
        if base not in found and len(left) == 1 and rivals == [base]:
            found[base] = left[0]
    return found


def is_transposed(
    own: Mapping[str, Shape], wanted: Mapping[str, Shape], names: Mapping[str, str]
) -> bool:
    """Whether every matrix whose shape tells comes as (in, out)."""
    pairs = [(own[names[b]], wanted[b]) for b in TRANSPOSABLE if b in names and b in wanted]
    telling = [(got, shape) for got, shape in pairs if len(set(shape)) > 1]
    return bool(telling) and all(got == shape[::-1] for got, shape in telling)
