"""How far functions of numerical libraries are from the truth, in units in the last place.

    python benchmarks/function_ulps.py [--points N] [--seed N]

tanh, sigmoid and exp of N arguments from each of some intervals, by NumPy, PyTorch and JAX, in
float64 and float32, against Arb balls. Printed are the root mean square and the maximum. These
numbers back `precision.Precision.functions`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import numpy as np
import torch
from flint import arb, ctx
from numpy.typing import NDArray

Array = NDArray[Any]
INTERVALS = ((0.0, 0.5), (0.5, 2.0), (2.0, 6.0), (6.0, 12.0), (12.0, 18.0))
TRUTH: dict[str, Callable[[Any], Any]] = {
    "tanh": lambda x: x.tanh(),
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "exp": lambda x: x.exp(),
}


def _by_torch(function: Callable[[Any], Any], x: Array) -> Array:
    return function(torch.from_numpy(x)).numpy()


LIBRARIES: dict[str, dict[str, Callable[[Array], Any]]] = {
    "NumPy": {"tanh": np.tanh, "exp": np.exp},
    "PyTorch": {name: partial(_by_torch, getattr(torch, name)) for name in TRUTH},
    "JAX": {"tanh": jax.numpy.tanh, "sigmoid": jax.nn.sigmoid, "exp": jax.numpy.exp},
}


def errors(got: Array, name: str, x: Array) -> Array:
    """Distance of each value to the true one, in units in the last place of the dtype."""
    true = [TRUTH[name](arb(float(v))) for v in x]
    off = [abs(arb(float(g)) - t) for g, t in zip(got, true, strict=True)]
    spacing = np.spacing(np.abs([float(t.mid()) for t in true]).astype(x.dtype))
    return np.array([float(d.mid()) for d in off]) / spacing


def rows(points: int, seed: int) -> Iterator[tuple[str, str, str, str, float, float]]:
    """Function, library, dtype, interval; root mean square and maximum of the error."""
    rng = np.random.default_rng(seed)
    for low, high in INTERVALS:
        for dtype in ("float64", "float32"):
            for name in TRUTH:
                x = -rng.uniform(low, high, points).astype(dtype)
                for library, functions in LIBRARIES.items():
                    if name in functions:
                        off = errors(np.asarray(functions[name](x)), name, x)
                        where = f"-{high:g}..-{low:g}"
                        yield (
                            name,
                            library,
                            dtype,
                            where,
                            float(np.sqrt(np.mean(off**2))),
                            off.max(),
                        )


def main() -> None:
    """Print the table, the worst rows first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    ctx.prec = 200
    print(f"{'function':>10}{'library':>10}{'dtype':>9}{'interval':>12}{'rms':>8}{'max':>8}")
    for name, library, dtype, where, rms, most in sorted(
        rows(asked.points, asked.seed), key=lambda row: -row[-1]
    ):
        print(f"{name:>10}{library:>10}{dtype:>9}{where:>12}{rms:8.2f}{most:8.2f}")


if __name__ == "__main__":
    main()
