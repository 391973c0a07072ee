"""fla-core: a recurrence of diagonal plus low rank in chunks, against its steps."""

from fla.ops.generalized_delta_rule.dplr.naive import dplr_chunkwise, dplr_recurrence

import bptt_check as bc

PACKAGE = "fla-core"
INPUTS = bc.Inputs(
    q="B H T K",
    k="B H T K",
    v="B H T V",
    alpha=bc.unit("B H T K"),
    beta=bc.unit("B H T K"),
    gk=bc.between(-5, 0, "B H T K"),
    initial_state="B H K V",
    sizes={"B": (1, 2), "H": (1, 2), "T": [8, 16, 24], "K": [4, 8], "V": [4, 8]},
    time="T",
)


def kernel(**arrays):
    return dplr_chunkwise(**arrays, chunk_size=8)


def reference(**arrays):
    return dplr_recurrence(**arrays)
