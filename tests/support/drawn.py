"""Specs from the designs of targets, for tests that need many cases."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Iterator

from bptt_check.cases.case import Spec
from bptt_check.cases.design.design import Design
from bptt_check.cases.design.within import Within
from bptt_check.cases.targets import Target, default_targets, parse_targets

SMALL = "T=1..16 B=1..4 D=1..5 H=1..5 O=1..4"
"""Sizes of cases that cost next to nothing."""


def design_of(
    name: str, seed: int = 0, within: str = "", dtypes: tuple[str, ...] = ("float64",)
) -> Design:
    """The design of the one target of a name."""
    (target,) = parse_targets(name)
    return Design(target, dtypes, seed, Within.parse(within))


def k1(spec: Spec) -> int:
    """The steps of a block of a truncated spec."""
    assert spec.truncation is not None
    return spec.truncation.k1


def k2(spec: Spec) -> int:
    """The steps through which the gradient of a truncated spec goes back."""
    assert spec.truncation is not None
    return spec.truncation.k2


def specs_of_target(
    name: str,
    count: int,
    seed: int = 0,
    within: str = "",
    dtypes: tuple[str, ...] = ("float64",),
) -> list[Spec]:
    """The first specs of a target."""
    return list(design_of(name, seed, within, dtypes).specs(count))


def specs_of_defaults(
    count: int,
    seed: int = 0,
    within: str = SMALL,
    dtypes: tuple[str, ...] = ("float64",),
    target: Callable[[Target], bool] = lambda target: True,
    spec: Callable[[Spec], bool] = lambda spec: True,
) -> list[Spec]:
    """Specs of the default targets, one of each in turn, in an order that the seed decides.

    Args:
        count: how many.
        seed, within, dtypes: of the designs.
        target: which targets.
        spec: which of their specs.
    """
    chosen = [one for one in default_targets() if target(one)]
    random.Random(seed).shuffle(chosen)
    streams = [
        filter(spec, _every(Design(one, dtypes, seed, _parsed(within)))) for one in chosen[:count]
    ]
    return [next(stream) for stream in itertools.islice(itertools.cycle(streams), count)]


def _every(design: Design) -> Iterator[Spec]:
    return (design.spec(number) for number in itertools.count())


@functools.cache
def _parsed(within: str) -> Within:
    return Within.parse(within)
