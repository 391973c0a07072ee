"""A whole run: drawing, summing up, the verdict of a run, and the failure that is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support import drawn
from support.right import RightOracle, right

from bptt_check.cases.case import Case, Spec
from bptt_check.cases.design.within import Within
from bptt_check.cases.result import Result
from bptt_check.cases.targets import parse_targets
from bptt_check.cases.timing.stage_clock import Stage, StageClock, counted_by
from bptt_check.errors import Unsupported
from bptt_check.report.report import Report
from bptt_check.runs.check import Setup
from bptt_check.runs.effort.progress import Progress
from bptt_check.runs.records import TABLE
from bptt_check.runs.run import Plan, verify_plan
from bptt_check.runs.tally import Tally
from bptt_check.verdicts.case_report import CaseReport
from bptt_check.verdicts.row import Row
from bptt_check.verdicts.verdict import Reason, Verdict

SMALL = "rnn-tanh+mse"
EXACT = RightOracle()


def run(
    subject: Any, *names: str, cases: int = 8, oracles: Any = (EXACT,), **options: Any
) -> Report:
    """The report of a run over the named targets, of small cases."""
    chosen = tuple(t for name in names or (SMALL,) for t in parse_targets(name))
    within = Within.parse(f"{drawn.SMALL} {options.pop('within', '')}")
    dtypes, seed = options.pop("dtypes", ("float64",)), options.pop("seed", 0)
    plan = Plan(chosen, cases, dtypes, seed, within)
    return Report(*verify_plan(subject, plan, Setup(tuple(oracles)), **options))


ORDINARY = "regimes=normal inputs=random initial_state=random"
"""Cases in which no gradient is zero, so that a subject that is wrong is wrong in each."""


def wrong_if(condition: Callable[[Case], bool], how: Callable[[float, Any], Any]) -> Any:
    """A subject that is right but for some cases."""

    def subject(case: Case) -> Any:
        found = right(case)
        return how(*found) if condition(case) else found

    return subject


def fails(loss: float, grads: Any) -> Any:
    """A wrong gradient."""
    return loss, {**grads, "W_hh_l0": 1.5 * grads["W_hh_l0"]}


def breaks(loss: float, grads: Any) -> Any:
    """A broken contract."""
    return loss, {**grads, "W_hh_l0": grads["W_hh_l0"].astype("f4")}


def loses_digits(loss: float, grads: Any) -> Any:
    """float32 inside."""
    return loss, {n: a.astype("f4").astype("f8") for n, a in grads.items()}


def dies(loss: float, grads: Any) -> Any:
    """An exception."""
    raise RuntimeError("died")


def declines(loss: float, grads: Any) -> Any:
    """No answer."""
    raise Unsupported("not this one")


def never(case: Case) -> bool:
    return False


def always(case: Case) -> bool:
    return True


def short(case: Case) -> bool:
    return case.sizes.T <= 2


# --- the verdict of a run -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "how", "verdict"),
    [
        (never, fails, "pass"),
        (always, fails, "fail"),
        (short, fails, "fail"),
        (short, breaks, "contract"),
        (short, dies, "error"),
        (always, loses_digits, "imprecise"),
        (short, declines, "pass"),
        (always, declines, "inconclusive"),
    ],
)
def test_the_verdict_is_the_worst(condition, how, verdict):
    """One failing case decides; one declined case does not."""
    report = run(wrong_if(condition, how))

    assert report.verdict == verdict
    assert report.passed == (verdict == "pass")
    assert sum(report.cases.values()) == 8


@pytest.mark.parametrize(
    ("hows", "shown"),
    [
        ([loses_digits, fails, breaks, dies], ["error", "fail", "contract"]),
        ([loses_digits, fails], ["fail"]),
        ([loses_digits, breaks], ["contract", "imprecise"]),
    ],
)
def test_failures_are_ordered_by_the_cases_that_they_explain(hows, shown):
    """A failure of each kind; `fail` explains what is imprecise beside it."""

    def subject(case: Case) -> Any:
        return hows[case.spec.seed % len(hows)](*right(case)) if case.spec else right(case)

    report = run(subject, cases=12, within=ORDINARY)

    assert report.verdict == min(map(Verdict, shown), key=lambda v: v.rank)
    assert [f.verdict for f in report.failures] == shown
    assert len(report.cases) == len(hows)


def test_a_gradient_that_no_oracle_decides_is_inconclusive():
    """Every oracle refuses: nothing was checked, and nothing has passed."""
    report = run(right, oracles=[RightOracle(refuses=always)])

    assert report.verdict == "inconclusive"
    assert {r.verdict for r in report.rows} == {"unsupported"}
    assert {r.reason for r in report.rows} == {"not for this one"}


def test_one_oracle_that_decides_is_enough():
    """The others may refuse everything."""
    report = run(
        right, oracles=[RightOracle("shy", always), RightOracle("other", lambda c: c.sizes.T == 1)]
    )

    assert report.verdict == "pass"
    assert {r.verdict for r in report.rows if r.oracle == "other"} == {"pass"}


@pytest.mark.parametrize("oracles", [[RightOracle()], [RightOracle("shy", always), RightOracle()]])
def test_a_gradient_that_is_not_offered_does_not_count(oracles):
    """x and the initial states are optional, whatever an oracle can say about them."""
    partial = wrong_if(always, lambda v, g: (v, {n: a for n, a in g.items() if n[0] in "Wb"}))
    report = run(partial, oracles=oracles)
    reasons = {r.reason for r in report.rows if r.parameter in ("x", "h0") and r.oracle == "exact"}

    assert report.verdict == "pass"
    assert reasons == {"not offered by the subject"}


@pytest.mark.parametrize("refuses", [never, lambda case: case.sizes.T > 2])
def test_gradient_that_some_cases_have_is_counted(refuses):
    """Whatever another oracle refuses; it is decided where it is offered."""

    def partial(case: Case) -> Any:
        loss, grads = right(case)
        return loss, grads if case.sizes.T > 2 else {n: a for n, a in grads.items() if n != "h0"}

    report = run(partial, oracles=[RightOracle("shy", refuses), RightOracle()])
    rows = {r.parameter: r for r in report.rows if r.oracle == "exact"}
    (shy,) = [r for r in report.rows if (r.oracle, r.parameter) == ("shy", "h0")]

    assert report.verdict == "pass"
    assert 0 < rows["h0"].missing == shy.missing < 8 == rows["h0"].cases
    assert rows["x"].missing == 0
    assert rows["h0"].reason == ""
    assert shy.reason != "not offered by the subject"


def test_vacuous_cases_do_not_spoil_a_run():
    """They are counted, and the others decide."""
    relu = "rnn-relu+linear"
    report = run(right, relu, cases=40)
    verdicts = set(report.table["verdict"])

    assert report.verdict == "pass"
    assert "inconclusive" in verdicts


def test_a_gradient_that_is_always_vacuous_is_inconclusive():
    """A weight that never matters was not checked."""

    def zeroed(case: Case) -> Result:
        grads = {n: np.zeros(a.shape) for n, a in case.inputs.items()}
        return Result(right(case)[0], grads)

    class Zero(RightOracle):
        def __call__(self, case: Case) -> Result:
            return zeroed(case)

    assert run(zeroed, oracles=[Zero()]).verdict == "inconclusive"


class Choosy:
    """Supports one family only."""

    name = "choosy"

    def supports(self, model: Any) -> bool:
        return model.cell == "rnn"

    def __call__(self, case: Case) -> Any:
        return right(case)


def test_models_that_are_declined_are_listed():
    """They are not checked, and do not spoil the verdict of the others."""
    report = run(Choosy(), "lstm", SMALL, "gru")

    assert report.verdict == "pass"
    assert report.subject == "choosy"
    assert report.declined == {"lstm": "supports() says no", "gru": "supports() says no"}
    assert report.models == ("lstm", SMALL, "gru")
    assert {r.model for r in report.rows} == {SMALL}


def test_run_of_declined_models_only_is_inconclusive():
    """A subject that supports nothing has not passed."""
    report = run(Choosy(), "lstm")

    assert report.verdict == "inconclusive"
    assert report.rows == ()
    assert report.cases == {}


# --- summing up ---------------------------------------------------------------------------------


def test_a_row_for_every_model_gradient_and_oracle():
    """With its largest errors, and where."""
    report = run(right, SMALL, "lstm+linear", oracles=[RightOracle("one"), RightOracle("two")])
    keys = [(r.model, r.parameter, r.oracle) for r in report.rows]

    assert len(set(keys)) == len(keys) == (5 + 2) * 2 + (3 + 3) * 2
    assert {r.cases for r in report.rows} == {8}
    for row in report.rows:
        assert 0 <= row.max_budgets < 1
        assert Spec.parse(row.worst_spec).model == parse_targets(row.model)[0].model


def row_of(
    budgets: float, verdict: str = "pass", reason: Reason = Reason.NONE, decided: int = 1
) -> Row:
    """A row of one entry."""
    return Row(
        "b", "exact", Verdict(verdict), reason, budgets / 2, budgets / 3, budgets / 4, budgets,
        (0,), 1.0, 1.0, 1.0, 1, 0, decided,
    )  # fmt: skip


def summed(*rows: Row) -> Any:
    """The summary of cases with these rows, in this order; their seeds count from 0."""
    tally = Tally()
    for seed, row in enumerate(rows):
        case = Spec.parse(f"lstm T=1 B=1 D=1 H=1 seed={seed}").build()
        tally.add("lstm", CaseReport(row.verdict, case, "f", (row,)))
    (summary,) = tally.summaries()
    return summary


def test_a_summary_counts_what_was_measured_along_directions():
    """Where the worst case is such a one, it has no index."""
    along = replace(row_of(0.3), index=(), directions=4)
    entrywise, worst = summed(row_of(0.4), along), summed(row_of(0.2), along, along)

    assert (entrywise.directional, entrywise.worst_directions) == (1, 0)
    assert entrywise.worst_index == (0,)
    assert (worst.directional, worst.worst_directions, worst.worst_index) == (2, 4, ())


NOTHING = row_of(float("nan"), "unsupported", Reason.NOT_OFFERED, 0)


@pytest.mark.parametrize(
    ("rows", "verdict", "worst", "seed"),
    [
        ([row_of(0.1), row_of(0.3), row_of(0.2)], "pass", 0.3, 1),
        ([row_of(0.1), row_of(9.0, "fail")], "fail", 9.0, 1),
        ([row_of(9.0, "fail"), row_of(0.1)], "fail", 9.0, 0),
        ([row_of(5.0, "imprecise"), row_of(9.0, "fail")], "fail", 9.0, 1),
        ([row_of(0.0, "inconclusive", Reason.VACUOUS, 0), row_of(0.2)], "pass", 0.2, 1),
        ([row_of(0.2), row_of(0.0, "inconclusive", Reason.VACUOUS, 0)], "pass", 0.2, 0),
        ([NOTHING, row_of(0.2)], "pass", 0.2, 1),
        ([row_of(0.2), NOTHING], "pass", 0.2, 0),
        ([NOTHING, row_of(0.0, "inconclusive", Reason.VACUOUS, 0)], "inconclusive", 0, 1),
    ],
)  # fmt: skip
def test_cases_are_summed_up(rows, verdict, worst, seed):
    """Failures win, then a pass; the worst case is remembered; NaN is never the largest."""
    summary = summed(*rows)

    assert (summary.verdict, summary.max_budgets) == (verdict, worst)
    assert summary.worst_spec.endswith(f"seed={seed}")
    assert summary.cases == len(rows)
    assert summary.decided == sum(r.decided for r in rows)
    assert summary.max_abs == worst / 2


def test_the_table_has_a_line_for_every_row():
    """One column per name, all of one length, for Parquet."""
    report = run(right, SMALL, cases=5)

    assert list(report.table) == list(TABLE)
    assert {len(column) for column in report.table.values()} == {5 * 7}
    assert set(report.table["parameter"]) == {
        "W_xh_l0",
        "W_hh_l0",
        "b_h_l0",
        "W_hy",
        "b_y",
        "x",
        "h0",
    }
    assert set(report.table["model"]) == {SMALL}


def test_progress_is_told_after_every_case():
    """How many of how many, which model, how many failures so far."""
    seen: list[Progress] = []
    subject = wrong_if(lambda case: case.model.cell == "rnn", fails)
    run(subject, SMALL, "lstm", cases=4, progress=seen.append, within=ORDINARY)

    assert [p.done for p in seen] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {p.total for p in seen} == {8}
    assert [p.model for p in seen] == [SMALL] * 4 + ["lstm"] * 4
    assert [p.failing for p in seen] == [1, 2, 3, 4, 4, 4, 4, 4]


def test_run_says_where_its_time_went_and_tells_each_stage():
    """Every stage has its seconds, which are no more than those of the run; of right code nothing
    is shrunk.
    """
    begun: list[tuple[Stage, str]] = []
    with counted_by(StageClock(lambda *told: begun.append(told))):
        wrong = run(lambda case: fails(*right(case)), cases=2, within=ORDINARY).run
    stages = wrong.stages.seconds

    assert {*stages} == {*Stage} - {Stage.STARTING, Stage.ORACLE, Stage.REPORT}
    assert {*wrong.stages.oracles} == {"exact"}
    assert 0.0 < sum([*stages.values(), *wrong.stages.oracles.values()]) <= wrong.seconds + 0.001
    assert (Stage.SHRINKING, SMALL) in begun
    assert begun.index((Stage.DIAGNOSIS, SMALL)) > begun.index((Stage.SHRINKING, SMALL))
    assert not {Stage.SHRINKING, Stage.DIAGNOSIS} & {*run(right, cases=2).run.stages.seconds}


def test_two_runs_are_the_same():
    """The same seed gives the same run, another one other cases."""
    subject = wrong_if(short, fails)
    one, same, other = (run(subject, seed=seed, cases=10) for seed in (1, 1, 2))

    assert one.table == same.table
    assert one.rows == same.rows
    assert one.cases == same.cases
    assert [f.message for f in one.failures] == [f.message for f in same.failures]
    assert one.table["spec"] != other.table["spec"]


def test_every_dtype_is_drawn():
    """Of those asked for."""
    report = run(right, cases=20, dtypes=("float64", "float32"))
    dtypes = {Spec.parse(s).dtype for s in report.table["spec"]}

    assert dtypes == {"float64", "float32"}
    assert report.verdict == "pass"


@pytest.mark.parametrize(
    ("name", "has"),
    [
        ("gru+truncated", lambda s: s.truncation is not None and not s.lengths),
        ("gru+lengths", lambda s: s.lengths and s.truncation is None),
        ("gru", lambda s: s.truncation is None and not s.lengths),
    ],
)
def test_a_target_says_what_its_cases_have(name, has):
    """`+truncated` and `+lengths` hold for every case."""
    report = run(right, name, cases=10)

    assert report.verdict == "pass"
    assert all(has(Spec.parse(s)) for s in report.table["spec"])


# --- failures -----------------------------------------------------------------------------------


def test_a_failure_is_shown_on_its_smallest_case():
    """Shrunk, then simplified; the message and the spec are those of the shrunk case."""
    report = run(wrong_if(lambda c: c.sizes.T >= 3, fails), cases=30)
    (failure,) = report.failures

    assert failure.verdict == "fail"
    assert failure.model == SMALL
    assert failure.parameter == "W_hh_l0"
    assert failure.spec == f"{SMALL} T=3 B=1 D=1 H=1 O=1 seed=0"
    assert f"bc.check(subject, '{failure.spec}'))" in failure.message
    assert failure.cases == report.cases["fail"]
    assert Spec.parse(failure.first_spec).sizes.T >= 3
    assert report.counterexample is failure.case
    assert failure.case.sizes.T == 3
    assert failure.case.spec is None


def test_the_counterexample_still_fails():
    """What is left of the values is what the failure needs."""
    subject = wrong_if(always, fails)
    report = run(subject)
    again = verify_one(subject, report.counterexample)

    assert again == "fail"
    assert set(np.abs(report.counterexample.x).ravel()) <= {0.0, 1.0}


def verify_one(subject: Any, case: Case) -> str:
    """The verdict of one case."""
    from bptt_check.runs.check import check_case

    return check_case(subject, case, Setup((RightOracle(),))).verdict


def test_only_the_first_failures_are_shrunk():
    """A subject that is wrong everywhere does not take forever."""
    names = [f"rnn-tanh+{loss}+{r}" for loss in ("mse", "bce", "linear") for r in ("every", "last")]
    report = run(wrong_if(always, fails), *names, cases=3)
    sizes = [sum(vars(f.case.sizes).values()) for f in report.failures]

    assert len(report.failures) == 6
    assert sum(size == 5 for size in sizes) >= 5
    assert report.failures[-1].spec == report.failures[-1].first_spec


def test_the_message_of_a_run_fits_a_screen():
    """Whatever fails, but for the line to copy."""
    subject = wrong_if(always, lambda v, g: (v, {n: 3 * a for n, a in g.items()}))
    report = run(subject, "lstm+3layers+linear", cases=1)
    lines = report.message.splitlines()

    assert len(lines) <= 24
    assert all(len(line) <= 100 for line in lines if "reproduce: " not in line)
    assert "FAIL" in report.message


# --- interrupted --------------------------------------------------------------------------------


def interrupted_at(count: int) -> Any:
    """A subject during which the user presses Ctrl-C."""
    calls = [0]

    def subject(case: Case) -> Any:
        calls[0] += 1
        if calls[0] > 3 * count:  # every case is asked twice, and most of them once more
            raise KeyboardInterrupt
        return right(case)

    return subject


def test_an_interrupt_is_raised():
    """Unless partial results are wanted."""
    with pytest.raises(KeyboardInterrupt):
        run(interrupted_at(40), cases=50)


def test_an_interrupt_keeps_what_there_is():
    """The report says so, and is no pass."""
    report = run(interrupted_at(40), SMALL, "lstm", cases=50, keep_partial=True)

    assert report.interrupted
    assert report.verdict == "inconclusive"
    assert 0 < sum(report.cases.values()) <= 40
    assert {r.model for r in report.rows} == {SMALL}


def test_an_interrupted_failure_is_a_failure():
    """What was found before stays found."""
    calls = [0]

    def subject(case: Case) -> Any:
        calls[0] += 1
        if calls[0] > 100:
            raise KeyboardInterrupt
        return fails(*right(case))

    report = run(subject, SMALL, cases=50, keep_partial=True)

    assert report.interrupted
    assert report.verdict == "fail"


def test_an_interrupted_failure_is_explained():
    """A run with verdict `fail` has a failure to show."""
    calls = [0]

    def subject(case: Case) -> Any:
        calls[0] += 1
        if calls[0] > 100:
            raise KeyboardInterrupt
        return fails(*right(case))

    report = run(subject, SMALL, cases=50, keep_partial=True)

    assert report.failures
    assert report.counterexample is not None
