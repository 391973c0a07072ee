"""`verify_against` and `assert_matches`: a kernel beside plain code that defines it."""

from __future__ import annotations

import importlib.util
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.errors import SpecError, UnknownName
from bptt_check.report.folder import load_run
from bptt_check.runs.session import Overrides, overrides
from bptt_check.verdicts.case_kind import CaseKind

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed", allow_module_level=True)

import torch
from support import decayed_sums as code

INPUTS = code.INPUTS
FEW = 6
"""Cases where any will do."""


def against(kernel: Any, **options: Any) -> bc.Report:
    """A run of few cases, beside the plain code in torch."""
    return bc.verify_against(kernel, code.plain_sums, INPUTS, **{"cases": FEW, **options})


def lines_of(report: bc.Report) -> list[str]:
    """What a report says."""
    return [line.strip() for line in report.message.splitlines()]


def without_S(x: torch.Tensor, decay: torch.Tensor) -> Any:
    """A kernel that lacks an argument."""
    return x, x[-1]


def cumulated(x: torch.Tensor) -> torch.Tensor:
    """A recurrence of another kind."""
    return torch.cumsum(x, 0)


# --- right ones -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kernel", "reference"),
    [
        (code.sums, code.plain_sums),
        (code.sums, code.plain_sums_in_numpy),
        (code.VJP, code.plain_sums),
        (code.VJP, code.plain_sums_in_numpy),
        (code.plain_sums, code.plain_sums),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_a_right_kernel_passes(kernel, reference, dtype):
    """Whatever both are written in."""
    report = bc.verify_against(kernel, reference, INPUTS, FEW, (dtype,))

    assert report.passed, report.message
    assert f"{FEW} of {FEW} cases decided by reference, finite_difference" in report.message
    assert {row.parameter for row in report.rows} == {
        *("output[0]", "output[1]"),
        *("x", "decay", "S"),
    }


def test_several_dtypes_have_cases_of_each():
    report = against(code.sums, dtypes=("float32", "bfloat16"))

    assert report.passed
    (dtypes,) = (f for f in report.run.covered.factors if f.name == "dtype")
    assert dict(zip(dtypes.levels, dtypes.cases, strict=True)) == {"float32": 3, "bfloat16": 3}


# --- wrong ones -----------------------------------------------------------------------------------


def test_a_wrong_gradient_is_told_with_its_place_and_its_condition():
    """From 4 steps on nothing flows back into the first state."""
    report = against(code.sums_that_forget, cases=24)
    told = lines_of(report)

    assert report.verdict == "fail"
    assert told[0] == "FAIL  plain_sums: the gradient of S is wrong"
    assert "your forward is right (every output agrees), your backward is wrong" in told
    assert "worst entry S[0] (B 0)" in told
    assert "wrong: S (1 of 1)" in told
    assert "right: output[0], output[1], x, decay" in told
    assert any(line.startswith("diagnosis: only when T > 3 (") for line in told)
    assert "diagnosis: S is zero everywhere" in told
    assert "case='plain_sums T=4 B=1 dtype=float32 seed=0'" in told[-1]


def test_a_factor_is_told_although_the_smallest_case_has_one_entry():
    """Of one entry nobody can say what all have in common."""
    told = lines_of(against(code.sums_doubled))

    assert told[0] == "FAIL  plain_sums: the gradient of decay is wrong"
    assert "diagnosis: decay is 2 times what it should be, in every entry" in told
    assert "case='plain_sums T=1 B=1 dtype=float32 seed=0'" in told[-1]


def test_wrong_outputs_are_told_first():
    """A kernel of another recurrence, whose gradients are right for what it computes."""
    told = lines_of(against(code.sums_off))

    assert told[0] == "FAIL  plain_sums: output[0], output[1] are not what the reference gives"
    assert "your gradients are right for your own forward: they are its derivative" in told


def test_a_wrong_backward_in_numpy_is_found():
    report = bc.verify_against(code.WRONG_VJP, code.plain_sums_in_numpy, INPUTS, FEW, ("float64",))

    assert report.verdict == "fail"
    assert lines_of(report)[0] == "FAIL  plain_sums_in_numpy: the gradient of decay is wrong"


def test_outputs_that_are_no_numbers_break_the_contract():
    """The output first, as the loss is nobody's."""
    report = against(code.sums_infinite)
    told = lines_of(report)

    assert report.verdict == "contract"
    assert told[1] == f"so in all {FEW} cases"
    assert told[2].startswith("output[0] is nan at [0, 0]; the truth there is finite: ")
    assert "the loss" not in report.message


def test_an_infinite_output_of_the_reference_is_none_of_the_kernel():
    """log 0 is -inf in both."""
    inputs = bc.Inputs(x="T", sizes={"T": (1, 4)})

    def logs(x: torch.Tensor) -> Any:
        return x, torch.log(torch.zeros_like(x))

    assert bc.verify_against(logs, logs, inputs, FEW).verdict != "contract"


def test_gradients_that_are_wrong_where_another_input_needs_none_are_found():
    """Of a subset of the inputs alone."""

    class Careless(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, decay: Any) -> Any:
            ctx.of_decay = ctx.needs_input_grad[1]
            return x.clone()

        @staticmethod
        def backward(ctx: Any, *bars: Any) -> Any:
            return bars[0] if ctx.of_decay else 2.0 * bars[0], None

    def kernel(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
        return code.sums(Careless.apply(x, decay), decay, S)

    report = against(kernel, cases=24)

    assert report.verdict == "fail"
    assert {f.kind for f in report.failures} == {CaseKind.WRONG_FOLLOW_UP}


def test_two_answers_to_one_case_are_told_by_the_output_that_differs():
    """As of a race: nobody returned the loss."""
    calls = itertools.count()

    def kernel(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
        states, last = code.sums(x, decay, S)
        return states, last + (1.0 if next(calls) % 2 else 0.0)

    report = against(kernel)

    assert report.verdict == "contract"
    assert "two calls on the same case gave two answers, in output[1]" in report.message


def test_of_lost_digits_no_place_is_told():
    """In which entries rounding is largest is chance."""

    def kernel(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
        narrow = (a.to(torch.bfloat16) for a in (x, decay, S))
        return tuple(a.to(x.dtype) for a in code.sums(*narrow))

    report = against(kernel)

    assert report.verdict == "imprecise"
    assert "is wrong only at" not in report.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda out: out[0], "output[0] is missing: the reference returns it"),
        (lambda out: (*out, out[0]), "output[2] is no output of the reference, which returns"),
        (lambda out: (out[0].T, out[1]), "and that of the reference"),
        (lambda out: {"a": out[0], "b": out[1]}, "output[0] is missing"),
        (lambda out: "done", "output of the kernel is of type"),
        (lambda out: None, "the kernel returned no array"),
    ],
)
def test_another_nest_or_shape_breaks_the_contract(change, words):
    def kernel(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
        return change(code.sums(x, decay, S))

    report = against(kernel)

    assert report.verdict == "contract"
    assert words in report.message


def test_a_kernel_that_raises_is_an_error_with_its_line():
    report = against(code.sums_that_raise)

    assert report.verdict == "error"
    assert "raised ValueError: no tile of this size (line " in report.message
    assert "of sums_that_raise" in report.message


def test_a_kernel_that_lacks_an_argument_is_an_error_that_names_it():
    report = against(without_S)

    assert report.verdict == "error"
    assert "without_S() got an unexpected keyword argument 'S'" in report.message


# --- the reference --------------------------------------------------------------------------------


def test_a_reference_that_raises_is_told_with_its_line_and_shapes():
    """Nothing is said of the kernel."""

    def mine(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
        raise ValueError("no such step")

    with pytest.raises(SpecError, match=r"the reference raised ValueError: no such step \(line"):
        bc.verify_against(code.sums, mine, INPUTS, FEW)
    with pytest.raises(SpecError, match=r"It was given x \(\d, \d\), decay \(\d, \d\), S \(\d,\)"):
        bc.verify_against(code.sums, mine, INPUTS, FEW)


def test_a_reference_that_lacks_an_argument_is_told():
    with pytest.raises(SpecError, match=r"the reference raised TypeError: .*argument 'S'"):
        bc.verify_against(code.sums, lambda x, decay: torch.stack([x, decay]), INPUTS, FEW)


def test_a_reference_that_cannot_be_differentiated_is_told():
    """It writes over what its own backward pass needs."""

    def mine(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
        y = torch.exp(x)
        z = y * y
        y.add_(1.0)
        return z, z[-1]

    with pytest.raises(SpecError, match="the reference, differentiated, raised RuntimeError"):
        bc.verify_against(code.sums, mine, INPUTS, FEW)


def test_a_reference_that_returns_no_array_is_told():
    with pytest.raises(SpecError, match="output of the reference is of type 'str'"):
        bc.verify_against(code.sums, lambda x, decay, S: str(torch), INPUTS, FEW)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x, out: out / 0.0, "entries of output[0] (reference)"),
        (lambda x, out: out + torch.sqrt(x.sum() * 0.0 - 1.0), "the reference returns nan in "),
    ],
)
def test_where_the_reference_has_no_number_nothing_is_decided(change, words):
    """Whatever the kernel returns there; and what to do is said."""

    def mine(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
        out, last = code.plain_sums(x, decay, S)
        return change(x, out), last

    report = bc.verify_against(code.sums, mine, INPUTS, FEW, oracles=["reference"])

    assert report.verdict == "inconclusive"
    assert words in " ".join(lines_of(report))
    assert "to do: draw only inputs for which the reference is defined" in " ".join(
        lines_of(report)
    )


def test_a_pass_says_in_which_cases_the_reference_has_no_number():
    """A gradient that is NaN wherever an output has a part in the loss."""

    def mine(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
        out, last = code.plain_sums(x, decay, S)
        return out + torch.sqrt(x * 0.0), last

    report = bc.verify_against(code.sums, mine, INPUTS, 12, oracles=["reference"])

    assert report.passed
    (row,) = [row for row in report.run.rows if row.parameter == "x"]
    assert 0 < row.undefined < row.cases == 12
    said = f"x: not decided in {row.undefined} of 12 cases, in which the reference has no number"
    assert said in " ".join(lines_of(report))


# --- arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kernel": 3}, "the kernel must be a function or a bc.Vjp, got 3."),
        ({"reference": "plain"}, "the reference must be a function, got 'plain'."),
        ({"inputs": {"x": "T B"}}, "inputs must be a bptt_check.Inputs, got {'x': 'T B'}."),
        ({"cases": 0}, "cases must be an integer of at least 1, got 0."),
        ({"dtypes": "float32"}, "dtypes must be a list of names: dtypes=['float32']."),
        ({"dtypes": ()}, "dtypes is empty; name at least one of "),
        ({"dtypes": ("float17",)}, "unknown dtype 'float17'. Did you mean 'float16'?"),
        ({"accuracy": 1.0}, "accuracy must be a number from 0 to less than 1, got 1.0."),
        ({"timeout": -1}, "timeout must be positive, got -1."),
        ({"device": "gpux"}, "torch has no device 'gpux' here: "),
        ({"kernel": code.VJP, "device": "cuda"}, "device='cuda' is for torch and JAX"),
        (
            {"oracles": ("torch",)},
            "unknown oracle 'torch'. Valid: certified, finite_difference, reference.",
        ),
        ({"oracles": "reference"}, "oracles must be a list of names: oracles=['reference']."),
        ({"oracles": ()}, "oracles is empty; name at least one"),
        ({"case": 3}, "case must be the line of a case, got 3."),
        ({"case": "mine T=1 B=1 seed=0"}, "the spec is of 'mine', and the recurrence is plain_"),
        ({"case": "plain_sums T=9 B=1 seed=0"}, "the case has T=9, and these Inputs allow only 1"),
        ({"case": "plain_sums T=1 B=1"}, "needs a whole number for seed."),
        ({"case": "plain_sums T=1 B=1 seed=0 C=2"}, "unknown word in a spec: 'C'"),
    ],
)
def test_an_impossible_argument_is_named(changed, words):
    """With what it is, and what it may be."""
    arguments = {"kernel": code.sums, "reference": code.plain_sums, "inputs": INPUTS, "cases": 1}
    with pytest.raises((SpecError, UnknownName)) as found:
        bc.verify_against(**{**arguments, **changed})

    assert words in str(found.value)


def test_a_line_that_where_excludes_is_refused():
    inputs = bc.Inputs(x="T", sizes={"T": (1, 6)}, where=lambda T: T % 2 == 0)

    assert bc.verify_against(cumulated, cumulated, inputs, case="cumulated T=4 seed=0").passed
    with pytest.raises(SpecError, match=r"where= of Inputs does not hold of the case 'cumulated T"):
        bc.verify_against(cumulated, cumulated, inputs, case="cumulated T=3 seed=0")


# --- one case -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", [code.sums, code.sums_that_forget, code.sums_off])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_line_replays_its_case_in_its_dtype(kernel, dtype):
    """Whatever `dtypes` says beside it."""
    run = against(kernel, dtypes=(dtype,), cases=12)
    line = run.failures[0].spec if run.failures else f"plain_sums T=5 B=2 dtype={dtype} seed=7"
    again = against(kernel, case=line)

    assert again.verdict == run.verdict
    assert all(f"dtype={dtype}" in row.worst_spec for row in again.rows)
    if run.failures:
        assert again.failures[0].spec == line
        assert again.failures[0].parameter == run.failures[0].parameter


def test_the_same_seed_gives_the_same_run_and_another_one_others():
    one, same, other = (against(code.sums_doubled, seed=seed) for seed in (0, 0, 1))

    assert one.message == same.message
    assert [f.first_spec for f in one.failures] == [f.first_spec for f in same.failures]
    worst, worst_again, worst_of_other = (
        [(row.parameter, row.worst_spec, row.max_budgets) for row in report.rows]
        for report in (one, same, other)
    )
    assert worst == worst_again != worst_of_other


def test_the_command_line_of_pytest_takes_the_place_of_seed_and_cases():
    token = overrides.set(Overrides(cases=3, seed=1))
    try:
        report = against(code.sums, seed=0)
    finally:
        overrides.reset(token)

    assert (report.run.seed, sum(report.run.cases.values())) == (1, 3)


def test_an_interrupted_run_keeps_what_there_is_if_asked_to():
    calls = []

    def kernel(x: torch.Tensor, decay: torch.Tensor, S: torch.Tensor) -> Any:
        calls.append(len(x))
        if len(calls) > 300:
            raise KeyboardInterrupt
        return code.sums(x, decay, S)

    report = against(kernel, cases=100, keep_partial=True)

    assert report.run.interrupted
    assert 0 < report.run.cases["pass"] < 100
    calls.clear()
    with pytest.raises(KeyboardInterrupt):
        against(kernel, cases=100)


# --- in tests, and in folders ---------------------------------------------------------------------


def test_assert_matches_raises_the_message_of_a_wrong_kernel():
    with pytest.raises(AssertionError) as found:
        bc.assert_matches(code.sums_doubled, code.plain_sums, INPUTS, FEW)

    assert isinstance(found.value, bc.GradientMismatch)
    assert str(found.value).startswith("FAIL  plain_sums: the gradient of decay is wrong")
    assert "reproduce: print(bc.verify_against(" in str(found.value)


def test_assert_matches_returns_the_report_of_a_right_one():
    assert bc.assert_matches(code.sums, code.plain_sums, INPUTS, FEW).passed


def test_a_folder_has_page_record_and_the_arrays_of_the_counterexample(tmp_path: Path):
    report = against(code.sums_doubled)
    report.to_folder(tmp_path / "out")
    (saved,) = (tmp_path / "out" / "counterexamples").iterdir()
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    with np.load(saved) as arrays:
        shapes = {n: (arrays[n].shape, str(arrays[n].dtype)) for n in arrays if n != "header"}

    assert saved.name == "001-plain_sums-fail.npz"
    assert shapes == {
        "x": ((1, 1), "float32"),
        "decay": ((1, 1), "float32"),
        "S": ((1,), "float32"),
        "cotangent of output[0]": ((1, 1), "float32"),
        "cotangent of output[1]": ((1,), "float32"),
    }
    assert record["failures"][0]["spec"] == "plain_sums T=1 B=1 dtype=float32 seed=0"
    assert load_run(tmp_path / "out").verdict == "fail"
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "counterexamples/001-plain_sums-fail.npz" in page


def test_a_name_of_several_words_is_one_word_of_a_line():
    def plain(x: Any) -> Any:
        return x + 0.0

    plain.name = "my plain sum"  # type: ignore[attr-defined]
    kernel = bc.Vjp(lambda x: (x, ()), lambda r, c: {"x": 2.0 * c})
    report = bc.verify_against(kernel, plain, bc.Inputs(x="T", sizes={"T": 3}), 2)

    assert report.failures[0].spec.startswith("my_plain_sum T=3 ")
