"""What the Taylor test says of wrong gradients and of right ones.

    python benchmarks/taylor.py [--cases N]

Wrong: every fault of `tests/support/implementations.py` on one case of each of six models,
wherever it changes a gradient; one direction along all inputs. Right: the NumPy reference on N
drawn cases of all default targets in all regimes, along all inputs and along each. Counted are the
verdicts, in float64 and float32. These numbers stand in `docs/taylor.md`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / name) for name in ("", "reference", "tests")]

from bptt_reference import loss_and_grads  # noqa: E402 - a bare checkout is enough
from support.drawn import specs_of_defaults  # noqa: E402
from support.implementations import FAULTS, Numpy  # noqa: E402

import bptt_check as bc  # noqa: E402
from bptt_check.cases.case import Case, Spec  # noqa: E402

MODELS = ("rnn-tanh+2layers", "rnn-relu+mse+mean", "lstm+linear", "lstm", "gru", "gru-reset-before")
RIGHT = frozenset({"relu_at_0", "no_shift", "naive_bce"})
"""Faults that are none of the gradient."""


def wrong(dtype: str) -> Iterator[tuple[Any, Case]]:
    """Every fault with a case whose gradients it changes."""
    for model in MODELS:
        case = Spec.parse(f"{model} T=5 B=3 D=3 H=4 O=3 dtype={dtype} seed=1").build()
        unchanged = Numpy()(case)[1]
        gated = {"transpose"} if case.model.cell != "rnn" else set()  # not square: cannot be run
        for name in sorted(set(FAULTS) - RIGHT - gated):
            subject = Numpy(frozenset({name}))
            grads = subject(case)[1]
            if any(not np.allclose(grads[n], g, rtol=1e-3) for n, g in unchanged.items()):
                yield subject, case


def right(dtype: str, count: int) -> Iterator[tuple[Any, Case]]:
    """The reference with drawn cases."""
    drawn = specs_of_defaults(count, seed=1, dtypes=(dtype,))
    yield from ((loss_and_grads, spec.build()) for spec in drawn)


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=60)
    asked = parser.parse_args()
    for dtype in ("float64", "float32"):
        verdicts = Counter(bc.taylor(s, c, each=False).verdict.value for s, c in wrong(dtype))
        print(f"{dtype}: {verdicts.total()} wrong gradients, {dict(verdicts)}")
        reports = [bc.taylor(s, c) for s, c in right(dtype, asked.cases)]
        curves = [curve.verdict.value for report in reports for curve in report.curves]
        print(f"{dtype}: {len(curves)} curves of right gradients, {dict(Counter(curves))}")


if __name__ == "__main__":
    main()
