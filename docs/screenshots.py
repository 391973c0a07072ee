"""Takes the pictures of the report that README and docs show: `nox -s screenshots`.

The report is of a run with a planted mistake, the same on every machine.
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

PICTURES = {
    "report-top": ("#top", "light"),
    "report-failure": ("#failures", "light"),
    "report-overview": ("#overview", "light"),
    "report-gradient": ("#gradient", "light"),
    "report-flow": ("#flow", "dark"),
}
"""Name of a picture to the section that it shows and the colour scheme."""
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


def report(folder: Path) -> Path:
    """The page of the run."""
    oracles = ("finite_difference", "torch", "complex_step")
    found = bc.verify(kernel, MODELS, cases=24, oracles=oracles, dtypes=("float64", "float32"))
    command = f"bptt-check run {found.subject} --cases 24 --dtype float64 --dtype float32 --seed 0"
    return replace(found, command=command).to_folder(folder)


def take(browser: Any, page: Path, folder: Path) -> None:
    """Every picture into a folder."""
    for name, (section, scheme) in PICTURES.items():
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
        take(browser, report(Path(run)), folder)
        browser.close()


if __name__ == "__main__":
    main()
