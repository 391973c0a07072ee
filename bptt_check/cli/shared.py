"""What all commands share: the exit status, and how text becomes a subject or a case.

Exit status: 0 pass; 1 fail, imprecise, contract or error; 2 wrong usage, or passed with a report
that could not be written; 3 inconclusive or nothing checked. Results go to stdout, progress and
whatever a subject prints to stderr.
"""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from ..cases.case import Case
from ..cases.result import Differentiator, Result
from ..errors import (
    BpttCheckError,
    ReportError,
    SpecError,
    one_line,
)
from ..subjects import loading
from ..subjects.isolation import Isolated
from ..subjects.time_limit import seconds_to_load
from ..verdicts.verdict import Verdict

T = TypeVar("T")

STATUS = {Verdict.PASS: 0, Verdict.INCONCLUSIVE: 3, Verdict.UNSUPPORTED: 3}
"""Exit status of a verdict; of every other one 1."""


class WrongUsage(click.ClickException):
    """Something in the command line cannot be; the message says what to change."""

    exit_code = 2


class Named:
    """A subject under the text by which the command line was given it."""

    def __init__(self, subject: Differentiator, address: str) -> None:
        self.address, self.name = address, shlex.quote(address)
        self._subject = subject

    def __call__(self, case: Case) -> Result | tuple[Any, Any]:
        """What the subject returns."""
        return self._subject(case)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):  # what copying and pickling look for is not delegated
            raise AttributeError(attribute)
        return getattr(self._subject, attribute)


@contextlib.contextmanager
def advice() -> Generator[None, None, None]:
    """Turn our errors into a message and exit status 2, an early Ctrl-C into 3."""
    try:
        yield
    except BpttCheckError as error:
        raise WrongUsage(str(error)) from error
    except KeyboardInterrupt:
        click.echo("interrupted: nothing was checked", err=True)
        raise click.exceptions.Exit(3) from None


def with_report(status: int, unwritten: ReportError | None) -> int:
    """The exit status of what was found; where the report that was asked for is missing, that is
    told, and nothing passes.
    """
    if unwritten is None:
        return status
    click.echo(f"the report could not be written: {unwritten}", err=True)
    return status or WrongUsage.exit_code


def attempted(write: Callable[[], T]) -> tuple[T | None, ReportError | None]:
    """What writing a report returned, or why it could not be written."""
    try:
        return write(), None
    except ReportError as error:
        return None, error


@contextlib.contextmanager
def shown_run(source: str) -> Generator[None, None, None]:
    """In the body, whatever goes wrong in showing a run that was read is said of its file.

    A record from elsewhere may hold values that no run of ours has, and nobody knows all of them.
    """
    try:
        yield
    except (BpttCheckError, click.exceptions.Exit):
        raise
    except Exception as error:
        raise ReportError(
            f"{source} cannot be shown ({type(error).__name__}: {one_line(str(error))}): it holds "
            f"values that no run has, or bptt_check is wrong."
        ) from error


subject_argument = click.argument("subject", default=loading.DEFAULT)
oracle_option = click.option(
    "--oracle", multiple=True, metavar="NAME", help="Compare with this oracle only; repeatable."
)


accuracy_option = click.option(
    "--accuracy", default=0.0, metavar="X", help="Error of a right entry beside the largest: 1e-6."
)


@dataclass(frozen=True)
class Limits:
    """Where a subject runs, and how long and how large it may be there."""

    isolate: bool = True
    timeout: float | None = None
    memory: str | None = None

    @property
    def words(self) -> list[str]:
        """The options that say so."""
        words = [] if self.isolate else ["--no-isolate"]
        words += ["--timeout", f"{self.timeout:g}"] if self.timeout else []
        return words + (["--memory", self.memory] if self.memory else [])


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of `Limits`, under their names."""
    options = (
        click.option(
            "--isolate/--no-isolate",
            default=True,
            help="Run SUBJECT in a process of its own (the default), which may die, or in this.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            metavar="S",
            help="Seconds for one call of SUBJECT. [default: 300, none with --no-isolate]",
        ),
        click.option(
            "--memory", metavar="SIZE", help="The most memory for SUBJECT, such as 2G or 512M."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@contextlib.contextmanager
def subject_of(text: str, limits: Limits) -> Generator[Differentiator, None, None]:
    """The subject that a command line names; at the end its process, if any, is gone."""
    if limits.isolate:
        with Isolated(text, limits.timeout, limits.memory) as isolated:
            yield isolated
        return
    if limits.memory is not None:
        raise SpecError("--memory needs a process of its own: leave out --no-isolate.")
    yield Named(loading.load_within(text, seconds_to_load(limits.timeout)), text)
