"""What a run shows beside its verdicts: how one case of each family behaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from .case import Differentiator, Spec
from .flow import shown
from .records import Flow, TaylorCurve
from .second_opinion import taylor
from .targets import Target

Known = Mapping[str, Mapping[Spec, str]]
"""Name of a target to its specs and their verdicts."""

SHOWN_STEPS = range(4, 13)
"""Lengths of the cases that are shown: something flows, and a table can be read."""
UNCALLABLE = ("error", "contract", "unsupported")
"""Verdicts of cases on which a subject is not called again, to see what its loss does nearby."""


def shown_flows(targets: Sequence[Target], known: Known) -> Iterator[Flow]:
    """The gradient flow of one case of each family."""
    for target, specs in _families(targets, known):
        if not target.model.bidirectional:
            yield shown(target.name, max(specs, key=lambda s: (s.sizes.T, s.sizes.H)))


def shown_curves(
    subject: Differentiator, targets: Sequence[Target], known: Known, timeout: float | None
) -> Iterator[TaylorCurve]:
    """The Taylor test of one case of each family; along each input alone where it fails."""
    for target, specs in _families(targets, known):
        verdicts = known[target.name]
        spec = min(specs, key=lambda s: (verdicts[s] in UNCALLABLE, s.sizes.T, -s.sizes.H))
        if verdicts[spec] in UNCALLABLE:
            continue
        test = taylor(subject, spec.build(), timeout=timeout, each=False)
        if test.verdict == "fail":
            test = taylor(subject, spec.build(), timeout=timeout)
        yield from (replace(curve, model=target.name) for curve in test.curves)


def _families(targets: Sequence[Target], known: Known) -> Iterator[tuple[Target, list[Spec]]]:
    """The first target of each family, and its cases that can be shown."""
    seen: set[str] = set()
    for target in targets:
        specs = [
            spec
            for spec in known.get(target.name, {})
            if spec.sizes.T in SHOWN_STEPS and spec.regime == "normal"
        ]
        if specs and target.model.family not in seen:
            seen.add(target.model.family)
            yield target, specs
