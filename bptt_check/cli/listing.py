"""`bptt-check list`: what can be named."""

from __future__ import annotations

import click

from .. import oracles
from ..cases import targets
from ..cases.model import LOSSES, READOUTS, REDUCTIONS, families
from ..subjects import loading
from .group import cli

KINDS = ("models", "oracles", "subjects", "mutants")


@cli.command("list")
@click.argument("what", type=click.Choice(KINDS), required=False)
def list_command(what: str | None) -> None:
    """Show what can be named: models, oracles, subjects; `mutants` only when asked for."""
    shown = {"models": model_names, "oracles": oracle_names, "subjects": subject_names}
    if what == "mutants":
        shown["mutants"] = mutant_lines
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
    return f"{name} (not installed: {oracles.FRAMEWORKS[name].install})"


def subject_names() -> list[str]:
    """The default subject and the installed ones."""
    installed = [f"{name} = {value}" for name, value in loading.entry_points().items()]
    return [f"{loading.DEFAULT} (default)", *installed]


def mutant_lines() -> list[str]:
    """Every single edit of the reference's backward code: its name, the line before and after."""
    from ..mutation import mutants

    return [f"{m.name}\n    {m.before}  ->  {m.after}" for m in mutants()]
