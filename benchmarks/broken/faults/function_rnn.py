"""Faults of a `torch.autograd.Function` over two layers."""

from __future__ import annotations

from ..fault import Fault

FILE = "function_rnn"
FAULTS = (
    Fault(
        FILE, "carry", "carry not added in the second layer",
        "dh2 = dh2 + dy[t]", "dh2 = dy[t]",
        "What the second layer gets from step t+1 and from the last state is overwritten.",
    ),
    Fault(
        FILE, "carry", "carry not added in the first layer",
        "dh1 = dh1 + da2 @ W2", "dh1 = da2 @ W2",
        "What the first layer gets from step t+1 is overwritten by what comes from above.",
    ),
    Fault(
        FILE, "carry", "nothing from the layer above",
        "            dh1 = dh1 + da2 @ W2\n", "",
        "The first layer gets nothing through the second one.",
    ),
    Fault(
        FILE, "carry", "carry past the slope",
        "dh1 = da1 @ U1", "dh1 = dh1 @ U1",
        "What goes back to step t-1 in the first layer has not been through the slope.",
    ),
    Fault(
        FILE, "boundary", "cotangent of the last states ignored",
        "dh1, dh2 = dlast[0], dlast[1]",
        "dh1, dh2 = torch.zeros_like(dlast[0]), torch.zeros_like(dlast[1])",
        "Losses on the last states have no gradient.",
    ),
    Fault(
        FILE, "index", "W2 paired with the step before",
        "dW2 += da2.T @ first[t + 1]", "dW2 += da2.T @ first[t]",
        "The second layer reads the first one's state after the step.",
    ),
    Fault(
        FILE, "index", "h_t for h_{t-1} in one layer",
        "dU1 += da1.T @ first[t]", "dU1 += da1.T @ first[t + 1]",
        "The first layer's recurrent matrix is paired with the state after the step.",
    ),
    Fault(
        FILE, "wrong variable", "state of the other layer",
        "dU2 += da2.T @ second[t]", "dU2 += da2.T @ first[t]",
        "The second layer's recurrent matrix gets the first one's states.",
    ),
    Fault(
        FILE, "wrong variable", "two gradients exchanged",
        "dh0, dW1, dU1, db1, dW2, dU2, db2", "dh0, dW1, dU1, db1, dU2, dW2, db2",
        "Two square matrices are returned in each other's place.",
    ),
    Fault(
        FILE, "activation", "slope of the other layer",
        "da1 = dh1 * (1 - first[t + 1] ** 2)", "da1 = dh1 * (1 - second[t + 1] ** 2)",
        "The first layer's slope is taken at the second layer's state.",
    ),
    Fault(
        FILE, "transpose", "W2 not transposed back",
        "dh1 = dh1 + da2 @ W2", "dh1 = dh1 + da2 @ W2.T",
        "The matrix between two layers of one width is square.",
    ),
    Fault(
        FILE, "boundary", "first step left out",
        "range(len(x) - 1, -1, -1)", "range(len(x) - 1, 0, -1)",
        "The loop ends before step 0.",
    ),
    Fault(
        FILE, "accumulation", "bias never written",
        "            db1 += da1.sum(0)\n", "",
        "The first layer's bias has zeros for a gradient.",
    ),
    Fault(
        FILE, "accumulation", "bias added to itself",
        "db2 += da2.sum(0)", "db2 += db2 + da2.sum(0)",
        "The sum so far is added once more at every step.",
    ),
    Fault(
        FILE, "aliasing", "state written in place",
        "h1 = torch.tanh(x_t @ W1.T + h1 @ U1.T + b1)",
        "h1 = torch.tanh(x_t @ W1.T + h1 @ U1.T + b1, out=h1)",
        "All kept states of the first layer are one tensor, which holds the last one.",
    ),
    Fault(
        FILE, "other forward", "second layer a step behind",
        "h2 = torch.tanh(h1 @ W2.T", "h2 = torch.tanh(first[-2] @ W2.T",
        "The forward pass of the second layer reads the state before the step.",
    ),
    Fault(
        FILE, "partial", "initial states exchanged",
        "dh0 = torch.stack([dh1, dh2])", "dh0 = torch.stack([dh2, dh1])",
        "The gradients of the two layers' initial states are in each other's place.",
    ),
    Fault(
        FILE, "convention", "clipped inside the loop",
        "dh1 = da1 @ U1", "dh1 = (da1 @ U1).clamp(-1, 1)",
        "What is carried in the first layer is clipped at every step.",
    ),
)  # fmt: skip
