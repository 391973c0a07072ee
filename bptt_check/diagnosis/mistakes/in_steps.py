"""What people get wrong in one step of a cell; what cells have in common is written once."""

from __future__ import annotations

from collections.abc import Iterator

from .mistake import Mistake, Replacement
from .textbook import textbook_functions

GATES: dict[str, tuple[str, ...]] = {
    "rnn_backward": (),
    "lstm_backward": ("i", "f", "g", "o"),
    "gru_after_backward": ("r", "z", "n"),
    "gru_before_backward": ("r", "z", "n"),
}
"""Backward step to the gates of its cell."""
GRUS = ("gru_after_backward", "gru_before_backward")
INPUT = {f: "a_x_bar" if "after" in f else "a_t_bar" for f in GATES}
"""The cotangent that meets x_t."""
RECURRENT = {f: "a_h_bar" if "after" in f else "a_t_bar" for f in GATES}
"""The cotangent that meets h_{t-1}; the cell that resets before the product has three instead."""

STATES: tuple[tuple[str, str, str], ...] = (
    ("index", "h_t", "h_t is used in place of h_{t-1} in the gradient of W_hh"),
    ("index", "steps[t - 1].h_t",
     "index -1 wraps around in the gradient of W_hh: the first step takes the last state h_T in "
     "place of h_0"),
    ("boundary", "(h_prev * (t > 0))",
     "h_0 is left out of the gradient of W_hh: the first step takes zeros for the initial state"),
    ("index", "steps[max(t - 1, 0)].h_prev",
     "h_{t-2} is used in place of h_{t-1} in the gradient of W_hh"),
    ("aliasing", "steps[-1].h_t",
     "the last state h_T is used for every h_{t-1} in the gradient of W_hh"),
)  # fmt: skip
"""Class, what is taken for h_{t-1}, phrase."""

INPUTS: tuple[tuple[str, str, str], ...] = (
    ("index", "steps[max(t - 1, 0)].x_t",
     "x_{t-1} is used in place of x_t in the gradient of W_xh"),
    ("index", "steps[t - 1].x_t",
     "x_{t-1} is used in place of x_t in the gradient of W_xh, and the last one at the first step"),
    ("index", "steps[min(t + 1, len(steps) - 1)].x_t",
     "x_{t+1} is used in place of x_t in the gradient of W_xh"),
    ("aliasing", "steps[-1].x_t",
     "the last input is used at every step in the gradient of W_xh"),
)  # fmt: skip
"""Class, what is taken for x_t, phrase."""

SUMS: tuple[tuple[str, str, str], ...] = (
    ("accumulation", "(t == 0) * ({share})",
     "is assigned where it should be added: only the share of the first step is left"),
    ("accumulation", "(t == {last}) * ({share})", "has only the share of the last step"),
    ("boundary", "(t > 0) * ({share})", "lacks the share of the first step"),
    ("boundary", "(t < {last}) * ({share})", "lacks the share of the last step"),
    ("accumulation", "0 * ({share})", "is never written"),
    ("accumulation", "2 * {share}", "is added twice"),
    ("accumulation", 'bars["{name}"] + {share}', "is added to itself at every step"),
    ("accumulation", "({share}) / len(h_t)", "is averaged over the batch"),
)  # fmt: skip
"""Class, what is added in place of a step's share, phrase."""

_C = "(1 - tanh_c * tanh_c)"
OTHERS: tuple[tuple[str, str, str, tuple[Replacement, ...]], ...] = (
    ("aliasing", "lstm_backward",
     "every step remembers one and the same array for c_{t-1}, which now holds c_T",
     (("steps[t]", "steps[t]._replace(c_prev=steps[-1].c_t)"),)),
    ("activation", "lstm_backward", "the derivative of tanh is taken at tanh(c_t), that is twice",
     ((_C, "(1 - tanh(tanh_c) * tanh(tanh_c))"),)),
    ("activation", "lstm_backward",
     "the derivative of tanh is taken at c_t itself, as if c_t were activated",
     ((_C, "(1 - c_t * c_t)"),)),
    ("activation", "rnn_backward", "the derivative of the activation is forgotten",
     (("h_t_bar * slope(h_t)", "h_t_bar"),)),
    ("activation", "rnn_backward",
     "the derivative of the activation is taken at the activated value, that is twice",
     (("slope(h_t)", "slope(VALUES[model.activation](h_t))"),)),
    ("activation", "rnn_backward",
     "the derivative of the activation is taken at the state before, h_{t-1}",
     (("slope(h_t)", "slope(h_prev)"),)),
)  # fmt: skip
"""Class, function, phrase, what is replaced: of one cell only."""


