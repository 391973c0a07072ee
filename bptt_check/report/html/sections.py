"""What is on the page, in its order: one function per section, listed in `SECTIONS`.

A section turns a run into a `Section`, the name of its template and what that shows, or into None
where there is nothing to say. To add one: a function here, its line in `SECTIONS`, a template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ...runs.records import Failure, Run
from .. import coverage, grouping, sentences
from ..called import base_name, called_in, heading, label, worst_place_of
from ..effort.quick_sentences import left_out_by_quick
from ..effort.stage_shares import stage_shares
from ..facts import gaps
from ..facts.compared_table import compared_table
from ..facts.floors import shared_sensitivities
from ..headline import extent, headline
from ..systematic.floor_sentences import what_is_needed
from ..systematic.told import failure_heading, is_of_all
from . import matrix
from .edited_source import edited_source
from .factor_table import covered_values
from .failing_test import failing_test
from .flow_table import SHADES, flow_table
from .glossary import OF_COUNTS
from .sensitivity import least_seen, sensitivities

T = TypeVar("T")

OPEN_FAILURES = 5
"""Failures shown unfolded; a subject that is wrong everywhere has hundreds."""
MOST_FAILURES, MOST_MODELS, MOST_COLUMNS, MOST_NAMES = 500, 2000, 100, 200
"""What a page shows of each, with a count of the others: a browser must be able to open it."""
MOST_COMPARED = 20
"""Wrong gradients whose worst case is shown number by number; run.json has those of all."""


@dataclass(frozen=True)
class Section:
    """One section: its heading, its anchor and template, and the variables of the template."""

    title: str
    name: str
    shown: Mapping[str, Any] = field(default_factory=dict[str, Any])


def top_section(run: Run) -> Section:
    """The verdict in one sentence; how much was done, against what, with what."""
    decided = [o for o in grouping.oracle_facts(run) if o.decided]
    models = grouping.model_facts(run)
    counts = {
        "model": len(models),
        "case": grouping.total_cases(run),
        "gradient": sum(len(m.gradients) - len(m.not_offered) for m in models),
        "comparison": grouping.comparisons(run),
        "deciding oracle": len(decided),
    }
    settled, _ = grouping.proven(run)
    counts |= {"proven gradient": settled} if settled else {}
    first = run.failures[0] if run.failures else None
    shown = {
        "headline": headline(run),
        "extent": extent(run),
        "findings": first.findings if first is not None else (),
        "searches": [edited_source(s) for s in run.searches if first and s.check == first.check],
        "counts": counts,
        "terms": OF_COUNTS,
        "decided": decided,
        "decided_cases": coverage.decided_sentence(run),
    }
    return Section("", "top", shown)


def repair_section(run: Run) -> Section | None:
    """What searches for a repair have found, but for that of the first failure, which stands at the
    top.
    """
    first = run.failures[0].check if run.failures else None
    shown = [edited_source(searched) for searched in run.searches if searched.check != first]
    return Section("Repair", "repair", {"searches": shown}) if shown else None


def failures_section(run: Run) -> Section | None:
    """Every failure with its explanation and its counterexample, in the order of the run."""
    if not run.failures and not run.verdict.failing:
        return None
    told, names = sentences.told_failures(run), called_in(run)

    def called(failure: Failure) -> str:
        return names.of(label(failure.check, failure.model), failure.parameter)

    missing = "" if run.failures else sentences.message(run)
    numbers = {id(failure): n for n, failure in enumerate(run.failures)}
    values = {
        "failures": [(f, _fitted(run, f), numbers[id(f)]) for f in told[:MOST_FAILURES]],
        "left": len(told[MOST_FAILURES:]),
        "open": OPEN_FAILURES,
        "missing": missing,
        "heading": lambda failure: failure_heading(run, failure, called(failure)),
        "of_all": is_of_all,
        "called": called,
        "code": failing_test,
        "tables": lambda failure: list(map(compared_table, failure.compared)),
        "link": lambda failure: matrix.link(failure.check, failure.model, failure.parameter),
        "parameters": {row.parameter for row in run.rows},
    }
    return Section("Failures", "failures", values)


def _fitted(run: Run, failure: Failure) -> str:
    lines = sentences.failure_lines(run, failure, with_cause=False)
    return sentences.fit(lines, sentences.kept_lines(failure), 140, 80)


def gaps_section(run: Run) -> Section | None:
    """What was not checked, and why."""
    declined = _by_value(run.declined.items())
    undecided = _by_value((gap.model, gap.text) for gap in gaps.gaps_of_run(run))
    missing = _by_value(
        (label(m.check, m.model), ", ".join(m.not_offered))
        for m in grouping.model_facts(run)
        if m.not_offered
    )
    partly = _by_value(gaps.in_some_cases(run))
    silent = [o for o in grouping.oracle_facts(run) if o.decided < o.asked or not o.asked]
    quick = left_out_by_quick(run)
    if not (declined or undecided or missing or partly or silent or quick or run.interrupted):
        return None
    values = {
        "most": MOST_NAMES,
        "declined": declined,
        "undecided": undecided,
        "missing": missing,
        "partly": partly,
        "silent": silent,
        "quick": quick,
    }
    return Section("Not checked", "gaps", values)


def _by_value(pairs: Iterable[tuple[T, str]]) -> list[tuple[str, list[T]]]:
    """Names, or other things, grouped by what holds for them."""
    names_by_value: dict[str, list[T]] = {}
    for name, value in pairs:
        names_by_value.setdefault(value, []).append(name)
    return list(names_by_value.items())


def covered_section(run: Run) -> Section | None:
    """Which levels and pairs of levels of the factors the cases had, and which none had."""
    if not run.covered.factors:
        return None
    return Section("What was checked", "covered", {"most": MOST_MODELS, **covered_values(run)})


def checks_section(run: Run) -> Section | None:
    """The checks that were collected, if there were several."""
    if not run.checks:
        return None
    ordered = sorted(run.checks, key=lambda c: c.verdict.rank)
    return Section("Tests", "checks", {"checks": ordered, "most": MOST_MODELS})


def overview_section(run: Run) -> Section | None:
    """Models x parameters, coloured by the worst error, with a mark per oracle."""
    models = [m for m in grouping.model_facts(run) if m.gradients]
    if not models:
        return None
    by_base, called = _by_value((row, base_name(row.parameter)) for row in run.rows), called_in(run)
    columns = matrix.columns([base for base, _ in by_base])
    rows = dict(by_base)
    lines = [
        (m, [matrix.cell(m, column, run.oracles) for column in columns[:MOST_COLUMNS]])
        for m in models[:MOST_MODELS]
    ]
    dtypes = list(dict.fromkeys(histogram.dtype for histogram in run.error_histograms))
    shown = {
        "columns": [heading(c, rows[c], called) for c in columns[:MOST_COLUMNS]],
        "lines": lines,
        "left": {"model": len(models[MOST_MODELS:]), "gradient": len(columns[MOST_COLUMNS:])},
        "legend": matrix.LEGEND,
        "limits": matrix.LIMITS,
        "dtypes": dtypes,
    }
    return Section("Overview", "overview", shown)


def gradient_section(run: Run) -> Section | None:
    """One gradient in detail, which one the reader chooses; drawn by the script, but for what is
    compared number by number.
    """
    models = profiled_models(run)
    if not models:
        return None
    wrong = {(w.check, w.model, w.parameter): w for w in run.worst_entries if w.compared}
    keys = ((m.check, m.model, g.parameter) for m in models for g in m.gradients)
    ordered = [wrong[key] for key in keys if key in wrong]
    compared = [(w, list(map(compared_table, w.compared))) for w in ordered[:MOST_COMPARED]]
    left = len(ordered[MOST_COMPARED:])
    return Section("Gradient", "gradient", {"compared": compared, "left": left})


def profiled_models(run: Run) -> list[grouping.ModelFacts]:
    """The models that have gradients to look at."""
    return [m for m in grouping.model_facts(run) if m.gradients]


def sensitivity_section(run: Run, study: str = "") -> Section | None:
    """How small an error the run would have caught; where a study of planted mistakes lies."""
    by_oracle = sensitivities(run)
    if not by_oracle and not study:
        return None
    shown = {
        "sensitivities": by_oracle,
        "shared": shared_sensitivities(run),
        "needed": what_is_needed(run),
        "proven": any(one.proven for one in by_oracle),
        "least": least_seen(run),
        "study": study,
    }
    return Section("Sensitivity", "sensitivity", shown)


ROWS_WITHOUT_SCRIPT = 40
QUERY = (
    'duckdb -c "select model, parameter, oracle, verdict, max_budgets, spec '
    "from 'results.parquet' "
    'where isfinite(max_budgets) order by max_budgets desc limit 100"'
)


def rows_section(run: Run) -> Section | None:
    """Every row, the worst first; the table is the script's, the first rows are markup."""
    if not run.rows:
        return None
    ordered = sorted(run.rows, key=grouping.badness)
    shown = ordered[:ROWS_WITHOUT_SCRIPT]
    values = {"rows": shown, "left": len(ordered) - len(shown), "query": QUERY}
    return Section(
        "All checks", "rows", values | {"called": called_in(run), "place": worst_place_of}
    )


