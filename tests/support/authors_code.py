"""Recurrent nets as their authors write them, each in arrays of its own: right, and with one slip.

`slip` names the one line that is wrong; without it the code is right. All are adapted as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
Answer = tuple[float, dict[str, Array]]


def sigmoid(a: Array) -> Array:
    """Stable on both sides."""
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1 / (1 + e), e / (1 + e))


def rows_rnn(v: Any, slip: str = "") -> Answer:
    """One sequence, every vector a row (1, n): `h = tanh(x W + h U + b)`, softmax at every step."""
    W, U, b, V, c = (v[n] for n in ("W", "U", "b", "V", "c"))
    hs, ps, h, loss = [v["h0"]], [], v["h0"], 0.0
    for x, k in zip(v["x"], v["targets"], strict=True):
        h = np.tanh(x @ W + h @ U + b)
        y = h @ V + c
        e = np.exp(y - y.max())
        hs.append(h)
        ps.append(e / e.sum())
        loss += np.log(e.sum()) - (y - y.max())[0, k]
    g = {n: np.zeros_like(v[n]) for n in ("W", "U", "b", "V", "c")}
    dh = np.zeros_like(h)
    for t in reversed(range(len(ps))):
        dy = ps[t].copy()
        dy[0, v["targets"][t]] -= 1
        g["V"] += hs[t + 1].T @ dy
        g["c"] += dy
        dh = dh + dy @ V.T
        da = (1 - hs[t + 1] ** 2) * dh
        g["W"] += v["x"][t].T @ da
        g["U"] += hs[t].T @ da
        g["b"] = da if slip == "b" else g["b"] + da
        dh = da @ U.T
    return loss, g | {"h0": dh}


def bias_row_lstm(v: Any, slip: str = "") -> Answer:
    """A batch in one matrix (1+D+H, 4H): the first row is the bias, gates are i f o g."""
    W, V, H = v["WLSTM"], v["V"], v["H"]
    h, c, loss, kept = v["h0"], v["c0"], 0.0, []
    for x, y in zip(v["x"], v["targets"], strict=True):
        z = np.hstack([np.ones((len(x), 1)), x, h])
        a = z @ W
        i, f, o = (sigmoid(a[:, n * H : (n + 1) * H]) for n in range(3))
        g = np.tanh(a[:, 3 * H :])
        c_prev, c = c, f * c + i * g
        h = o * np.tanh(c)
        e = np.hstack([h, np.ones((len(h), 1))]) @ V - y
        loss += (e**2).sum()
        kept.append((z, i, f, o, g, c_prev, c, h, e))
    dW, dV, dh, dc = np.zeros_like(W), np.zeros_like(V), np.zeros_like(h), np.zeros_like(c)
    for z, i, f, o, g, c_prev, c, h, e in reversed(kept):
        ones = np.zeros((len(h), 1)) if slip == "V" else np.ones((len(h), 1))
        dV += np.hstack([h, ones]).T @ (2 * e)
        dh = dh + 2 * e @ V[:-1].T
        dc = dc + dh * o * (1 - np.tanh(c) ** 2)
        da = np.hstack([dc * g * i * (1 - i), dc * c_prev * f * (1 - f),
                        dh * np.tanh(c) * o * (1 - o), dc * i * (1 - g**2)])  # fmt: skip
        dW += (z * (z != 1) if slip == "W" else z).T @ da
        dh, dc = da @ W[1 + v["D"] :].T, dc * f
    return loss, {"WLSTM": dW, "V": dV, "h0": dh, "c0": dc}


def time_last_rnn(v: Any, slip: str = "") -> Answer:
    """x (n_x, m, T): columns are sequences, the last axis is time."""
    Wax, Waa, Wya, ba, by = (v[n] for n in ("Wax", "Waa", "Wya", "ba", "by"))
    x, T = v["x"], v["T"]
    a = np.zeros((len(Waa), x.shape[1], T + 1), x.dtype)
    a[:, :, -1] = v["a0"]
    e = np.zeros((len(by), x.shape[1], T), x.dtype)
    for t in range(T):
        a[:, :, t] = np.tanh(Wax @ x[:, :, t] + Waa @ a[:, :, t - 1] + ba)
        e[:, :, t] = Wya @ a[:, :, t] + by - v["targets"][:, :, t]
    g = {n: np.zeros_like(v[n]) for n in ("Wax", "Waa", "Wya", "ba", "by", "x", "a0")}
    da_next = np.zeros_like(v["a0"])
    for t in reversed(range(T)):
        dy = 2 * e[:, :, t]
        dz = (1 - a[:, :, t] ** 2) * (Wya.T @ dy + da_next)
        g["Wya"] += dy @ a[:, :, t].T
        g["by"] += dy.sum(1, keepdims=True)
        g["Wax"] += dz @ x[:, :, t].T
        g["Waa"] += dz @ a[:, :, t if slip == "Waa" else t - 1].T
        g["ba"] += dz.sum(1, keepdims=True)
        g["x"][:, :, t] = Wax.T @ dz
        da_next = Waa.T @ dz
    return float((e**2).sum()), g | {"a0": da_next}


def gate_axis_lstm(v: Any, slip: str = "") -> Answer:
    """Four gates f i o c on the first axis: W (4, H, D), U (4, H, H), b (4, H); loss at the end."""
    W, U, b, V, d = (v[n] for n in ("W", "U", "b", "V", "d"))
    h, c, kept = v["h0"], v["c0"], []
    for x in v["x"]:
        a = np.einsum("ghd,nd->gnh", W, x) + np.einsum("ghk,nk->gnh", U, h) + b[:, None]
        f, i, o, g = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
        h_prev, c_prev, c = h, c, f * c + i * g
        h = o * np.tanh(c)
        kept.append((x, h_prev, c_prev, c, f, i, o, g))
    e = h @ V.T + d - v["targets"]
    grads = {n: np.zeros_like(v[n]) for n in ("W", "U", "b")}
    grads |= {"V": 2 * e.T @ h, "d": 2 * e.sum(0)}
    dh, dc = 2 * e @ V, np.zeros_like(c)
    for x, h_prev, c_prev, c, f, i, o, g in reversed(kept):
        dc = dc + dh * o * (1 - np.tanh(c) ** 2)
        da = np.stack([dc * c_prev * f * (1 - f), dc * g * i * (1 - i),
                       dh * np.tanh(c) * o * (1 - o), dc * i * (1 - g**2)])  # fmt: skip
        grads["W"] += np.einsum("gnh,nd->ghd", da, x)
        grads["U"] += np.einsum("gnh,nk->ghk", da, h_prev)
        grads["b"] += da.sum(1)[[1, 0, 2, 3]] if slip == "b" else da.sum(1)
        dh, dc = np.einsum("gnh,ghk->nk", da, U), dc * f
    return float((e**2).sum()), grads


def named_gates_lstm(v: Any, slip: str = "") -> Answer:
    """A matrix per gate on [a; x], columns, time last: W_forget, W_update, W_cell, W_output."""
    W = {n: v[f"W_{n}"] for n in ("forget", "update", "cell", "output")}
    b = {n: v[f"b_{n}"] for n in W}
    a, c, kept, loss = v["a0"], v["c0"], [], 0.0
    for t in range(v["T"]):
        z = np.concatenate([a, v["x"][:, :, t]])
        G = {n: sigmoid(W[n] @ z + b[n]) for n in ("forget", "update", "output")}
        G["cell"] = np.tanh(W["cell"] @ z + b["cell"])
        c_prev, c = c, G["forget"] * c + G["update"] * G["cell"]
        a = G["output"] * np.tanh(c)
        e = v["Wy"] @ a + v["by"] - v["targets"][:, :, t]
        loss += (e**2).sum()
        kept.append((z, G, c_prev, c, a, e))
    grads: dict[str, Any] = {n: np.zeros_like(v[n]) for n in v.params}
    da, dc = np.zeros_like(a), np.zeros_like(c)
    for z, G, c_prev, c, a, e in reversed(kept):
        grads["Wy"] += 2 * e @ a.T
        grads["by"] += 2 * e.sum(1, keepdims=True)
        da = da + v["Wy"].T @ (2 * e)
        dc = dc + da * G["output"] * (1 - np.tanh(c) ** 2)
        dG = {"forget": dc * c_prev, "update": dc * G["cell"], "output": da * np.tanh(c)}
        dZ = {n: d * G[n] * (1 - G[n]) for n, d in dG.items()}
        dZ["cell"] = dc * G["update"] * (1 - (0 if slip == "cell" else G["cell"] ** 2))
        for n, d in dZ.items():
            grads[f"W_{n}"] += d @ z.T
            grads[f"b_{n}"] += d.sum(1, keepdims=True)
        da, dc = sum(W[n].T @ d for n, d in dZ.items())[: len(a)], dc * G["forget"]
    return loss, grads


def irregular_gru(v: Any, slip: str = "") -> Answer:
    """Wz Uz bz, Wr Ur br, and the candidate's W U b; h = (1-z) h + z n, reset before."""
    h, kept, loss = v["h0"], [], 0.0
    for x, y in zip(v["x"], v["targets"], strict=True):
        z = sigmoid(x @ v["Wz"].T + h @ v["Uz"].T + v["bz"])
        r = sigmoid(x @ v["Wr"].T + h @ v["Ur"].T + v["br"])
        n = np.tanh(x @ v["W"].T + (r * h) @ v["U"].T + v["b"])
        h_prev, h = h, (1 - z) * h + z * n
        e = h @ v["V"].T + v["c"] - y
        loss += (e**2).sum()
        kept.append((x, h_prev, z, r, n, h, e))
    g: dict[str, Any] = {name: np.zeros_like(v[name]) for name in v.params}
    dh = np.zeros_like(h)
    for x, h_prev, z, r, n, h, e in reversed(kept):
        g["V"] += 2 * e.T @ h
        g["c"] += 2 * e.sum(0)
        dh = dh + 2 * e @ v["V"]
        dn = dh * z * (1 - n**2)
        dz = dh * (n - h_prev) * z * (1 - z)
        dr = dn @ v["U"] * h_prev * r * (1 - r)
        for name, d, into in (("z", dz, h_prev), ("r", dr, h_prev), ("", dn, r * h_prev)):
            g[f"W{name}"] += d.T @ x
            g[f"U{name}"] += d.T @ (h_prev if slip == "U" else into)
            g[f"b{name}"] += d.sum(0)
        dh = dh * (1 - z) + dz @ v["Uz"] + dr @ v["Ur"] + dn @ v["U"] * r
    return loss, g


