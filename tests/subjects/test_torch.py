"""PyTorch code as a subject: modules, functions, custom backward passes, and how they fail."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

import bptt_check as bc
from bptt_check.subjects.loading import load

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed"
)

EXAMPLES = Path(__file__).parents[2] / "examples"
SPEC = "lstm T=4 B=2 D=2 H=3 O=2 seed=1"


def example(name: str) -> Any:
    return load(f"{EXAMPLES / name}")


def case(text: str = SPEC) -> bc.Case:
    return bc.Spec.parse(text).build()


def check(subject: Any, text: str = SPEC) -> bc.CaseReport:
    return bc.check(subject, case(text), ["complex_step", "finite_difference"])


@pytest.mark.parametrize(
    ("attribute", "models"),
    [
        ("lstm", ["lstm+2layers+bidirectional+lengths", "lstm+2layers+linear", "lstm+nobias"]),
        ("gru", ["gru+bidirectional+mse+mean", "gru+2layers+lengths+last"]),
        ("rnn", ["rnn-tanh+2layers+bce", "rnn-relu+bidirectional+lengths"]),
    ],
)
def test_the_modules_of_torch_pass(attribute: str, models: list[str]) -> None:
    """Layers, directions and lengths, in both precisions."""
    subject = example(f"torch_modules.py:{attribute}")
    report = bc.verify(
        subject, models, cases=3, oracles=["finite_difference", "torch"],
        dtypes=["float64", "float32"],
    )  # fmt: skip

    assert report.passed, report.message
    assert report.declined == {}


def test_a_custom_function_passes() -> None:
    """An LSTM whose backward pass is written by hand."""
    report = bc.verify(
        example("torch_lstm_function.py:right"), ["lstm", "lstm+linear"], cases=4,
        oracles=["complex_step"],
    )  # fmt: skip

    assert report.passed, report.message


def test_its_broken_twin_does_not() -> None:
    """The cell state's gradient is not carried: from T = 2 on most is wrong, the head is not."""
    report = check(example("torch_lstm_function.py:broken"))

    assert report.verdict == "fail"
    assert "your forward is right (the loss agrees), your backward is wrong" in report.message
    assert "  right: W_hy, b_y\n" in report.message


def test_a_drop_in_module_is_checked_by_its_own_backward() -> None:
    """One whose second bias gets no gradient: half of our bias's gradient is missing."""
    import torch

    from bptt_check.subjects.torch import from_module

    class Detached(torch.nn.Module):
        """Same call, same parameters, written as a loop without the second bias's gradient."""

        def __init__(self, D: int, H: int, layers: int, bias: bool, bidirectional: bool) -> None:
            super().__init__()
            shapes = {"weight_ih_l0": (4 * H, D), "weight_hh_l0": (4 * H, H)}
            shapes |= {"bias_ih_l0": (4 * H,), "bias_hh_l0": (4 * H,)}
            for name, shape in shapes.items():
                setattr(self, name, torch.nn.Parameter(torch.zeros(shape)))

        def forward(self, x: Any, state: Any) -> Any:
            (h, c), ys = (s[0] for s in state), []
            b = self.bias_ih_l0 + self.bias_hh_l0.detach()
            for x_t in x:
                a = x_t @ self.weight_ih_l0.T + h @ self.weight_hh_l0.T + b
                i, f, g, o = a.chunk(4, dim=-1)
                c = f.sigmoid() * c + i.sigmoid() * g.tanh()
                h = o.sigmoid() * c.tanh()
                ys.append(h)
            return torch.stack(ys), (h[None], c[None])

    report = check(from_module(Detached, cell="lstm"))

    assert report.verdict == "fail"
    assert report.parameter == "b_h_l0"
    assert "  wrong: b_h_l0 (12 of 12)\n" in report.message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("lstm+lengths", "a call of the module has no lengths"),
        ("lstm+truncated", "a call of the module has no truncation"),
        ("gru", "supports() says no"),
    ],
)
def test_what_a_module_cannot_do_is_declined(text: str, reason: str) -> None:
    """Shown, and never counted as passed."""
    import torch

    from bptt_check.subjects.torch import from_module

    subject = from_module(torch.nn.LSTM, packed=False)
    report = bc.verify(subject, [text], cases=2, oracles=["complex_step"])

    assert report.verdict == "inconclusive"
    assert list(report.declined.values()) == [reason]


