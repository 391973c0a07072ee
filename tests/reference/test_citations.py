"""The code says beside each line which equation of reference/README.md it computes, word for word.

A citation is a comment like `# (4.4)  a_t_bar = h_t_bar * f'(a_t)`: number, two spaces, equation. A
comment may hold several, and may go on in the next lines, which then are indented by five spaces.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "reference"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
SOURCES = {
    path.name: path.read_text(encoding="utf-8")
    for path in sorted((FOLDER / "bptt_reference").glob("*.py"))
}
NUMBER = re.compile(r"\((\d+\.\d+)\)")
CITATION = re.compile(r"\((\d+\.\d+)\)  ")
CONTINUED = "#     "


def one_spaced(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def stated(readme: str) -> dict[str, str]:
    """Equation by number; one that takes several lines has its number on the last."""
    equations: dict[str, str] = {}
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL):
        lines: list[str] = []
        for line in [] if language else block.splitlines():
            equation, _, number = line.rpartition(" ")
            if NUMBER.fullmatch(number):
                equations[number[1:-1]] = one_spaced(" ".join([*lines, equation]))
                lines = []
            else:
                lines.append(line)
    return equations


def homes(readme: str) -> dict[str, str]:
    """File by section or number of an equation, from the table of files."""
    files: dict[str, str] = {}
    for file, places in re.findall(r"^\| `(\w+\.py)` \|.*\| (.*) \|$", readme, re.MULTILINE):
        for place in places.split(", "):
            first, *last = NUMBER.findall(place) or [place]
            if last:
                section, start = first.split(".")
                end = last[0].split(".")[1]
                files |= {f"{section}.{n}": file for n in range(int(start), int(end) + 1)}
            else:
                files[first] = file
    return files


def comments(source: str) -> Iterator[str]:
    """The comments of a module, each with the lines in which it goes on."""
    text, end = "", 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        alone = not token.line[: token.start[1]].strip()
        if alone and line == end + 1 and token.string.startswith(CONTINUED):
            text += " " + token.string.removeprefix(CONTINUED)
        else:
            yield text
            text = token.string.removeprefix("# ")
        end = line
    yield text


def citations(source: str) -> Iterator[tuple[str, str]]:
    """Number and equation of each citation; no equation where nothing stands beside the number."""
    for comment in comments(source):
        if CITATION.match(comment):
            _, *parts = CITATION.split(comment)
            yield from zip(parts[::2], map(one_spaced, parts[1::2]), strict=True)
        elif NUMBER.match(comment):
            yield NUMBER.findall(comment)[0], ""


def complaints(readme: str, sources: Mapping[str, str]) -> list[str]:
    """What is wrong with the citations, in words."""
    equations, files = stated(readme), homes(readme)
    cited = [(file, *c) for file, source in sources.items() for c in citations(source)]
    counts = Counter(number for _, number, _ in cited)
    wrong = [f"({n}) is cited {counts[n]} times" for n in equations if counts[n] != 1]
    for file, number, text in cited:
        home = files.get(number, files.get(number.split(".")[0]))
        if number not in equations:
            wrong.append(f"{file}: ({number}) is no equation of the README")
        elif text != equations[number]:
            wrong.append(f"{file}: ({number}) says {text!r}, not {equations[number]!r}")
        elif file != home:
            wrong.append(f"{file}: ({number}) belongs into {home}")
    return wrong


def test_every_equation_stands_beside_the_line_that_computes_it() -> None:
    """Each number once, in the file that the README names, with the README's equation."""
    assert len(stated(README)) > 100
    assert {n.split(".")[0] for n in stated(README)} == {str(s) for s in range(2, 14)}

    assert complaints(README, SOURCES) == []


def test_every_cited_number_is_an_equation() -> None:
    """Docstrings and comments name equations that exist."""
    for file, source in SOURCES.items():
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        words = [t.string for t in tokens if t.type in (tokenize.COMMENT, tokenize.STRING)]

        assert set(NUMBER.findall(" ".join(words))) <= set(stated(README)), file


@pytest.mark.parametrize(
    ("file", "right", "wrong", "said"),
    [
        ("rnn.py", "= W_hh^T a_t_bar", "= W_hh a_t_bar",
         "rnn.py: (4.5) says 'h_prev_bar = W_hh a_t_bar', not 'h_prev_bar = W_hh^T a_t_bar'"),
        ("rnn.py", "(4.8)  b_h_bar = Σ_t a_t_bar", "(4.8)",
         "rnn.py: (4.8) says '', not 'b_h_bar = Σ_t a_t_bar'"),
        ("rnn.py", "  # (4.7)  W_hh_bar = Σ_t a_t_bar h_prev^T", "", "(4.7) is cited 0 times"),
        ("rnn.py", "(4.2)  h_t = f(a_t)", "(4.1)  h_t = f(a_t)", "(4.1) is cited 2 times"),
        ("rnn.py", "(4.2)  h_t = f(a_t)", "(4.10)  h_t = f(a_t)",
         "rnn.py: (4.10) is no equation of the README"),
        ("rnn.py", "(4.2)  h_t = f(a_t)", "(2.4)  b_bar[k] = Σ_p a_bar[p,k]",
         "rnn.py: (2.4) belongs into linear.py"),
        ("lstm.py", "(5.3)  f = σ(a_f)", "(5.3)  f = σ(a_i)",
         "lstm.py: (5.3) says 'f = σ(a_i)', not 'f = σ(a_f)'"),
        ("gru_reset_after.py", "#     Σ_t a_h_bar h_prev^T", "# Σ_t a_h_bar h_prev^T",
         "gru_reset_after.py: (6.16) says 'W_hh_bar =', not 'W_hh_bar = Σ_t a_h_bar h_prev^T'"),
    ],
)  # fmt: skip
def test_a_wrong_citation_is_found(file: str, right: str, wrong: str, said: str) -> None:
    """Another equation, none, a missing, doubled or unknown number, another file's number."""
    assert SOURCES[file].count(right) == 1

    told = complaints(README, {**SOURCES, file: SOURCES[file].replace(right, wrong)})

    assert said in told


def test_a_change_of_the_readme_is_found() -> None:
    """An equation that changes in the README alone, or is new there, is missed in the code."""
    changed = re.sub(r"= W_hh\^T a_t_bar +\(4\.5\)", "= a_t_bar (4.5)\ny = x (4.10)", README)

    told = complaints(changed, SOURCES)

    assert told == [
        "(4.10) is cited 0 times",
        "rnn.py: (4.5) says 'h_prev_bar = W_hh^T a_t_bar', not 'h_prev_bar = a_t_bar'",
    ]
