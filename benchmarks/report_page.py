"""Size of a report's page and time until it can be used, for runs of 1,000 and 100,000 cases.

The records are drawn, not run: 60 models x 10 gradients x 5 oracles x 2 dtypes, as many histograms
and profiles as a real run of all models leaves, counted case by case as a real run counts them.
Chromium opens the page from its file; the times are the median of five openings. On a machine that
does other things the time on the processor (busy) tells more than that on the clock.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bptt_check.cases.case import Case, Spec
from bptt_check.report import files, run_json
from bptt_check.report.html import page
from bptt_check.runs.cleaning import cleaned
from bptt_check.runs.measurements import (
    Agreement,
    DifferenceQuotients,
    OracleOpinion,
    TimeProfile,
    WorstEntry,
)
from bptt_check.runs.provenance.environment import environment
from bptt_check.runs.records import Run
from bptt_check.runs.tally import Tally
from bptt_check.verdicts.case_report import CaseReport
from bptt_check.verdicts.row import Row
from bptt_check.verdicts.verdict import Verdict

ORACLES = ("finite_difference", "torch", "jax", "complex_step", "certified")
GRADIENTS = (
    "W_xh_l0",
    "W_hh_l0",
    "b_h_l0",
    "W_xh_l1",
    "W_hh_l1",
    "b_h_l1",
    "W_hy",
    "b_y",
    "x",
    "h0",
)
STEPS = tuple(2.0**-n for n in range(2, 47, 2))
MODELS = tuple(f"lstm+{n}layers" for n in range(2, 62))
OPENINGS = 5
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-sync", "--no-first-run"]


def cases() -> list[Case]:
    """A few cases of different lengths in both dtypes, on which all drawn reports are based."""
    lines = (
        f"lstm T={T} B=2 D=2 H=4 O=3 dtype={dtype} seed={T}"
        for T in range(1, 13)
        for dtype in ("float64", "float32")
    )
    return [Spec.parse(line).build() for line in lines]


def reports(count: int) -> Iterator[tuple[str, CaseReport]]:
    """Reports of `count` cases with drawn errors, model by model."""
    draw, given = np.random.default_rng(0), cases()
    for n in range(count):
        case = given[n % len(given)]
        sizes = 10.0 ** draw.normal(-1.5, 0.4, (len(GRADIENTS), len(ORACLES)))
        rows = tuple(
            _row(parameter, oracle, float(sizes[p, o]))
            for p, parameter in enumerate(GRADIENTS)
            for o, oracle in enumerate(ORACLES)
        )
        yield MODELS[n * len(MODELS) // count], CaseReport(Verdict.PASS, case, "drawn", rows)


def _row(parameter: str, oracle: str, size: float) -> Row:
    return Row(
        parameter, oracle, Verdict.PASS, "", size * 1e-15, size * 1e-13, size * 40, size, (3, 1),
        0.25, 0.25, 1e-15, 64, 0, 60,
    )  # fmt: skip


def worst_entries() -> Iterator[WorstEntry]:
    """The worst entry of every gradient of every model."""
    draw = np.random.default_rng(1)
    pairs = [(one, other) for n, one in enumerate(ORACLES) for other in ORACLES[n + 1 :]]
    for model in MODELS:
        for parameter in GRADIENTS:
            errors = np.round(10.0 ** draw.normal(-2, 0.7, (16, 4)), 4)
            values = draw.normal(size=len(ORACLES)).tolist()
            yield WorstEntry(
                model=model,
                parameter=parameter,
                verdict=Verdict.PASS,
                spec="lstm T=12 B=2 D=2 H=4 O=3 seed=12",
                dtype="float64",
                shape=(16, 4),
                gates=("i", "f", "g", "o"),
                block=(1, 1),
                errors=tuple(map(tuple, errors.tolist())),
                index=(3, 1),
                got=values[0],
                opinions=tuple(
                    OracleOpinion(oracle, value, 1e-15, 32.0, 1e-17, 1e-17, 0.0, 2.0**-1022)
                    for oracle, value in zip(ORACLES, values, strict=True)
                ),
                agreement=tuple(Agreement(one, other, 0.0123) for one, other in pairs),
                quotients=DifferenceQuotients(
                    STEPS, tuple(draw.random(len(STEPS)).tolist()), 2.0**-12
                ),
                over_time=TimeProfile(
                    tuple(draw.random(12).tolist()), tuple(draw.random(12).tolist()), ()
                ),
            )


def drawn_run(count: int) -> Run:
    """A drawn run."""
    tally = Tally()
    for model, report in reports(count):
        tally.add(model, report)
    return Run(
        verdict=Verdict.PASS, subject="drawn", command="", models=MODELS, oracles=ORACLES, seed=0,
        rows=tally.summaries(), failures=(), cases={str(v): n for v, n in tally.verdicts.items()},
        declined={}, interrupted=False, seconds=0.0, environment=environment(),
        error_histograms=tally.error_histograms.records(), worst_entries=tuple(worst_entries()),
    )  # fmt: skip


def opened(browser: Any, path: Path) -> tuple[float, float, float]:
    """Seconds until the page can be used (on the clock, and of the processor by the page's main
    thread), and until every chart is drawn.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    session = context.new_cdp_session(tab)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    begin = time.perf_counter()
    tab.goto(path.as_uri())
    tab.wait_for_function("() => document.documentElement.dataset.ready")
    usable = time.perf_counter() - begin
    metrics = session.send("Performance.getMetrics")["metrics"]
    busy = next(m["value"] for m in metrics if m["name"] == "TaskDuration")
    tab.wait_for_function("() => document.documentElement.dataset.ready === 'all'")
    drawn = time.perf_counter() - begin
    context.close()
    return usable, busy, drawn


def measure(browser: Any, count: int) -> None:
    """Print one line about a run of `count` cases."""
    begin = time.perf_counter()
    run = cleaned(drawn_run(count))
    counted = time.perf_counter() - begin
    source = page.render_run(run).encode()
    rendered = time.perf_counter() - begin - counted
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / files.PAGE
        path.write_bytes(source)
        times = [opened(browser, path) for _ in range(OPENINGS)]
    usable, busy, drawn = (statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"{count:>8,} cases  {len(run.rows):,} rows  page {len(source) / 1e6:.2f} MB  "
        f"run.json {len(run_json.to_json(run)) / 1e6:.1f} MB  counted {counted:.1f} s  "
        f"rendered {rendered:.2f} s  usable {usable:.2f} s (busy {busy:.2f} s)  "
        f"all drawn {drawn:.2f} s"
    )


def main() -> None:
    """Measure, if there is a browser."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium")
    if executable is None:
        sys.exit("this measures Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for count in (1_000, 100_000):
            measure(browser, count)
        browser.close()


if __name__ == "__main__":
    main()