def test_another_dtype_is_imprecise() -> None:
    """float32 inside float64, as its gradients tell."""
    import torch

    from bptt_check.subjects.torch import from_module

    report = check(from_module(torch.nn.LSTM, dtype=torch.float32))

    assert report.verdict == "imprecise"
    assert "errors are no larger than those of float32 inside" in report.message


def test_a_function_may_return_its_loss() -> None:
    """Whatever it uses of the case; what it does not use has gradient zero."""
    from bptt_check.subjects.torch import from_function

    linear = "rnn-identity+linear T=2 B=2 D=2 H=2 seed=3"

    def loss(view: Any, h0: bool = True) -> Any:
        p = view.params
        h, total = view.h0[0] if h0 else view.h0[0].detach(), 0.0
        for x_t, target in zip(view.x, view.targets, strict=True):
            h = x_t @ p["W_xh_l0"].T + h @ p["W_hh_l0"].T + p["b_h_l0"]
            total = total + (h * target).sum()
        return total + (h * view.cotangent_h_n[0]).sum()

    assert check(from_function(loss), linear).passed
    without = check(from_function(lambda view: loss(view, h0=False)), linear)
    assert (without.verdict, without.parameter) == ("fail", "h0")


WRONG_RETURNS = {
    "a number": ("a torch function must return one number as a tensor, got float", lambda v: 1.0),
    "a vector": ("must return one number as a tensor, got (2, 3)", lambda v: v.h0[0]),
    "detached": ("look for .detach(), .item()", lambda v: v.x.sum().detach()),
    "three": ("return a loss or (y, final states), not a tuple of 3", lambda v: (1, 2, 3)),
    "shape": ("y must have shape (4, 2, 3), got (4, 2, 2)", lambda v: (v.x, v.h0)),
    "his own": ("ZeroDivisionError: division by zero (line", lambda v: 1 / 0),
}


@pytest.mark.parametrize("kind", WRONG_RETURNS)
def test_what_goes_wrong_inside_is_explained(kind: str) -> None:
    """With what came and what belongs there; a line is named only of the user's own code."""
    from bptt_check.subjects.torch import from_function

    message, function = WRONG_RETURNS[kind]
    report = check(from_function(function))

    assert report.verdict == "error"
    assert message in " ".join(report.message.split())
    explained, _, _ = report.message.partition("reproduce:")
    assert "subjects" not in explained


def test_final_states_are_needed_for_their_cotangents() -> None:
    """A linear loss of an LSTM reads c_n too."""
    import torch

    from bptt_check.subjects.torch import from_function

    def forgets(view: Any) -> Any:
        y = view.h0.sum() + torch.zeros(4, 2, 3, dtype=view.x.dtype)
        return y, view.h0

    report = check(from_function(forgets), "lstm+linear T=4 B=2 D=2 H=3 seed=1")

    assert "the loss of this case needs c_n; return (y, (h_n, c_n))" in report.message


@pytest.mark.parametrize("device", ["cuda", "cuda:7", "nowhere"])
def test_a_device_that_is_not_there_is_named(device: str) -> None:
    """When the subject is made, not in every case."""
    import torch

    from bptt_check.subjects.torch import from_module

    if device.startswith("cuda") and torch.cuda.device_count() > 7:
        pytest.skip("this machine has them all")
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has it")
    with pytest.raises(bc.BpttCheckError, match=f"the device '{device}' is not there"):
        from_module(torch.nn.LSTM, device=device)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "int64"}, "dtype must be a floating point dtype of torch"),
        ({"cell": "elman"}, "cell must be one of rnn, lstm, gru, got 'elman'"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    """At the door."""
    import torch

    from bptt_check.subjects.torch import from_module

    given = {n: torch.int64 if v == "int64" else v for n, v in options.items()}
    with pytest.raises(bc.BpttCheckError, match=message):
        from_module(torch.nn.LSTM, **given)


def test_nothing_of_the_process_is_changed() -> None:
    """Threads, default dtype, grad mode and the state of random numbers are as before."""
    import torch

    from bptt_check.subjects.torch import from_module

    def settings() -> list[Any]:
        return [
            torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled(),
            torch.random.get_rng_state().tolist(),
        ]  # fmt: skip

    subject = from_module(torch.nn.LSTM)
    with torch.no_grad():
        before = settings()
        subject(case())
        assert settings() == before
