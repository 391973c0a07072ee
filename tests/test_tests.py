"""The rules of the tests, which `tests/README.md` tells: each holds, and its violation is found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from support.costs import SELECTIONS, Allowance, known_costs, left_out, measured
from support.placement import (
    BESIDE_THE_PACKAGE,
    NOT_MIRRORED,
    homes_of,
    homes_of_setting,
    imported_tests,
    misplaced,
    module_files,
    sources,
    unknown_folders,
)

TESTS = sources(Path(__file__).parent)
MODULES = module_files(Path(__file__).parents[1])
FILES = {path: TESTS[path] for path in ("cases/test_case.py", "conftest.py", "support/right.py")}
"""A few that violate nothing, for violations to be planted beside them."""

EXCEPTIONS = {
    "own_loss/test_no_fixed_tolerance.py": "a rule over all sources of the room",
    "examples/test_examples.py": "what holds for every example",
    "examples/test_recurrences_part2.py": "the gated ones of `examples/recurrences`, in one table",
    "examples/test_programs.py": "the programs for `exec:`, one of which is C",
}
"""Test files of a mirrored folder that are named after no module, and why."""


def test_no_test_file_imports_another():
    """What two test files need lies in `support/`."""
    assert list(imported_tests(TESTS)) == []


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("from test_case import SMALL", "test_case.SMALL"),
        ("from cases.test_case import SMALL", "cases.test_case.SMALL"),
        ("import cases.test_case", "cases.test_case"),
        ("def f():\n    from .test_case import SMALL", "cases.test_case.SMALL"),
        ("from ..conftest import FRAMEWORKS", "conftest.FRAMEWORKS"),
    ],
)
def test_an_import_of_a_test_file_is_found(line, name):
    """Absolute or relative, at the top or in a function; fixtures come without an import."""
    planted = {**FILES, "cases/test_new.py": line}

    assert list(imported_tests(planted)) == [f"cases/test_new.py imports {name}"]


def test_an_import_of_a_function_named_like_a_test_is_none():
    """Only names of files count."""
    planted = {**FILES, "cases/test_new.py": "from support.made import test_text"}

    assert list(imported_tests(planted)) == []


def test_the_example_database_is_switched_off_in_one_place():
    """Every test is run with that fixture, so a second one does nothing."""
    assert homes_of_setting("CI", TESTS) == ["conftest.py"]


def test_a_second_fixture_against_the_example_database_is_found():
    """Whatever it is called."""
    second = "@pytest.fixture(autouse=True)\ndef quiet(patch):\n    patch.setenv('CI', '1')\n"
    planted = {**FILES, "cases/test_new.py": second}

    assert homes_of_setting("CI", planted) == ["conftest.py", "cases/test_new.py"]


def test_another_setting_or_a_single_test_may_set_its_own():
    """A fixture for another variable, and a test that sets this one for itself."""
    other = "@pytest.fixture(autouse=True)\ndef quiet(patch):\n    patch.setenv('HOME', '/')\n"
    own = "def test_it(patch):\n    patch.setenv('CI', '1')\n"
    planted = {**FILES, "cases/test_new.py": other + own}

    assert homes_of_setting("CI", planted) == ["conftest.py"]


def test_the_right_subject_is_defined_once():
    """`support.right.right` is right on every model, so no test needs one of its own."""
    assert homes_of("right", TESTS) == ["support/right.py"]


def test_a_second_right_subject_is_found():
    """At the top of any file."""
    planted = {**FILES, "cases/test_new.py": "def right(case):\n    return 0.0, {}\n"}

    assert homes_of("right", planted) == ["support/right.py", "cases/test_new.py"]


def test_every_folder_is_the_name_of_a_room():
    """Of the package, or `docs` or `examples`."""
    assert unknown_folders(TESTS, MODULES) == []


@pytest.mark.parametrize("folder", ["judging", "diagnosis/search", "cases/reference"])
def test_a_folder_without_a_room_is_found(folder):
    """At the top and below a room."""
    assert unknown_folders([*TESTS, f"{folder}/test_new.py"], MODULES) == [folder]


def test_every_test_file_is_named_after_a_module_of_its_room():
    """Or after the room, or it is an exception with a reason; no exception outlives its file."""
    assert misplaced(TESTS, MODULES) == sorted(EXCEPTIONS)


@pytest.mark.parametrize(
    "path",
    [
        "cases/test_shrink.py",
        "cases/test_verdicts.py",
        "report/html/test_case.py",
        "docs/test_x.py",
    ],
)
def test_a_test_file_without_a_module_is_found(path):
    """A module of another room does not count, nor does the name of one."""
    assert path in misplaced([*TESTS, path], MODULES)


@pytest.mark.parametrize(
    "path",
    [
        "cases/test_types.py",
        "cases/test_cases.py",
        "cli/test_scaffold.py",
        "diagnosis/mistakes/test_textbook_cells.py",
        "harness/test_anything.py",
        "test_anything.py",
        "cases/conftest.py",
    ],
)
def test_a_test_file_at_its_place_is_none(path):
    """A module, a whole room, an inner room; what mirrors nothing, and what is no test."""
    assert path not in misplaced([*TESTS, path], MODULES)


def test_the_readme_names_every_folder_that_is_no_room():
    """Whoever looks for the place of a test finds it on the page."""
    page = (Path(__file__).parent / "README.md").read_text("utf-8")
    named = {folder for folder in NOT_MIRRORED | BESIDE_THE_PACKAGE if f"`{folder}/`" in page}

    assert named == NOT_MIRRORED | BESIDE_THE_PACKAGE


@dataclass(frozen=True)
class Collected:
    """What `left_out` asks of a test."""

    nodeid: str


def test_the_cheapest_rows_are_taken_up_to_the_allowance():
    """One row of a table at least, unless it is too long by itself."""
    table = [f"tests/a/test_a.py::test_x[{n}]" for n in range(4)]
    alone = [f"tests/a/test_a.py::test_{name}" for name in ("short", "long", "unknown")]
    costs = dict(zip(table, (4.0, 1.0, 2.0, 1.0), strict=True)) | {alone[0]: 4.0, alone[1]: 5.5}
    items = [Collected(nodeid) for nodeid in (*table, *alone)]

    def gone(*allowance: float) -> list[str]:
        return sorted(item.nodeid for item in left_out(items, costs, Allowance(*allowance)))

    assert gone(5.0, 2.0) == sorted([table[0], table[2], alone[1]])
    assert gone(5.0, 2.0, 0.5) == sorted([table[0], alone[1]])  # half of eight seconds
    assert gone(0.5, 0.5) == sorted([*table, *alone[:2]])
    assert gone(5.0, 9.0, 0.0, 4.6) == [alone[1]]  # one that is not known costs as much
    assert gone(4.5, 9.0, 0.0, 4.6) == sorted(alone[1:])
    assert left_out(items, costs, SELECTIONS["all"]) == []


def test_costs_are_those_of_a_report_of_pytest(tmp_path):
    """What takes no time worth telling is left out."""
    report = tmp_path / "junit.xml"
    report.write_text(
        "<testsuites><testsuite>"
        '<testcase classname="tests.a.test_a" name="test_x[1]" time="2.347"/>'
        '<testcase classname="tests.a.test_a" name="test_y" time="0.1"/></testsuite></testsuites>'
    )

    assert measured(report) == {"tests/a/test_a.py": {"test_x[1]": 2.35}}


def test_costs_are_of_tests_that_there_are():
    """A test that was renamed would count as nothing."""
    named = {nodeid.removeprefix("tests/").partition("[")[0] for nodeid in known_costs()}
    pairs = [one.split("::") for one in named]

    assert pairs
    assert [f"{p}::{n}" for p, n in pairs if f"def {n}(" not in TESTS.get(p, "")] == []
