"""fla-core: the delta rule, step by step, in Triton, against its steps."""

from fla.ops.delta_rule import fused_recurrent_delta_rule
from fla.ops.delta_rule.naive import delta_rule_recurrence

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B T H K",
    k=bc.unit("B T H K"),
    v="B T H V",
    beta=bc.between(0, 1, "B T H"),
    S="B H K V",
    sizes={"B": (1, 2), "H": (1, 2), "T": (1, 40), "K": [8, 16], "V": [8, 16]},
    time="T",
)


def kernel(S, **arrays):
    return fused_recurrent_delta_rule(**arrays, initial_state=S, output_final_state=True)


def reference(S, **arrays):
    o, last = delta_rule_recurrence(
        **{n: x.transpose(1, 2) for n, x in arrays.items()}, initial_state=S
    )
    return o.transpose(1, 2), last
