"""Lines of a message, pasted, give the same report: whatever the nest holds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import bptt_check as bc

VALUES = np.array([[0.5, -1.25], [2.0, 0.75]])


class Pair(NamedTuple):
    """A named tuple of arrays, as users have them."""

    one: Any
    other: Any


def leaves(nest: Any) -> list[Any]:
    """Every array of a nest."""
    if isinstance(nest, dict):
        return [leaf for child in nest.values() for leaf in leaves(child)]
    if isinstance(nest, (list, tuple)):
        return [leaf for child in nest for leaf in leaves(child)]
    return [nest]


def beside(nest: Any, grads: Any) -> Any:
    """The gradients in the nest of their arrays."""
    if isinstance(nest, dict):
        return {key: beside(child, grads) for key, child in nest.items()}
    if isinstance(nest, (list, tuple)):
        inside = [beside(child, grads) for child in nest]
        return type(nest)(*inside) if hasattr(nest, "_fields") else type(nest)(inside)
    return next(grads)


def wrong(nest: Any) -> Any:
    """The sum of squares of every array, with gradients that are four times too large."""
    arrays = leaves(nest)
    loss = sum((abs(a) ** 2).sum() for a in arrays)
    return loss, beside(nest, iter([(8 * a) for a in arrays]))


def nest_of(kind: str, count: int) -> Any:
    """A nest of some kind with `count` rows in its largest array."""
    many = np.resize(VALUES, (count, 2))
    if kind.startswith("torch"):
        torch = pytest.importorskip("torch")
        dtype = getattr(torch, kind.partition(" ")[2])
        return {"net": [torch.tensor(many).to(dtype).requires_grad_()]}
    if kind == "jax":
        jax = pytest.importorskip("jax")
        return (jax.numpy.asarray(many, "float32"), {"b": jax.numpy.ones(2, "float32")})
    return {
        "nest": {"layers": [{"W": many}, {"W": VALUES, "n": 0.5}]},
        "named tuple": Pair(many, (VALUES[0], VALUES)),
        "complex": {"z": many + 1j * VALUES[0]},
        "float16": {"deep": {"x": many.astype("float16")}},
        "float32": [many.astype("float32")],
    }[kind]


def pasted(message: str, capsys: Any) -> str:
    """What the lines that end a message print."""
    typed = message.partition("  reproduce:\n")[2]
    capsys.readouterr()
    exec(typed, {"__name__": "pasted"})
    return capsys.readouterr().out


KINDS = [
    *("nest", "named tuple", "complex", "float16", "float32"),
    *("torch float64", "torch bfloat16", "torch complex64", "jax"),
]


MANY = 101


@pytest.mark.parametrize(
    ("kind", "count"), [*((kind, 2) for kind in KINDS), ("nest", MANY), ("torch bfloat16", MANY)]
)
def test_lines_to_paste_give_the_same_report(kind: str, count: int, capsys: Any) -> None:
    """With numbers written out, or many of them in a file."""
    report = bc.verify_function(wrong, nest_of(kind, count), max_calls=200)
    printed = pasted(report.message, capsys)

    assert report.verdict == "fail"
    assert ("saved = np.load(" in report.message) == (count == MANY)
    assert printed.partition("  reproduce:")[0] == report.message.partition("  reproduce:")[0]


@pytest.mark.parametrize("count", [2, MANY])
def test_masks_and_conventions_are_repeated(count: int, capsys: Any) -> None:
    """A pass under them is no pass without."""
    mask = np.ones((count, 2), dtype=bool)
    mask[1] = False
    options: Any = {"wrt": {"z": mask}, "complex_gradients": "jax", "max_calls": 200}
    report = bc.verify_function(wrong, nest_of("complex", count), **options)
    printed = pasted(report.message, capsys)

    assert ", wrt={'z': np.array(" in report.message
    assert ", complex_gradients='jax', max_calls=200))" in report.message
    assert printed.partition("  reproduce:")[0] == report.message.partition("  reproduce:")[0]


def test_nest_that_no_line_makes_has_no_line_to_paste() -> None:
    """An array of a class whose source is not at hand."""
    own = type("Own", (), {"__array__": lambda self, dtype=None, copy=None: VALUES})()
    report = bc.verify_function(lambda a: wrong({"x": np.asarray(a["x"])}), {"x": own})

    assert report.verdict == "fail"
    assert "reproduce" not in report.message
