"""Takes the pictures of the report that README and docs show: `nox -s screenshots`.

The reports are of an example that is wrong, and of a run with a planted mistake: the same on every
machine, but for the seconds.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import bptt_reference
import numpy as np

import bptt_check as bc
from bptt_check.cases.case import Case
from bptt_check.runs.provenance.provenance import Provenance

PICTURES = {
    "example": {"report-top": ("#top", "light"), "report-failure": ("#failures", "light")},
    "planted": {
        "report-overview": ("#overview", "light"),
        "report-gradient": ("#gradient", "light"),
        "report-flow": ("#flow", "dark"),
    },
}
"""Report to its pictures: each its name, the section that it shows and the colour scheme."""
EXAMPLE = "examples/numpy_class.py:broken"
MODELS = ("lstm", "lstm+2layers+mse", "lstm+truncated", "gru", "rnn-tanh", "rnn-relu+last")
MARGIN = 24
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-sync", "--no-first-run"]
WITHOUT_BAR = "() => { document.querySelector('.bar').style.position = 'static'; }"


def kernel(case: Case) -> tuple[float, dict[str, Any]]:
    """The reference, but for one gate of a gru, which is wrong by a hundredth."""
    loss, grads = bptt_reference.loss_and_grads(case)
    grads = {name: np.array(g) for name, g in grads.items()}
    if case.model.cell == "gru":
        size = case.sizes.H
        grads["W_hh_l0"][2 * size :] *= 1.01
    return loss, grads


kernel.name = "my_kernels:loss_and_grads"  # type: ignore[attr-defined]


def planted() -> bc.Report:
    """A run with a planted mistake."""
    oracles = ("finite_difference", "torch", "complex_step")
    found = bc.verify(kernel, MODELS, cases=24, oracles=oracles, dtypes=("float64", "float32"))
    command = f"bptt-check run {found.subject} --cases 24 --dtype float64 --dtype float32 --seed 0"
    return shown(found, command)


def example() -> bc.Report:
    """A run of an example that is wrong, with its repair."""
    with bc.isolated(EXAMPLE) as subject:
        found = bc.verify(subject, cases=24, repair_seconds=60)
    return shown(found, f"bptt-check run {EXAMPLE} --cases 24 --seed 0")


def shown(report: bc.Report, command: str) -> bc.Report:
    """A report with the command that makes it, and without what names this machine."""
    made = Provenance(begun="2026-01-02T03:04:05Z")
    return replace(report, run=replace(report.run, command=command, provenance=made))


REPORTS = {"example": example, "planted": planted}


def take(browser: Any, page: Path, folder: Path, pictures: dict[str, tuple[str, str]]) -> None:
    """The pictures of a report into a folder."""
    for name, (section, scheme) in pictures.items():
        view = {"width": 1240, "height": 900}
        context = browser.new_context(color_scheme=scheme, viewport=view)
        tab = context.new_page()
        tab.goto(page.as_uri())
        tab.wait_for_function("() => document.documentElement.dataset.ready === 'all'")
        tab.evaluate(WITHOUT_BAR)
        box = tab.locator(section).bounding_box()
        clip = {"x": 0, "y": box["y"], "width": view["width"], "height": box["height"] + MARGIN}
        tab.screenshot(path=folder / f"{name}.png", full_page=True, clip=clip)
        context.close()


def main() -> None:
    """Take all pictures, into docs/images or the folder that is named."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium")
    if executable is None:
        sys.exit("screenshots need chromium: apt-get install chromium")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as run, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for name, made in REPORTS.items():
            page = made().to_folder(Path(run) / name)
            take(browser, page, folder, PICTURES[name])
        browser.close()


if __name__ == "__main__":
    main()
