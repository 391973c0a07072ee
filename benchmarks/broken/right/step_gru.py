"""A GRU in steps: row vectors, weights (in, out), one tuple of cached values a step.

z = sigmoid(x Wz + h Uz + bz)
r = sigmoid(x Wr + h Ur + br)
n = tanh(x Wn + (r * h) Un + bn)
h' = (1 - z) * h + z * n
"""

import numpy as np


def sigmoid(a):
    """The logistic function."""
    return np.exp(-np.logaddexp(0.0, -a))


def step_forward(x, h_prev, p):
    """One step: x (N, D), h_prev (N, H), p a dict of weights. Returns h and the cache."""
    z = sigmoid(x @ p["Wz"] + h_prev @ p["Uz"] + p["bz"])
    r = sigmoid(x @ p["Wr"] + h_prev @ p["Ur"] + p["br"])
    n = np.tanh(x @ p["Wn"] + (r * h_prev) @ p["Un"] + p["bn"])
    h = (1 - z) * h_prev + z * n
    return h, (x, h_prev, z, r, n, p)


def step_backward(dh, cache):
    """Gradients of x, of h_prev and of the weights from that of h."""
    x, h_prev, z, r, n, p = cache
    dn = dh * z
    dz = dh * (n - h_prev)
    dan = dn * (1 - n**2)
    drh = dan @ p["Un"].T
    dr = drh * h_prev
    daz = dz * z * (1 - z)
    dar = dr * r * (1 - r)
    dx = daz @ p["Wz"].T + dar @ p["Wr"].T + dan @ p["Wn"].T
    dh_prev = dh * (1 - z)
    dh_prev += drh * r
    dh_prev += daz @ p["Uz"].T + dar @ p["Ur"].T
    grads = {
        "Wz": x.T @ daz,
        "Wr": x.T @ dar,
        "Wn": x.T @ dan,
        "Uz": h_prev.T @ daz,
        "Ur": h_prev.T @ dar,
        "Un": (r * h_prev).T @ dan,
        "bz": daz.sum(axis=0, keepdims=True),
        "br": dar.sum(axis=0, keepdims=True),
        "bn": dan.sum(axis=0, keepdims=True),
    }
    return dx, dh_prev, grads


def forward(x, h0, p):
    """All states (T, N, H) from x (T, N, D), and the caches."""
    h, hs, caches = h0, [], []
    for x_t in x:
        h, cache = step_forward(x_t, h, p)
        hs.append(h)
        caches.append(cache)
    return np.stack(hs), caches


def backward(dhs, caches):
    """Gradients of everything from those of all states (T, N, H)."""
    total, dxs = {}, []
    dh_next = np.zeros_like(dhs[0])
    for t in reversed(range(len(caches))):
        dh = dhs[t] + dh_next
        dx, dh_next, grads = step_backward(dh, caches[t])
        dxs.insert(0, dx)
        for name, grad in grads.items():
            total[name] = total.get(name, 0) + grad
    total["x"] = np.stack(dxs)
    total["h0"] = dh_next
    return total
