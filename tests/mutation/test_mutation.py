"""Single edits of a subject's source: what they are, and that the edited copy leaves no trace."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.cli.listing import mutant_lines
from bptt_check.errors import SubjectNotFound
from bptt_check.mutation import OPERATORS, SWAP_NAME, Mutant, Scope, mutants, original
from bptt_check.mutation.operators import edits
from bptt_check.mutation.sites import cited, sites
from bptt_check.mutation.source import Source, sources

SAMPLE = f"{Path(__file__).parents[1] / 'support' / 'mutation_sample.py'}:loss_and_grads"
CASE = bc.Spec.parse("lstm T=3 B=2 D=2 H=3 O=2 seed=1").build()
SUBJECT = "bptt_reference:loss_and_grads"
LSTM = Scope(("lstm.backward",))


def edited(statement: str, operator: str, before: str = "", **peers: tuple[str, ...]) -> set[str]:
    """What one operator makes of one statement, which stands in a loop over t."""
    lead = "".join(f"    {line}\n" for line in before.split("; ") if line)
    head = f"def f(a, b, h, grads, T):\n{lead}    for t in range(T):\n"
    source = Source("m", "m.py", f"{head}        {statement}\n")
    found: set[str] = set()
    for site in sites(source):
        if site.text_of(site.statement) == statement:
            made = [edit for name, edit in edits(site, peers) if name == operator]
            found |= {edit.apply(source.text)[len(head) :].strip() for edit in made}
    return found


@pytest.mark.parametrize(
    ("operator", "statement", "expected"),
    [
        ("flip sign", "y = -a", {"y = a"}),
        ("flip sign", "y = (a + b) * h", {"y = (-(a + b)) * h"}),
        ("flip sign", "np.dot(a, b, out=h)", {"np.dot(-a, b, out=h)"}),
        ("flip sign", "grads['W'] = f(a)", {"grads['W'] = -f(a)"}),
        ("swap operator", "y = a + b", {"y = a - b"}),
        ("swap operator", "y = a * (b)", {"y = a / (b)"}),
        ("swap operator", "a += b", {"a -= b"}),
        ("swap operator", "np.add(a, b)", {"np.subtract(a, b)"}),
        ("drop term", "y = 1.0 - a", {"y = 1.0", "y = a", "y = (-a)"}),
        ("drop term", "np.subtract(a, b)", {"np.subtract(0.0, b)", "np.subtract(a, 0.0)"}),
        ("drop factor", "y = a * b", {"y = a", "y = b"}),
        ("drop factor", "y = a / b", {"y = a"}),
        ("drop factor", "np.multiply(a, b)", {"np.multiply(1.0, b)", "np.multiply(a, 1.0)"}),
        ("transpose", "y = a @ b.T", {"y = a.T @ b.T", "y = a @ b"}),
        ("transpose", "np.dot(a, b)", {"np.dot(a.T, b)", "np.dot(a, b.T)"}),
        ("swap operands", "y = a - b", {"y = (b - a)"}),
        ("swap operands", "np.divide(a, b, out=h)", {"np.divide(b, a, out=h)"}),
        ("constant", "y = 2.0 * a", {"y = 1.0 * a", "y = 3.0 * a"}),
        ("constant", "y = a[0]", {"y = a[1]"}),
        ("constant", "f(a, backward=True)", {"f(a, backward=False)"}),
        ("extreme", "y = max(a, b)", {"y = min(a, b)"}),
        ("extreme", "np.minimum(a, b)", {"np.maximum(a, b)"}),
        ("function", "y = a.sum(axis=0)", {"y = a.mean(axis=0)"}),
        ("condition", "y = a if b < 0 else h", {"y = a if b <= 0 else h", "y = (a)", "y = (h)"}),
        ("condition", "y = not a", {"y = a"}),
        ("condition", "y = a and b", {"y = a or b"}),
        ("shift time", "y = h[t]", {"y = h[t - 1]", "y = h[t + 1]"}),
        ("shift time", "y = h[a]", set()),
        ("shift time", "h[t, :2] = a", {"h[t - 1, :2] = a", "h[t + 1, :2] = a"}),
        ("shift slice", "y = h[:-1]", {"y = h[1:]"}),
        ("shift slice", "y = h[1:]", {"y = h[:-1]"}),
        ("shift slice", "y = h[a:]", {"y = h[a + 1:]", "y = h[a - 1:]", "y = h[:]"}),
        ("drop index", "y = h[:-1]", {"y = h"}),
        ("range", "reversed(range(T))", {"range(T)", "reversed(range(1, T))",
                                         "reversed(range(T - 1))"}),
        ("range", "range(1, b)", {"range(1 + 1, b)", "range(1 - 1, b)", "range(1, b + 1)",
                                  "range(1, b - 1)"}),
        ("range", "y = min(a, b)", {"y = (a)", "y = (b)"}),
        ("assign for add", "a += b", {"a = b"}),
        ("assign for add", "a *= b", {"a = b"}),
        ("delete statement", "a += b", {"pass"}),
        ("delete statement", "f(a)", {"pass"}),
        ("delete statement", "a = b", {"pass"}),
        ("delete statement", "fresh = b", set()),
        ("swap gates", "i, f, g = h", {"f, i, g = h", "g, f, i = h", "i, g, f = h"}),
        ("swap gates", "y = f([a, b])", {"y = f([b, a])"}),
    ],
)  # fmt: skip
def test_an_operator_makes_exactly_these_edits(operator, statement, expected):
    """Each operator, on a statement that it applies to or must leave alone."""
    assert edited(statement, operator) == expected


def test_names_are_swapped_with_alike_ones_that_have_a_value():
    """A peer takes a name's place if it is bound before, and is a cotangent where that is one."""
    peers = {"a": ("b", "c", "late", "T", "a_bar")}

    found = edited("y = a; late = 1".partition(";")[0], SWAP_NAME, "c = 1; a_bar = 2", **peers)

    assert found == {"y = b", "y = c"}


