"""`bptt-check doctor`: what works here."""

from __future__ import annotations

import importlib.metadata

import click
import numpy as np

from .. import oracles
from ..cases.case import Spec
from ..runs.provenance.environment import environment
from .group import cli

TINY = "lstm T=2 B=1 D=2 H=2 O=2 seed=1"


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
        return f"not installed: {oracles.FRAMEWORKS[name].install}"
    try:
        result = oracles.load_oracle(name)(Spec.parse(TINY).build())
        sound = all(np.all(np.isfinite(g)) for g in result.grads.values())
    except Exception as error:  # whatever a framework raises is the answer
        return f"broken: {type(error).__name__}: {error}"
    framework = oracles.FRAMEWORKS.get(name)
    version = f" ({_with_version(framework.package)})" if framework else ""
    return f"works{version}" if sound else "broken: its gradients are not finite"


def _with_version(package: str) -> str:
    return f"{package} {importlib.metadata.version(package)}"