def halved_rnn(v: Any, slip: str = "") -> Answer:
    """The usual cost 1/(2m) of m sequences, at every step; no biases."""
    m, hs, es = v["B"], [v["h0"]], []
    for x, y in zip(v["x"], v["targets"], strict=True):
        hs.append(np.tanh(x @ v["Wx"] + hs[-1] @ v["Wh"]))
        es.append(hs[-1] @ v["Wy"] - y)
    g: dict[str, Any] = {n: np.zeros_like(v[n]) for n in ("Wx", "Wh", "Wy")}
    dh = np.zeros_like(v["h0"])
    for t in reversed(range(len(es))):
        dy = es[t] / (1 if slip == "Wy" else m)
        g["Wy"] += hs[t + 1].T @ dy
        da = (es[t] / m @ v["Wy"].T + dh) * (1 - hs[t + 1] ** 2)
        g["Wx"] += v["x"][t].T @ da
        g["Wh"] += hs[t].T @ da
        dh = da @ v["Wh"].T
    return sum(float((e**2).sum()) for e in es) / (2 * m), g


def states_rnn(v: Any, slip: str = "") -> Answer:
    """The state is the prediction: the squared error of h itself, at every step."""
    W, U, b = v["W"], v["U"], v["b"]
    hs = [v["h0"]]
    for x in v["x"]:
        hs.append(np.tanh(x @ W.T + hs[-1] @ U.T + b))
    es = [h - y for h, y in zip(hs[1:], v["targets"], strict=True)]
    g: dict[str, Any] = {n: np.zeros_like(v[n]) for n in ("W", "U", "b")}
    dh = np.zeros_like(v["h0"])
    for t in reversed(range(len(es))):
        da = (2 * es[t] + dh) * (1 - hs[t + 1] ** 2)
        g["W"] += da.T @ v["x"][t]
        g["U"] += da.T @ hs[t + 1 if slip == "U" else t]
        g["b"] += da.sum(0)
        dh = da @ U
    return sum(float((e**2).sum()) for e in es), g