def flow_section(run: Run) -> Section | None:
    """Which path of the gradient carries how much, for one case of each family."""
    if not run.flows:
        return None
    tables = list(map(flow_table, run.flows))
    shown = {"tables": tables, "shades": range(SHADES), "called": called_in(run)}
    return Section("Gradient flow", "flow", shown)


def taylor_section(run: Run) -> Section | None:
    """The Taylor test of one case of each family: its curve, and the order along each input."""
    tests = [curves for _, curves in _by_value((curve, curve.model) for curve in run.taylor)]
    if not tests:
        return None
    return Section("Taylor test", "taylor", {"tests": tests, "called": called_in(run)})


def time_section(run: Run) -> Section | None:
    """Where the time went, stage by stage."""
    shares = stage_shares(run)
    return Section("Time", "time", {"shares": shares}) if shares else None


def sections_of(run: Run, study: str = "") -> list[Section | None]:
    """What every section has to say about a run.

    Args:
        run: to be shown.
        study: address of the page of a power study that lies beside it.
    """
    return [
        sensitivity_section(run, study) if section is sensitivity_section else section(run)
        for section in SECTIONS
    ]


SECTIONS: list[Callable[[Run], Section | None]] = [
    top_section,
    repair_section,
    failures_section,
    gaps_section,
    covered_section,
    checks_section,
    overview_section,
    gradient_section,
    flow_section,
    taylor_section,
    sensitivity_section,
    time_section,
    rows_section,
]
