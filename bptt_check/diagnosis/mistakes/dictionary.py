"""The dictionary of a diagnosis: named mistakes first, then every single edit of the textbook.

The single edits are those of `mutation`, made in the textbook's lines.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...cases.case import Case, Spec
from ...cases.model import Model, Sizes
from ...mutation.observe import Observed, observe
from ...mutation.operators import edits
from ...mutation.sites import Site, sites
from . import textbook
from .edit_wording import phrase_of
from .named import named_mistakes
from .textbook import TextbookEdit, textbook_functions

OBSERVED = ("rnn-tanh+mse", "lstm+bce", "gru", "gru-reset-before+linear")
"""Models whose runs tell which locals of the textbook have the same shape."""


CELL_STATE = {"c_t", "c_t_bar", "c_prev_bar", "later_c", "final_c", "c_bar", "c0", "c0_bar"}
"""Names of the textbook that are idle in a cell that has no cell state."""

NATURAL = (
    "drop term", "drop factor", "flip sign", "swap name", "swap gates", "transpose",
    "assign for add", "swap operands", "swap operator", "delete statement",
)  # fmt: skip
"""Operators whose words say most, the most telling first; then all others."""


@dataclass(frozen=True)
class Entry:
    """One edit of the textbook.

    Args:
        phrase: completes "this is exactly what you get when ...".
        change: the edit.
        right, wrong: the line as it stands and as edited.
        equations: numbers of reference/README.md that the line computes.
        kind: of a named mistake its class, else empty.
        target: what the edited line computes.
        cell_state: whether it is about the cell state.
    """

    phrase: str
    change: TextbookEdit
    right: str
    wrong: str
    equations: tuple[str, ...]
    kind: str = ""
    target: str = ""
    cell_state: bool = False


def entries(model: Model) -> list[Entry]:
    """Everything that can be wrong in the backward pass of a model; named mistakes first."""
    functions, states = set(textbook.functions_of(model)), model.layout.states
    own = (e for e in all_entries() if e.change.function in functions)
    return [e for e in own if "c" in states or not e.cell_state]


@functools.cache
def all_entries() -> tuple[Entry, ...]:
    """The whole dictionary; the same edit under two names stands once, under the first."""
    first: dict[tuple[str, str], Entry] = {}
    for entry in (*_named(), *_single_edits()):
        first.setdefault((entry.change.function, entry.change.text), entry)
    return tuple(first.values())


def _named() -> Iterator[Entry]:
    for mistake in named_mistakes():
        change = mistake.change
        site = _site_at(mistake.function, change.edits[0].start)
        cell_state = mistake.cell_state or _names_cell_state(change)
        yield Entry(
            mistake.phrase,
            change,
            *_lines(change),
            site.cited,
            mistake.kind,
            target_of(site),
            cell_state,
        )


def _single_edits() -> Iterator[Entry]:
    ranks = {name: n for n, name in enumerate(NATURAL)}
    made = [
        (operator, function, site, edit)
        for function, site in _sites()
        for operator, edit in edits(site, _observed().peers(f"{_module(function)}.{function}"))
    ]
    for operator, function, site, edit in sorted(made, key=lambda m: ranks.get(m[0], len(ranks))):
        change, target = TextbookEdit(function, (edit,)), target_of(site)
        cell_state = target in CELL_STATE or _names_cell_state(change)
        phrase = phrase_of(operator, site, edit)
        yield Entry(phrase, change, *_lines(change), site.cited, "", target, cell_state)


def _names_cell_state(change: TextbookEdit) -> bool:
    """Whether what is replaced, or what stands there instead, names something of the cell state."""
    source = textbook_functions()[change.function].source.text
    texts = [text for e in change.edits for text in (source[e.start : e.end], e.text)]
    return any(name in CELL_STATE for text in texts for name in re.findall(r"[A-Za-z_]\w*", text))


@functools.cache
def _sites() -> list[tuple[str, Site]]:
    """Every place of the textbook that can be edited, and its function."""
    sources = {f.source.name: f.source for f in textbook_functions().values()}
    every = (site for source in sources.values() for site in sites(source))
    return [(site.function, site) for site in every if site.function in textbook_functions()]


def _site_at(function: str, offset: int) -> Site:
    """The statement that holds a character: the innermost one."""
    holding = [
        site
        for name, site in _sites()
        if name == function and site.node is site.statement and _holds(site, offset)
    ]
    return holding[-1]


def _holds(site: Site, offset: int) -> bool:
    start, end = site.text.span(site.statement)
    return start <= offset < end


def _module(function: str) -> str:
    return textbook_functions()[function].source.name


def target_of(site: Site) -> str:
    """What a statement computes."""
    text = site.text_of(site.statement)
    return text.partition("=")[0].strip(" +-*/").replace('bars["', "").replace('"]', "_bar")


def _lines(change: TextbookEdit) -> tuple[str, str]:
    """The lines that differ, before and after, without indentation and comments."""
    before = textbook_functions()[change.function].text.splitlines()
    after = change.text.splitlines()
    pairs = [(a, b) for a, b in zip(before, after, strict=False) if a != b]
    return _joined([a for a, _ in pairs]), _joined([b for _, b in pairs])


def _joined(lines: Sequence[str]) -> str:
    """Lines as one, with gradients named as in the equations: `W_hh_bar += ...`."""
    text = "; ".join(line.partition("  #")[0].strip() for line in lines)
    return re.sub(r'bars\["(\w+)"\]', r"\1_bar", text)


@functools.cache
def _observed() -> Observed:
    sources = {f.source.name: f.source for f in textbook_functions().values()}
    sizes = Sizes(T=5, B=2, D=3, H=4, O=7)
    cases = [Spec(Model.parse(name), sizes, seed=1).build() for name in OBSERVED]
    return observe(_gradients, cases, sources)


def _gradients(case: Case) -> object:
    return textbook.edited_gradients(case, textbook.run_forward(case))
