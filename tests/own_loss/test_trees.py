"""What people call functions with: nests, tensors, half precision, complex numbers, masks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from support.functions import Arrays, Function

import bptt_check as bc

W, B = np.array([[0.5, -1.0], [0.25, 2.0]]), np.array([0.1, -0.3])


class Layer(NamedTuple):
    """A named tuple of arrays, as users have them."""

    W: Any
    b: Any


def parts(a: Any) -> list[Any]:
    """The four arrays of each nest below."""
    match a:
        case {"layers": [one, other]}:
            return [one["W"], one["b"], other["W"], other["b"]]
        case [(one, two), Layer(W=three, b=four)]:
            return [one, two, three, four]
        case _:
            return [a["enc"]["W"], a["enc"]["b"], *a["dec"]]


def nested(a: Any, factor: float = 1.0) -> Any:
    """The sum of cubes, with gradients in the same nest; `factor` is in that of the last array."""
    grads = [3 * x**2 for x in parts(a)]
    grads[-1] = factor * grads[-1]
    loss = sum((x**3).sum() for x in parts(a))
    match a:
        case {"layers": _}:
            return loss, {
                "layers": [dict(zip("Wb", g, strict=True)) for g in (grads[:2], grads[2:])]
            }
        case [tuple(), Layer()]:
            return loss, [tuple(grads[:2]), Layer(*grads[2:])]
        case _:
            return loss, {"enc": {"W": grads[0], "b": grads[1]}, "dec": tuple(grads[2:])}


NESTS: dict[str, Any] = {
    "layers[1].b": {"layers": [{"W": W, "b": B}, {"W": 2 * W, "b": 2 * B}]},
    "[1][1]": [(W, B), Layer(2 * W, 2 * B)],
    "dec[1]": {"enc": {"W": W, "b": B}, "dec": (2 * W, 2 * B)},
}
"""The name of the last array to the nest."""


@pytest.mark.parametrize("last", NESTS)
def test_nest_comes_as_it_was_given_and_its_entries_have_names(last: str) -> None:
    """Right, and wrong in the last array alone."""
    right = bc.verify_function(nested, NESTS[last])
    wrong = bc.verify_function(lambda a: nested(a, 1.5), NESTS[last])

    assert right.passed
    assert sum(c.decided for c in right.coverage.values()) == 12
    assert wrong.verdict == "fail"
    assert f"the gradient of {last} is wrong" in wrong.message


def test_gradients_may_come_by_path_or_as_a_sequence() -> None:
    """As `torch.autograd.grad` gives them, in the order of `wrt`; a missing one is named."""
    nest = NESTS["layers[1].b"]

    def by_path(a: Any) -> Any:
        return sum((x**3).sum() for x in parts(a)), {
            "layers[0].W": 3 * parts(a)[0] ** 2, "layers[1].b": 3 * parts(a)[3] ** 2,
        }  # fmt: skip

    def in_order(a: Any) -> Any:
        return (a["p"] ** 2).sum() * a["q"].sum(), [
            (a["p"] ** 2).sum() * np.ones(2),
            2 * a["p"] * a["q"].sum(),
        ]

    chosen = ["layers[0].W", "layers[1].b"]
    assert bc.verify_function(by_path, nest, wrt=chosen).passed
    assert "the gradient of layers[0].b is missing" in bc.verify_function(by_path, nest).message
    assert bc.verify_function(in_order, {"p": B, "q": B + 1}, wrt=["q", "p"]).passed
    assert not bc.verify_function(in_order, {"p": B, "q": B + 1}, wrt=["p", "q"]).passed


@pytest.mark.parametrize("used", [False, True])
def test_none_is_the_gradient_of_what_is_not_used(used: bool) -> None:
    """It is wrong where the loss does depend on it."""
    report = bc.verify_function(
        lambda a: ((a["x"] ** 2).sum() + used * a["y"].sum(), {"x": 2 * a["x"], "y": None}),
        {"x": B, "y": B},
    )

    assert report.verdict == ("fail" if used else "pass")
    assert ("the gradient of y is wrong" in report.message) == used


@pytest.mark.parametrize("dtype", ["complex128", "complex64"])
@pytest.mark.parametrize("convention", ["torch", "jax"])
@pytest.mark.parametrize("kind", ["modulus", "product", "exponential"])
def test_complex_gradients_have_a_convention(dtype: str, convention: Any, kind: str) -> None:
    """dL/dx + i dL/dy or its conjugate; with the other one they are wrong."""

    def function(a: Arrays) -> Any:
        z, c = a["z"], np.array([1 - 2j, 0.5j], dtype=dtype)
        loss, conjugate = {
            "modulus": (np.abs(z) ** 2, 2 * z),
            "product": ((c * z).real, np.conj(c)),
            "exponential": (np.exp(z).real, np.conj(np.exp(z))),
        }[kind]
        gradient = conjugate if convention == "torch" else np.conj(conjugate)
        return loss.sum(), {"z": gradient.astype(z.dtype)}

    arrays = {"z": np.array([0.5 + 0.25j, -1 + 2j], dtype=dtype)}
    other: Any = {"torch": "jax", "jax": "torch"}[convention]

    assert bc.verify_function(function, arrays, complex_gradients=convention).passed
    report = bc.verify_function(function, arrays, complex_gradients=other)
    assert report.verdict == "fail"
    assert "worst entry z[" in report.message
    assert f"complex_gradients='{convention}' declares" in report.message


@pytest.mark.parametrize("kind", ["doubled", "one of two arrays", "one entry", "a real one, too"])
def test_convention_is_only_named_where_all_would_be_right(kind: str) -> None:
    """Gradients that are wrong in another way, too, would still be wrong."""

    def function(a: Arrays) -> Any:
        loss = sum((np.abs(a[n] - 1j) ** 2).sum() for n in ("y", "z")) + (a["x"] ** 2).sum()
        right = {n: 2 * (a[n] - 1j) for n in ("y", "z")} | {"x": 2 * a["x"]}
        turned = {n: np.conj(right[n]) for n in ("y", "z")} | {"x": right["x"]}
        if kind == "one entry":
            turned["z"][1] = right["z"][1]
        return loss, {
            "doubled": {n: 2 * g for n, g in turned.items()},
            "one of two arrays": {**turned, "y": right["y"]},
            "one entry": turned,
            "a real one, too": {**turned, "x": -right["x"]},
        }[kind]

    z = np.array([0.5 + 0.25j, -1 + 2j])
    report = bc.verify_function(function, {"y": z + 1, "z": z, "x": np.array([0.5])})

    assert report.verdict == "fail"
    assert "conjugation" not in report.message


@pytest.mark.parametrize("at", [(), (2,)])
def test_mask_says_which_entries_have_a_gradient(at: tuple[int, ...]) -> None:
    """A frozen row may have any gradient; any other error is seen."""
    E = np.arange(1.0, 7.0).reshape(3, 2)
    mask = np.array([[True, True], [False, False], [True, True]])

    def function(a: Arrays) -> Any:
        grad = 2 * a["E"]
        grad[1] = 77.0
        grad[at] *= 1.0 if at == () else 1.5
        return (a["E"] ** 2).sum(), {"E": grad}

    report = bc.verify_function(function, {"E": E}, wrt={"E": mask})

    assert report.verdict == ("pass" if at == () else "fail")
    assert report.coverage["E"].entries == 4
    assert bc.verify_function(function, {"E": E}, wrt={"E": True}).verdict == "fail"
    if at == ():
        assert "E: 4 of 4 entries decided" in report.message


def test_mask_holds_where_entries_are_sampled() -> None:
    """No direction passes through a masked entry."""
    E, mask = np.ones((40, 50)), np.ones((40, 50), dtype=bool)
    mask[7] = False

    def function(a: Arrays) -> Any:
        grad = 2 * a["E"]
        grad[7] = -1.0
        return (a["E"] ** 2).sum(), {"E": grad}

    assert bc.verify_function(function, {"E": E}, wrt={"E": mask}, max_calls=600).passed
    assert bc.verify_function(function, {"E": E}, max_calls=600).verdict == "fail"


def half(factor: float, widens: bool = True) -> Function:
    """A function of float16 arrays, which takes float64 as well if asked."""

    def function(a: Arrays) -> Any:
        x = a["x"] if widens else a["x"].astype("float16")
        return float(np.tanh(x).sum()), {"x": (factor * (1 - np.tanh(x) ** 2)).astype(a["x"].dtype)}

    return function


def test_half_precision_is_differenced_in_float64() -> None:
    """Its own rounding is allowed and no more; a function of float16 alone says what is missing."""
    arrays = {"x": np.array([0.5, -0.25, 1.5], dtype="float16")}

    assert bc.verify_function(half(1.0), arrays).passed
    assert bc.verify_function(half(1.2), arrays).verdict == "fail"


def test_function_of_half_precision_alone_is_inconclusive() -> None:
    """There are no values between those of float16, and the function does not take others."""

    def alone(a: Arrays) -> Any:
        if a["x"].dtype != np.float16:
            raise TypeError("float16 only")
        return half(1.0)(a)

    report = bc.verify_function(alone, {"x": np.array([0.5, -0.25], dtype="float16")})

    assert report.verdict == "inconclusive"
    assert "a function of float16 alone cannot be differenced" in report.message


# --- frameworks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16", "complex128"])
def test_torch_tensors_come_as_tensors(dtype: str) -> None:
    """Those that require a gradient have one; a wrong factor is seen in every precision."""
    torch = pytest.importorskip("torch")
    w = torch.tensor([0.5, -0.25, 0.75]).to(getattr(torch, dtype)).requires_grad_()
    arrays = {"net": {"w": w}, "data": torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)}

    def function(a: Any, factor: float = 1.0) -> Any:
        w = a["net"]["w"]
        loss = (a["data"].to(w.real.dtype) * torch.abs(torch.tanh(w)) ** 2).sum()
        loss.backward()
        return loss, {"net": {"w": factor * w.grad}}

    assert bc.verify_function(function, arrays).passed
    wrong = bc.verify_function(lambda a: function(a, 4.0), arrays)
    assert wrong.verdict == "fail"
    assert "the gradient of net.w is wrong" in wrong.message


def test_torch_tensor_that_is_written_to_is_a_breach() -> None:
    """As an array of NumPy is."""
    torch = pytest.importorskip("torch")

    def writes(a: Any) -> Any:
        x = a["x"].clone()
        a["x"].mul_(2.0)
        return (x**2).sum(), {"x": 2 * x}

    report = bc.verify_function(writes, {"x": torch.tensor([1.0, 2.0], dtype=torch.float64)})
    assert report.verdict == "contract"
    assert "x was written to" in report.message


def test_jax_arrays_come_as_arrays_of_jax() -> None:
    """In float64 where JAX has it; without, there is a sentence that says how to get it."""
    jax = pytest.importorskip("jax")
    function = jax.value_and_grad(lambda a: (jax.numpy.tanh(a["x"]) ** 2).sum())
    values = np.array([0.5, -1.5, 2.0])

    before = jax.config.jax_enable_x64
    try:
        jax.config.update("jax_enable_x64", True)
        double = bc.verify_function(function, {"x": jax.numpy.asarray(values)})
        jax.config.update("jax_enable_x64", False)
        without = bc.verify_function(function, {"x": values})
        single = bc.verify_function(function, {"x": jax.numpy.asarray(values)})
    finally:
        jax.config.update("jax_enable_x64", before)

    assert double.passed
    assert without.verdict == "contract"
    assert "JAX computes in float32 unless jax.config.update('jax_enable_x64', True)" in (
        without.message
    )
    assert single.passed
