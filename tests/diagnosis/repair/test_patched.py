"""Another text in the place of a file's, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from bptt_check.diagnosis.repair.patched import patched_subject
print(patched_subject(sys.argv[1], {sys.argv[2]: sys.argv[3]})(None))
"""


def test_a_subject_and_what_it_imports_have_the_other_text(tmp_path: Path) -> None:
    """The file beside it is changed; nothing on disk is."""
    (tmp_path / "used.py").write_text("def value():\n    return 1\n")
    (tmp_path / "subject.py").write_text(
        "from used import value\n\n\ndef subject(case):\n    return value(), __file__\n"
    )
    (tmp_path / "text.txt").write_text("def value():\n    return 2\n")
    paths = [str(tmp_path / name) for name in ("subject.py:subject", "used.py", "text.txt")]
    done = subprocess.run(
        [sys.executable, "-c", CODE, *paths], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == str((2, str(tmp_path / "subject.py")))
    assert (tmp_path / "used.py").read_text() == "def value():\n    return 1\n"
