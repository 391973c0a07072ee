"""What a subject is asked after its first two calls on a case, and on which cases.

Code remembers: by shape, by address, from the first call, for some inputs only. One call on fresh
arrays shows none of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from .any_case import AnyCase
from .probes import cotangents_of
from .recurrences.recurrence import RecurrenceCase
from .types import Array
from .words.model_words import OF_SIGMOID

SCALE = 0.75
"""Of other values: exact in binary, and no sum stays what it was."""


class FollowUpKind(StrEnum):
    """What is asked after the first two calls."""

    THIRD_CALL = "third_call"
    """The same case at once again."""
    OTHER_VALUES = "other_values"
    """Other numbers in all inputs, of the same shapes."""
    OTHER_TARGETS = "other_targets"
    """Other targets alone: labels, values or cotangents."""
    UNUSED_OUTPUT = "unused_output"
    """A linear loss that one of the outputs does not go into."""
    SUBSET = "subset"
    """The gradients of some inputs only."""
    AFTER_OTHERS = "after_others"
    """The same case once more, after the calls on others that are all about it."""
    AT_THE_END = "at_the_end"
    """The same case once more, after other cases of a run."""
    LINEARITY = "linearity"
    """The `probes` of a linear loss."""
    FREED_MEMORY = "freed_memory"
    """The second call finds NaN in memory that was freed before it, too."""

    @property
    def same_case(self) -> bool:
        """Whether the arrays are those of the case itself, and so the right answer."""
        return self in _SAME_CASE


_AGAIN = (FollowUpKind.THIRD_CALL, FollowUpKind.AFTER_OTHERS, FollowUpKind.AT_THE_END)
_SAME_CASE = (*_AGAIN, FollowUpKind.SUBSET)
OF_FRAMEWORKS = (FollowUpKind.UNUSED_OUTPUT, FollowUpKind.SUBSET)
"""Kinds for subjects that a framework differentiates: it knows which gradients nobody wants."""
NO_ANSWERS = (FollowUpKind.LINEARITY, FollowUpKind.FREED_MEMORY)
"""Kinds that are no further call on a case of their own."""


@dataclass(frozen=True)
class FollowUpCall:
    """One thing to ask.

    `names` are the inputs whose gradient is wanted (of a subset), or the cotangent that is zero (of
    an unused output).
    """

    kind: FollowUpKind
    names: tuple[str, ...] = ()


def follow_up_case(case: AnyCase, call: FollowUpCall) -> AnyCase | None:
    """The case of a further call; None where it would be no other one, or there is none."""
    kind = call.kind
    if kind in _AGAIN:
        return case
    if kind is FollowUpKind.SUBSET:
        return replace(case, wanted=call.names)
    if kind is FollowUpKind.OTHER_VALUES:
        return case.with_inputs({n: other_input(n, a) for n, a in case.inputs.items()})
    changed: Mapping[str, Array] = {}
    if kind is FollowUpKind.OTHER_TARGETS:
        changed = _other_targets(case)
    if kind is FollowUpKind.UNUSED_OUTPUT:
        changed = {n: np.zeros_like(case.data[n]) for n in call.names}
    same = all(np.array_equal(a, case.data[n]) for n, a in changed.items())
    return None if same else case.with_data(changed)


def every_call(case: AnyCase) -> tuple[FollowUpCall, ...]:
    """Everything that can be asked about a case; of the subsets the most telling ones first."""
    names = tuple(case.inputs)
    alone = [(n,) for n in names]
    all_but_one = [tuple(o for o in names if o != n) for n in names]
    first = [] if isinstance(case, RecurrenceCase) else [tuple(case.params)]
    subsets = dict.fromkeys([*first, subset_of(case), *all_but_one, *alone])
    return (
        FollowUpCall(FollowUpKind.FREED_MEMORY),
        FollowUpCall(FollowUpKind.THIRD_CALL),
        FollowUpCall(FollowUpKind.OTHER_VALUES),
        FollowUpCall(FollowUpKind.LINEARITY),
        FollowUpCall(FollowUpKind.OTHER_TARGETS),
        *(FollowUpCall(FollowUpKind.UNUSED_OUTPUT, (n,)) for n in cotangents_of(case)),
        *(FollowUpCall(FollowUpKind.SUBSET, wanted) for wanted in subsets),
        FollowUpCall(FollowUpKind.AFTER_OTHERS),
    )


_TURNS = (
    (FollowUpKind.FREED_MEMORY, FollowUpKind.LINEARITY),
    (FollowUpKind.OTHER_VALUES,),
    (FollowUpKind.THIRD_CALL, FollowUpKind.SUBSET),
    (FollowUpKind.OTHER_TARGETS,),
    (FollowUpKind.SUBSET,),
    (FollowUpKind.OTHER_VALUES,),
    (FollowUpKind.THIRD_CALL, FollowUpKind.SUBSET),
    (FollowUpKind.UNUSED_OUTPUT, FollowUpKind.SUBSET),
)
"""What is asked on eight cases in turn: with an oracle of its own on three or four of them."""
_LONG = 32
"""Steps from which a case is not asked for other values alone: their oracle takes longest there."""
_MANY = 20_000
"""Numbers of the inputs of a recurrence for which the same holds."""


def calls_for(calls: Sequence[FollowUpCall], most_subsets: int) -> list[FollowUpCall]:
    """The calls that mean something to a subject.

    Args:
        calls: of any kind.
        most_subsets: how many subsets it is asked for about one case; 0 for a subject that knows
            nothing of `Case.wanted`.
    """
    subsets = [c for c in calls if c.kind is FollowUpKind.SUBSET][most_subsets:]
    unwanted = () if most_subsets else OF_FRAMEWORKS
    return [c for c in calls if c not in subsets and c.kind not in unwanted]


def calls_in_turn(index: int, case: AnyCase) -> tuple[FollowUpCall, ...]:
    """What a run asks about case number `index` of a target; depends on nothing else.

    The turns move on by one in every round, so that what recurs with them meets all of them.
    """
    round_ = index // len(_TURNS)
    kinds = _TURNS[(index + round_) % len(_TURNS)]
    if _is_long(case) and not any(kind.same_case or kind in NO_ANSWERS for kind in kinds):
        kinds = (FollowUpKind.THIRD_CALL, FollowUpKind.SUBSET)
    return tuple(c for kind in kinds for c in _calls(kind, case, round_))


def _is_long(case: AnyCase) -> bool:
    """Whether a case of its own for a further call would take too long."""
    if isinstance(case, RecurrenceCase):
        return sum(a.size for a in case.inputs.values()) > _MANY
    return case.sizes.T >= _LONG


def _calls(kind: FollowUpKind, case: AnyCase, round_: int) -> Iterator[FollowUpCall]:
    """The calls of a kind for one case: one, or none; outputs are unused in turn, too."""
    if kind is FollowUpKind.SUBSET:
        yield FollowUpCall(kind, subset_of(case))
    elif kind is FollowUpKind.UNUSED_OUTPUT:
        names = cotangents_of(case)
        yield from [FollowUpCall(kind, (names[round_ % len(names)],))] if names else []
    else:
        yield FollowUpCall(kind)


def subset_of(case: AnyCase) -> tuple[str, ...]:
    """The inputs whose gradients alone are wanted: one, all but one, the parameters of a model, or
    any number, as the case says.
    """
    names, number = tuple(case.inputs), _number(case)
    kind, number = number % 4, number // 4
    chosen = names[number % len(names)]
    if kind == 0:
        return (chosen,)
    if kind == 1:
        return tuple(n for n in names if n != chosen)
    if kind == 2:
        return (chosen,) if isinstance(case, RecurrenceCase) else tuple(case.params)
    bits = np.random.PCG64(number).random_raw(len(names)) >> np.uint64(11)
    some = tuple(n for n, bit in zip(names, bits, strict=True) if bit % np.uint64(2))
    return some if 0 < len(some) < len(names) else (chosen,)


def _number(case: AnyCase) -> int:
    """A number that depends on the shapes and the targets of a case: the same when it is pasted, or
    when its inputs are made simpler.
    """
    # cotangents of ones are those of many cases; the inputs of a recurrence are not made simpler
    fixed = [*case.given.values()] if isinstance(case, RecurrenceCase) else [case.targets]
    said = f"{case.model} {case.sizes}".encode()
    said += b"".join(np.ascontiguousarray(array).tobytes() for array in fixed)
    return zlib.crc32(said)


def other_input(name: str, array: Array) -> Array:
    """Other numbers of the same size; other words where `x` is one-hot."""
    if name == "x" and np.all((array == 0) | (array == 1)) and np.all(array.sum(-1) == 1):
        return np.roll(array, 1, axis=-1)
    return _moved(array)


def _other_targets(case: AnyCase) -> dict[str, Array]:
    """The next label, the opposite probability, or other values and cotangents."""
    if isinstance(case, RecurrenceCase):
        return {n: _moved(a) for n, a in case.data.items()}
    targets = case.targets
    if case.model.loss == "cross_entropy":
        return {"targets": (targets + 1) % case.sizes.O}
    if case.model.loss in OF_SIGMOID:
        return {"targets": 1 - targets}
    cotangents = {n: _moved(case.data[n]) for n in cotangents_of(case)}
    return cotangents or {"targets": _moved(targets)}


def _moved(array: Array) -> Array:
    """Every number in the next one's place, times `SCALE`."""
    return np.roll(array, 1) * array.dtype.type(SCALE)
