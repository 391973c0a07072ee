"""Turns measurements into sentences: what is wrong, where, by how much, and how to see it again.

Every function takes records and returns text; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from ..cases.case import Case
from ..cases.model import Model
from .oracle_disagreement import Disagreement
from .reproduction import reproduction
from .row import Row
from .verdict import Verdict


def entry(model: Model, H: int, parameter: str, index: tuple[int, ...]) -> str:
    """An entry by name and meaning: `W_hh_l0[3, 2] (gate f, unit 1)`, `x[4, 0, 2] (step 4,
    ...)`.
    """
    place = f"{parameter}[{', '.join(map(str, index))}]"
    if parameter == "x":
        return f"{place} (step {index[0]}, sequence {index[1]}, feature {index[2]})"
    if parameter in ("h0", "c0"):
        layer, way = divmod(index[0], len(model.directions))
        reverse = ", reverse" if way else ""
        return f"{place} (layer {layer}{reverse}, sequence {index[1]}, unit {index[2]})"
    if parameter in ("W_hy", "b_y"):
        return f"{place} (output {index[0]})"
    gate, unit = divmod(index[0], H)
    names = model.layout.gates
    which = f"gate {names[gate]}, " if len(names) > 1 else ""
    return f"{place} ({which}unit {unit})"


def wrong_gradient(
    case: Case, rows: Sequence[Row], wrong_steps: Sequence[int], subject: str
) -> str:
    """The message of a gradient that is not the derivative of a right loss.

    `wrong_steps` are the steps at which the gradient of `x` is over budget.
    """
    bad = [r for r in rows if r.verdict == Verdict.FAIL]
    worst = max(bad, key=lambda r: r.max_budgets)
    names = list(dict.fromkeys(r.parameter for r in bad))
    decided = dict.fromkeys(r.parameter for r in rows if r.verdict == Verdict.PASS)
    right = [n for n in decided if n not in names]
    lines = [
        f"FAIL  {case.model}: the gradient of {_listed(names)} is wrong",
        "  your forward is right (the loss agrees), your backward is wrong",
        *_worst_entry(case, worst, [r for r in rows if r.parameter == worst.parameter]),
        f"  wrong: {_census(bad)}",
        f"  right: {_listed(right) or 'nothing'}",
        *_first_wrong_step(case, wrong_steps),
        *how_to_repeat(case, subject),
    ]
    return "\n".join(lines)


def wrong_step(case: Case, row: Row, definition: str, subject: str) -> str:
    """The message of a `clip` or `update` that is not what its definition says."""
    lines = [
        f"FAIL  {case.model}: {row.parameter} is not {definition}",
        "  your gradient is right, what you do with it is not",
        f"  got       {row.got:.17g}",
        f"  expected  {row.want:.17g}  ({row.reason})",
    ]
    return "\n".join([*lines, *how_to_repeat(case, subject)])


def imprecise(case: Case, rows: Sequence[Row], lossy: str, subject: str) -> str:
    """The message of a right formula in an arithmetic that loses digits, and which."""
    bad = [r for r in rows if r.verdict == Verdict.IMPRECISE]
    worst = max(bad, key=lambda r: r.max_budgets)
    lost = np.log10(worst.max_budgets)
    return "\n".join(
        [
            f"IMPRECISE  {case.model}: the formula is right, the arithmetic loses digits",
            f"  errors are no larger than those of {lossy}: "
            f"about {lost:.0f} digits fewer than {case.dtype} gives",
            *_worst_entry(case, worst, [r for r in rows if r.parameter == worst.parameter]),
            f"  imprecise: {_census(bad)}",
            *how_to_repeat(case, subject),
        ]
    )


def imprecise_loss(case: Case, error: float, want: float, lossy: str, subject: str) -> str:
    """The message of a loss that only lost digits, beside gradients that are right."""
    lines = [
        f"IMPRECISE  {case.model}: the formula is right, the arithmetic loses digits",
        f"  every gradient is right; the error of the loss is no larger than {lossy} would leave",
        f"  expected  {want:.17g}",
        f"  error     {error:.3g}, relative {error / abs(want) if want else float('inf'):.3g}",
    ]
    return "\n".join([*lines, *how_to_repeat(case, subject)])


def wrong_loss(
    case: Case, got: float, want: float, budget: float, own: str, where: str, subject: str
) -> str:
    """The message of a loss that is not the model's: another forward, or another loss."""
    error = abs(got - want)
    return "\n".join(
        [
            f"FAIL  {case.model}: the loss is not that of this model",
            f"  got       {got:.17g}",
            f"  expected  {want:.17g}",
            f"  error     {error:.3g} = {error / budget:.3g} budgets",
            *([f"  {where}"] if where else []),
            *([f"  {own}"] if own else []),
            *how_to_repeat(case, subject),
        ]
    )


