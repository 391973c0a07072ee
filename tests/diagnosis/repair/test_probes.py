"""Statements are changed a little to see what they reach."""

from __future__ import annotations

import pytest

from bptt_check.diagnosis.repair.own_file import OwnFile
from bptt_check.diagnosis.repair.probes import line_probes
from bptt_check.mutation.missing import Surroundings


def probed(line: str, **shapes: object) -> list[str]:
    """The probes of one statement of a function, with what is in its lines."""
    code = (
        f"def f(a):\n    {line}\n        pass\n"
        if line.endswith(":")
        else f"def f(a):\n    {line}\n"
    )
    seen = {("a.py", "f", 2): Surroundings(shapes)}  # type: ignore[arg-type]
    found = line_probes([OwnFile("a.py", code)], seen)
    return [probe.function.text.splitlines()[1].strip() for probe in found]


@pytest.mark.parametrize(
    ("line", "shapes", "probes"),
    [
        ("b = a", {}, ["b = (a) * 1.0078125 + 0.0078125"]),
        (
            "c, d = a, 2 * a",
            {},
            [
                "c, d = (a) * 1.0078125 + 0.0078125, 2 * a",
                "c, d = a, (2 * a) * 1.0078125 + 0.0078125",
            ],
        ),
        (
            "return a, (b, 1.5)",
            {},
            [
                "return (a) * 1.0078125 + 0.0078125, (b, 1.5)",
                "return a, ((b) * 1.0078125 + 0.0078125, 1.5)",
                "return a, (b, (1.5) * 1.0078125 + 0.0078125)",
            ],
        ),
        (
            "c, d = g(a)",
            {},
            [
                "c, d = g(a); c = c * 1.0078125 + 0.0078125",
                "c, d = g(a); d = d * 1.0078125 + 0.0078125",
                "c, d = g((a) * 1.0078125 + 0.0078125)",
            ],
        ),
        ("n = len(a)", {"n": "int"}, ["n = (len(a)) + 1", "n = (len(a)) - 1"]),
        (
            "xs = list(a)",
            {"xs": "list"},
            ["xs = [_one * 1.0078125 + 0.0078125 for _one in list(a)]"],
        ),
        ("if a > 1:", {}, ["if not (a > 1):"]),
        ("for x in a:", {}, ["for x in list(a)[1:]:", "for x in ():"]),
        (
            "xs.insert(0, a)",
            {},
            ["xs.insert(0, (a) * 1.0078125 + 0.0078125)", "pass"],
        ),
        (
            "self.add('z', 0.0, a)",
            {},
            [
                "self.add('z', (0.0) * 1.0078125 + 0.0078125, a)",
                "self.add('z', 0.0, (a) * 1.0078125 + 0.0078125)",
                "pass",
            ],
        ),
    ],
)
def test_a_statement_is_changed_a_little(
    line: str, shapes: dict[str, object], probes: list[str]
) -> None:
    """By what it gives: numbers, also several, integers, a list, a condition, turns, an effect."""
    assert probed(line, **shapes) == probes


def test_text_and_lines_that_did_not_run_are_left_alone() -> None:
    """There is nothing to be seen of them."""
    assert probed('d = "text"') == []
    assert list(line_probes([OwnFile("a.py", "def f(a):\n    b = a\n")], {})) == []
