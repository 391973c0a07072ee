"""Faults of functions for one step and loops over them, caches in tuples."""

from __future__ import annotations

from ..fault import Fault

FILE = "step_gru"
FAULTS = (
    Fault(
        FILE, "carry", "carry not added",
        "dh = dhs[t] + dh_next", "dh = dhs[t]",
        "Every step is differentiated as if it were the last.",
    ),
    Fault(
        FILE, "carry", "no path through r * h",
        "    dh_prev += drh * r\n", "",
        "h_{t-1} gets nothing through the candidate.",
    ),
    Fault(
        FILE, "carry", "no path through the reset gate",
        'dh_prev += daz @ p["Uz"].T + dar @ p["Ur"].T', 'dh_prev += daz @ p["Uz"].T',
        "h_{t-1} gets nothing through the reset gate.",
    ),
    Fault(
        FILE, "carry", "no path past the gates",
        "dh_prev = dh * (1 - z)", "dh_prev = np.zeros_like(dh)",
        "What is kept of h_{t-1} gives it no gradient.",
    ),
    Fault(
        FILE, "activation", "no slope at the candidate",
        "dan = dn * (1 - n**2)", "dan = dn",
        "The slope of the candidate's tanh is forgotten.",
    ),
    Fault(
        FILE, "activation", "slope of tanh at the update gate",
        "daz = dz * z * (1 - z)", "daz = dz * (1 - z**2)",
        "The update gate is a logistic function and gets the slope of tanh.",
    ),
    Fault(
        FILE, "wrong variable", "candidate for state",
        "dr = drh * h_prev", "dr = drh * n",
        "The reset gate scales h_{t-1}, not the candidate.",
    ),
    Fault(
        FILE, "wrong variable", "reset left out of Un",
        '"Un": (r * h_prev).T @ dan', '"Un": h_prev.T @ dan',
        "Un multiplies r * h_{t-1}; its gradient is taken as if the reset came after.",
    ),
    Fault(
        FILE, "wrong variable", "z and 1 - z exchanged",
        "dn = dh * z", "dn = dh * (1 - z)",
        "The candidate gets the share of the state.",
    ),
    Fault(
        FILE, "accumulation", "weights assigned",
        "total[name] = total.get(name, 0) + grad", "total[name] = grad",
        "Every step overwrites what later ones have given.",
    ),
    Fault(
        FILE, "index", "cache of another step",
        "step_backward(dh, caches[t])", "step_backward(dh, caches[t - 1])",
        "Step t is differentiated at the values of step t-1, the first at those of the last.",
    ),
    Fault(
        FILE, "index", "x in the order of the loop",
        "dxs.insert(0, dx)", "dxs.append(dx)",
        "The loop goes backwards, and so do the gradients of the inputs.",
    ),
    Fault(
        FILE, "aliasing", "dh changed in place",
        "    dn = dh * z\n", "    dn = dh\n    dn *= z\n",
        "What is read of dh further down has been multiplied by z.",
    ),
    Fault(
        FILE, "other forward", "reset after the product",
        '(r * h_prev) @ p["Un"] + p["bn"]', 'r * (h_prev @ p["Un"]) + p["bn"]',
        "The forward pass resets after the product, the backward pass before it.",
    ),
    Fault(
        FILE, "partial", "h0 gets the first step's dh",
        'total["h0"] = dh_next', 'total["h0"] = dh',
        "The gradient of h_1 stands for that of h_0.",
    ),
    Fault(
        FILE, "transpose", "Un not transposed",
        'drh = dan @ p["Un"].T', 'drh = dan @ p["Un"]',
        "The recurrent matrix is square, so no shape tells.",
    ),
    Fault(
        FILE, "convention", "gradients negated",
        "total[name] = total.get(name, 0) + grad", "total[name] = total.get(name, 0) - grad",
        "The gradients of weights are ready to be added, those of x and h0 are not.",
    ),
)  # fmt: skip