def mistakes_in_steps() -> Iterator[Mistake]:
    """All of them, the most telling first."""
    for function in GATES:
        yield from _other_steps(function)
    yield from (Mistake(kind, phrase, f, edits) for kind, f, phrase, edits in OTHERS)
    for function in GRUS:
        yield from _blends(function)
    for function in GATES:
        yield from _slopes(function)
        yield from _paths(function)
        yield from _transposes(function)
    for function in (*GATES, "loss_backward"):
        yield from _sums(function)


def _other_steps(function: str) -> Iterator[Mistake]:
    """States and inputs of other steps."""
    for kind, state, phrase in STATES:
        uses = tuple((right, wrong.format(state)) for right, wrong in _uses_of_h(function))
        yield Mistake(kind, phrase, function, uses)
    for kind, x, phrase in INPUTS:
        a_bar = INPUT[function]
        yield Mistake(kind, phrase, function, ((f"{a_bar}.T @ x_t", f"{a_bar}.T @ {x}"),))
    phrase = "every step remembers one and the same array for h_{t-1}, which now holds h_T"
    kept = ("steps[t]", "steps[t]._replace(h_prev=steps[-1].h_t)")
    yield Mistake("aliasing", phrase, function, (kept,))


def _uses_of_h(function: str) -> tuple[Replacement, ...]:
    """Where the gradient of W_hh takes h_{t-1}: the text, and the text with `{}` for the state."""
    if function == "gru_before_backward":
        uses = (("a_r_bar.T @ h_prev", "a_r_bar.T @ {}"), ("a_z_bar.T @ h_prev", "a_z_bar.T @ {}"))
        return (*uses, ("a_n_bar.T @ s", "a_n_bar.T @ (r * {})"))
    a_bar = RECURRENT[function]
    return ((f"{a_bar}.T @ h_prev", f"{a_bar}.T @ {{}}"),)


def _blends(function: str) -> Iterator[Mistake]:
    """The two weights of h_t = (1-z) n + z h_{t-1} taken for each other."""
    direct, candidate = ("z * h_t_bar", "(1 - z) * h_t_bar"), ("h_t_bar * (1 - z)", "h_t_bar * z")
    for phrase, edits in (
        ("the direct path back to h_{t-1} takes 1-z for z", (direct,)),
        ("the path back to the candidate n takes z for 1-z", (candidate,)),
        ("z and 1-z are exchanged on the way back", (direct, candidate)),
    ):
        yield Mistake("wrong variable", phrase, function, edits)


def _slope(gate: str) -> str:
    """The derivative of a gate's activation as the textbook writes it."""
    return f"(1 - {gate} * {gate})" if gate in "gn" else f"{gate} * (1 - {gate})"


def _slopes(function: str) -> Iterator[Mistake]:
    """Derivatives of gates: forgotten, of another function, at the wrong value."""
    every = tuple((f"{g}_bar * {_slope(g)}", f"{g}_bar") for g in GATES[function])
    for gate in GATES[function]:
        own, other = ("tanh", "sigmoid") if gate in "gn" else ("sigmoid", "tanh")
        slope = f"{gate} * (1 - {gate})" if gate in "gn" else f"(1 - {gate} * {gate})"
        for wrong, phrase in (
            ("", f"the derivative of {own} is forgotten in gate {gate}"),
            (
                f" * {_slope(gate).replace(gate, f'{own}({gate})')}",
                f"the derivative of {own} is taken at the activated gate {gate}, that is twice",
            ),
            (f" * {slope}", f"gate {gate} takes the derivative of {other} for that of {own}"),
        ):
            edit = (f"{gate}_bar * {_slope(gate)}", f"{gate}_bar{wrong}")
            yield Mistake("activation", phrase, function, (edit,))
    if every:
        yield Mistake("activation", "the derivatives of all gates are forgotten", function, every)


