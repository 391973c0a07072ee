"""What readers of a run call its models and arrays: as in their own code, where it says how."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import LONGEST_LINE, cut, enumerated
from ..runs.records import Run, Summary


def label(check: str, model: str) -> str:
    """A model, and where several checks are reported, which."""
    return f"{model} in {check}" if check else model


def base_name(parameter: str) -> str:
    """The name without layer and direction: `W_hh` of `W_hh_l1_reverse`."""
    return re.sub(r"_l\d+(_reverse)?$", "", parameter)


@dataclass(frozen=True)
class Called:
    """Names of readers: by what tells a model among several checks (`label`), then by the
    contract's names, one for each array that one of the contract is spread over.
    """

    names: Mapping[str, Mapping[str, Sequence[str]]]

    def arrays_of(self, model: str, parameter: str) -> Sequence[str]:
        """The arrays that one of the contract is in; itself where the run says nothing else."""
        return self.names.get(model, {}).get(parameter, (parameter,))

    def of(self, model: str, parameter: str) -> str:
        """What an array of the contract is called."""
        return enumerated(self.arrays_of(model, parameter), longest=LONGEST_LINE)

    def of_row(self, row: Summary) -> str:
        """What the gradient of a row is called."""
        return self.of(label(row.check, row.model), row.parameter)


def in_words(names: Called, model: str, parameter: str, offered: Collection[str]) -> str:
    """A gradient in a sentence: `W_hh of layer 1` by the contract's name, where the model has more
    layers than one; else as the reader calls it.
    """
    own, placed = names.of(model, parameter), re.fullmatch(r"(.+)_l(\d+)(_reverse)?", parameter)
    if own != parameter or placed is None:
        return own
    base, layer, reverse = placed.groups()
    several = any(re.search(r"_l[1-9]\d*(_reverse)?$", name) for name in offered)
    both = any(name.endswith("_reverse") for name in offered)
    direction = (", reverse direction" if reverse else ", forward direction") if both else ""
    return base + (f" of layer {layer}" if several else "") + direction


def called_in(*runs: Run) -> Called:
    """What readers call the arrays of some runs; where several have a model, as in the last."""
    own = [own for run in runs for own in run.own_arrays]
    return Called({label(o.check, o.model): o.names for o in own})


def worst_place_of(row: Summary) -> str:
    """Where the largest error of a row is."""
    if row.worst_directions:
        return f"along {row.worst_directions} directions"
    return row.worst_place or ", ".join(map(str, row.worst_index))


def heading(base: str, rows: Iterable[Summary], called: Called) -> str:
    """What the arrays with a base name of the contract are called, over all layers and models."""
    arrays = (
        base_name(array)
        for row in rows
        if base_name(row.parameter) == base
        for array in called.arrays_of(label(row.check, row.model), row.parameter)
    )
    return cut(shortened(list(dict.fromkeys(arrays))))


def shortened(names: Sequence[str]) -> str:
    """Different names as one where they begin or end alike: `h{i,f,g,o}/kernel`."""
    first = _common(names)
    rest = [name[len(first) :] for name in names]
    last = _common([name[::-1] for name in rest])[::-1]
    between = [name[: len(name) - len(last)] for name in rest]
    if len(names) == 1 or not first + last:
        return ", ".join(names)
    return f"{first}{{{','.join(between)}}}{last}"


def _common(names: Sequence[str]) -> str:
    """How all of them begin."""
    letters = zip(*names, strict=False)
    return "".join(all_of[0] for all_of in itertools.takewhile(lambda a: len({*a}) == 1, letters))
