"""What a convention calls the arrays of a case, and where it has their entries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..cases.case import Case
from ..cases.own_names import OwnNames
from ..errors import Unsupported
from .convention import Convention
from .expression import declared_by
from .names import Name
from .own_layout import PROBE, entry_text, name_of_part, own_layout
from .view import View

Entry = tuple[str, tuple[int, ...]]
"""Name of an array in the contract, and an index."""


def own_names(subject: object, case: Case, entries: Iterable[Entry] = ()) -> OwnNames:
    """The names that a subject's convention has for the arrays of a case, for parts of them (in the
    contract's spelling: `W_hh_l0_f`), for gates, and for some entries.

    Several names where an array is spread over several; none where the convention cannot have the
    case.
    """
    found = own_layout(subject, case.model)
    if found is None:
        return OwnNames()
    parts = {name: found.parts(PROBE, name) for name in case.inputs}
    words = {part.key: part.array for of_one in parts.values() for part in of_one}
    words |= {name: ", ".join(map(name_of_part, of_one)) for name, of_one in parts.items()}
    if case.model.layers * len(case.model.directions) == 1:
        words |= {Name.of(n).base: words[n] for n in case.inputs}
    words |= {f"gate {ours}": f"gate {theirs}" for ours, theirs in found.letters().items()}
    for name, index in entries:
        if name in case.inputs:
            words[entry_text(name, index)] = ", ".join(found.places(case.sizes, name, index))
    return OwnNames({name: own for name, own in words.items() if own and own != name})


def own_parameters(subject: object, case: Case) -> dict[str, Any]:
    """The parameters of a case as a subject's convention has them; empty without one, or where
    they do not lead back to the same.
    """
    view = _view(subject, case)
    return {} if view is None or view.convention.biases == "candidate" else view.params


def own_arrays(subject: object, case: Case) -> dict[str, Any]:
    """Every array of a case as a subject gets it, by its own names; empty without a convention."""
    view = _view(subject, case)
    return {} if view is None else view.arrays


def _view(subject: object, case: Case) -> View | None:
    """A case as a subject's convention has it; None without one, or where it cannot have it."""
    convention = declared_by(subject)
    if convention == Convention():
        return None
    try:
        return convention.view(case)
    except Unsupported:
        return None