def _paths(function: str) -> Iterator[Mistake]:
    """One gate's way back to h_{t-1} or x_t left out."""
    ways = ((RECURRENT, "W_hh", "h_{t-1}", "carry lost"), (INPUT, "W_xh", "x_t", "partial"))
    for bars, W, what, kind in ways:
        product = f"{bars[function]} @ {W}"
        if product in textbook_functions()[function].text:
            stacked = [_cotangent(gate, bars[function]) for gate in GATES[function]]
            for n, gate in enumerate(GATES[function]):
                kept = ", ".join(f"0 * {bar}" if k == n else bar for k, bar in enumerate(stacked))
                phrase = f"the path through gate {gate} back to {what} is left out"
                edit = (product, f"np.hstack([{kept}]) @ {W}")
                yield Mistake(kind, phrase, function, (edit,))
    if function == "gru_before_backward":
        for gate in "rz":
            phrase = f"the path through gate {gate} back to h_{{t-1}} is left out"
            edit = (f" + a_{gate}_bar @ W_h{gate}", "")
            yield Mistake("carry lost", phrase, function, (edit,))


def _cotangent(gate: str, stacked: str) -> str:
    """The cotangent of a gate in a stack of them."""
    return "a_hn_bar" if (gate, stacked) == ("n", "a_h_bar") else f"a_{gate}_bar"


def _transposes(function: str) -> Iterator[Mistake]:
    """W_hh for its transpose, gate by gate, as only square blocks allow it."""
    if function == "gru_before_backward":
        for gate in "rz":
            phrase = f"the block of gate {gate} of W_hh is used in place of its transpose"
            product = f"a_{gate}_bar @ W_h{gate}"
            yield Mistake("transpose", phrase, function, ((product, f"{product}.T"),))
        return
    a_bar, G = RECURRENT[function], max(len(GATES[function]), 1)
    pairs = f"zip(np.split({a_bar}, {G}, axis=1), np.split(W_hh, {G}))"
    wrong = f"sum(a @ W.T for a, W in {pairs})" if G > 1 else f"{a_bar} @ W_hh.T"
    phrase = "W_hh is used in place of its transpose on the way back to h_{t-1}"
    yield Mistake("transpose", phrase, function, ((f"{a_bar} @ W_hh", wrong),))


def _sums(function: str) -> Iterator[Mistake]:
    """Every gradient that is a sum over steps, summed in another way."""
    last = "T - 1" if function == "loss_backward" else "len(steps) - 1"
    shares = dict(_shares(function))
    for name, share in shares.items():
        for kind, wrong, phrase in SUMS:
            text = wrong.format(name=name, share=share, last=last)
            edit = (f'bars["{name}"] += {share}', f'bars["{name}"] += {text}')
            yield Mistake(kind, f"the gradient of {name} {phrase}", function, (edit,))
    of = "head" if function == "loss_backward" else "cell"
    for kind, wrong, phrase in SUMS:
        edits = tuple(
            (f'bars["{n}"] += {s}', f'bars["{n}"] += {wrong.format(name=n, share=s, last=last)}')
            for n, s in shares.items()
        )
        phrase = f"the gradient of every parameter of the {of} {phrase}"
        yield Mistake(kind, phrase, function, edits)
    if "b_hh" in shares:
        biases = {n: s for n, s in shares.items() if n.startswith("b")}
        edits = tuple((f'bars["{n}"] += {s}', f'bars["{n}"] += 2 * {s}') for n, s in biases.items())
        phrase = "the gradients of both biases are added twice"
        yield Mistake("accumulation", phrase, function, edits)


def _shares(function: str) -> Iterator[tuple[str, str]]:
    """Each gradient that is added up over steps, and the share of one step."""
    if function == "loss_backward":
        yield "W_hy", "y_bar.T @ h_t"
        yield "b_y", "y_bar.sum(axis=0)"
        return
    x_bar, h_bar = INPUT[function], RECURRENT[function]
    stacked = function == "gru_before_backward"
    yield "W_xh", f"{x_bar}.T @ x_t"
    yield "W_hh", "np.vstack([W_hr_bar, W_hz_bar, W_hn_bar])" if stacked else f"{h_bar}.T @ h_prev"
    if function == "gru_after_backward":
        yield "b_xh", f"{x_bar}.sum(axis=0)"
        yield "b_hh", f"{h_bar}.sum(axis=0)"
    else:
        yield "b_h", f"{x_bar}.sum(axis=0)"
