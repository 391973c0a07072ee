"""`bptt-check against`: a kernel beside the plain code that defines it."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import click

from ..cases.case import DTYPES
from ..cases.recurrences.inputs import Inputs
from ..cases.timing.stage_clock import Stage, timed
from ..errors import SpecError, clean
from ..report.report import Report
from ..runs import interruption
from ..runs.effort.progress import Progress
from ..subjects.isolation import Isolated
from ..subjects.isolation.protocol import KernelStart
from ..subjects.kernels.framework import framework_of
from .group import cli
from .run import told_and_written
from .run_output import Output, output_options
from .shared import Limits, accuracy_option, advice, limit_options


@cli.command("against")
@click.argument("kernel")
@click.argument("reference")
@click.argument("inputs")
@click.option("--cases", type=int, metavar="N", help="Cases. [default: 50]")
@click.option("--case", metavar="LINE", help="One case alone, by its line.")
@click.option("--dtype", multiple=True, metavar="NAME", help=f"{' or '.join(DTYPES)}; repeatable.")
@click.option("--seed", default=0, show_default=True, metavar="N", help="Draws other cases.")
@click.option("--device", default="cpu", show_default=True, help="Where the kernel runs.")
@click.option(
    "--oracle", multiple=True, metavar="NAME", help="reference, finite_difference or certified."
)
@click.option("--inside", default="", metavar="NAME", help="The dtype in which it computes.")
@click.option("--order", type=click.IntRange(1, 2), default=1, help="2: derivatives of gradients.")
@accuracy_option
@output_options
@limit_options
def against_command(
    report: str | None,
    as_json: bool,
    profile: bool,
    sarif: str | None,
    annotations: str,
    isolate: bool,
    timeout: float | None,
    memory: str | None,
    **options: Any,
) -> None:
    """Check KERNEL, outputs and gradients, against plain REFERENCE code on INPUTS.

    Each is `package.module:attribute` or `path/to/file.py:attribute`.
    """
    asked = AgainstOptions(**options, limits=Limits(isolate, timeout, memory))
    output = Output(report, as_json, profile, sarif, annotations)

    with advice():
        status = interruption.uninterrupted(
            lambda: told_and_written(partial(run_against, asked), output)
        )
    raise click.exceptions.Exit(status)


@dataclass(frozen=True)
class AgainstOptions:
    """What to check; empty tuples stand for the default."""

    kernel: str
    reference: str
    inputs: str
    cases: int | None
    case: str | None
    dtype: tuple[str, ...]
    seed: int
    device: str
    oracle: tuple[str, ...]
    inside: str
    order: int
    accuracy: float
    limits: Limits

    @property
    def command(self) -> str:
        """The command line that does the same; where its output goes is left out."""
        words = ["bptt-check", "against", self.kernel, self.reference, self.inputs]
        for name in ("oracle", "dtype"):
            words += [w for value in getattr(self, name) for w in (f"--{name}", value)]
        words += ["--cases", str(self.cases)] if self.cases else []
        words += ["--case", self.case] if self.case else []
        words += ["--seed", str(self.seed)]
        words += ["--device", self.device] if self.device != "cpu" else []
        words += ["--inside", self.inside] if self.inside else []
        words += ["--order", "2"] if self.order == 2 else []
        words += ["--accuracy", f"{self.accuracy:g}"] if self.accuracy else []
        return shlex.join([*words, *self.limits.words])


def run_against(
    options: AgainstOptions, folder: str | None, progress: Callable[[Progress], None]
) -> Report:
    """Verify what the options say; Ctrl-C ends it early, with a report of what there is."""
    from .. import against
    from ..report.folder import prepare, replacing
    from ..subjects.loading import load_object

    if folder is not None:
        prepare(folder)
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        with timed(Stage.STARTING):
            named = (options.kernel, options.reference, options.inputs)
            plain = (options.reference, options.inputs)
            reference, inputs = interruption.interruptible(partial(_loaded, load_object, plain))
            kernel = interruption.interruptible(
                lambda: stack.enter_context(_kernel(options, reference, load_object))
            )
        if folder is not None:
            stack.enter_context(replacing(folder))
        report = against.verify_against(
            kernel,
            reference,
            inputs,
            options.cases,
            options.dtype or ("float32",),
            options.seed,
            options.accuracy,
            options.device,
            options.limits.timeout,
            case=options.case,
            inside=options.inside,
            order=options.order,
            oracles=options.oracle or None,
            address=shlex.join(named),
            progress=progress,
            keep_partial=True,
        )
    return replace(report, run=replace(report.run, command=clean(options.command)))


@contextlib.contextmanager
def _kernel(
    options: AgainstOptions, reference: Callable[..., Any], load: Callable[[str], Any]
) -> Generator[Any, None, None]:
    """The kernel, in a process of its own unless that is not wanted."""
    if not options.limits.isolate:
        yield load(options.kernel)
        return
    start = KernelStart(options.inputs, options.device, framework_of(reference), options.order)
    with Isolated(options.kernel, options.limits.timeout, options.limits.memory, start) as isolated:
        isolated.address = shlex.join([options.kernel, options.reference, options.inputs])
        yield isolated


def _loaded(load: Callable[[str], Any], texts: tuple[str, str]) -> tuple[Any, Inputs]:
    """The reference and the inputs; what is no inputs is told before a kernel is started."""
    reference, inputs = map(load, texts)
    if not isinstance(inputs, Inputs):
        kind = type(inputs).__name__
        raise SpecError(
            f"{texts[1]} is a {kind}; the third address must be of a bptt_check.Inputs."
        )
    return reference, inputs
