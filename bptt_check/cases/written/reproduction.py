"""What to type to see a case again, in a new process: a command, or lines of Python."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..case import Case
from .written_out import READABLE, case_lines, number_count

Options = Mapping[str, str | int]
"""What is said of a kernel, by the names of arguments."""


@dataclass(frozen=True)
class Origin:
    """How a process that has never seen a subject gets it.

    Args:
        address: the text by which the command line takes it; "" if it cannot.
        setup: lines of Python that end with `subject` being it; empty if none are known.
        accuracy: to which it is declared to be right; 0 if nothing is declared.
        kernel: what is said of a kernel of a recurrence, whose address is those of the kernel, the
            reference and the inputs; None of any other subject.
    """

    address: str = ""
    setup: tuple[str, ...] = ()
    accuracy: float = 0.0
    kernel: Options | None = None

    @property
    def declared(self) -> str:
        """The argument of `check` that declares the accuracy; "" if nothing is declared."""
        return f", accuracy={self.accuracy!r}" if self.accuracy else ""

    @property
    def lines(self) -> tuple[str, ...]:
        """Lines of Python that make `subject`; empty if neither is known."""
        if not self.address:
            return self.setup
        load = f"subject = subjects.load({self.address!r})"
        return ("import bptt_check as bc", "from bptt_check import subjects", load)


@dataclass(frozen=True, eq=False)
class Construction:
    """The call that made an object, for whoever must write it down."""

    maker: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


ONLY_HERE = "# subject: the callable that you gave; how to make it is not known"


def reproduction(case: str, origin: Origin) -> str:
    """What to type for a case that has a name.

    Args:
        case: the line of its spec, or the file that holds it.
        origin: of the subject.
    """
    if origin.kernel is not None:
        return _of_recurrence(case, origin, origin.kernel)
    if origin.address:
        option = f" --accuracy {origin.accuracy!r}" if origin.accuracy else ""
        return f"bptt-check replay {_quoted(case)} {shlex.quote(origin.address)}{option}"
    return _printed(f"bc.check(subject, {case!r}{origin.declared})", origin)


def option_arguments(options: Options) -> str:
    """Options as further arguments."""
    return "".join(f", {name}={value!r}" for name, value in options.items())


def option_words(options: Options) -> str:
    """Options as further words of a command."""
    return "".join(f" --{name} {value}" for name, value in options.items())


def _of_recurrence(case: str, origin: Origin, options: Options) -> str:
    if not case:
        return ""
    if origin.address:
        option = f" --accuracy {origin.accuracy!r}" if origin.accuracy else ""
        words = f"{option}{option_words(options)}"
        return f"bptt-check against {origin.address} --case {_quoted(case)}{words}"
    declared = f"{origin.declared}{option_arguments(options)}"
    return f"print(bc.verify_against(kernel, reference, inputs, case={case!r}{declared}))"


def reproduction_of_recurrences(
    origin: Origin, cases: int, dtypes: Sequence[str], seed: int
) -> str:
    """What to type for all cases of a recurrence, where no single one shows it."""
    if origin.address:
        words = " ".join(f"--dtype {dtype}" for dtype in dtypes)
        words += option_words(origin.kernel or {})
        return f"bptt-check against {origin.address} {words} --cases {cases} --seed {seed}"
    arguments = f"kernel, reference, inputs, cases={cases}, dtypes={tuple(dtypes)!r}, seed={seed}"
    arguments += option_arguments(origin.kernel or {})
    return f"print(bc.verify_against({arguments}))"


def reproduction_of_run(
    origin: Origin, models: Sequence[str], cases: int, dtypes: Sequence[str], seed: int, within: str
) -> str:
    """What to type for all cases of some models, where no single one shows it."""
    if origin.address:
        words = [f"--model {shlex.quote(model)}" for model in models]
        words += [f"--dtype {dtype}" for dtype in dtypes]
        words += [f"--within {shlex.quote(within)}"] if within else []
        options = f"--cases {cases} --seed {seed}"
        return f"bptt-check run {shlex.quote(origin.address)} {' '.join(words)} {options}"
    arguments = ", ".join(["subject", *run_arguments(models, cases, dtypes, seed, within)])
    return _printed(f"bc.verify({arguments})", origin)


def run_arguments(
    models: Sequence[str], cases: int, dtypes: Sequence[str], seed: int, within: str
) -> list[str]:
    """Those of `verify` and `assert_gradients` that give the same cases again, after `subject`."""
    limits = [f"within={within!r}"] if within else []
    return [
        f"{[*models]!r}",
        f"cases={cases}",
        f"dtypes={tuple(dtypes)!r}",
        f"seed={seed}",
        *limits,
    ]


def _printed(call: str, origin: Origin) -> str:
    """Lines of Python that print what a call with `subject` returns."""
    return "\n".join([*origin.setup, f"print({call})"]) if origin.setup else f"{call}  {ONLY_HERE}"


def reproduction_of_arrays(case: Case, origin: Origin) -> str:
    """What to type for a case that has neither spec nor file; its arrays are written out."""
    before = origin.lines or ("import bptt_check as bc", ONLY_HERE)
    if number_count(case) > READABLE:
        saved = "bc.Case.load('case.npz')"
        call = f"print(bc.check(subject, {saved}{origin.declared}))  # after case.save(...)"
        return "\n".join([*before, call])
    return "\n".join(
        [*before, *case_lines(case), f"print(bc.check(subject, case{origin.declared}))"]
    )


def _quoted(case: str) -> str:
    """A line of words in quotes, as it has always stood there; a path only if it needs them."""
    return f"'{case}'" if " " in case and "'" not in case else shlex.quote(case)
