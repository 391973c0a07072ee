"""The recurrent cells of Flax: `SimpleCell`, `LSTMCell` and `GRUCell`, one step each, scanned here.

    bptt-check run examples/flax_cells.py:lstm --model lstm
    bptt-check run examples/flax_cells.py:gru --model gru
    bptt-check run examples/flax_cells.py:rnn --model rnn-tanh

Flax keeps one kernel (in, out) per gate and source, named `ii`, `if`, ... for the input and `hi`,
`hf`, ... for the state, and some biases once where others have two.
"""

from __future__ import annotations

from typing import Any

import jax
from flax import linen

from bptt_check.subjects.jax import from_function

GATES = {"lstm": "ifgo", "gru": "rzn", "rnn": ("",)}
CELLS = {"lstm": linen.LSTMCell, "gru": linen.GRUCell, "rnn": linen.SimpleCell}


def parameters(cell: str, case: Any) -> dict[str, dict[str, Any]]:
    """Our arrays by Flax's names; gate orders are the same."""
    p, count = case.params, len(GATES[cell])

    def blocks(name: str) -> list[Any]:
        return [block.T for block in p[f"{name}_l0"].reshape(count, case.sizes.H, -1)]

    found: dict[str, dict[str, Any]] = {}
    for gate, W_x, W_h in zip(GATES[cell], blocks("W_xh"), blocks("W_hh"), strict=True):
        found |= {f"i{gate}": {"kernel": W_x}, f"h{gate}": {"kernel": W_h}}
    if cell == "gru":  # only the candidate has a second bias
        for gate, b_x, b_h in zip("rzn", blocks("b_xh"), blocks("b_hh"), strict=True):
            found[f"i{gate}"]["bias"] = b_x[0] if gate == "n" else (b_x + b_h)[0]
        found["hn"]["bias"] = blocks("b_hh")[2][0]
    else:
        source = "h" if cell == "lstm" else "i"
        for gate, b in zip(GATES[cell], blocks("b_h"), strict=True):
            found[f"{source}{gate}"]["bias"] = b[0]
    return found


def outputs(cell: str, case: Any) -> Any:
    """Top states and final states; `bptt_check` computes the loss of them."""
    module = CELLS[cell](case.sizes.H, param_dtype=case.x.dtype, dtype=case.x.dtype)
    variables = {"params": parameters(cell, case)}
    carry = case.h0[0] if case.c0 is None else (case.c0[0], case.h0[0])  # c comes first in Flax
    last, h = jax.lax.scan(lambda c, x_t: module.apply(variables, c, x_t), carry, case.x)
    return (h, last[None]) if case.c0 is None else (h, (last[1][None], last[0][None]))


def subject(cell: str) -> Any:
    """The subject of a cell: one layer, one direction, with biases."""

    def supports(model: Any) -> bool:
        plain = model.layers == 1 and not model.bidirectional and model.bias
        return plain and model.cell == cell and model.activation == "tanh" and model.reset_after

    return from_function(
        lambda case: outputs(cell, case), jit=True, name=f"flax {cell}", supports=supports
    )


lstm, gru, rnn = subject("lstm"), subject("gru"), subject("rnn")
