"""How well the diagnosis named every fault before there was a search for the line, as read by a
person in the messages of `diagnosed.py`.

`right`: it names the fault; `part`: one of its effects or of the gradients; `hint`: only a place,
a parameter or a condition; `nothing`; `wrong`: another mistake. What is not listed is `right`.
"""

from __future__ import annotations

from collections import Counter

from .catalogue import PAIRS, SINGLE

NOT_NAMED = {
    "part": (
        "class_lstm: error at every step",
        "class_lstm: first step left out",
        "step_gru: slope of tanh at the update gate",
        "function_rnn: two gradients exchanged",
        "function_rnn: state written in place",
        "fused_lstm: delta shifted by a step",
        "class_lstm: divided by the batch twice, c_t for c_{t-1}",
        "class_lstm: cell updated in place, one gate's matrix assigned",
        "step_gru: no slope at the candidate, x in the order of the loop",
        "function_rnn: nothing from the layer above, bias never written",
    ),
    "hint": (
        "script_rnn: slope of the logistic function",
        "script_rnn: bias summed over units",
        "script_rnn: window of a short last block",
        "script_rnn: h0 from the first block only",
        "script_rnn: recurrence from h0 at every step",
        "class_lstm: another gate's delta",
        "class_lstm: bias summed over everything",
        "class_lstm: one gate's matrix assigned",
        "class_lstm: forget gate tied to the input gate",
        "step_gru: cache of another step",
        "step_gru: x in the order of the loop",
        "step_gru: reset after the product",
        "step_gru: h0 gets the first step's dh",
        "function_rnn: slope of the other layer",
        "function_rnn: W2 not transposed back",
        "function_rnn: second layer a step behind",
        "function_rnn: clipped inside the loop",
        "fused_lstm: padded steps not masked in the backward pass",
        "fused_lstm: readout of the state before",
        "fused_lstm: slope of another gate",
        "fused_lstm: pre-activations clipped",
        "fused_lstm: deltas written over the gates",
        "fused_lstm: c0 before the forget gate",
        "fused_lstm: slope of another gate, c for tanh(c) at the output gate",
    ),
    "nothing": (
        "script_rnn: wrap at -1",
        "script_rnn: clipped at the end",
        "function_rnn: W2 paired with the step before",
        "function_rnn: state of the other layer",
        "function_rnn: W2 paired with the step before, carry not added in the first layer",
        "fused_lstm: carry lost at padded steps, readout of the state before",
    ),
    "wrong": (
        "script_rnn: losses of earlier blocks again",
        "fused_lstm: carry lost at padded steps",
    ),
}
NAMED = {name: word for word, names in NOT_NAMED.items() for name in names}
"""Name of a broken implementation to how well it was named, where that is not `right`."""


def main() -> None:
    """A line for each kind of fault, and one for pairs."""
    rows: dict[str, Counter[str]] = {}
    for broken in (*SINGLE, *PAIRS):
        row = broken.faults[0].kind if len(broken.faults) == 1 else "pairs"
        rows.setdefault(row, Counter())[NAMED.get(broken.name, "right")] += 1
    words = ("right", *NOT_NAMED)
    print(f"{'':22}" + "".join(f"{word:>9}" for word in words))
    for row, counts in rows.items():
        print(f"{row:22}" + "".join(f"{counts[word]:9}" for word in words))


if __name__ == "__main__":
    main()
