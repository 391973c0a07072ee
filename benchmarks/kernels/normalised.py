"""The gated delta rule with keys that are normalised inside: plain, and by chunks."""

from __future__ import annotations

import sys
from pathlib import Path

from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))

from recurrences import gated_delta_rule

import bptt_check as bc

INPUTS = bc.Inputs(
    q="T B K",
    k="T B K",
    v="T B V",
    beta=bc.between(0, 1, "T B"),
    g=bc.between(-5, 0, "T B"),
    S0="B K V",
    sizes={"T": (1, 100), "B": (1, 4), "K": (4, 16), "V": (4, 16)},
    time="T",
)


def of_unit_norm(k: Tensor) -> Tensor:
    """k / sqrt(|k|^2 + 1e-6)."""
    return k / (k.square().sum(-1, keepdim=True) + 1e-6).sqrt()


def reference(
    q: Tensor, k: Tensor, v: Tensor, beta: Tensor, g: Tensor, S0: Tensor
) -> tuple[Tensor, Tensor]:
    """As that of the example, with keys of unit norm."""
    return gated_delta_rule.reference(q, of_unit_norm(k), v, beta, g, S0)


def kernel(
    q: Tensor, k: Tensor, v: Tensor, beta: Tensor, g: Tensor, S0: Tensor
) -> tuple[Tensor, Tensor]:
    """The same by chunks; half precision is computed in float32."""
    q_, k_, v_, beta_, g_, S_ = (
        x.float() if x.element_size() < 4 else x for x in (q, k, v, beta, g, S0)
    )
    o, S = gated_delta_rule.kernel(q_, of_unit_norm(k_), v_, beta_, g_, S_)
    return o.to(v.dtype), S.to(S0.dtype)
