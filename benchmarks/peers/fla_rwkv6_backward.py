"""fla-core: the backward pass of RWKV-6 by hand, against its steps."""

import torch
from fla.ops.rwkv6.recurrent_naive import naive_recurrent_rwkv6, naive_recurrent_rwkv6_bwd

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B H T K",
    k="B H T K",
    v="B H T V",
    w=bc.between(-5, 0, "B H T K"),
    u="H K",
    S0="B H K V",
    sizes={"B": (1, 2), "H": (1, 2), "T": (1, 24), "K": [4, 8], "V": [4, 8]},
    time="T",
)


class _Steps(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v, w, u, S0):
        o = reference(q, k, v, w, u, S0)
        ctx.save_for_backward(q, k, v, w, u, o, S0)
        return o

    @staticmethod
    def backward(ctx, o_bar):
        *given, S0 = ctx.saved_tensors
        return naive_recurrent_rwkv6_bwd(*given, o_bar, S0)


def kernel(q, k, v, w, u, S0):
    return _Steps.apply(q, k, v, w, u, S0)


def reference(q, k, v, w, u, S0):
    return naive_recurrent_rwkv6(q, k, v, w, u, 1.0, S0)[0]
