"""What is said of the entries of a gradient: which, by how much, how many.

Of a gradient that no oracle measured entry by entry the same is said of its slopes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..cases.any_case import AnyCase
from ..cases.directions import is_initial_state
from ..cases.model import HEAD, Model, has_gates
from ..cases.recurrences.recurrence import RecurrenceCase
from .row import Row


def entry_of(case: AnyCase, parameter: str, index: tuple[int, ...]) -> str:
    """An entry of a gradient or of an output of a case, by name and meaning."""
    if isinstance(case, RecurrenceCase):
        return _entry_of_recurrence(case, parameter, index)
    return entry(case.model, case.sizes.H, parameter, index)


def _entry_of_recurrence(case: RecurrenceCase, parameter: str, index: tuple[int, ...]) -> str:
    """An entry with the size that each axis runs over: `q[3, 0, 5] (T 3, B 0, K 5)`."""
    place = f"{parameter}[{', '.join(map(str, index))}]"
    values = case.model.inputs.values.get(parameter)
    if values is None or not index:
        return place
    axes = ", ".join(f"{axis} {n}" for axis, n in zip(values.shape, index, strict=True))
    return f"{place} ({axes})"


def entry(model: Model, H: int, parameter: str, index: tuple[int, ...]) -> str:
    """An entry by name and meaning: `W_hh_l0[3, 2] (gate f, unit 1)`, `x[4, 0, 2] (step 4,
    ...)`.
    """
    place = f"{parameter}[{', '.join(map(str, index))}]"
    if parameter == "x":
        return f"{place} (step {index[0]}, sequence {index[1]}, feature {index[2]})"
    if is_initial_state(parameter):
        layer, way = divmod(index[0], len(model.directions))
        reverse = ", reverse" if way else ""
        return f"{place} (layer {layer}{reverse}, sequence {index[1]}, unit {index[2]})"
    if parameter in HEAD:
        return f"{place} (output {index[0]})"
    names = model.layout.gates
    if not has_gates(model, parameter):
        return place
    gate, unit = divmod(index[0], H)
    which = f"gate {names[gate]}, " if len(names) > 1 else ""
    return f"{place} ({which}unit {unit})"


def worst_entry_lines(case: AnyCase, worst: Row, against: Sequence[Row]) -> list[str]:
    """Got, expected and error at the worst entry, and which oracles say so."""
    alike = [r for r in against if r.directions == worst.directions]
    saying = ", ".join([r.oracle for r in alike if r.verdict == worst.verdict])
    return [
        _place(case, worst),
        *got_and_expected(worst, saying),
        *_proof(case, worst, against),
    ]


def _place(case: AnyCase, worst: Row) -> str:
    """Which entry is the worst, or that no oracle measured entries."""
    if worst.directions:
        return (
            f"worst slope of {worst.parameter} along {worst.directions} directions, in which all "
            "its entries move: too many to be measured one by one"
        )
    return f"worst entry {entry_of(case, worst.parameter, worst.index)}"


def got_and_expected(worst: Row, saying: str) -> list[str]:
    """The values of the worst entry of a row, and who says so; each indented by two."""
    error = abs(worst.got - worst.want)
    relative = f", relative {error / abs(worst.want):.3g}" if worst.want else ""
    return [
        f"  got       {worst.got:.17g}",
        f"  expected  {worst.want:.17g}  (by {saying})",
        f"  error     {error:.3g} = {error / worst.budget:.3g} budgets{relative}",
    ]


def _proof(case: AnyCase, worst: Row, against: Sequence[Row]) -> Iterator[str]:
    """That a proof says the same of this entry, and how near to the truth it is."""
    what = "derivative" if worst.parameter in case.inputs else "value"  # that of an output
    for row in against:
        if row.proven and (row.verdict, row.index) == (worst.verdict, worst.index):
            yield (
                f"  proven    the true {what} is {row.want:.17g}, within {row.bound:.1g} "
                "(interval arithmetic)"
            )


def most_seen(bad: Sequence[Row]) -> list[Row]:
    """Of each gradient the row of the oracle that sees most entries over budget."""
    most: dict[str, Row] = {}
    for row in bad:
        most[row.parameter] = max(most.get(row.parameter, row), row, key=_seen)
    return list(most.values())


def census(bad: Sequence[Row]) -> str:
    """How many entries of each gradient are over budget, by the oracle that sees most."""
    told = [over_budget(r, " slopes" if r.directions else "") for r in most_seen(bad)]
    return ", ".join(told)


def _seen(row: Row) -> tuple[bool, int]:
    """Sorts rows by how many entries they find wrong; those of slopes come first."""
    return not row.directions, row.wrong


def over_budget(row: Row, what: str = "") -> str:
    """How many entries of a gradient are over budget, or how many of something else."""
    wrong = [share for share in row.parts if share.wrong] or row.parts
    return ", ".join(f"{s.array} ({s.wrong} of {s.entries}{what})" for s in wrong)
