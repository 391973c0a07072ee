"""fla-core: attention with bounded memory by cumulative sums, against its steps."""

from fla.ops.abc.naive import naive_cumsum_abc, naive_recurrent_abc

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B H T K",
    k="B H T K",
    v="B H T V",
    s="B H T M",
    sizes={"B": (1, 2), "H": (1, 2), "T": (1, 24), "K": [4, 8], "V": [4, 8], "M": [2, 4]},
    time="T",
)


def kernel(**arrays):
    return naive_cumsum_abc(**arrays)[0]


def reference(**arrays):
    return naive_recurrent_abc(**arrays)[0]
