"""Which failure tells of which errors that all cases share, and is about which gradient."""

from __future__ import annotations

import pytest
from support import made
from support.shared_errors import shared_error, shared_failure, shared_row, with_shared_error

from bptt_check.report.pytest_outcomes import outcomes, properties
from bptt_check.report.systematic import told
from bptt_check.verdicts.verdict import Verdict

OTHER_SPEC = made.SPEC.replace("seed=0", "seed=1")
ERROR, SECOND = shared_error(), shared_error(parameter="x", spec=OTHER_SPEC)
IMPRECISE = shared_error(verdict=Verdict.IMPRECISE, parameter="b_y", spec=OTHER_SPEC)


def test_a_failure_tells_of_the_errors_of_its_model_dtype_and_verdict() -> None:
    """Not of another dtype's, of another verdict or of another test; that of its case first."""
    others = (
        shared_error(dtype="float16", spec=OTHER_SPEC), shared_error(check="another"), IMPRECISE,
    )  # fmt: skip
    run = with_shared_error(SECOND, ERROR, *others, failures=(shared_failure(ERROR),)).run

    assert told.shared_errors_of(run, run.failures[0]) == [ERROR, SECOND]


def test_any_other_failure_tells_of_none() -> None:
    """Though it has the same case."""
    run = with_shared_error(failures=(made.failure(),)).run

    assert told.shared_errors_of(run, run.failures[0]) == []
    assert not told.is_of_all_only(run)
    assert told.is_of_all_only(with_shared_error().run)
    assert not told.is_of_all_only(with_shared_error(failures=()).run)


@pytest.mark.parametrize(
    ("error", "model", "parameter", "about"),
    [
        (ERROR, "lstm", "W_hh_l0", True),
        (ERROR, "lstm", "W_hh_l1", False),
        (ERROR, "lstm+mse", "W_hh_l0", False),
        (shared_error(models=3), "lstm+mse", "W_hh_l0", True),
        (shared_error(models=3), "gru", "W_hh_l0", False),
        (shared_error(models=3), "lstm", "W_hh_l1", False),
    ],
)
def test_an_error_is_about_a_gradient_of_its_model_or_family(
    error: object, model: str, parameter: str, about: bool
) -> None:
    """Of a family it is about that of each of its models."""
    assert told.is_about(error, model, parameter) == about  # type: ignore[arg-type]


def test_every_gradient_of_a_failure_has_its_message() -> None:
    """The failure has one of them as its own; a gradient that is right has none."""
    found = {o.parameter: o for o in outcomes(with_shared_error(ERROR, SECOND))}

    assert found["W_hh_l0"].message == found["x"].message
    assert found["x"].message.endswith("reproduce: " + shared_failure().reproduction)
    assert found["x"].failure is not None
    assert (found["b_h_l0"].message, found["b_h_l0"].failure) == ("", None)


def test_gradients_of_all_models_of_a_family_have_the_message_of_the_first() -> None:
    """Under whose name the failure is."""
    error = shared_error(models=2)
    rows = tuple(shared_row(error, model=m, parameter="W_hh_l0") for m in ("lstm", "lstm+mse"))
    failure = shared_failure(error)
    report = with_shared_error(error, models=("lstm", "lstm+mse"), rows=rows, failures=(failure,))

    assert [o.failure is not None for o in outcomes(report)] == [True, True]


def test_properties_have_the_error_and_no_spec_that_passes() -> None:
    """A case that fails has its spec there."""
    found = dict(properties(with_shared_error()))

    assert found["bptt_systematic"] == (
        "lstm in bfloat16: W_hh_l0: 1.02 (+-0.0001) times what it must be; that is 99% of its error"
    )
    assert "bptt_spec" not in found
    assert dict(properties(made.failing()))["bptt_spec"] == made.SPEC


def test_heading_names_dtype_and_how_many_there_are() -> None:
    """Of a family how many models; any other failure is headed by its model and gradient."""
    alone = with_shared_error(ERROR, SECOND).run
    family = shared_error(parameter="W_hh", models=4)
    together = with_shared_error(family, failures=(shared_failure(family, parameter=""),)).run
    other = made.failing().run

    assert [told.failure_heading(r, r.failures[0], r.failures[0].parameter) for r in (
        alone, together, other
    )] == [
        "lstm in bfloat16: W_hh_l0 and 1 more",
        "lstm (4 models together) in bfloat16: W_hh",
        "lstm: W_hh_l0",
    ]  # fmt: skip
