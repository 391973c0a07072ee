"""The command line: arguments, exit status, what goes to which stream. The work is done elsewhere.

Exit status: 0 pass; 1 fail, imprecise, contract or error; 2 wrong usage; 3 inconclusive or nothing
checked. Results go to stdout, progress and whatever a subject prints to stderr.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import shlex
import sys
import zipfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from . import api, oracles, subjects, targets
from .case import DTYPES, Case, Differentiator, Result, Spec
from .errors import BpttCheckError, SpecError
from .model import LOSSES, READOUTS, REDUCTIONS, families
from .records import environment
from .report import Report, load

STATUS = {"pass": 0, "inconclusive": 3, "unsupported": 3}
"""Exit status of a verdict; of every other one 1."""
TINY = "lstm T=2 B=1 D=2 H=2 O=2 seed=1"


class WrongUsage(click.ClickException):
    """Something in the command line cannot be; the message says what to change."""

    exit_code = 2


class Named:
    """A subject under the name it was given on the command line, so that messages repeat it."""

    def __init__(self, subject: Differentiator, name: str) -> None:
        self.name = name
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


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"bptt-check {environment()['bptt_check']}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Verify a hand-written backpropagation through time.

    SUBJECT is package.module:attribute, path/to/file.py:attribute, or an installed subject.
    Exit status: 0 pass, 1 wrong, 2 wrong usage, 3 inconclusive or nothing checked.
    """


_subject = click.argument("subject", default=subjects.DEFAULT)
_oracle = click.option(
    "--oracle", multiple=True, metavar="NAME", help="Compare with this oracle only; repeatable."
)
_timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Seconds for one call of the subject.",
)


@cli.command("run")
@_subject
@click.option("--model", multiple=True, metavar="NAME", help="Check this model only; repeatable.")
@_oracle
@click.option("--cases", default=100, show_default=True, metavar="N", help="Cases per model.")
@click.option("--dtype", multiple=True, metavar="NAME", help=f"{' or '.join(DTYPES)}; repeatable.")
@click.option("--seed", default=0, show_default=True, metavar="N", help="Draws other cases.")
@click.option("--report", type=click.Path(), metavar="DIR", help="Write a page and all records.")
@click.option("--json", "as_json", is_flag=True, help="Print run.json instead of a summary.")
@_timeout
def run_command(report: str | None, as_json: bool, **options: Any) -> None:
    """Check SUBJECT on many cases of many models."""
    with advice():
        found = run(Options(**options), report)
        _tell(found, report, as_json)
    raise click.exceptions.Exit(STATUS.get(found.verdict, 1))


@dataclass(frozen=True)
class Options:
    """What to check; empty tuples stand for the default."""

    subject: str
    model: tuple[str, ...]
    oracle: tuple[str, ...]
    cases: int
    dtype: tuple[str, ...]
    seed: int
    timeout: float | None

    @property
    def command(self) -> str:
        """The command line that does the same; where its output goes is left out."""
        words = ["bptt-check", "run", self.subject]
        for name in ("model", "oracle", "dtype"):
            words += [w for value in getattr(self, name) for w in (f"--{name}", value)]
        words += ["--cases", str(self.cases), "--seed", str(self.seed)]
        words += ["--timeout", f"{self.timeout:g}"] if self.timeout else []
        return shlex.join(words)


def run(options: Options, folder: str | None = None) -> Report:
    """Verify what the options say; that the folder can be written is found out first.

    Ctrl-C ends it early, with a report of what there is.
    """
    from .report import store
    from .report.progress import progress

    if folder is not None:
        store.prepare(folder)
    with contextlib.redirect_stdout(sys.stderr), progress() as advance:
        report = api.verify(
            _load(options.subject),
            models=options.model or None,
            cases=options.cases,
            oracles=options.oracle or None,
            dtypes=options.dtype or DTYPES[:1],
            seed=options.seed,
            timeout=options.timeout,
            progress=advance,
            keep_partial=True,
        )
    return replace(report, command=options.command)


def _load(text: str) -> Named:
    return Named(subjects.load(text), shlex.quote(text))


def _tell(report: Report, folder: str | None, as_json: bool) -> None:
    """Print the run, then write its folder, then say where."""
    from rich.console import Console

    from .report import store, terminal
    from .report.bundle import bundle

    parts = bundle(report) if folder is not None else None
    document = parts.run if parts else report.document
    if as_json:
        click.echo(store.to_json(document).decode(), nl=False)
    else:
        terminal.show(document, Console())
    if parts and folder is not None:
        page = store.write_folder(folder, parts)
        click.echo(f"report: {page}", err=as_json)


