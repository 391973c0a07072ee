"""Sections 8 to 12 of reference/README.md, literally: one sequence, one window, one step each."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import numpy as np

from . import literal


def cell_of(model: Any, p: dict[str, Any]) -> literal.Cell:
    """The literal cell of a model; a bias that the model does not have is zero."""
    rows = len(p["W_hh"])
    p = {"b_h": [0.0] * rows, "b_xh": [0.0] * rows, "b_hh": [0.0] * rows} | p
    if model.cell == "rnn":
        return literal.Rnn(p, model.activation)
    if model.cell == "lstm":
        return literal.Lstm(p)
    return literal.GruResetAfter(p) if model.reset_after else literal.GruResetBefore(p)


class Net:
    """Sections 8 to 12 for one sequence at a time, over the cells of `literal`."""

    def __init__(self, case: Any) -> None:
        self.case, self.model = case, case.model
        self.N = 2 if case.model.bidirectional else 1
        arrays = {**case.params, "x": case.x, "h0": case.h0}
        arrays |= {} if case.c0 is None else {"c0": case.c0}
        self.names = ("h0", "c0")[: 1 if case.c0 is None else 2]
        self.grads = {name: np.zeros(a.shape) for name, a in arrays.items()}
        self.loss = 0.0
        T, B, _ = case.x.shape
        self.lengths = [T] * B if case.lengths is None else case.lengths.tolist()
        self.M = 1
        if self.model.reduction == "mean":
            self.M = sum(self.lengths) if self.model.readout == "every" else B
            self.M *= 1 if self.model.loss == "cross_entropy" else len(case.params["W_hy"])
        for b, T_b in enumerate(self.lengths):  # (11.1)
            self.sequence(b, T_b)  # nothing is added to x_bar past T_b: (11.2)

    def sequence(self, b: int, T: int) -> None:
        """The sum over the windows of one sequence."""
        first = [getattr(self.case, name)[:, b].tolist() for name in self.names]
        passed = self.unroll(b, 0, T, first)
        k1, k2 = (T, T)
        if self.case.truncation is not None:
            k1, k2 = self.case.truncation.k1, self.case.truncation.k2
        for j in range(math.ceil(T / k1)):
            s = j * k1
            e = min(s + k1, T)  # (10.1)
            w = max(0, e - k2)  # (10.2)
            entering = first if w == 0 else self.states_at(passed, w)
            layers = self.unroll(b, w, e, entering)
            above = self.losses_of(b, layers, w, range(max(s, w) + 1, e + 1), T)  # (10.3)
            self.losses_of(b, passed, 0, range(s + 1, max(s, w) + 1), T, silent=True)
            state_bar = self.backpropagate(b, w, layers, above, self.final(b, layers, e == T))
            if w == 0:
                for name, bar in zip(self.names, state_bar, strict=True):
                    self.grads[name][:, b] += np.array(bar)

    def unroll(self, b: int, w: int, e: int, state: Any) -> Any:
        """Steps w+1..e of all layers: per layer, its outputs and (cell, steps) per direction."""
        below, layers = self.case.x[w:e, b].tolist(), []  # (9.1)
        for k in range(self.model.layers):
            runs = []
            for n in range(self.N):
                suffix = f"_l{k}" + ("_reverse" if n else "")
                p = {m.removesuffix(suffix): a.tolist() for m, a in self.case.params.items()
                     if m.endswith(suffix)}  # fmt: skip
                cell = cell_of(self.model, p)
                x = below[::-1] if n else below  # (12.1)
                runs.append((cell, suffix, cell.forward(x, [s[k * self.N + n] for s in state])))
            hidden = [
                [s["h"] for s in steps][:: -1 if n else 1] for n, (*_, steps) in enumerate(runs)
            ]
            below = [list(chain(*parts)) for parts in zip(*hidden, strict=True)]  # (12.2)
            layers.append((below, runs))
        return layers

    def states_at(self, layers: Any, t: int) -> Any:
        """States after step t, by kind and row."""
        runs = [steps for _, pair in layers for *_, steps in pair]
        return [[steps[t - 1][name[0]] for steps in runs] for name in self.names]

    def losses_of(
        self, b: int, layers: Any, w: int, steps: Any, T: int, silent: bool = False
    ) -> Any:
        """Add the losses of some steps; what the top states from step w+1 on receive from them."""
        top = layers[-1][0]
        above = [[0.0] * len(h) for h in top]
        for t in steps:
            if self.model.readout == "last" and t < T:
                continue
            target = (
                self.case.targets[b]
                if self.model.readout == "last"
                else self.case.targets[t - 1, b]
            )
            above[t - w - 1] = self.pair(top[t - w - 1], target.tolist(), silent)  # (8.13), (9.2)
        return above

    def pair(self, h: Any, target: Any, silent: bool) -> Any:
        """Add the loss of one pair and its gradients of the output layer; h_bar."""
        if self.model.loss == "linear":
            self.loss += sum(u * v for u, v in zip(target, h, strict=True))  # (8.7)
            return target
        W_hy = self.case.params["W_hy"].tolist()
        b_y = self.case.params["b_y"].tolist() if self.model.bias else [0.0] * len(W_hy)
        y = literal.plus(literal.times(W_hy, h), b_y)  # (8.8)
        loss, y_bar = literal.LOSSES[self.model.loss](y, target)
        self.loss += loss / self.M  # (8.9)
        y_bar = [v / self.M for v in y_bar]
        if not silent:
            self.grads["W_hy"] += np.array(literal.outer(y_bar, h))  # (8.10)
            if self.model.bias:
                self.grads["b_y"] += np.array(y_bar)  # (8.11)
        return literal.transposed_times(W_hy, y_bar)  # (8.12)

    def final(self, b: int, layers: Any, is_last: bool) -> Any:
        """What the last states receive, by kind and row; adds their part of the linear loss."""
        end = self.states_at(layers, len(layers[0][0]))
        if not is_last or self.model.loss != "linear":
            return [[[0.0] * len(row) for row in kind] for kind in end]
        given = [self.case.cotangent_h_n, self.case.cotangent_c_n][: len(end)]
        bars = [bar[:, b].tolist() for bar in given]
        for kind, bar in zip(end, bars, strict=True):
            self.loss += sum(float(np.dot(u, v)) for u, v in zip(bar, kind, strict=True))  # (8.7)
        return bars

    def backpropagate(self, b: int, w: int, layers: Any, above: Any, final: Any) -> Any:
        """Add the gradients of the layers and of x; what the entering states receive."""
        entering = [[[0.0]] * len(kind) for kind in final]
        for k, (_, runs) in reversed(list(enumerate(layers))):
            parts = []
            for n, (cell, suffix, steps) in enumerate(runs):
                half = len(above[0]) // self.N
                share = [row[n * half : (n + 1) * half] for row in above][
                    :: -1 if n else 1
                ]  # (12.3)
                row = k * self.N + n
                x_bar, later = cell.backward(steps, share, [kind[row] for kind in final])
                for kind, bar in zip(entering, later, strict=True):
                    kind[row] = bar
                parts.append(x_bar[:: -1 if n else 1])
                for name, g in cell.grads.items():
                    if name + suffix in self.grads:
                        self.grads[name + suffix] += np.array(g)
            above = [literal.plus(*rows) for rows in zip(*parts, strict=True)]  # (12.4), (9.3)
        self.grads["x"][w : w + len(above), b] += np.array(above)
        return entering
