"""Which share of single edits of right implementations is found and undone, and how quickly.

    python benchmarks/repair.py [--mutants N] [--seed N] [--timeout S] [--only NAME] [--pairs]
                                [--unseen] [--further N]

Implementations in the styles that are met (`examples/styles/`, none of which knows us), of which
one line each is edited at random by the operators of `bptt_check.mutation`. A mutant that is
right on the small cases is left out. The search gets the mutated file alone. What it finds is right
if it is the original to Python, or passes N further cases of other sizes. `--pairs` edits two
lines. Those of `benchmarks/unseen/` were written after the search; what was missed of seed 0 has
been looked at since, so numbers are of other seeds.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bptt_check import api
from bptt_check.cases.case import Spec
from bptt_check.diagnosis.repair import EditPool, EditRunner, read_own_file, search, specs_to_judge
from bptt_check.errors import BpttCheckError
from bptt_check.mutation import Edit
from bptt_check.mutation.observe import observe
from bptt_check.mutation.operators import edits
from bptt_check.mutation.sites import sites
from bptt_check.mutation.source import Source
from bptt_check.subjects import loading
from bptt_check.subjects.isolation import isolated

HERE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Implementation:
    """Where a right implementation lies, and a spec of what it does.

    Args:
        folder: of all its files.
        adapter: the file with the subject.
        file: that is edited.
        attribute: of the right subject.
        spec: that it takes.
    """

    adapter: str
    file: str
    attribute: str
    spec: str
    folder: str = "examples"


IMPLEMENTATIONS = {
    "char_rnn": Implementation(
        "char_rnn.py",
        "styles/char_rnn.py",
        "subject",
        "rnn-tanh T=3 B=1 D=3 H=4 O=3 regime=one_hot",
    ),
    "course_functions": Implementation(
        "course_functions.py", "styles/course_functions.py", "subject", "rnn-tanh+linear"
    ),
    "keras_layout": Implementation(
        "keras_layout.py", "styles/keras_layout.py", "subject", "gru+mean"
    ),
    "numpy_class": Implementation(
        "numpy_class.py", "styles/numpy_class.py", "subject", "rnn-tanh+mse"
    ),
    "torch_lstm_function": Implementation(
        "torch_lstm_function.py", "torch_lstm_function.py", "right", "lstm+linear"
    ),
}
UNSEEN = {
    "column_lstm": Implementation(
        "column_lstm_subject.py", "column_lstm.py", "subject", "lstm", "benchmarks/unseen"
    ),
    "stacked_gru": Implementation(
        "stacked_gru_subject.py", "stacked_gru.py", "subject", "gru+mse", "benchmarks/unseen"
    ),
}
"""Those that the search was not made for."""
SMALL = "T=1..12 B=1..4 D=1..8 H=1..8 O=2..6"
"""Limits of the further cases."""


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant."""

    implementation: str
    operators: tuple[str, ...]
    lines: tuple[str, ...]
    found: bool
    right: bool
    original: bool
    partly: bool
    edits: int
    tried: int
    seconds: float
    by: tuple[str, ...]
    first_line: bool


