"""fla-core: the delta rule as a matrix of all pairs of steps, against its steps."""

from fla.ops.delta_rule.naive import delta_rule_parallel, delta_rule_recurrence

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B H T K",
    k=bc.unit("B H T K"),
    v="B H T V",
    beta=bc.between(0, 1, "B H T"),
    sizes={"B": (1, 2), "H": (1, 2), "T": [16, 32, 48], "K": [4, 8], "V": [4, 8]},
    time="T",
)


def kernel(**arrays):
    return delta_rule_parallel(**arrays, BM=16, BN=8)[0]


def reference(**arrays):
    return delta_rule_recurrence(**arrays)[0]
