"""`bptt-check report`: the page of a run, made again."""

from __future__ import annotations

import json
from pathlib import Path

from support.command_line import invoke, run


def test_a_report_is_rendered_again() -> None:
    """From the records alone: the page comes back as it was."""
    run("wrong", "--report", "out")
    page = Path("out/index.html")
    before = page.read_bytes()
    page.write_text("gone")
    done = invoke("report", "out")

    assert done.exit_code == 0
    assert done.stdout.endswith("report: out/index.html\n")
    assert page.read_bytes() == before


def test_a_report_of_another_version_is_refused() -> None:
    """With the advice to upgrade."""
    run("right", "--report", "out")
    data = json.loads(Path("out/run.json").read_text())
    Path("out/run.json").write_text(json.dumps({**data, "schema_version": 9}))
    done = invoke("report", "out")

    assert done.exit_code == 2
    assert "upgrade" in done.stderr