def main() -> None:
    """Draw, search, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=20.0)
    parser.add_argument("--only", action="append", choices=[*IMPLEMENTATIONS, *UNSEEN])
    parser.add_argument("--unseen", action="store_true")
    parser.add_argument("--further", type=int, default=100)
    parser.add_argument("--pairs", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    names = given.only or list(UNSEEN if given.unseen else IMPLEMENTATIONS)
    share = -(-given.mutants // len(names))
    outcomes: list[Outcome] = []
    for name in names:
        drawn = outcomes_of(name, given.seed, given.timeout, 1 + given.pairs, given.further)
        for outcome in itertools.islice(drawn, share):
            outcomes.append(outcome)
            print(line_of(outcome), flush=True)
            if given.json is not None:
                with given.json.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(outcome)) + "\n")
        print(summary(name, [o for o in outcomes if o.implementation == name]), flush=True)
    print(summary("all", outcomes))


def outcomes_of(
    name: str, seed: int, timeout: float, count: int, further: int
) -> Iterator[Outcome]:
    """What becomes of one mutant after the other, without those that are right."""
    implementation = {**IMPLEMENTATIONS, **UNSEEN}[name]
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(shutil.copytree(HERE / implementation.folder, Path(folder, "copied")))
        path = copied / implementation.file
        address = f"{copied / implementation.adapter}:{implementation.attribute}"
        original = path.read_text("utf-8")
        every = list(mutations(address, path, implementation))
        drawn = random.Random(seed)
        while True:
            chosen = drawn.sample(every, count)
            spans = [(e.start, e.end) for _, e in chosen]
            if count > 1 and max(s for s, _ in spans) < min(e for _, e in spans):
                continue
            text = original
            for _, edit in sorted(chosen, key=lambda c: -c[1].start):
                text = edit.apply(text)
            path.write_text(text, "utf-8")
            try:
                outcome = outcome_of(address, path, original, implementation, timeout, further)
            except BpttCheckError as error:
                print(f"  left out: {error}"[:150], flush=True)
                continue
            finally:
                path.write_text(original, "utf-8")
            if outcome is not None:
                lines = tuple(changed(original, e) for _, e in chosen)
                yield replace(
                    outcome, implementation=name, operators=tuple(o for o, _ in chosen), lines=lines
                )


def mutations(
    address: str, path: Path, implementation: Implementation
) -> Iterator[tuple[str, Edit]]:
    """Every edit of the lines that run."""
    module = ".".join(Path(implementation.file).with_suffix("").parts)
    if implementation.file == implementation.adapter:
        module = f"bptt_check_subject_{path.stem}"
    source = Source(module, str(path), path.read_text("utf-8"))
    subject = loading.load(address)
    cases = [Spec.parse(implementation.spec).build()]
    seen = observe(subject, cases, {module: source})
    with EditRunner(address, [str(Spec.parse(implementation.spec))]) as runner:
        ran = {(s.function, s.line) for s in runner.observe(0).lines if s.file == str(path)}
    for name in [n for n in sys.modules if n.startswith(("styles", "bptt_check_subject"))]:
        del sys.modules[name]
    known: set[Edit] = set()
    for site in sites(source):
        if (site.function, site.statement.lineno) in ran:
            for operator, edit in edits(site, seen.peers(f"{module}.{site.function}")):
                if edit not in known and source.text[edit.start : edit.end] != edit.text:
                    known.add(edit)
                    yield operator, edit


def outcome_of(
    address: str,
    path: Path,
    original: str,
    implementation: Implementation,
    timeout: float,
    further: int,
) -> Outcome | None:
    """The search for the repair of the file as it is; None if nothing is wrong with it."""
    specs = specs_to_judge([Spec.parse(implementation.spec)])
    with EditPool(address, [str(s) for s in specs]) as runner:
        begun = runner.begun
        if all(len(r) == len(b) for r, b in zip(begun.right, begun.blocks, strict=True)):
            return None
        files = [read_own_file(f) for f in begun.files]
        begin = time.monotonic()
        found = search(runner, files, begin + timeout)
        seconds = time.monotonic() - begin
    texts = {f.path: f.text for f in found.files}
    whole = bool(found.edits) and not found.wrong
    by = tuple(f"{e.operator}: {e.changed_lines()[1]}" for e in found.edits)
    same = ast.dump(ast.parse(texts[str(path)])) == ast.dump(ast.parse(original))
    right = whole and (same or is_right(address, path, texts[str(path)], specs[0], further))
    mutated = path.read_text("utf-8")
    differing = [
        n
        for n, (a, b) in enumerate(
            zip(mutated.splitlines(), original.splitlines(), strict=False), 1
        )
        if a != b
    ]
    return Outcome(
        "", (), (), whole, right, same, bool(found.edits) and not whole,
        len(found.edits), found.tried, seconds, by,
        any(line in differing for _, line in found.lines[:3]),
    )  # fmt: skip


def is_right(address: str, path: Path, text: str, like: Spec, further: int) -> bool:
    """Whether the repaired file is right on cases that the search has not seen."""
    before = path.read_text("utf-8")
    path.write_text(text, "utf-8")
    try:
        with isolated(address) as subject:
            report = api.verify(
                subject, [like.model], further, ["complex_step"], seed=100, within=SMALL
            )
        return not report.verdict.failing
    except BpttCheckError:
        return False
    finally:
        path.write_text(before, "utf-8")


def changed(text: str, edit: Edit) -> str:
    """The line of an edit after it."""
    start, end = text.rfind("\n", 0, edit.start) + 1, text.find("\n", edit.end)
    before = text[start:end].strip()
    after = (text[start : edit.start] + edit.text + text[edit.end : end]).strip()
    return f"{before}  =>  {after}"


def line_of(outcome: Outcome) -> str:
    """One mutant."""
    what = (
        "RIGHT"
        if outcome.right
        else "found"
        if outcome.found
        else "part"
        if outcome.partly
        else "-"
    )
    return (
        f"{what:6}{outcome.seconds:6.1f} s {outcome.tried:6} tried  "
        f"[{', '.join(outcome.operators)}] {' | '.join(outcome.lines)}\n"
        f"           by {' | '.join(outcome.by)}"
    )


def summary(name: str, outcomes: list[Outcome]) -> str:
    """The shares of some mutants."""
    if not outcomes:
        return f"{name}: none"
    right = [o for o in outcomes if o.right]
    seconds = statistics.median(o.seconds for o in right) if right else float("nan")
    tried = statistics.median(o.tried for o in right) if right else float("nan")
    elsewhere = sum(o.found and not o.right for o in outcomes)
    letter, first = sum(o.original for o in right), sum(o.first_line for o in outcomes)
    return (
        f"== {name}: {len(right)} of {len(outcomes)} repaired, {letter} the original, {elsewhere} "
        f"found and wrong elsewhere, {sum(o.partly for o in outcomes)} in part; median "
        f"{seconds:.1f} s, {tried:.0f} edits; the line among the first three: {first}"
    )


if __name__ == "__main__":
    main()
