"""Where the files of the tests lie, what they import and what they define."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from support.imports import imported

NOT_MIRRORED = {"support", "harness", "reference", "browser"}
"""Folders of `tests/` that mirror no folder of modules."""
BESIDE_THE_PACKAGE = {"benchmarks", "docs", "examples"}
"""Folders of `tests/` that mirror a folder of the same name beside the package."""


def sources(root: Path) -> dict[str, str]:
    """Path below a folder to source, of every Python file in it."""
    return {
        p.relative_to(root).as_posix(): p.read_text("utf-8") for p in sorted(root.rglob("*.py"))
    }


def module_files(root: Path) -> set[str]:
    """Paths that a test may be the mirror of: below the package and the folders beside it."""
    beside = (root / folder for folder in BESIDE_THE_PACKAGE)
    return {
        *sources(root / "bptt_check"),
        *(f"{folder.name}/{path}" for folder in beside for path in sources(folder)),
    }


def imported_tests(tests: Mapping[str, str]) -> Iterator[str]:
    """Files that import a test file or a conftest, with what they import."""
    stems = {PurePosixPath(path).stem for path in tests}
    files = {stem for stem in stems if stem.startswith("test_") or stem == "conftest"}
    for path, source in tests.items():
        names = imported(source, path.removesuffix(".py").replace("/", "."))
        yield from (f"{path} imports {name}" for name in names if files & {*name.split(".")})


def functions(source: str) -> Iterator[ast.FunctionDef]:
    """The functions at the top of a source."""
    yield from (n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef))


def homes_of(name: str, tests: Mapping[str, str]) -> list[str]:
    """Files that define a function of that name at their top."""
    return [path for path, source in tests.items() if name in {f.name for f in functions(source)}]


def homes_of_setting(variable: str, tests: Mapping[str, str]) -> list[str]:
    """Files with a fixture that every test uses and that sets that environment variable."""
    return [
        path
        for path, source in tests.items()
        if any(_is_automatic(f) and _sets(variable, f) for f in functions(source))
    ]


def _is_automatic(function: ast.FunctionDef) -> bool:
    """Whether a function is a fixture with `autouse=True`."""
    return any("autouse=True" in ast.unparse(d) for d in function.decorator_list)


def _sets(variable: str, function: ast.FunctionDef) -> bool:
    """Whether a function calls `setenv` for that variable."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "setenv"
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value == variable
        for call in calls
    )


def unknown_folders(tests: Collection[str], modules: Collection[str]) -> list[str]:
    """Folders of tests that mirror no folder of modules."""
    rooms = {parent.as_posix() for path in modules for parent in PurePosixPath(path).parents}
    folders = {PurePosixPath(path).parent.as_posix() for path in tests}
    return sorted(f for f in folders - rooms if f.split("/")[0] not in NOT_MIRRORED)


def misplaced(tests: Collection[str], modules: Collection[str]) -> list[str]:
    """Test files in folders of rooms whose names are no module of that room, nor the room's own."""
    return sorted(
        path
        for path in tests
        if PurePosixPath(path).name.startswith("test_")
        and path.split("/")[0] not in NOT_MIRRORED
        and "/" in path
        and not _mirrors_of(path) & set(modules)
    )


def _mirrors_of(path: str) -> set[str]:
    """The modules that a test file may be the mirror of; a room inside the room counts as one."""
    room = PurePosixPath(path).parent
    name = PurePosixPath(path).stem.removeprefix("test_")
    whole = {f"{room}/__init__.py"} if name == room.name else set[str]()
    return {f"{room}/{name}.py", f"{room}/{name}/__init__.py"} | whole
