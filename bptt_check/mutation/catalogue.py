"""The mutants of a package, in the order of its source."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..cases.case import Case, Spec, Truncation
from ..cases.model import Sizes
from ..cases.targets import Target, default_targets
from ..errors import SubjectNotFound
from ..subjects import loading
from .mutant import Edit, Mutant, original
from .observe import Observed, observe
from .operators import edits
from .scope import Scope, scope_of
from .sites import Site, sites
from .source import Source, sources

SIZES = Sizes(T=5, B=2, D=3, H=4, O=7)
"""No two alike, so that a run tells which arrays have the same axes."""
LONGEST = 48
"""Characters of an edit that its name repeats."""


@dataclass(frozen=True)
class Package:
    """What a subject's text names: the package to edit, and the subject as `module:attribute`."""

    root: str
    attribute: str

    @classmethod
    def of(cls, subject: str) -> Package:
        """The package of a subject.

        Raises:
            SubjectNotFound: the text names no Python subject whose source can be edited.
        """
        text = loading.entry_points().get(subject, subject)
        module, _, name = text.rpartition(":")
        parts = name.split(".")
        if not module or module == "exec" or not all(part.isidentifier() for part in parts):
            raise SubjectNotFound(
                f"{subject!r} has no source that can be edited: write package.module:attribute "
                "or path/to/file.py:attribute."
            )
        if module.endswith(".py"):
            return cls(module, f"{next(iter(sources(module)))}:{name}")
        return cls(module.partition(".")[0], text)


@functools.cache
def mutants(subject: str = loading.DEFAULT, scope: Scope | None = None) -> tuple[Mutant, ...]:
    """Every single edit of the source of a subject's package.

    Args:
        subject: `package.module:attribute`, `path/to/file.py:attribute` or an installed subject.
        scope: which functions are edited; None is `scope_of` the package.

    Raises:
        SubjectNotFound: the text leads nowhere, or to something without Python source.
    """
    _, seen = observed(subject)
    package = Package.of(subject)
    chosen = scope or scope_of(package.root)
    first: dict[tuple[str, Edit], Mutant] = {}
    for source in sources(package.root).values():
        for site in sites(source):
            function = f"{_short(package.root, source)}.{site.function}"
            if chosen.has(function) and not chosen.leaves(site.text_of(site.statement)):
                peers = seen.peers(f"{source.name}.{site.function}")
                for operator, edit in edits(site, peers):
                    key = (source.name, edit)
                    first.setdefault(key, _mutant(package, source, function, site, operator, edit))
    return tuple(_distinct(list(first.values())))


@functools.cache
def observed(subject: str) -> tuple[tuple[Target, ...], Observed]:
    """The default targets that a subject supports, and what it does on a small case of each."""
    package = Package.of(subject)
    supports: Any = getattr(loading.load(subject), "supports", lambda model: True)
    module = package.attribute.partition(":")[0]
    called = original(package.root, package.attribute, {module: {}})
    able = [t for t in default_targets() if supports(t.model)]
    return tuple(able), observe(called, [_small_case(t) for t in able], sources(package.root))


def _small_case(target: Target) -> Case:
    cut = Truncation(2, 3) if target.truncated else None
    spec = Spec(target.model, SIZES, cut, lengths=target.lengths, seed=1)
    return target.fit(spec).build()


def _short(root: str, source: Source) -> str:
    return source.name.removeprefix(f"{root}.")


def _mutant(
    package: Package, source: Source, function: str, site: Site, operator: str, edit: Edit
) -> Mutant:
    line = site.text.line_at(edit.start)
    before, after = _lines(site, edit)
    target = _target(site.statement)
    change = _change(source.text[edit.start : edit.end], edit.text)
    return Mutant(
        name=f"{function}:{line} {f'{target}: ' if target else ''}{change}",
        root=package.root,
        attribute=package.attribute,
        module=source.name,
        file=source.file,
        line=line,
        function=site.function,
        operator=operator,
        before=before,
        after=after,
        equations=site.cited,
        edit=edit,
    )


def _lines(site: Site, edit: Edit) -> tuple[str, str]:
    """The statement (its edited line, the head of a compound one) before and after the edit."""
    text = site.text.text
    start, end = site.text.span(site.statement)
    body = getattr(site.statement, "body", None)
    head = site.text.span(body[0])[0] if body else end
    if (edit.start, edit.end) == (start, end):
        return _one_line(text[start:head]), edit.text
    first, last = site.text.line_at(edit.start), site.text.line_at(edit.end)
    if first == last:  # of a statement of several lines, the edited one is enough
        start = max(start, site.text.start_of(first))
        head = min(head, site.text.start_of(first + 1))
    before, after = text[start:head], text[start : edit.start] + edit.text + text[edit.end : head]
    return _one_line(before), _one_line(after)


def _target(statement: ast.stmt) -> str:
    """What a statement computes: the name that it assigns, or what is given as `out`."""
    if isinstance(statement, ast.AugAssign):
        return ast.unparse(statement.target)
    if isinstance(statement, ast.Assign):
        return ast.unparse(statement.targets[0])
    if isinstance(statement, ast.Return):
        return "return"
    call = statement.value if isinstance(statement, ast.Expr) else None
    keywords = call.keywords if isinstance(call, ast.Call) else []
    return next((ast.unparse(k.value) for k in keywords if k.arg == "out"), "")


def _change(old: str, new: str) -> str:
    if new == "pass":
        return f"without {_cropped(old)}"
    return f"{_cropped(old)} -> {_cropped(new)}"


def _cropped(text: str) -> str:
    line = _one_line(text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def _one_line(text: str) -> str:
    return " ".join(" ".join(line.partition("  #")[0] for line in text.splitlines()).split())


def _distinct(mutants: list[Mutant]) -> Iterator[Mutant]:
    """The same mutants; where a line has an edit twice, the later ones get a number."""
    counts: dict[str, int] = {}
    for mutant in mutants:
        counts[mutant.name] = counts.get(mutant.name, 0) + 1
        again = counts[mutant.name]
        yield mutant if again == 1 else replace(mutant, name=f"{mutant.name} ({again})")
