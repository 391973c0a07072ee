"""A small right RNN as text, which tests break in a line and have repaired."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from bptt_check.mutation.missing import Operator, Surroundings
from bptt_check.mutation.sites import sites
from bptt_check.mutation.source import Source

RIGHT = '''"""A tanh RNN with softmax cross-entropy at every step."""

import numpy as np


def loss_and_grads(case):
    p, x = case.params, case.x
    h = [case.h0[0]]
    for x_t in x:
        h.append(np.tanh(x_t @ p["W_xh_l0"].T + h[-1] @ p["W_hh_l0"].T + p["b_h_l0"]))
    grads = {name: np.zeros_like(array) for name, array in p.items()}
    loss, h_bar = 0.0, 0.0
    for t in reversed(range(len(x))):
        y = h[t + 1] @ p["W_hy"].T + p["b_y"]
        y = y - y.max(axis=-1, keepdims=True)
        log_p = y - np.log(np.exp(y).sum(axis=-1, keepdims=True))
        rows = np.arange(x.shape[1])
        loss -= log_p[rows, case.targets[t]].sum()
        y_bar = np.exp(log_p)
        y_bar[rows, case.targets[t]] -= 1.0
        h_bar = h_bar + y_bar @ p["W_hy"]
        a_bar = h_bar * (1.0 - h[t + 1] ** 2)
        grads["W_hy"] += y_bar.T @ h[t + 1]
        grads["b_y"] += y_bar.sum(axis=0)
        grads["W_xh_l0"] += a_bar.T @ x[t]
        grads["W_hh_l0"] += a_bar.T @ h[t]
        grads["b_h_l0"] += a_bar.sum(axis=0)
        h_bar = a_bar @ p["W_hh_l0"]
    return loss, grads
'''
SPEC = "rnn-tanh"
"""The model that it does."""


def broken(folder: Path, *changes: tuple[str, str], name: str = "my_rnn.py") -> str:
    """The address of the RNN in a file of its own, with parts of its text changed."""
    text = RIGHT
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    (folder / name).write_text(text)
    return f"{folder / name}:loss_and_grads"


def edited(code: str, operator: Operator, shapes: Mapping[str, object] | None = None) -> set[str]:
    """What an operator makes of the one function of a text: the lines of its body that differ."""
    around = Surroundings(dict(shapes or {}))  # type: ignore[arg-type]
    source = Source("text", "text.py", code)
    return {
        _difference(code, edit.apply(code))
        for site in sites(source)
        for edit in operator(site, around)
    }


def _difference(before: str, after: str) -> str:
    ast.parse(after)  # what is offered is Python
    old = before.splitlines()
    return "\n".join(line.strip() for line in _changed(old, after.splitlines()))


def _changed(old: list[str], new: list[str]) -> Iterator[str]:
    if len(old) == len(new):
        yield from (b for a, b in zip(old, new, strict=True) if a != b)
    else:
        yield from new
