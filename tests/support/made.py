"""Records made by hand: what a run leaves behind, without running anything."""

from __future__ import annotations

from typing import Any

import bptt_check as bc
from bptt_check.own_loss.differencing.taylor_curve import TaylorCurve
from bptt_check.report.columns.levels import numbers_of_levels, text_of_levels
from bptt_check.report.report import Report
from bptt_check.runs.cleaning import cleaned
from bptt_check.runs.coverage.covered import Covered, CoveredFactor, CoveredTarget, Limit
from bptt_check.runs.errors.compared_arrays import ComparedArray
from bptt_check.runs.measurements import (
    Agreement,
    DifferenceQuotients,
    ErrorByLength,
    ErrorHistogram,
    Flow,
    OracleOpinion,
    TimeProfile,
    WorstEntry,
)
from bptt_check.runs.records import TABLE, FailureWithCase, Run, Summary, counterexample_name
from bptt_check.verdicts.verdict import Reason, Verdict, sentence

SPEC = "lstm T=1 B=1 D=1 H=1 O=2 seed=0"
NAN, INF = float("nan"), float("inf")
ORACLES = ("finite_difference", "torch", "jax", "complex_step", "certified")
HOSTILE = (
    "<script>alert(1)</script>",
    "\"quotes' & <b>",
    "line\u2028separator\u2029",
    "right\u202eto left",
    "escape\x1b[31mred\x07",
    "lone\ud800surrogate",
    "[bold red]markup[/bold red]",
    "{{ 7 * 7 }}{% raw %}",
    "new\nline\ttab\r\0",
    "long" * 300,
    "",
)
"""What a subject may call its things."""


