"""What a run shows beside its verdicts: how one case of each family behaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..cases.any_case import AnySpec
from ..cases.case import Spec
from ..cases.design.ordinary import special_words
from ..cases.result import Differentiator
from ..cases.targets import Target
from ..equations.gradient_flow import gradient_flow
from ..own_loss.differencing.taylor_curve import TaylorCurve
from ..own_loss.taylor_of_subject import taylor
from ..verdicts.verdict import Verdict
from .measurements import Flow

Known = Mapping[str, Mapping[AnySpec, Verdict]]
"""Name of a target to its specs and their verdicts."""

SHOWN_STEPS = range(4, 13)
"""Lengths of the cases that are shown: something flows, and a table can be read."""
UNCALLABLE = (Verdict.ERROR, Verdict.CONTRACT, Verdict.UNSUPPORTED)
"""Verdicts of cases on which a subject is not called again, to see what its loss does nearby."""


def shown_flows(targets: Sequence[Target], known: Known) -> Iterator[Flow]:
    """The gradient flow of one case of each family, and of one with a truncation."""
    for truncated in (False, True):
        chosen = [t for t in targets if t.truncated == truncated and not t.model.bidirectional]
        for target, specs in _families(chosen, known):
            yield shown(target.name, max(specs, key=_worth_showing))


def _worth_showing(spec: Spec) -> tuple[bool, int, int, int]:
    """Sorts specs: windows that cut some paths and leave some, nothing special, several units,
    many steps.
    """
    T, cut = spec.sizes.T, spec.truncation
    some = cut is None or 1 < cut.k2 < T
    return some, -special_words(spec), min(spec.sizes.H, 2), T


def shown_curves(
    subject: Differentiator, targets: Sequence[Target], known: Known, timeout: float | None
) -> Iterator[TaylorCurve]:
    """The Taylor test of one case of each family; along each input alone where it fails."""
    for target, specs in _families(targets, known):
        verdicts = known[target.name]
        spec = min(
            specs,
            key=lambda s: (verdicts[s] in UNCALLABLE, special_words(s), s.sizes.T, -s.sizes.H),
        )
        if verdicts[spec] in UNCALLABLE:
            continue
        test = taylor(subject, spec.build(), timeout=timeout, each=False)
        if test.verdict == Verdict.FAIL:
            test = taylor(subject, spec.build(), timeout=timeout)
        yield from (replace(curve, model=target.name) for curve in test.curves)


def _families(targets: Sequence[Target], known: Known) -> Iterator[tuple[Target, list[Spec]]]:
    """The first target of each family, and its cases that can be shown."""
    seen: set[str] = set()
    for target in targets:
        specs = [
            spec
            for spec in known.get(target.name, {})
            if isinstance(spec, Spec) and spec.sizes.T in SHOWN_STEPS and spec.regime == "normal"
        ]
        if specs and target.model.family not in seen:
            seen.add(target.model.family)
            yield target, specs


def shown(model: str, spec: Spec, weight: str = "W_hh_l0") -> Flow:
    """The gradient flow of a spec as a record for a report."""
    flow = gradient_flow(spec.build())
    return Flow(
        model=model,
        spec=str(spec),
        weight=weight,
        paths=tuple(tuple(row) for row in flow.path_norms(weight).tolist()),
        state_norms=tuple(flow.state_norms["h"][-1].tolist()),
        kept=tuple(np.nan_to_num(flow.kept[weight]).tolist()),
    )
