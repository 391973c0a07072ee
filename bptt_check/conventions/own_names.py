"""What a convention calls the arrays of a case, and where it has their entries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.directions import PER_SEQUENCE
from ..cases.own_names import OwnNames
from ..errors import Unsupported
from . import layout
from .convention import Convention
from .expression import declared_by
from .names import Name, subject_name
from .options import Options
from .per_sequence import single_sequences

Entry = tuple[str, tuple[int, ...]]
"""Name of an array in the contract, and an index."""


def own_names(subject: object, case: Case, entries: Iterable[Entry] = ()) -> OwnNames:
    """The names that a subject's convention has for the arrays of a case, and for some entries.

    Several names where an array is spread over several; none where the convention cannot have the
    case.
    """
    options = declared_by(subject)
    if options == Convention() or layout.unsupported_reason(options, case.model):
        return OwnNames()
    one = _part_of(options, case, 0)
    words = {name: _called(options, one, name) for name in case.inputs}
    if case.model.layers * len(case.model.directions) == 1:
        words |= {Name.of(n).base: own for n, own in words.items()}
    for name, index in entries:
        if name in case.inputs:
            words[_entry(name, index)] = _entry_of(options, case, name, index)
    return OwnNames({name: own for name, own in words.items() if own and own != name})


def own_parameters(subject: object, case: Case) -> dict[str, Any]:
    """The parameters of a case as a subject's convention has them; empty without one, or where
    they do not lead back to the same.
    """
    convention = declared_by(subject)
    if convention == Convention() or convention.biases == "candidate":
        return {}
    try:
        return convention.view(case).params
    except Unsupported:
        return {}


def _called(options: Options, case: Case, name: str) -> str:
    """What an array is called; several names, one after the other, where it is spread."""
    ones = np.ones(case.inputs[name].shape)
    return ", ".join(own for own, _ in _marked(options, case, name, ones))


def _entry_of(options: Options, case: Case, name: str, index: tuple[int, ...]) -> str:
    """Where an entry is; in several arrays, one after the other, if it is in several.

    Code without an axis of the batch sees one sequence, which is told if there are others.
    """
    told = ""
    if options.batch == "none" and name in PER_SEQUENCE:
        one, told = index[1], f" of sequence {index[1]}" if case.sizes.B > 1 else ""
        case, index = _part_of(options, case, one), (index[0], 0, *index[2:])
    mark = np.zeros(case.inputs[name].shape)
    if any(i >= n for i, n in zip(index, mark.shape, strict=True)):
        return ""  # beyond the end of a sequence, which is all that such code is given of it
    mark[index] = 1.0
    found = _marked(options, case, name, mark)
    return ", ".join(_entry(own, tuple(map(int, place))) + told for own, place in found)


def _part_of(options: Options, case: Case, b: int) -> Case:
    """What code in a convention is given at once: a case, or sequence b of it."""
    if options.batch != "none":
        return case
    return next(single for n, single, _ in single_sequences(case) if n == b)


def _marked(
    options: Options, case: Case, name: str, mark: np.ndarray
) -> list[tuple[str, np.ndarray]]:
    """Own names of the arrays into which the marked entries of one go, and the first such place."""
    given = {n: np.zeros(a.shape) for n, a in case.inputs.items()} | {name: mark}
    if name in case.params:
        params = {Name.of(n): a for n, a in given.items() if n in case.params}
        theirs = layout.cell_steps(options, case.model, params)
    else:
        steps = [] if options.tokens and name == "x" else layout.data_steps(options, case)
        theirs = layout.forward(steps, {Name(name): mark})
    found = [(n, np.argwhere(np.asarray(a) != 0)) for n, a in theirs.items()]
    cell = case.model.cell
    return [(subject_name(n, options.names, cell), at[0]) for n, at in found if len(at)]


def _entry(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]"