def sigmoid_rnn(v: Any, slip: str = "") -> Answer:
    """Sigmoids everywhere and half the squared error, as in the first texts on backpropagation."""
    hs, ps = [v["h0"]], []
    for x in v["x"]:
        hs.append(sigmoid(x @ v["syn0"] + hs[-1] @ v["synh"]))
        ps.append(sigmoid(hs[-1] @ v["syn1"]))
    g: dict[str, Any] = {n: np.zeros_like(v[n]) for n in ("syn0", "synh", "syn1")}
    loss, dh = 0.0, np.zeros_like(v["h0"])
    for t in reversed(range(len(ps))):
        e = ps[t] - v["targets"][t]
        loss += float((e**2).sum()) / 2
        delta = e * ps[t] * (1 if slip == "syn1" else 1 - ps[t])
        g["syn1"] += hs[t + 1].T @ delta
        da = (delta @ v["syn1"].T + dh) * hs[t + 1] * (1 - hs[t + 1])
        g["synh"] += hs[t].T @ da
        g["syn0"] += v["x"][t].T @ da
        dh = da @ v["synh"].T
    return loss, g


def one_bias_gru(v: Any, slip: str = "") -> Answer:
    """The reset after the product, and one bias only: n = tanh(W x + b + r * (U h))."""
    W, U, b, V, c, H = (v[n] for n in ("W", "U", "b", "V", "c", "H"))
    h, kept, loss = v["h0"], [], 0.0
    for x, y in zip(v["x"], v["targets"], strict=True):
        p, q = x @ W.T + b, h @ U.T
        r, z = sigmoid(p[:, :H] + q[:, :H]), sigmoid(p[:, H : 2 * H] + q[:, H : 2 * H])
        n = np.tanh(p[:, 2 * H :] + r * q[:, 2 * H :])
        h_prev, h = h, (1 - z) * n + z * h
        e = h @ V.T + c - y
        loss += float((e**2).sum())
        kept.append((x, h_prev, q[:, 2 * H :], r, z, n, h, e))
    g: dict[str, Any] = {name: np.zeros_like(v[name]) for name in v.params}
    dh = np.zeros_like(h)
    for x, h_prev, q_n, r, z, n, h, e in reversed(kept):
        g["V"] += 2 * e.T @ h
        g["c"] += 2 * e.sum(0)
        dh = dh + 2 * e @ V
        dn = dh * (1 - z) * (1 - n**2)
        dr, dz = dn * q_n * r * (1 - r), dh * (h_prev - n) * z * (1 - z)
        dp, dq = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r])
        g["W"] += dp.T @ x
        g["U"] += dq.T @ h_prev
        g["b"] += (dq if slip == "b" else dp).sum(0)
        dh = dh * z + dq @ U
    return loss, g


