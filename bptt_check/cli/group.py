"""The command `bptt-check` itself: the names of its commands with a line on each.

They stand here so that a command is imported only when it is asked for: `--help` needs none.
"""

from __future__ import annotations

import importlib
import signal
from typing import Any

import click

from ..runs import interruption
from ..runs.provenance.environment import environment
from .output import best_effort_output

ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
"""Names of the signals that end a command early, with what it knows."""
COMMANDS = {
    "against": "Check KERNEL, outputs and gradients, against plain REFERENCE code.",
    "compare": "Compare RUN with the earlier BASE.",
    "doctor": "Show which oracles work here, versions, and what to install.",
    "fix": "Find the edit of SUBJECT's own source that makes it right.",
    "history": "Show the runs below DIR: verdicts, worst errors, time.",
    "list": "Show what can be named: models, oracles, subjects, mutants.",
    "new": "Write a folder NAME with a subject, its test and a README.",
    "power": "Edit the source of SUBJECT, and see what catches each edit.",
    "replay": "Check SUBJECT on one case again, in full detail.",
    "report": "Render the page of a run again from its records.",
    "run": "Check SUBJECT on many cases of many models.",
}
"""Name of each command, and what `--help` says of it."""
EXAMPLES = {
    "against": "bptt-check against my.kernels:delta my.plain:delta my.kernels:INPUTS",
    "compare": "bptt-check compare reports/main reports/branch --report reports/compared",
    "doctor": "bptt-check doctor",
    "fix": "bptt-check fix my_rnn.py:backward --model rnn-tanh",
    "history": "bptt-check history reports --last 5",
    "list": "bptt-check list models",
    "new": "bptt-check new my_rnn",
    "power": "bptt-check power my_rnn.py:backward --every 5",
    "replay": "bptt-check replay 'lstm T=3 B=2 D=2 H=2 O=2 seed=7' my_rnn.py:backward",
    "report": "bptt-check report reports --index",
    "run": "bptt-check run my_rnn.py:backward --model lstm --report reports",
}
"""Name of each command, and a line of it that can be typed."""
MODULES = {"list": "listing"}
"""Those whose module here has another name than they."""


class Commands(click.Group):
    """Commands that are imported when they are asked for, and that say what they found by their
    exit status, whatever becomes of their output.
    """

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command; signals that would end it are interrupts."""
        numbers = [getattr(signal, name) for name in ENDING if hasattr(signal, name)]
        with best_effort_output(), interruption.handling(*numbers):
            return super().main(*args, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported now."""
        if cmd_name in COMMANDS:
            importlib.import_module(f".{MODULES.get(cmd_name, cmd_name)}", __package__)
        command = super().get_command(ctx, cmd_name)
        if command is not None and cmd_name in EXAMPLES:
            command.epilog = f"\b\nExample:\n  {EXAMPLES[cmd_name]}"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands in `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"bptt-check {environment()['bptt_check']}")
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
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

    SUBJECT is package.module:attribute, path/to/file.py:attribute, exec:COMMAND for a program in
    any language, or an installed subject. It runs in a process of its own.
    Exit status: 0 pass, 1 wrong, 2 wrong usage, 3 inconclusive or nothing checked.
    """