def test_every_operator_edits_the_reference():
    """None of the operators is dead, and what they make is still Python."""
    found = mutants()

    assert {m.operator for m in found} == {*OPERATORS, SWAP_NAME}
    for m in found[::5]:
        ast.parse(m.edit.apply(sources(m.root)[m.module].text))


def test_names_are_unique_and_stable():
    """A mutant's name says where and what, and no two share one."""
    names = [m.name for m in mutants()]

    assert len(set(names)) == len(names)
    assert any(n.startswith("lstm.backward:") and n.endswith("f_bar: c_prev -> f") for n in names)
    assert [m.name for m in mutants(scope=LSTM)] == [n for n in names if n.startswith("lstm.")]


def test_a_mutant_knows_its_line_and_its_equation():
    """The line before is that of the file; the numbers are those of its comment, or the next's."""
    lstm = {m.name.partition(" ")[2]: m for m in mutants(scope=LSTM)}
    forget, through = lstm["f_bar: c_prev -> f"], lstm["through_h: o -> f"]
    line = sources("bptt_reference")["bptt_reference.lstm"].text.splitlines()[forget.line - 1]

    assert line.strip().startswith(forget.before)
    assert forget.after == forget.before.replace("c_prev", "f")
    assert (forget.equations, through.equations) == (("5.13",), ("5.10",))
    assert forget.file == "bptt_reference/lstm.py"


def test_equations_are_read_from_comments():
    """One, several, and none."""
    assert cited("# (6.2), (6.3): two, (8) is none") == ("6.2", "6.3")
    assert cited("f(x) = (2.5 + 1)") == ()


def named(part: str) -> Mutant:
    """The mutant of the LSTM whose name ends so."""
    (found,) = [m for m in mutants(scope=LSTM) if m.name.endswith(part)]
    return found


def test_an_edited_copy_is_wrong_where_the_edit_says():
    """The forget gate's rows are wrong, the others and the loss are not."""
    loss, grads = original(
        "bptt_reference", "bptt_reference:loss_and_grads", {"bptt_reference.lstm": {}}
    )(CASE)
    wrong_loss, wrong = named("f_bar: c_prev -> f").subject()(CASE)
    rows = ~np.isclose(grads["b_h_l0"], wrong["b_h_l0"])

    assert wrong_loss == loss
    assert set(np.flatnonzero(rows)) <= set(range(12))
    assert set(np.flatnonzero(rows)) >= {3, 4, 5}
    assert np.array_equal(grads["W_hy"], wrong["W_hy"])


def test_the_installed_package_never_notices():
    """Loading and running a mutant leaves `sys.modules` and the original's answer as they were."""
    import bptt_reference

    before = {n: m for n, m in sys.modules.items() if n.startswith("bptt_reference")}
    right = bptt_reference.loss_and_grads(CASE)[1]["W_hh_l0"]
    named("c_t_bar: without c_t_bar += through_h").subject()(CASE)

    assert {n: m for n, m in sys.modules.items() if n.startswith("bptt_reference")} == before
    assert np.array_equal(bptt_reference.loss_and_grads(CASE)[1]["W_hh_l0"], right)


def test_an_override_takes_the_place_of_a_check():
    """A copy can be given another attribute, as a proof needs that runs it on other numbers."""
    seen: list[bc.Case] = []
    overrides = {"bptt_reference.check": {"check": seen.append}}
    subject = named("f_bar: c_prev -> f").subject(overrides)

    subject(CASE)

    assert seen == [CASE]


def test_a_file_can_be_edited_too():
    """A subject in a file of its own: all its functions are edited, and the edits are wrong."""
    found = {m.name: m for m in mutants(SAMPLE)}
    shifted = next(m for n, m in found.items() if n.endswith("(h_prev, x_t): t -> t + 1"))
    case = bc.Spec.parse("rnn-identity+linear T=3 B=2 D=3 H=3 seed=2").build()

    report = bc.check(shifted.subject(), case, ["complex_step"])

    assert shifted.equations == ("1.2",)
    assert report.verdict == "fail"
    assert {r.parameter for r in report.rows if r.verdict == "fail"} == {"W_hh_l0"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gallery:001-update-printed", "has no source that can be edited"),
        ("no_such_package:f", "there is no module 'no_such_package'"),
        ("no_such_file.py:f", "there is no file no_such_file.py"),
        ("math:sqrt", "is no package of Python files"),
    ],
)
def test_what_cannot_be_edited_is_refused(text, said):
    """A subject that has no Python source is named, with what to write instead."""
    with pytest.raises(SubjectNotFound, match=said):
        mutants(text)


def test_the_list_shows_each_line_before_and_after():
    """`bptt-check list mutants` has a name and both lines."""
    (line,) = [
        line
        for line in mutant_lines()
        if "lstm.backward" in line and "f_bar: c_prev -> f\n" in line
    ]

    assert "np.multiply(c_t_bar, c_prev, out=f_bar)  ->  np.multiply(c_t_bar, f, out=f_bar)" in line