def lstm_forward(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Any:
    """A kernel: states (T, N, H), and what its backward pass needs."""
    h, c, out, kept = h0, c0, [], []
    for x_t in x:
        i, f, g, o = np.split(x_t @ W.T + h @ U.T + b, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        h_prev, c_prev, c = h, c, f * c + i * g
        h = o * np.tanh(c)
        out.append(h)
        kept.append((x_t, h_prev, c_prev, c, i, f, g, o))
    return np.stack(out), (kept, W, U)


def lstm_backward(dh: Array, cache: Any, slip: str = "") -> dict[str, Array]:
    """From the cotangents of all states alone: nothing comes in at the last c."""
    kept, W, U = cache
    grads: dict[str, Any] = {
        "W": np.zeros_like(W),
        "U": np.zeros_like(U),
        "b": np.zeros(len(W), W.dtype),
    }
    later, dc, dx = np.zeros_like(dh[0]), np.zeros_like(dh[0]), []
    for dh_t, (x, h_prev, c_prev, c, i, f, g, o) in zip(dh[::-1], kept[::-1], strict=True):
        down = dh_t + later
        dc = dc + down * o * (1 - np.tanh(c) ** 2)
        da = np.hstack([dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2),
                        down * np.tanh(c) * o * (1 - o)])  # fmt: skip
        grads["W"] += da.T @ x
        grads["U"] += da.T @ h_prev
        grads["b"] += da[0] if slip == "b" else da.sum(0)
        dx.insert(0, da @ W)
        later, dc = da @ U, dc * f
    return grads | {"x": np.stack(dx), "h0": later, "c0": dc}