def _typed(given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a record, its verdict as the member of that name."""
    return {**given, "verdict": Verdict(given["verdict"])}


def row(**changes: Any) -> Summary:
    """A passing row of W_hh_l0 of an LSTM, with changes."""
    given: dict[str, Any] = {
        "model": "lstm", "parameter": "W_hh_l0", "oracle": "torch", "cases": 10, "verdict": "pass",
        "reason": "", "decided": 9, "max_abs": 1e-16, "max_rel": 2e-15, "max_ulps": 4.0,
        "max_budgets": 0.05, "worst_spec": SPEC, "worst_index": (3, 2),
        "floor": 1e-14, "floor_any": 3e-12, "proven": False,
    }  # fmt: skip
    return Summary(**_typed({**given, **changes}))


def wrong(**changes: Any) -> Summary:
    """A failing row."""
    return row(**{"verdict": "fail", "max_abs": 0.1, "max_budgets": 1e10, **changes})


def vacuous(**changes: Any) -> Summary:
    """A row that decided nothing."""
    kind = Reason.VACUOUS
    given = {"verdict": "inconclusive", "reason": sentence(kind), "reason_kind": kind, "decided": 0}
    return row(**{**given, **changes})


def refused(**changes: Any) -> Summary:
    """A row of an oracle that cannot judge."""
    nan = dict.fromkeys(("max_abs", "max_rel", "max_ulps", "max_budgets"), NAN)
    reason = "complex step does not apply to relu"
    given = {
        "verdict": "unsupported", "reason": reason, "reason_kind": Reason.DECLINED,
        "decided": 0, "worst_index": (), **nan,
    }  # fmt: skip
    return row(**{**given, **changes})


def not_offered(**changes: Any) -> Summary:
    """A row of a gradient that the subject does not return."""
    kind = Reason.NOT_OFFERED
    return refused(reason=sentence(kind), reason_kind=kind, **changes)


def failure(**changes: Any) -> FailureWithCase:
    """A failure of W_hh_l0 of an LSTM."""
    message = (
        "FAIL  lstm: the gradient of W_hh_l0 is wrong\n"
        "  your forward is right (the loss agrees), your backward is wrong\n"
        f"  reproduce: bc.check(subject, '{SPEC}')"
    )
    given: dict[str, Any] = {
        "verdict": "fail", "model": "lstm", "parameter": "W_hh_l0", "message": message,
        "reproduction": f"bc.check(subject, '{SPEC}')",
        "spec": SPEC, "cases": 10, "first_spec": SPEC, "case": bc.Spec.parse(SPEC).build(),
    }  # fmt: skip
    return FailureWithCase(**_typed({**given, **changes}))


def flow() -> Flow:
    """Gradient flow of two steps, one path of which is nothing."""
    return Flow("lstm", SPEC, "W_hh_l0", ((1.0, 0.0), (0.001, 0.5)), (1.5, 2.0), (0.9, 1.0))


def drawn(*errors: float) -> tuple[float, ...]:
    """Errors that are only drawn, with the digits that `run.json` keeps of them."""
    return tuple(numbers_of_levels(text_of_levels(errors), "errors"))


def histogram(**changes: Any) -> ErrorHistogram:
    """How the errors of `row()` spread over its cases."""
    given: dict[str, Any] = {
        "model": "lstm", "parameter": "W_hh_l0", "oracle": "torch", "dtype": "float64", "cases": 10,
        "decided": 9, "verdict": "pass", "max_budgets": 0.05, "max_ulps": 4.0, "exact": 1,
        "budgets": ((-5, 3), (-4, 4), (-3, 2)), "ulps": ((0, 4), (1, 5)),
        "by_length": (ErrorByLength(1, 4, *drawn(0.01)), ErrorByLength(5, 6, *drawn(0.05))),
    }  # fmt: skip
    return ErrorHistogram(**_typed({**given, **changes}))


def compared() -> ComparedArray:
    """A wrong gradient of gates, two entries of which are over budget."""
    return ComparedArray(
        parameter="W_hh_l0",
        called="W_hh_l0",
        oracle="certified",
        shape=(8, 2),
        axes=(0, 1),
        got=(0.5,) * 16,
        want=(0.25,) * 16,
        over=(0, 5),
        gates=("i", "f", "g", "o"),
    )


def worst_entry(**changes: Any) -> WorstEntry:
    """The worst case of `row()`, entry by entry; one quotient is infinite."""
    opinions = tuple(
        OracleOpinion(oracle, 0.25, 1e-15, 32.0, 1e-17, 1e-17, 2e-16, 2.0**-1022)
        for oracle in ("torch", "jax")
    )
    given: dict[str, Any] = {
        "model": "lstm", "parameter": "W_hh_l0", "verdict": "pass", "spec": SPEC,
        "dtype": "float64", "shape": (8, 2), "gates": ("i", "f", "g", "o"), "block": (1, 1),
        "errors": tuple(drawn(0.01 * n, 0.05 / (n + 1)) for n in range(8)), "index": (3, 1),
        "got": 0.25 + 1e-16, "opinions": opinions, "agreement": (Agreement("torch", "jax", 0.02),),
        "quotients": DifferenceQuotients((0.25, 1e-4, 1e-10), drawn(1e-2, 1e-9, INF), 2.0**-12),
        "over_time": TimeProfile((0.1, 0.5, 1.0), drawn(0.01, 0.02, 0.005), ((0, 2), (1, 3))),
    }  # fmt: skip
    return WorstEntry(**_typed({**given, **changes}))


def curve(**changes: Any) -> TaylorCurve:
    """A right curve of four steps, the last of which is rounding."""
    given: dict[str, Any] = {
        "model": "lstm", "spec": SPEC, "parameter": "all inputs", "verdict": "pass", "reason": "",
        "order": 2.0, "steps": (0.5, 0.25, 0.125, 0.0625),
        "remainders": (0.16, 0.04, 0.01, 0.001), "rounding": (0.002,) * 4, "first": 0, "last": 3,
    }  # fmt: skip
    return TaylorCurve(**{**given, **changes})


def covered(model: str = "lstm", asked: int = 10, decided: int = 10) -> Covered:
    """What the cases of one target covered: two factors, one level that no case had, one that none
    can afford, one that cannot be.
    """
    factors = (
        CoveredFactor("T", ("1", "2", "many"), (4, 6, 0), (), ("3-!", "29!", "00-")),
        CoveredFactor("H", ("1", "2", "129"), (5, 5, None), ("129",), ("", "", "")),
    )
    target = CoveredTarget(model, asked, decided, 1, 2, 3, 5)
    limits = (Limit("regimes", "normal", ("large",)),)
    return Covered(factors, (target,), {"third_call": 4}, {"T": 2, "H": 2}, limits)


def table(length: int = 2) -> dict[str, list[Any]]:
    """A table of `length` equal lines, whose numbers are the ones that formats lose."""
    line: dict[str, Any] = {
        "model": "lstm", "spec": SPEC, "parameter": "x", "oracle": "torch", "verdict": "pass",
        "reason": "it's fine", "max_abs": NAN, "max_rel": INF, "max_ulps": -0.0, "max_budgets": 0.1,
        "got": 5e-324, "want": -INF, "budget": 1.0, "entries": 2**40, "wrong": 0, "decided": 1,
        "bound": 1e-300, "floor": NAN, "floor_any": INF, "proven": True, "directions": 0,
        "subgradients": 0,
    }  # fmt: skip
    return {name: [line[name]] * length for name in TABLE}


def report(**changes: Any) -> Report:
    """A passing run of one model, with changes; by default nothing is left open."""
    given: dict[str, Any] = {
        "verdict": "pass", "subject": "subject", "models": ("lstm",), "oracles": ("torch",),
        "seed": 0, "rows": (row(),), "failures": (), "cases": {"pass": 10}, "declined": {},
        "table": table(), "seconds": 1.5, "command": "bptt-check run subject",
        "environment": {"python": "3.11.7", "torch": "not installed"},
        "error_histograms": (histogram(),),
        "worst_entries": (worst_entry(),), "flows": (flow(),),
    }  # fmt: skip
    return report_of(**_typed({**given, **changes}))


def report_of(table: dict[str, list[Any]], failures: Any = (), **given: Any) -> Report:
    """The report of a run of these fields, as `verify` leaves it: cleaned, with its cases."""
    named = {counterexample_name(n, f.model, f.verdict): f for n, f in enumerate(failures)}
    recorded = tuple(failure.recorded(name) for name, failure in named.items())
    run = cleaned(Run(**{"interrupted": False, **given}, failures=recorded))
    return Report(run, table, {name: failure.case for name, failure in named.items()})


def failing(**changes: Any) -> Report:
    """A failing run: one gradient wrong, another right."""
    given: dict[str, Any] = {
        "verdict": "fail",
        "rows": (row(parameter="b_h_l0"), wrong()),
        "failures": (failure(),),
        "cases": {"fail": 10},
    }
    return report(**{**given, **changes})


def large(models: int = 85) -> Report:
    """85 models x 9 parameters x 5 oracles; every tenth model is wrong in one gradient."""
    names = tuple(f"gru-reset-before+{n}layers+bce+last+mean+nobias" for n in range(2, models + 2))
    parameters = ("W_xh_l0", "W_hh_l0", "W_xh_l1", "W_hh_l1", "W_hy", "b_y", "x", "h0", "c0")
    rows = tuple(
        wrong(model=m, parameter=p, oracle=o) if n % 10 == 0 and p == "W_hh_l1"
        else row(model=m, parameter=p, oracle=o, max_budgets=(n % 11 + 1) / 12)
        for n, m in enumerate(names) for p in parameters for o in ORACLES
    )  # fmt: skip
    failures = tuple(failure(model=m, parameter="W_hh_l1") for m in names[::10])
    return failing(models=names, oracles=ORACLES, rows=rows, failures=failures)
