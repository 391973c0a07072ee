"""A kernel of the study, and how one is made of an example."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))

import bptt_check as bc

from .wrapped import Change, with_changed_gradients

BOTH = ("float32", "bfloat16")


@dataclass(frozen=True)
class Claimed:
    """What a kernel claims to compute: plain code, and its inputs."""

    reference: Any
    inputs: bc.Inputs


@dataclass(frozen=True)
class TestedKernel:
    """A kernel of the study.

    Args:
        name: of the kernel.
        wrong: what is wrong, in plain words; "" of a right one.
        claimed: what it should compute.
        make: a kernel without memory of earlier calls.
        wrong_in: the dtypes in which it is wrong.
    """

    name: str
    wrong: str
    claimed: Claimed
    make: Callable[[], Any]
    wrong_in: tuple[str, ...] = BOTH


def module_of(example: str) -> Any:
    """An example of `examples/recurrences`."""
    return import_module(f"recurrences.{example}")


def claimed_by(example: str) -> Claimed:
    """What the kernel of an example claims."""
    module = module_of(example)
    return Claimed(module.reference, module.INPUTS)


def made(
    example: str, name: str, wrong: str, make: Callable[[Any], Any], wrong_in: Any = BOTH
) -> TestedKernel:
    """A kernel that is made of an example."""
    module = module_of(example)
    return TestedKernel(
        f"{example}: {name}", wrong, claimed_by(example), lambda: make(module), wrong_in
    )


def changed(example: str, name: str, wrong: str, change: Callable[[], Change]) -> TestedKernel:
    """One whose gradients are changed."""
    return made(
        example, name, wrong, lambda module: with_changed_gradients(module.kernel, change())
    )
