"""mambapy: a parallel scan with its own backward pass, against a loop."""

import torch
from mambapy.pscan import pscan

import bptt_check as bc

PACKAGE = "mambapy"
INPUTS = bc.Inputs(
    A=bc.between(0, 1, "B T D N"),
    X="B T D N",
    sizes=dict.fromkeys("BDN", (1, 3)) | {"T": (1, 70)},
    time="T",
)


def kernel(A: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
    return pscan(A, X)


def reference(A: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
    h_t, hs = torch.zeros_like(X[:, 0]), []
    for a_t, x_t in zip(A.unbind(1), X.unbind(1), strict=True):
        h_t = a_t * h_t + x_t
        hs.append(h_t)
    return torch.stack(hs, 1)
