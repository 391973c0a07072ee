"""The gradient flow of one case, path by path."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...runs.measurements import Flow

SHADES = 6
"""Steps of grey for a path, each a factor of ten."""


@dataclass(frozen=True)
class FlowTable:
    """Gradient flow ready to be shown: of each path its decimal exponent and its shade."""

    flow: Flow
    lines: list[list[tuple[str, str]]]


def flow_table(flow: Flow) -> FlowTable:
    """The paths of a flow, row by row."""
    strongest = max((v for row in flow.paths for v in row if math.isfinite(v)), default=0.0)
    return FlowTable(flow, [[_path(strongest, value) for value in row] for row in flow.paths])


def _path(strongest: float, value: float) -> tuple[str, str]:
    """Text and class of one path, relative to the strongest one."""
    share = value / strongest if strongest > 0.0 else 0.0
    if not 0.0 < share <= 1.0:  # nothing flows, or more than can be said
        return "", "path void"
    decades = math.log10(share)
    return f"{decades:.1f}", f"path shade{min(SHADES - 1, int(-decades))}"
