"""Every wrong truncation is named, by an independent implementation of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.diagnosed import sentence_of
from support.drawn import SMALL

import bptt_check as bc
from bptt_check.diagnosis.formulas.truncation import CHUNKED, VARIANTS, which_truncation

torch = pytest.importorskip("torch")

SPECS = [
    bc.Spec(bc.Model("lstm", loss="linear"), bc.Sizes(T, 2, 3, 3, 1), bc.Truncation(k1, k2), seed=T)
    for T, k1, k2 in ((11, 2, 4), (13, 3, 5), (10, 4, 6))
]
LONGEST = "k1 = 3, k2 = 5"


def detached(
    case: bc.Case,
    start: int,
    losses: range,
    end: int,
    cut: tuple[str, ...] = ("h", "c"),
) -> tuple[Any, dict[str, Any]]:
    """Loss of some steps and its gradient by torch, with states detached at `start`; plain LSTM."""
    p = {n: torch.tensor(a, requires_grad=True) for n, a in case.inputs.items()}
    h, c = p["h0"][0], p["c0"][0]
    loss = torch.zeros((), dtype=torch.float64)
    for t in range(end):
        if t == start and t > 0:
            h, c = (h.detach() if "h" in cut else h), (c.detach() if "c" in cut else c)
        a = p["x"][t] @ p["W_xh_l0"].T + h @ p["W_hh_l0"].T + p["b_h_l0"]
        i, f, g, o = a.chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        if t in losses:
            loss = loss + (h * torch.tensor(case.targets[t])).sum()
        if t == case.sizes.T - 1 and t in losses:
            loss = loss + (h * torch.tensor(case.cotangent_h_n[0])).sum()
            loss = loss + (c * torch.tensor(case.cotangent_c_n[0])).sum()
    if not loss.requires_grad:
        return loss, {n: torch.zeros_like(a) for n, a in p.items()}
    grads = torch.autograd.grad(loss, list(p.values()), allow_unused=True, materialize_grads=True)
    return loss, dict(zip(p, grads, strict=True))


def total(case: bc.Case, pieces: list[tuple[Any, ...]], factor: float = 1.0) -> Any:
    """The whole loss, and the sum of the gradients of some pieces."""
    T = case.sizes.T
    loss, _ = detached(case, 0, range(T), T)
    grads = [detached(case, *piece)[1] for piece in pieces]
    return loss.item(), {n: factor * sum(g[n] for g in grads).numpy() for n in grads[0]}


def blocks(T: int, k1: int, k2: int, *cut: Any) -> list[tuple[Any, ...]]:
    """Pieces of `Truncation(k1, k2)`: start of the window, steps whose loss counts, end."""
    ends = [(begin, min(begin + k1, T)) for begin in range(0, T, k1)]
    starts = [max(0, end - k2) for _, end in ends]
    return [
        (start, range(max(begin, start), end), end, *cut)
        for (begin, end), start in zip(ends, starts, strict=True)
    ]


def cut_at(T: int, starts: range, *cut: Any) -> list[tuple[Any, ...]]:
    """Pieces of code that detaches its state before some steps."""
    begins = sorted({0, *(start for start in starts if 0 < start < T)})
    ends = [*begins[1:], T]
    return [(b, range(b, e), e, *cut) for b, e in zip(begins, ends, strict=True)]


Pieces = Callable[[int, int, int], list[tuple[Any, ...]]]

WRONG: dict[str, tuple[Pieces, str]] = {
    "nothing truncated": (lambda T, k1, k2: [(0, range(T), T)], "this is full BPTT"),
    "chunks of k2": (lambda T, k1, k2: blocks(T, k2, k2), "chunked truncation with k = 5"),
    "chunks of k1": (lambda T, k1, k2: blocks(T, k1, k1), "chunked truncation with k = 3"),
    "chunks of a constant": (lambda T, k1, k2: blocks(T, 7, 7), "chunked truncation with k = 7"),
    "sliding window": (lambda T, k1, k2: blocks(T, 1, k2), "a sliding window of 5 steps (4 hops)"),
    "sliding window of a constant": (
        lambda T, k1, k2: blocks(T, 1, 2),
        "window of 2 steps (1 hop)",
    ),
    "window one short": (lambda T, k1, k2: blocks(T, k1, k2 - 1), "k1 = 3, k2 = 4"),
    "window one long": (lambda T, k1, k2: blocks(T, k1, k2 + 1), "k1 = 3, k2 = 6"),
    "block one short": (lambda T, k1, k2: blocks(T, k1 - 1, k2), "k1 = 2, k2 = 5"),
    "block one long": (lambda T, k1, k2: blocks(T, k1 + 1, k2), "k1 = 4, k2 = 5"),
    "k1 and k2 exchanged": (lambda T, k1, k2: blocks(T, k2, k1), "k1 = 5, k2 = 3"),
    "tail only": (lambda T, k1, k2: [(T - k2, range(T - k2, T), T)], "tail only: the last 5 steps"),
    "overlap counted twice": (
        lambda T, k1, k2: [(s, range(s, e), e) for s, _, e in blocks(T, k1, k2)],
        "count some twice",
    ),
    "h detached, c not": (lambda T, k1, k2: blocks(T, k1, k2, ("h",)), "only h is detached"),
    "c detached, h not": (lambda T, k1, k2: blocks(T, k1, k2, ("c",)), "only c is detached"),
    "boundary loss dropped": (
        lambda T, k1, k2: [(s, r[:-1], e) for s, r, e in blocks(T, k1, k2)],
        "the loss of the last step of each block is dropped",
    ),
    "short block skipped": (
        lambda T, k1, k2: [piece for piece in blocks(T, k1, k2) if piece[2] % k1 == 0],
        "the last, shorter block is skipped",
    ),
}


def subject(pieces: Pieces, averaged: bool = False) -> Callable[[bc.Case], Any]:
    """A subject that claims the case's truncation and implements those pieces."""

    def run(case: bc.Case) -> Any:
        cut = case.truncation or bc.Truncation(case.sizes.T, case.sizes.T)
        windows = pieces(case.sizes.T, cut.k1, cut.k2)
        return total(case, windows, 1.0 / len(windows) if averaged else 1.0)

    return run


