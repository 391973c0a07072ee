"""A folder to start from: a subject that is right, its test, and a README. Replace the subject."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from ...errors import SpecError, UnknownName


@dataclass(frozen=True)
class Kind:
    """What is written for one kind of subject.

    Args:
        what: it is, in the README.
        needs: the requirement that brings what it imports.
        command: names the subject from the folder that holds the new one.
        right, wrong: an expression in the line that the README shows how to break.
        test: the template of its test.
        cases: of that test; fewer where each new shape is compiled.
        more: what the README says at its end.
    """

    what: str
    needs: str
    right: str
    wrong: str
    command: str = "$name/subject.py:loss_and_grads"
    test: str = "test_subject"
    cases: int = 100
    more: str = (
        "A subject is any callable `case -> (loss, grads)`. Which models it is checked with stands "
        "in\nits `targets`; `bptt-check list models` shows what can be named there."
    )


KINDS: dict[str, Kind] = {
    "numpy": Kind(
        what="a tanh RNN in NumPy",
        needs="bptt_check",
        right="h[t]",
        wrong="h[t + 1]",
    ),
    "torch": Kind(
        what="a tanh RNN as a `torch.autograd.Function`",
        needs="bptt_check[torch]",
        right="h[t]",
        wrong="h[t + 1]",
    ),
    "jax": Kind(
        what="a tanh RNN in JAX with a `custom_vjp`",
        needs="bptt_check[jax]",
        right="h[:-1]",
        wrong="h[1:]",
        cases=20,
    ),
    "exec": Kind(
        what="a tanh RNN as a program in plain Python, which any language can replace",
        needs="bptt_check[exec]",
        right="h[t]",
        wrong="h[t + 1]",
        command="'exec:python $name/subject.py'",
        test="test_program",
        cases=20,
        more=(
            "What such a program reads and writes is one page of the documentation, `protocol`. "
            "Whatever\nit is written in, its command takes the place of `python subject.py`."
        ),
    ),
}


def write_subject(folder: str | Path, kind: str) -> list[Path]:
    """Write a new folder and return its files.

    Raises:
        UnknownName: of the kind.
        SpecError: something of that name is there already, or it cannot be written.
    """
    if kind not in KINDS:
        raise UnknownName("kind", kind, KINDS)
    folder = Path(folder)
    if folder.exists():
        raise SpecError(f"{folder} is there already; choose another name, nothing was changed.")
    try:
        folder.mkdir(parents=True)
        return [_put(folder / name, text) for name, text in files_of(folder, kind).items()]
    except OSError as error:
        raise SpecError(f"{folder} cannot be written: {error}") from error


def files_of(folder: Path, kind: str) -> dict[str, str]:
    """Name to content of every file of a new folder."""
    chosen = KINDS[kind]
    module = re.sub(r"\W", "_", folder.resolve().name)
    words = {"name": folder.as_posix(), "module": module, **vars(chosen)}
    words["command"] = Template(chosen.command).substitute(words)
    return {
        "subject.py": _template(f"{kind}.py"),
        f"test_{module}.py": Template(_template(f"{chosen.test}.py")).substitute(words),
        "README.md": Template(_template("README.md")).substitute(words),
    }


def _template(name: str) -> str:
    """A file of the package; named .txt, since it is no module of it."""
    return (resources.files(__name__) / "files" / f"{name}.txt").read_text("utf-8")


def _put(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path
