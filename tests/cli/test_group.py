"""What `bptt-check` offers, and that it imports no more than what is asked for."""

from __future__ import annotations

import pkgutil
import shlex
import subprocess
import sys

import click
import pytest
from support.command_line import invoke

import bptt_check.cli
from bptt_check.cli import cli
from bptt_check.cli.group import COMMANDS, EXAMPLES, MODULES

CONTEXT = click.Context(cli)
HEAVY = {"numpy", "hypothesis", "rich", "torch", "jax", "bptt_check.api"}
IMPORTED = "import sys; from bptt_check.cli import cli; cli(['--help'], standalone_mode=False); "


def test_help_names_every_command_with_its_line() -> None:
    """Each on a line of its own; one that is not in the table would not be found at all."""
    told = invoke("--help").stdout

    assert [*COMMANDS] == cli.list_commands(CONTEXT)
    assert all(f"  {name}  " in told for name in COMMANDS)
    assert all(line in told for line in COMMANDS.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_each_name_is_a_command(name: str) -> None:
    """Of that name, with a text of its own."""
    command = cli.get_command(CONTEXT, name)

    assert command is not None
    assert command.name == name
    assert command.help


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_an_example_that_it_takes(name: str) -> None:
    """As it stands below its options, in one piece; what it does not take would raise."""
    command = cli.get_command(CONTEXT, name)
    program, named, *words = shlex.split(EXAMPLES[name])

    assert command is not None
    assert (program, named) == ("bptt-check", name)
    assert f"Example:\n    {EXAMPLES[name]}\n" in invoke(name, "--help").stdout
    assert command.make_context(name, words)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_sentence_of_the_help_is_cut(name: str) -> None:
    """Dots at an end say that something is missing."""
    said = invoke(name, "--help").stdout

    assert not [line for line in said.splitlines() if line.endswith("...")]


def test_every_module_with_a_command_is_in_the_table() -> None:
    """A module that decorates a function with `cli.command` and is in no table is dead."""
    modules = [m.name for m in pkgutil.iter_modules(bptt_check.cli.__path__)]
    named = {MODULES.get(name, name) for name in COMMANDS}

    assert named <= {*modules}
    assert cli.get_command(CONTEXT, "shared") is None
    assert invoke("listing").exit_code == 2


def test_help_imports_nothing_heavy() -> None:
    """It is what people type first, and it takes as long as its imports."""
    script = IMPORTED + "print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    imported = {*done.stdout.splitlines()[-1].split()}

    assert "bptt_check.cli.group" in imported
    assert imported & HEAVY == set()
