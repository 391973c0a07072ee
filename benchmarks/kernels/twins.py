"""The kernels of `examples/recurrences`, and their broken twins in plain words."""

from __future__ import annotations

from . import normalised
from .tested import Claimed, TestedKernel, claimed_by, module_of

TWINS = {
    ("decayed_linear_attention", "last_chunk_cut"): "cotangents after the last whole chunk unread",
    (
        "decayed_linear_attention",
        "gate_of_own_write",
    ): "gate's cumulative sum includes its own step",
    ("diagonal_complex", "missing_conjugate"): "scan backwards without the conjugate",
    ("diagonal_complex", "first_state_of_one_chunk"): "first state: none where T <= chunk",
    ("gated_delta_rule", "lost_carry"): "nothing goes from a chunk to the one before",
    ("gated_delta_rule", "last_state_unread"): "cotangent of the last state unread",
    ("mingru", "carry lost"): "nothing goes from a chunk to the one before",
    ("mingru", "last chunk cut"): "steps of a shorter last chunk get nothing",
    ("mlstm", "floor ignored"): "normaliser moves also where its floor is larger",
    ("mlstm", "cumulative sum one off"): "gate's cumulative sum includes its own step",
    ("rwkv", "decay of the carry forgotten"): "carry handed back without the chunk's decay",
    ("rwkv", "bonus assigned"): "gradient of u assigned by each chunk, not added",
    ("selective_scan", "padded_softplus"): "steps that fill a chunk have size softplus(0)",
    ("selective_scan", "decay_of_wrong_side"): "decay of step t for that of step t + 1",
    ("slstm", "normaliser not carried"): "n_{t-1} taken for a constant",
    ("slstm", "h_t for h_{t-1}"): "gradient of R with h_t for h_{t-1}",
}


NORMALISED = Claimed(normalised.reference, normalised.INPUTS)


def right_kernels() -> list[TestedKernel]:
    """Those of the examples."""
    names = dict.fromkeys(example for example, _ in TWINS)
    examples = [
        TestedKernel(name, "", claimed_by(name), lambda n=name: module_of(n).kernel)
        for name in names
    ]
    return [*examples, TestedKernel("normalised_keys", "", NORMALISED, lambda: normalised.kernel)]


def twins() -> list[TestedKernel]:
    """The broken twins of the examples."""
    return [
        TestedKernel(
            f"{example}: {twin}",
            wrong,
            claimed_by(example),
            lambda e=example, t=twin: module_of(e).BROKEN[t],
        )
        for (example, twin), wrong in TWINS.items()
    ]
