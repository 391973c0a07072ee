"""A run as Markdown: what a page of continuous integration shows of it.

Such pages drop what is longer than a megabyte without a word, so the text is cut long before.
"""

from __future__ import annotations

from ..runs.records import Run
from . import coverage, grouping
from .called import label
from .effort.quick_sentences import quick_lines
from .headline import headline_with_extent
from .sentences import failure_lines, told_failures

ROWS, FAILURES, LIMIT = 20, 5, 50_000
"""Models and failures shown; characters of the whole."""


def render_markdown(run: Run, report: str = "") -> str:
    """The summary of a run; `report` is where the whole of it was written."""
    parts = [
        f"## bptt_check: {run.verdict}\n\n{escaped(headline_with_extent(run))}.",
        _covered(run),
        _table(run),
    ]
    told = told_failures(run)
    parts += [
        _failure(f.check or f.model, "\n".join(failure_lines(run, f))) for f in told[:FAILURES]
    ]
    if len(told) > FAILURES:
        parts.append(f"And {grouping.plural(len(told) - FAILURES, 'more failure')}.")
    parts += [f"Report: {code_span(report)}"] if report else []
    text = "\n\n".join(part for part in parts if part) + "\n"
    if len(text) <= LIMIT:
        return text
    return text[:LIMIT] + "\n```\n\nCut here; the report has the rest.\n"


def _covered(run: Run) -> str:
    """How many cases were decided, and what they covered."""
    if not run.cases:
        return ""
    said = [coverage.decided_sentence(run), *coverage.coverage_lines(run), *quick_lines(run)]
    return "  \n".join(f"{escaped(line.strip())}." for line in said)


def _table(run: Run) -> str:
    """The worst models with their worst gradient."""
    models = grouping.model_facts(run)
    if not models:
        return ""
    lines = [
        "| check | verdict | worst gradient | oracle | budgets |",
        "| --- | --- | --- | --- | ---: |",
    ]
    lines += [f"| {' | '.join(_cells(m))} |" for m in models[:ROWS]]
    if len(models) > ROWS:
        lines.append(f"\n{grouping.plural(len(models) - ROWS, 'more model')} did no worse.")
    return "\n".join(lines)


def _cells(model: grouping.ModelFacts) -> list[str]:
    name = escaped(label(model.check, model.model))
    if model.worst is None:
        return [name, model.verdict, "-", "-", "-"]
    worst = model.worst
    return [
        name,
        model.verdict,
        escaped(model.gradients[0].called),
        worst.oracle,
        grouping.number(worst.max_budgets),
    ]


def _failure(title: str, message: str) -> str:
    fence = "`" * max(3, _longest_run_of_ticks(message) + 1)
    return f"### {escaped(title)}\n\n{fence}text\n{message}\n{fence}"


def escaped(text: str) -> str:
    """Text that is no markup: a test may be called anything."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+-.!|~" else c for c in text.replace("\n", " "))


def code_span(text: str) -> str:
    """Text in a span of code, whatever ticks it has."""
    ticks = "`" * (_longest_run_of_ticks(text) + 1)
    return f"{ticks} {text} {ticks}" if "`" in text else f"`{text}`"


def _longest_run_of_ticks(text: str) -> int:
    longest = current = 0
    for character in text:
        current = current + 1 if character == "`" else 0
        longest = max(longest, current)
    return longest