CHUNKS: dict[str, tuple[Pieces, str]] = {
    "detached every 4 steps": (
        lambda T, k1, k2: cut_at(T, range(4, T, 4)),
        "the state is detached every 4 steps, and the losses of the last, shorter chunk do not",
    ),
    "counted from the end": (
        lambda T, k1, k2: cut_at(T, range(T % 4, T, 4)),
        "the way back is cut every 4 steps, counted from the end",
    ),
    "one step early": (
        lambda T, k1, k2: cut_at(T, range(3, T, 4)),
        "the state is detached after 3 steps and then every 4 steps",
    ),
    "short chunk merged": (
        lambda T, k1, k2: cut_at(T, range(4, T - 3, 4)),
        "the steps that are left at the end belong to the last chunk",
    ),
    "short chunk skipped": (
        lambda T, k1, k2: [p for p in cut_at(T, range(4, T, 4)) if p[2] % 4 == 0],
        "every 4 steps, and the last, shorter chunk is skipped",
    ),
    "only h": (
        lambda T, k1, k2: cut_at(T, range(4, T, 4), ("h",)),
        "h is detached every 4 steps, c is not",
    ),
    "only c": (
        lambda T, k1, k2: cut_at(T, range(4, T, 4), ("c",)),
        "c is detached every 4 steps, h is not",
    ),
}
WITHOUT = [
    bc.Spec(bc.Model("lstm", loss="linear"), bc.Sizes(T, 2, 3, 3, 1), seed=T) for T in (5, 11, 10)
]
"""Cases of full BPTT, none of a multiple of four steps."""