@cli.command("replay")
@click.argument("case", metavar="SPEC_OR_NPZ")
@_subject
@_oracle
@_timeout
def replay_command(case: str, subject: str, oracle: Sequence[str], timeout: float | None) -> None:
    """Check SUBJECT on one case again, in full detail."""
    from rich.console import Console

    from .report import terminal

    with advice():
        with contextlib.redirect_stdout(sys.stderr):
            named = _load(subject)  # first: its module may register the cell of the case
            report = api.check(named, read_case(case), oracle or None, timeout)
        terminal.show_case(report, Console())
    raise click.exceptions.Exit(STATUS.get(report.verdict, 1))


def read_case(text: str) -> Case:
    """The case of a spec line or of an `.npz` file."""
    if not text.endswith(".npz"):
        return Spec.parse(text).build()
    if not Path(text).is_file():
        raise SpecError(f"there is no file {text}.")
    if not zipfile.is_zipfile(text):  # before NumPy opens it, which leaves half a file open
        raise SpecError(f"{text} cannot be read as a case: it is not a whole .npz file.")
    return Case.load(text)


@cli.command("list")
@click.argument("what", type=click.Choice(["models", "oracles", "subjects"]), required=False)
def list_command(what: str | None) -> None:
    """Show what can be named: models, oracles, subjects."""
    shown = {"models": model_names, "oracles": oracle_names, "subjects": subject_names}
    for name, lines in shown.items():
        if what in (None, name):
            click.echo("\n".join([name, *(f"  {line}" for line in lines())]))


def model_names() -> list[str]:
    """The families, what may be added to a name, and the presets."""
    choices = [*LOSSES[1:], *READOUTS[1:], *REDUCTIONS[1:], "bidirectional", "nobias", "2layers"]
    return [
        *families(),
        f"with any of: +{' +'.join([*choices, *targets.DRAWN])}",
        f"presets: {', '.join(targets.PRESETS)}",
        f"without --model: {len(targets.default_targets())} of these, as far as supported",
    ]


def oracle_names() -> list[str]:
    """Every oracle, and what is missing for it."""
    return [name if oracles.available(name) else _missing(name) for name in oracles.names()]


def _missing(name: str) -> str:
    return f"{name} (not installed: pip install 'bptt-check[{name}]')"


def subject_names() -> list[str]:
    """The default subject and the installed ones."""
    from .gallery import GALLERY

    installed = [f"{name} = {value}" for name, value in subjects.entry_points().items()]
    printed = [f"gallery:{entry.name}" for entry in GALLERY]
    return [f"{subjects.DEFAULT} (default)", *installed, *printed]


@cli.command("gallery")
@click.argument("folder", metavar="DIR", default="reports", type=click.Path())
@click.option("--cases", default=12, show_default=True, metavar="N", help="Cases per formula.")
def gallery_command(folder: str, cases: int) -> None:
    """Judge the formulas of teaching texts, as printed and as corrected, and write a page."""
    from . import gallery

    judged = gallery.judge_gallery(cases=cases)
    for one in judged:
        mark = "as expected" if one.expected else "UNEXPECTED"
        click.echo(f"{one.entry.name:<44} {one.report.verdict:<6} {mark}")
    click.echo(f"gallery: {gallery.page(folder, judged)}")
    raise click.exceptions.Exit(0 if all(one.expected for one in judged) else 1)


@cli.command("doctor")
def doctor_command() -> None:
    """Show which oracles work here, versions, and what to install."""
    states = {name: examine(name) for name in oracles.names()}
    for name, state in states.items():
        click.echo(f"{name:<18} {state}")
    click.echo("\n" + "\n".join(f"{name:<18} {v}" for name, v in environment().items()))
    broken = any(state.startswith("broken") for state in states.values())
    raise click.exceptions.Exit(1 if broken else 0)


def examine(name: str) -> str:
    """Whether an oracle works, tried on a tiny case; else why not, or what to install."""
    if not oracles.available(name):
        return f"not installed: pip install 'bptt-check[{name}]'"
    try:
        result = oracles.load(name)(Spec.parse(TINY).build())
        sound = all(np.all(np.isfinite(g)) for g in result.grads.values())
    except Exception as error:  # whatever a framework raises is the answer
        return f"broken: {type(error).__name__}: {error}"
    framework = oracles.FRAMEWORKS.get(name)
    version = f" ({framework} {importlib.metadata.version(framework)})" if framework else ""
    return f"works{version}" if sound else "broken: its gradients are not finite"


@cli.command("report")
@click.argument("folder", metavar="RUN_DIR", type=click.Path())
def report_command(folder: str) -> None:
    """Render the page of a run again from its records."""
    from .report import store

    with advice():
        found = load(folder)
        page = store.write_page(folder, found)
    click.echo(f"{found.verdict}  {found.subject}\nreport: {page}")


def main() -> None:
    """The entry point of the command `bptt-check`."""
    cli(prog_name="bptt-check")
