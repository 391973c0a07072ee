"""Our lines are told from the subject's, wherever the package lies."""

from __future__ import annotations

from pathlib import Path

import bptt_reference
import pytest

import bptt_check as bc
from bptt_check.cases import case
from bptt_check.errors import SpecError
from bptt_check.subjects import own_code, tensors
from bptt_check.subjects.processes import child_process
from bptt_check.subjects.raised import explained


@pytest.mark.parametrize("module", [bc, case, child_process, tensors])
def test_modules_of_the_package_are_ours(module):
    """From its root down to the adapters of frameworks."""
    assert own_code.is_ours(module.__file__)


@pytest.mark.parametrize(
    "file",
    [
        __file__,
        bptt_reference.__file__,
        pytest.__file__,
        f"{own_code.PACKAGE_ROOT}_kernels/lstm.py",
        str(own_code.PACKAGE_ROOT.parent / "subject.py"),
    ],
)
def test_all_other_files_are_not(file):
    """Not the reference, which is a subject, nor a neighbour whose name begins with ours."""
    assert not own_code.is_ours(file)


def test_the_root_is_the_folder_of_the_package():
    """It is made of the place of a module within it, which may move."""
    assert Path(bc.__file__).parent == own_code.PACKAGE_ROOT


def test_an_error_of_our_code_is_shown_at_the_line_of_the_subject():
    """Of all frames the innermost that is not ours."""
    with pytest.raises(SpecError) as caught:
        bc.Spec.parse("no such model")

    assert explained(caught.value).endswith(': bc.Spec.parse("no such model"))')
