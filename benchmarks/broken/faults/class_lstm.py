"""Faults of a class with a dict of cached values a step, batch first."""

from __future__ import annotations

from ..fault import Fault

FILE = "class_lstm"
FAULTS = (
    Fault(
        FILE, "carry", "dc not carried",
        "dc = dc + dh * o * (1 - tanh_c**2)", "dc = dh * o * (1 - tanh_c**2)",
        "What the cell gets from step t+1 is overwritten by its share through h_t.",
    ),
    Fault(
        FILE, "carry", "dc without the forget gate",
        "            dc = dc * f\n", "",
        "The gradient of the cell goes back to step t-1 as if the forget gate were 1.",
    ),
    Fault(
        FILE, "carry", "no path through the output gate",
        " + do @ self.Wo.T", "",
        "h_{t-1} and x_t get nothing through the output gate.",
    ),
    Fault(
        FILE, "carry", "dh not carried",
        "            dh = dz[:, :H]\n", "",
        "Every step is given the gradient of the last state.",
    ),
    Fault(
        FILE, "activation", "slope at c, not at tanh(c)",
        "(1 - tanh_c**2)", '(1 - step["c"] ** 2)',
        "1 - y^2 is the slope of tanh at its output; here it gets the input.",
    ),
    Fault(
        FILE, "activation", "slope of the candidate",
        "dg = dc * i * (1 - g**2)", "dg = dc * i * g * (1 - g)",
        "The candidate is a tanh and gets the slope of the logistic function.",
    ),
    Fault(
        FILE, "activation", "no slope at the output gate",
        "do = dh * tanh_c * o * (1 - o)", "do = dh * tanh_c",
        "The slope of the output gate is forgotten.",
    ),
    Fault(
        FILE, "wrong variable", "another gate's delta",
        'grads["Wi"] += z.T @ di', 'grads["Wi"] += z.T @ df',
        "The input gate's matrix gets the forget gate's gradient.",
    ),
    Fault(
        FILE, "index", "c_t for c_{t-1}",
        'df = dc * step["c_prev"]', 'df = dc * step["c"]',
        "The forget gate scales the cell before the step.",
    ),
    Fault(
        FILE, "index", "dx shifted by a step",
        "dx[:, t] = dz[:, H:]", "dx[:, t - 1] = dz[:, H:]",
        "The gradient of x_t is stored for step t-1, that of the first for the last.",
    ),
    Fault(
        FILE, "convention", "not divided by the batch",
        "        dscores /= n\n", "",
        "The loss is a mean over the batch, its gradient is that of the sum.",
    ),
    Fault(
        FILE, "convention", "divided by the batch twice",
        "dscores /= n", "dscores /= n * n",
        "The gradient of the mean is divided by the batch once more.",
    ),
    Fault(
        FILE, "accumulation", "bias summed over everything",
        'grads["bf"] += df.sum(axis=0)', 'grads["bf"] += df.sum()',
        "The sum goes over batch and units and is spread over all units.",
    ),
    Fault(
        FILE, "accumulation", "one gate's matrix assigned",
        'grads["Wo"] += z.T @ do', 'grads["Wo"] = z.T @ do',
        "The output gate's matrix keeps the first step's share only.",
    ),
    Fault(
        FILE, "loss placement", "error at every step",
        "dh = dz[:, :H]", "dh = dz[:, :H] + dscores @ self.Wy.T",
        "There is one loss, after the last step; its gradient enters at every step.",
    ),
    Fault(
        FILE, "aliasing", "cell updated in place",
        "            c = f * c_prev + i * g\n",
        "            c *= f\n            c += i * g\n",
        "All cached cells are one array, which holds the last one.",
    ),
    Fault(
        FILE, "boundary", "first step left out",
        "for t in reversed(range(self.x.shape[1])):", "for t in range(self.x.shape[1] - 1, 0, -1):",
        "The loop ends before step 0.",
    ),
    Fault(
        FILE, "regulariser or clamp", "weight decay in the gradient",
        'grads["Wy"] = self.h_last.T @ dscores',
        'grads["Wy"] = self.h_last.T @ dscores + 1e-4 * self.Wy',
        "The gradient has a penalty that the loss has not.",
    ),
    Fault(
        FILE, "other forward", "forget gate tied to the input gate",
        "c = f * c_prev + i * g", "c = f * c_prev + (1 - f) * g",
        "The forward pass is another cell's; the backward pass is that of an LSTM.",
    ),
)  # fmt: skip
