"""The corpus of broken implementations: the right ones pass, and each fault is one that is caught.

How the line in which it is found is measured lies elsewhere; here is what that hangs on.
"""

from __future__ import annotations

import difflib
from dataclasses import replace

import pytest

import bptt_check as bc
from benchmarks.broken.baseline import NAMED
from benchmarks.broken.catalogue import FAULTS, IMPLEMENTATIONS, PAIRS, SINGLE
from benchmarks.broken.fault import KINDS, RIGHT, Broken, Fault, right_text
from benchmarks.broken.written import broken_subject, right_subject, write
from bptt_check import oracles
from bptt_check.cases.result import Differentiator
from bptt_check.verdicts.verdict import Verdict

NEEDS = {i.name: i.needs for i in IMPLEMENTATIONS}
SPECS = {
    "script_rnn": (
        "rnn-tanh T=4 B=1 D=2 H=3 O=3 seed=0",
        "rnn-tanh T=5 B=1 D=2 H=3 O=3 k1=2 k2=4 seed=0",
        "rnn-tanh T=5 B=1 D=2 H=3 O=3 regime=exploding seed=0",
    ),
    "class_lstm": ("lstm+last+mean T=3 B=2 D=2 H=3 O=3 seed=0",),
    "step_gru": ("gru-reset-before T=3 B=2 D=2 H=3 O=3 seed=0",),
    "function_rnn": (
        "rnn-tanh+2layers T=3 B=2 D=2 H=3 O=3 seed=0",
        "rnn-tanh+2layers+linear T=3 B=2 D=2 H=3 seed=0",
        "rnn-tanh+2layers T=5 B=2 D=2 H=3 O=3 regime=exploding seed=0",
    ),
    "fused_lstm": (
        "lstm+mse T=3 B=2 D=2 H=3 O=3 seed=0",
        "lstm+mse T=4 B=3 D=2 H=3 O=3 lengths=one seed=0",
        "lstm+mse+last T=4 B=3 D=2 H=3 O=3 lengths=one seed=0",
        "lstm+mse T=3 B=2 D=2 H=3 O=3 regime=saturated seed=0",
    ),
}
"""Cases of which one at least shows each fault."""
ORACLE = ["complex_step"]
WITHIN = "T=1..6 B=1..3 D=1..3 H=1..3 O=1..3"
NAMES = {broken.name: broken for broken in (*SINGLE, *PAIRS)}


def needed(implementation: str) -> str:
    """The implementation, or the test is skipped where its framework is not installed."""
    needs = NEEDS[implementation]
    if needs and not oracles.available(needs):
        pytest.skip(f"{needs} is not installed")
    return implementation


def verdict(subject: Differentiator, implementation: str) -> Verdict:
    """The first verdict on the cases of an implementation that is no pass; a pass if all are."""
    for spec in SPECS[implementation]:
        found = bc.check(subject, spec, oracles=ORACLE).verdict
        if found != Verdict.PASS:
            return found
    return Verdict.PASS


def changed_lines(broken: Broken) -> set[int]:
    """Lines of the broken source that differ from the right one's; of a gap those around it."""
    right, wrong = right_text(broken.implementation).splitlines(), broken.text.splitlines()
    edits = difflib.SequenceMatcher(None, right, wrong, autojunk=False).get_opcodes()
    changed = [(first + 1, last) for tag, _, _, first, last in edits if tag != "equal"]
    return {n for a, b in changed for n in (range(a, b + 1) if b >= a else (a - 1, a))}


@pytest.mark.parametrize("implementation", SPECS)
def test_a_right_implementation_passes(implementation):
    """On models, truncations and lengths that its subject declares, and on the cases below."""
    subject = right_subject(needed(implementation))

    report = bc.verify(subject, cases=4, oracles=ORACLE, within=WITHIN)

    assert report.passed, report.message
    assert verdict(subject, implementation) == Verdict.PASS


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_and_a_pair_of_faults_is_caught(name, tmp_path):
    """Otherwise the right line could not be told from another one."""
    broken = NAMES[name]
    needed(broken.implementation)

    found = verdict(broken_subject(broken, tmp_path), broken.implementation)

    assert found in (Verdict.FAIL, Verdict.CONTRACT)


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_that_are_named_are_those_that_changed(name):
    """All of them, and beside them at most the one that new lines were put before."""
    told = NAMES[name].lines

    assert len(told) == len(NAMES[name].faults)
    named, changed = {n for lines in told for n in lines}, changed_lines(NAMES[name])
    assert changed <= named
    assert all(lines[0] in changed for lines in told)
    assert named - changed <= {lines[-1] for lines in told}


def test_the_old_text_of_a_fault_is_there_once():
    """And is a line or a part of one, so that the fault has a line."""
    for fault in FAULTS:
        assert right_text(fault.implementation).count(fault.old) == 1
        assert fault.old.rstrip("\n").count("\n") == 0


@pytest.mark.parametrize("old", ["x", "this text is nowhere", ""])
def test_text_that_is_there_twice_or_never_is_refused(old):
    """Which line would be meant?"""
    fault = Fault("script_rnn", "index", "planted", old, "y", "A fault without a line.")

    with pytest.raises(ValueError, match="not there exactly once"):
        _ = fault.line


def test_kinds_and_names_are_in_order():
    """Every kind of mistake occurs, no other does, and a name means one fault."""
    assert {fault.kind for fault in FAULTS} == set(KINDS)
    assert len({(fault.implementation, fault.name) for fault in FAULTS}) == len(FAULTS)
    assert len(NAMES) == len(SINGLE) + len(PAIRS)
    assert set(NAMED) <= set(NAMES)


def test_kinds_occur_about_as_often_as_in_public_code():
    """No kind has more than twice, or less than half, its share of the pieces of code."""
    pieces = sum(kind.count for kind in KINDS.values())
    for kind in KINDS.values():
        share = sum(fault.kind == kind.name for fault in FAULTS) / len(FAULTS)
        assert 0.5 <= share / (kind.count / pieces) <= 2, kind.name


def test_only_the_implementation_is_written_differently(tmp_path):
    """The lines that make it a subject are the user's, and right."""
    broken = SINGLE[0]

    text = write(broken, tmp_path)

    name = f"{broken.implementation}_subject.py"
    assert text == f"{tmp_path / name}:subject"
    assert (tmp_path / name).read_text() == (RIGHT / name).read_text()
    assert (tmp_path / f"{broken.implementation}.py").read_text() == broken.text


def test_an_edit_without_consequence_is_no_fault(tmp_path):
    """The cases by which faults are caught do not reject what is right."""
    fault = replace(FAULTS[0], new="dh = Why.T @ dy + dh")

    assert verdict(broken_subject(Broken((fault,)), tmp_path), "script_rnn") == Verdict.PASS
