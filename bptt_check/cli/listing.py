"""`bptt-check list`: what can be named."""

from __future__ import annotations

import click

from .. import oracles, subjects, targets
from ..model import LOSSES, READOUTS, REDUCTIONS, families
from .shared import cli


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
    return f"{name} (not installed: {oracles.FRAMEWORKS[name].install})"


def subject_names() -> list[str]:
    """The default subject and the installed ones."""
    from ..gallery import GALLERY

    installed = [f"{name} = {value}" for name, value in subjects.entry_points().items()]
    printed = [f"gallery:{entry.name}" for entry in GALLERY]
    return [f"{subjects.DEFAULT} (default)", *installed, *printed]
