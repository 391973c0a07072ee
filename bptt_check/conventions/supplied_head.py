"""Head and loss for code that has neither: a recurrent kernel with outputs and a backward pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..cases.case import Case, lengths_of
from ..cases.model import HEAD, Model, final_cotangents
from ..cases.types import Array
from ..equations.namespaces.taped import Taped
from ..equations.network import pair_loss, problem_of
from ..equations.tape import Tape


def no_head_reason(model: Model) -> str:
    """Why a kernel that takes `dh` only cannot have a model's loss; empty if it can."""
    if model.loss != "linear":
        return ""
    single = model.layers * len(model.directions) == 1
    carried = ("cotangent_h_n",) if single else ()
    if set(final_cotangents(model)) <= {*carried}:
        return ""
    without = replace(model, cotangents="h_n" if single else "outputs")
    return (
        "the loss 'linear' has cotangents of final states that dh alone cannot carry; the model "
        f"without them is {str(without)!r}"
    )


def apply_head(case: Case, hidden: Array) -> tuple[float, Array, dict[str, Array]]:
    """The loss at outputs `hidden` (T, B, H*N), its gradient there, and the head's gradients."""
    given = problem_of(case)
    tape, xp = Tape(), Taped()
    leaves = tape.inputs({n: given.inputs[n] for n in HEAD if n in given.inputs})
    leaves["h"] = tape.input(np.asarray(hidden, dtype=np.float64) + 0.0)
    of_pair = pair_loss(xp, case.model, leaves)
    total = xp.sum_pairs(
        lambda h_t, target_t, weight_t: weight_t * of_pair(h_t, target_t),
        xp.steps(leaves["h"]),
        given.targets,
        given.weights,
    )
    tape.backward(total)
    loss = float(total.value.sum())
    grads = {n: leaf.cotangent[0].astype(case.stored) for n, leaf in leaves.items()}
    dh = grads.pop("h")
    if "h" in given.final_cotangents:
        last, columns = _last_steps(case), np.arange(case.sizes.B)
        final = given.final_cotangents["h"][0]
        dh[last, columns] += final.astype(case.stored)
        loss += float((final * hidden[last, columns]).sum())
    return loss, dh, grads


def _last_steps(case: Case) -> Array:
    """The step after which each sequence's state is final."""
    return lengths_of(case) - 1