@pytest.mark.parametrize("name", CHUNKS)
@pytest.mark.parametrize("specs", [SPECS, WITHOUT], ids=["truncated", "full"])
def test_chunks_of_a_constant_are_named(name: str, specs: list[bc.Spec]) -> None:
    """Code that detaches every k steps, and what becomes of the short chunk."""
    pieces, sentence = CHUNKS[name]

    told = sentence_of(which_truncation, subject(pieces), [spec.build() for spec in specs])

    assert "chunks of 4 steps, each cut off from the one before it: " in told
    assert sentence in told
    assert told.endswith("; wanted is full BPTT") == (specs is WITHOUT)


def test_short_chunk_that_goes_back_over_k_steps_is_the_wanted_one() -> None:
    """In `Truncation(4, 4)` the losses of a short last block go back over four steps."""
    specs = [
        bc.Spec(bc.Model("lstm", loss="linear"), bc.Sizes(T, 2, 3, 3, 1), bc.Truncation(4, 4))
        for T in (5, 11)
    ]
    given = [spec.build() for spec in specs]

    assert sentence_of(which_truncation, subject(blocks), given) == ""
    detaching = subject(CHUNKS["detached every 4 steps"][0])
    assert "each cut off from the one before it" in sentence_of(which_truncation, detaching, given)
    right, wrong = (bc.check(s, given[1], oracles=["torch"]) for s in (subject(blocks), detaching))
    assert (right.verdict, wrong.verdict) == ("pass", "fail")


@pytest.mark.parametrize("name", WRONG)
def test_wrong_truncation_is_named(name: str) -> None:
    """The sentence names what the wrong truncation is and what was wanted."""
    pieces, sentence = WRONG[name]

    told = sentence_of(which_truncation, subject(pieces), [spec.build() for spec in SPECS])

    assert sentence in told.partition(";")[0]
    assert f"wanted is truncation with {LONGEST}" in told


def test_averaged_blocks_are_named() -> None:
    """Averaging over blocks is told apart from summing."""
    found = sentence_of(
        which_truncation, subject(blocks, averaged=True), [s.build() for s in SPECS]
    )

    assert "the blocks are averaged instead of summed" in found


def test_gradient_of_no_truncation_gets_no_name() -> None:
    """Nothing is claimed of a gradient that no variant explains on all cases."""

    def wrong(case: bc.Case) -> Any:
        loss, grads = subject(blocks)(case)
        return loss, grads | {"W_hh_l0": 1.001 * grads["W_hh_l0"]}

    assert sentence_of(which_truncation, wrong, [spec.build() for spec in SPECS]) == ""


def test_silent_truncation_is_named_in_the_message() -> None:
    """A subject that always cuts after 4 steps is told so by `assert_gradients` itself."""
    always = subject(lambda T, k1, k2: blocks(T, 4, 4))
    oracles = ["torch", "complex_step"]

    with pytest.raises(bc.GradientMismatch, match="chunked truncation with k = 4") as caught:
        bc.assert_gradients(always, models=["lstm+linear"], cases=40, oracles=oracles, within=SMALL)

    assert "wanted is full BPTT" in str(caught.value).replace("\n    ", " ")


def test_right_truncation_passes() -> None:
    """The same implementation with the claimed windows passes."""
    oracles = ["torch", "complex_step"]
    report = bc.verify(
        subject(blocks), ["lstm+linear+truncated"], cases=25, oracles=oracles, within=SMALL
    )

    assert report.passed, report.message


def test_variants_have_sentences_of_their_own() -> None:
    """No two variants that differ are described alike (with k1 = 3 and k2 = 5)."""
    cuts: dict[str, set[tuple[Any, ...]]] = {}
    for variant in (*VARIANTS, *CHUNKED):
        cuts.setdefault(variant.made(3, 5), set()).add(tuple(variant.windows(13, 3, 5)))

    assert all(len(windows) == 1 for windows in cuts.values())
