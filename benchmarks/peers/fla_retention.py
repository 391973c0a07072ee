"""fla-core: retention of all pairs of steps, against the steps of its decayed linear attention."""

import torch
from fla.ops.retention.naive import naive_retention
from fla.ops.simple_gla.naive import naive_recurrent_simple_gla

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B H T K",
    k="B H T K",
    v="B H T V",
    sizes={"B": (1, 2), "H": (1, 3), "T": (1, 40), "K": [4, 8], "V": [4, 8]},
    time="T",
)


def kernel(q, k, v):
    return naive_retention(q, k, v)


def reference(q, k, v):
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    g = torch.log1p(-(2.0 ** (-5.0 - torch.arange(q.shape[2]).double()))).expand(q.shape[:3])
    return naive_recurrent_simple_gla(q, k, v, g)[0].transpose(1, 2)