def broken_contract(case: Case, findings: Iterable[str], subject: str) -> str:
    """The message of something that is no gradient at all."""
    lines = [f"CONTRACT  {case.model}: what came back cannot be taken as it is"]
    return "\n".join([*lines, *(f"  {f}" for f in findings), *how_to_repeat(case, subject)])


def beyond_range(case: Case, beyond: Mapping[str, str], subject: str) -> str:
    """The message of gradients, or a loss, that no number of the dtype can hold."""
    lines = [f"INCONCLUSIVE  {case.model}: this case leaves the range of {case.dtype}"]
    for reason in dict.fromkeys(beyond.values()):
        names = [n for n, other in beyond.items() if other == reason]
        lines += [f"  not finite: {_listed(names)}", f"  {reason}"]
    return "\n".join([*lines, *how_to_repeat(case, subject)])


def raised(case: Case, error: str, subject: str) -> str:
    """The message of a subject that raised or ran out of time."""
    lines = [f"ERROR  {case.model}: the subject {error}"]
    return "\n".join([*lines, *how_to_repeat(case, subject)])


def disagreeing(case: Case, found: Disagreement, subject: str) -> str:
    """The message of oracles that exclude each other."""
    H = case.sizes.H
    lines = [
        f"INCONCLUSIVE  {case.model}: the oracles disagree at "
        f"{entry(case.model, H, found.parameter, found.index)}",
        *(f"  {name:18} {value:.17g}" for name, value in found.values.items()),
    ]
    if found.outvoted:
        lines.append(
            f"  outvoted: {found.outvoted}. Please report this case: it is a bug in one of them."
        )
    return "\n".join([*lines, *how_to_repeat(case, subject)])


def with_diagnosis(message: str, diagnosis: str, more: Sequence[str] = ()) -> str:
    """A message with the sentence that names the mistake, above the line that reproduces it."""
    for line in (f"diagnosis: {diagnosis}", *(f"  {m}" for m in more)):
        message = with_line(message, line)
    return message


def with_rest(message: str, unasked: int) -> str:
    """A message that also says for how many cases the subject was not called any more."""
    cases = f"{unasked} further case{'s' if unasked > 1 else ''} of this model"
    return with_line(message, f"not tried: {cases}, since it died or ran out of time too often")


def with_line(message: str, line: str) -> str:
    """A message with one more line above the last; an empty one adds nothing."""
    *lines, last = message.splitlines()
    return "\n".join([*lines, *([f"  {line}"] if line else []), last])


def how_to_repeat(case: Case, subject: str) -> list[str]:
    """The line that runs a case again."""
    return [f"  reproduce: {reproduction(str(case.spec or ''), subject)}"]


def _worst_entry(case: Case, worst: Row, against: Sequence[Row]) -> list[str]:
    """Got, expected and error at the worst entry, and which oracles say so."""
    saying = _listed([r.oracle for r in against if r.verdict == worst.verdict])
    place = entry(case.model, case.sizes.H, worst.parameter, worst.index)
    return [
        f"  worst entry {place}",
        *got_and_expected(worst, saying),
        *_proof(worst, against),
    ]


def got_and_expected(worst: Row, saying: str) -> list[str]:
    """The values of the worst entry of a row, and who says so."""
    error = abs(worst.got - worst.want)
    relative = f", relative {error / abs(worst.want):.3g}" if worst.want else ""
    return [
        f"    got       {worst.got:.17g}",
        f"    expected  {worst.want:.17g}  (by {saying})",
        f"    error     {error:.3g} = {error / worst.budget:.3g} budgets{relative}",
    ]


def _proof(worst: Row, against: Sequence[Row]) -> Iterator[str]:
    """That a proof says the same of this entry, and how near to the truth it is."""
    for row in against:
        if row.proven and (row.verdict, row.index) == (worst.verdict, worst.index):
            yield (
                f"    proven    the true derivative is {row.want:.17g}, within {row.bound:.1g} "
                "(interval arithmetic)"
            )


def _census(bad: Sequence[Row]) -> str:
    """How many entries of each gradient are over budget, by the oracle that sees most."""
    most: dict[str, Row] = {}
    for row in bad:
        if row.parameter not in most or row.wrong > most[row.parameter].wrong:
            most[row.parameter] = row
    return ", ".join(f"{name} ({row.wrong} of {row.entries})" for name, row in most.items())


def _first_wrong_step(case: Case, wrong_steps: Sequence[int]) -> list[str]:
    """What the gradient of `x` tells about the step where things first go wrong, backwards in
    time.
    """
    last = case.sizes.T - 1
    if not wrong_steps or last == 0:
        return []
    first = max(wrong_steps)
    right = f"; later steps are right up to {last}" if first < last else ""
    return [f"  in time: going backwards, the gradient of x is first wrong at step {first}{right}"]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
