"""The whole check of an edited subject, in a fresh process, on cases that no search has seen."""

from __future__ import annotations

from collections.abc import Sequence

from ...diagnosis.repair import OwnFile
from ...subjects.isolation import Isolated
from ...subjects.processes.scratch import Scratch
from ..check import Setup
from ..records import RunWithCases
from ..run import verify_plan
from ..target_cases import Plan

LAUNCH = """from bptt_check.diagnosis.repair.patched import patched_subject

subject = patched_subject({address!r}, {texts!r})
"""


def run_edited(address: str, files: Sequence[OwnFile], plan: Plan, setup: Setup) -> RunWithCases:
    """A run of the subject with these files in place of its own, isolated.

    Args:
        address: the subject's, as on the command line.
        files: those that are changed.
        plan: what is run_edited.
        setup: against what.

    Raises:
        SubjectNotFound: the edited source cannot be imported.
    """
    scratch = Scratch()
    try:
        texts: dict[str, str] = {}
        for n, file in enumerate(files):
            path = scratch.path / f"text_{n}.txt"
            path.write_bytes(file.text.encode("utf-8"))
            texts[file.path] = str(path)
        launch = scratch.path / "launch.py"
        launch.write_text(LAUNCH.format(address=address, texts=texts), "utf-8")
        with Isolated(f"{launch}:subject", setup.timeout) as subject:
            return verify_plan(subject, plan, setup)
    finally:
        scratch.remove()
