"""Programs drawn at random that write into arrays and views: they alias as NumPy's arrays do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.plain_code import assert_derivative, drawn

from bptt_check.errors import SpecError
from bptt_check.recurrences.numpy_code import NumPyCode

ROWS = (
    *("{a}[0]", "{a}[-1]", "{a}[1:][2]", "{a}[2:, :][1, :]", "{a}[:, ::-1][2]", "{a}[..., :][3]"),
    *("row", "other"),
)
STATEMENTS = (
    "row = {row}",
    "other = {row}",
    "row += 0.5 * {row}",
    "{a}[{i}] = np.tanh({row})",
    "{a}[{i}] += {row} * other[0]",
    "{a}[1:3] *= 0.5",
    "{a}[:, 0] = {b}[:, 2] - 1.0",
    "{a}[{mask}] = 0.25",
    "{a}[[0, 2]] = {b}[1:3]",
    "{a}[[3, 1], [0, 2]] -= 0.1 * row[:2]",
    "{a} -= 0.1 * {b}",
    "{a} = {b} * 0.5 + {row}",
    "{a} = {b}.copy()",
    "{a} = {b}",
    "{a} = np.sin({b})",
    "view = {a}[1:]; view[0] = {row}; view *= 0.9",
    "view = {a}[::2]; inner = view[1]; inner[1:] = other[1:]",
    "row[1] = {row}[0]",
    "{a}[{i}], {a}[0] = {a}[0] * 1.0, {a}[{i}] * 1.0",
    "total = total + {a}.sum() * 0.1 + ({row} * {row}).sum()",
)
MASK = np.arange(12).reshape(4, 3) % 5 == 0


def program(seed: int, statements: tuple[str, ...], length: int = 14) -> Any:
    """A function of two arrays [4, 3], of so many statements; and its text."""
    random = np.random.default_rng(seed)

    def some(options: Any) -> Any:
        return options[random.integers(len(options))]

    lines = ["row, other = x[1], y[2]", "u = np.zeros((4, 3))", "total = 0.0"]
    for _ in range(length):
        names = {
            "a": some("xyu"),
            "b": some("xyu"),
            "i": int(random.integers(-3, 4)),
            "mask": "MASK",
        }
        row = some(ROWS).format(**names)
        lines.append(some(statements).format(row=row, **names))
    lines.append("return x, y * u, row * other, total")
    text = "def function(x, y):\n" + "\n".join(f"    {line}" for line in lines)
    found: dict[str, Any] = {"np": np, "MASK": MASK}
    exec(text, found)
    return found["function"], text


@pytest.mark.parametrize("seed", range(150))
def test_a_random_program(seed):
    """The same values as of NumPy's own arrays, and the derivative of itself."""
    function, text = program(seed, STATEMENTS)
    try:
        assert_derivative(function, drawn(seed, x=(4, 3), y=(4, 3)))
    except AssertionError as error:
        raise AssertionError(text) from error


@pytest.mark.parametrize("seed", range(40))
def test_a_program_with_other_shapes_is_right_or_refused(seed):
    """A write that is not followed through a reshaped view stops the run, wherever it stands."""
    shapes = (
        "flat = {a}.reshape(-1); flat[{i}] = {row}[0]",
        "turned = {a}.T; {a} += 0.1; total = total + turned[0].sum()",
        "turned = {a}.T; turned[0] *= 2.0",
        "turned = {a}.T; {b} = {b} * turned[0].sum()",
        "flat = {a}[1:].reshape(-1) * 1.0; flat[0] = 1.0; total = total + flat.sum()",
    )
    function, _ = program(seed, STATEMENTS + shapes, length=6)
    arrays = drawn(seed, x=(4, 3), y=(4, 3))
    try:
        NumPyCode(function).gradients(arrays, {}, ["x"])
    except SpecError:
        return
    assert_derivative(function, arrays)
