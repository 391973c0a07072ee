"""Systematic errors in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...cases.message import Message
from ...equations.arithmetics.one_direction import NAMES, OneDirection
from ...errors import enumerated
from ...verdicts.verdict import Verdict
from .records import SystematicError
from .slope import RegressorKind

TERMS = {
    "h_prev": "the recurrent term, from h_t back to h_{t-1}",
    "c_prev": "the cell state, from c_t back to c_{t-1}",
    "c_t": "the cell state c_t",
    "x_t": "the input x_t",
    "a_t": "the pre-activation a_t",
    "a_i": "the input gate",
    "a_f": "the forget gate",
    "a_g": "the candidate g",
    "a_o": "the output gate",
    "r_t": "the reset gate",
    "z_t": "the update gate",
    "n_t": "the candidate n",
}
"""What the variables of the steps of this package stand for."""
_HEADLINES = {
    Verdict.FAIL: ("is wrong", "are wrong"),
    Verdict.IMPRECISE: ("loses digits in one direction", "lose digits in one direction"),
}
NAMED = 3
"""Gradients that a title names."""


def systematic_message(
    found: Sequence[SystematicError], models: Sequence[str], again: str
) -> Message:
    """The message of what was found in some models together: the strongest finding first."""
    first, names = found[0], [one.parameter for one in found]
    rest = len(names) - NAMED
    several = f" ({len(models)} models together)" if len(models) > 1 else ""
    told = [*names[:NAMED], *([f"{rest} more"] if rest > 0 else [])]
    return Message(
        f"{first.verdict.upper()}  {first.model}{several} in {first.dtype}: {enumerated(told)} "
        f"{_HEADLINES[first.verdict][len(names) > 1]}, by less than rounding leaves in one entry",
        (
            *_sentences(found),
            *([f"the models are {enumerated(models)}"] if several else []),
            f"seen over {first.cases} fresh cases together; a right implementation in "
            f"{first.dtype} does this with a probability of at most {first.chance:.0e}",
        ),
        again,
    )


def _sentences(found: Sequence[SystematicError]) -> Iterator[str]:
    """What the error of each gradient is, those of one arithmetic in one sentence."""
    of_arithmetic: dict[str, list[SystematicError]] = {}
    for one in found:
        if one.kind is RegressorKind.ARITHMETIC:
            of_arithmetic.setdefault(one.name, []).append(one)
        else:
            yield multiple_sentence(one)
    for alike in of_arithmetic.values():
        yield from [multiple_sentence(alike[0])] if len(alike) == 1 else [_of_one_arithmetic(alike)]


def _of_one_arithmetic(found: Sequence[SystematicError]) -> str:
    """What several gradients have of the errors of an arithmetic."""
    sizes = [abs(one.estimate) for one in found]
    shares = [one.share for one in found]
    names = enumerated([one.parameter for one in found])
    return (
        f"{names}: {min(sizes):.2g} to {max(sizes):.2g} times the error of "
        f"{NAMES[OneDirection(found[0].name)]}; that is {min(shares):.0%} to {max(shares):.0%} of "
        "their error"
    )


def multiple_sentence(found: SystematicError) -> str:
    """What the error of a gradient is."""
    share = f"; that is {found.share:.0%} of its error" if found.share == found.share else ""
    return f"{found.parameter}: {''.join(_multiple(found))}{share}"


def _multiple(found: SystematicError) -> Iterator[str]:
    """What multiple of what."""
    size = f"{abs(found.estimate):.3g} (+-{found.uncertainty:.1g})"
    times = f"{1.0 + found.estimate:.6g} (+-{found.uncertainty:.1g}) times"
    match found.kind, found.name:
        case RegressorKind.WHOLE, _:
            yield f"{times} what it must be"
        case RegressorKind.GATE, gate:
            yield f"its rows of gate {gate} are {times} what they must be"
        case RegressorKind.TERM, term:
            through = f"what comes through {_term(term)}"
            yield f"lacks {size} of {through}" if found.estimate < 0 else f"has {times} {through}"
        case _, OneDirection.FUNCTIONS:
            low = "small" if found.estimate < 0 else "large"
            yield f"as where tanh, sigmoid or exp come out {size} units of roundoff too {low}"
        case _, known:
            yield f"{size} times the error of {NAMES[OneDirection(known)]}"


def _term(name: str) -> str:
    return f"{name}, {TERMS[name]}" if name in TERMS else name


def row_reason(found: SystematicError) -> str:
    """Why the rows of a gradient have the verdict that they have."""
    return f"over all cases together {''.join(_multiple(found))}"


def can_be_told(found: SystematicError) -> bool:
    """Whether it is one that a run finds: a record may say anything."""
    known = found.kind is not RegressorKind.ARITHMETIC or found.name in {*OneDirection}
    return known and found.verdict in _HEADLINES
