"""The arrays of a case as code of a framework gets them: the contract's, or those of a convention.

A convention of such code must be undone inside the framework, or no gradient would come through:
where a loss is computed of its outputs, `places` says which of their numbers stands where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..case import Case
from ..directions import is_initial_state
from ..model import HEAD, initial_states, output_width
from ..types import Array, Arrays

Shape = tuple[int, ...]


@dataclass(frozen=True)
class ArrayNames:
    """What arrays are called and how they lie, as far as it can be static to a compiler.

    Args:
        params: the parameters, in order.
        states: the initial states, in the order of the layout.
        outputs: shape of the outputs `y`, and of each final state, by the name of the state.
        head: what the readout's arrays are called: pairs of the contract's name and this one.
        lists: arrays that are lists of their steps.
        nested: whether names with slashes are dicts in dicts.
        batch_first: whether the batch comes before the steps.
        own: whether they are those of a convention.
    """

    params: tuple[str, ...]
    states: tuple[str, ...]
    outputs: tuple[tuple[str, Shape], ...]
    head: tuple[tuple[str, str], ...] = ()
    lists: tuple[str, ...] = ()
    nested: bool = False
    batch_first: bool = False
    own: bool = False

    def shape_of(self, output: str) -> Shape:
        """Shape of `y` or of the final state of that name."""
        return dict(self.outputs)[output]


@dataclass(frozen=True, eq=False)
class Handover:
    """What code of a framework is handed of a case.

    Args:
        case: the case.
        names: what the arrays are called.
        inputs: every array that has a gradient, by its own name.
        constants: every other one.
        wanted: own names of the inputs whose gradient is asked for; None is all.
        dtype: in which they are handed over, one of `precision.PRECISIONS`.
        truncation: None, or what has `k1` and `k2` as the code counts them.
        scale: what the code's loss is, in units of the model's.
        places: `y`, the name of a state or of an array of the head, to an integer array of the
            contract's shape: where each number lies in the flattened own one. Empty where they are
            the same.
    """

    case: Case
    names: ArrayNames
    inputs: Arrays
    constants: Arrays
    wanted: tuple[str, ...] | None
    dtype: str
    truncation: Any
    scale: float = 1.0
    places: Mapping[str, Array] = field(default_factory=dict[str, Array])


def handover_of(case: Case) -> Handover:
    """A case in the contract's own arrays."""
    inputs = case.inputs
    data = {n: a for n, a in case.data.items() if n not in inputs}
    names = ArrayNames(
        params=tuple(case.params),
        states=initial_states(case.model),
        outputs=tuple(output_shapes(case).items()),
        head=tuple((n, n) for n in HEAD if n in case.params),
    )
    return Handover(case, names, inputs, data, case.wanted, case.dtype, case.truncation)


def output_shapes(case: Case) -> dict[str, Shape]:
    """The contract's shapes of `y` (T, B, P*N) and of each final state (layers*N, B, H)."""
    sizes, inputs = case.sizes, case.inputs
    y = (sizes.T, sizes.B, output_width(case.model, sizes))
    states = {n[:-1]: a.shape for n, a in inputs.items() if is_initial_state(n)}
    return {"y": y, **states}


def nested(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Names with slashes as dicts in dicts."""
    tree: dict[str, Any] = {}
    for name, array in arrays.items():
        *folders, last = name.split("/")
        inner = tree
        for folder in folders:
            inner = inner.setdefault(folder, {})
        inner[last] = array
    return tree
