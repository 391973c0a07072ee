"""`bptt-check list`: what can be named."""

from __future__ import annotations

from support.command_line import invoke

import bptt_check as bc
from bptt_check import oracles
from bptt_check.cases.targets import PRESETS, parse_targets


def test_everything_that_can_be_named_is_listed() -> None:
    """Models, presets, oracles and subjects, each under its heading."""
    text = invoke("list").stdout

    for name in (*bc.models(), *PRESETS, *oracles.names(), "bptt_reference:loss_and_grads"):
        assert name in text
    assert "models" not in invoke("list", "oracles").stdout


def test_every_listed_modifier_exists() -> None:
    """What `list` offers, `--model` takes."""
    (line,) = [x for x in invoke("list", "models").stdout.splitlines() if "with any of" in x]
    for modifier in line.partition(": ")[2].split():
        assert parse_targets(f"lstm{modifier}")
