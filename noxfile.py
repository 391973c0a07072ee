"""Everything that is run on this project. `nox -l` lists it; the README names the two that
matter.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tarfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "tests"]
nox.needs_version = ">=2025.2.9"

PROJECT = nox.project.load_toml("pyproject.toml")
TORCH = "torch==2.13.0"
"""The release the project is tested with; without a pin, pip may pick a build for another
device.
"""
WORKERS = ["-n", "2", "--dist", "worksteal"]
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""For each of the workers: several threads of each would fight for the cores."""
EVERY_BACKEND = {"BPTT_CHECK_BACKENDS": "torch,jax,flint"}
"""All that must be there."""
SOME = {"BPTT_CHECK_TESTS": "some"}
"""What finds that another environment breaks something; see `tests/support/costs.py`."""
PACKAGED = [
    *("tests/report", "tests/reference", "tests/cli", "tests/test_api.py"),
    *("tests/subjects/isolation", "tests/subjects/test_program.py"),
    *("tests/subjects/test_loading.py", "tests/test_pytest_plugin.py"),
    *("tests/diagnosis/test_diagnosis.py", "tests/mutation", "tests/oracles/test_certified.py"),
]
"""Tests of whatever a wheel could lack: data files, entry points, commands, both packages, the
source that is edited. The rest runs the very same modules in the session `tests`.
"""
ELSEWHERE = [
    *("tests/cli", "tests/conventions", "tests/equations", "tests/oracles", "tests/own_loss"),
    *("tests/report", "tests/runs", "tests/subjects", "tests/verdicts", "tests/test_api.py"),
    "tests/test_pytest_plugin.py",
]
"""Tests of what an older release, or a framework that is missing, could break."""
MEASUREMENTS = (
    *("budgets", "function_ulps", "isolation", "reference_growth", "report_page", "taylor"),
)
"""Scripts of `benchmarks/` that measure something else than the rows of docs/performance.md."""


def group(name: str) -> tuple[str, ...]:
    """The requirements of a dependency group."""
    return nox.project.dependency_groups(PROJECT, name)


@nox.session
def verify(session: nox.Session) -> None:
    """Verify the NumPy reference against every oracle and write reports/index.html."""
    session.install(".[all]", TORCH)
    default = ["--cases", "8", "--dtype", "float64", "--dtype", "float32"]
    session.run("bptt-check", "run", "--report", "reports", *(session.posargs or default))


@nox.session
def power(session: nox.Session) -> None:
    """Measure what the harness catches and that it is silent; `-- --short` takes a minute.

    All of it takes a quarter of an hour on two idle cores.
    """
    session.install(".[all]", TORCH)
    session.run("bptt-check", "power", *session.posargs)


@nox.session
def gallery(session: nox.Session) -> None:
    """Judge the formulas of teaching texts and write reports/gallery.html."""
    session.install(".")
    arguments = session.posargs or ["reports"]
    session.run("python", "-m", "gallery", *arguments, env={"PYTHONPATH": "examples"})


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite with every backend, without what takes long."""
    session.install("-e", ".[all]", TORCH, *group("test"))
    session.run("pytest", *WORKERS, *session.posargs, env=EVERY_BACKEND | ONE_THREAD)


@nox.session
def thorough(session: nox.Session) -> None:
    """All tests with every backend, for a release; takes an hour, and measures what each costs."""
    session.install("-e", ".[all]", TORCH, *group("test"))
    report = str(Path(session.create_tmp()) / "junit.xml")
    environment = EVERY_BACKEND | ONE_THREAD | {"BPTT_CHECK_TESTS": "all"}
    session.run("pytest", *WORKERS, "--junitxml", report, *session.posargs, env=environment)
    if not session.posargs:
        session.run("python", "tests/support/costs.py", report)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Files and messages with something in them changed, drawn anew; `-- 20000` of each kind.

    A file that ends in anything but a sentence is a fault, and hypothesis prints its bytes.
    """
    session.install(".[exec]", *group("test"))
    count = session.posargs[0] if session.posargs else "2000"
    environment = {"BPTT_CHECK_FUZZ": count, "BPTT_CHECK_BACKENDS": ""} | ONE_THREAD
    session.run("pytest", *WORKERS, "tests/harness/test_fuzz.py", env=environment)


def one_backend(name: str, requirements: list[str]) -> None:
    """Add the session that runs what depends on it with only one backend installed."""

    @nox.session(name=f"backend-{name}")
    def session_of_backend(session: nox.Session) -> None:
        session.install(*requirements, *group("test"))
        named = "" if name == "none" else name  # a named backend that is missing fails
        environment = {"BPTT_CHECK_BACKENDS": named} | SOME | ONE_THREAD
        wanted = session.posargs or ELSEWHERE
        session.run("pytest", *WORKERS, "-rs", *wanted, env=environment)


one_backend("none", ["."])
one_backend("torch", [".[torch]", TORCH])
one_backend("jax", [".[jax]"])
one_backend("flint", [".[flint]"])


@nox.session
def flax(session: nox.Session) -> None:
    """The cells of Flax as subjects."""
    session.install(".[jax]", *group("flax"))
    session.run("pytest", "-m", "flax", *session.posargs, env={"BPTT_CHECK_BACKENDS": "jax,flax"})


@nox.session
def keras(session: nox.Session) -> None:
    """The layers of Keras 3, on JAX, as subjects."""
    session.install(".[jax]", *group("keras"))
    environment = {"BPTT_CHECK_BACKENDS": "jax,keras", "KERAS_BACKEND": "jax"}
    session.run("pytest", "-m", "keras", *session.posargs, env=environment)


@nox.session
def minimums(session: nox.Session) -> None:
    """What depends on them with the lowest versions that pyproject.toml allows."""
    wanted = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["jax"],
        *PROJECT["project"]["optional-dependencies"]["flint"],
        *PROJECT["project"]["optional-dependencies"]["exec"],
    ]
    lowest = [re.sub(r">=", "==", requirement) for requirement in wanted]
    session.install(".[jax,flint,exec]", *lowest, *group("test"))
    environment = {"BPTT_CHECK_BACKENDS": "jax,flint"} | SOME | ONE_THREAD
    session.run("pytest", *WORKERS, *(session.posargs or ELSEWHERE), env=environment)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and formatting."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(venv_backend="none")
def shape(session: nox.Session) -> None:
    """Print the shape of the package in numbers, each with its limit; one beyond it fails."""
    session.run("python3", "tests/support/shape.py", external=True)


@nox.session
def types(session: nox.Session) -> None:
    """Static types of both packages."""
    session.install("-e", ".[all]", TORCH, *group("types"), *group("test"))
    session.run("pyright")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, and test what is in it instead of the checkout."""
    session.install("build", TORCH, *group("test"))
    # not session.create_tmp(): it moves TMPDIR into the checkout, whose settings tests must not see
    target = Path(session.virtualenv.location) / "dist"
    session.run("python", "-m", "build", "--outdir", str(target), silent=True)
    built = max(target.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    session.install("--force-reinstall", "--no-deps", str(built))
    session.install(f"{built}[all]", TORCH)
    # pythonpath would put the checkout in front of the wheel
    settings = ["-o", "pythonpath=tests"]
    wanted = session.posargs or PACKAGED
    session.run(
        "pytest", *WORKERS, *settings, *wanted, env={"PYTHONSAFEPATH": "1"} | SOME | ONE_THREAD
    )


@nox.session
def browser(session: nox.Session) -> None:
    """Open the report's pages in Chromium."""
    session.install("-e", ".[all]", TORCH, *group("browser"))
    session.run("pytest", *WORKERS, "-m", "browser", *session.posargs, env=ONE_THREAD)


@nox.session(venv_backend="none")
def vendor(session: nox.Session) -> None:
    """Fetch the JavaScript libraries of the report again from npm, and check their hashes."""
    folder = Path("bptt_check/report/html/vendor")
    for library in json.loads((folder / "vendored.json").read_text(encoding="utf-8")):
        name = f"{library['package']}@{library['version']}"
        target = session.create_tmp()
        session.run("npm", "pack", name, "--pack-destination", target, external=True, silent=True)
        archive = Path(target) / f"{library['package']}-{library['version']}.tgz"
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != library["integrity"]:
            session.error(f"{name} is not what vendored.json says: its hash is sha512-{digest}")
        with tarfile.open(archive) as packed:
            for file in library["files"]:
                content = packed.extractfile(file["member"]).read()
                if hashlib.sha256(content).hexdigest() != file["sha256"]:
                    session.error(f"{file['member']} of {name} is not what vendored.json says")
                (folder / file["name"]).write_bytes(content)


@nox.session
def screenshots(session: nox.Session) -> None:
    """Take the pictures of the report that README and docs show."""
    session.install(".[torch]", TORCH, *group("browser"))
    session.run("python", "docs/screenshots.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error."""
    session.install("-e", ".", *group("docs"))
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session
def bench(session: nox.Session) -> None:
    """Speed as ratios against peers in one run, and what got worse; `-- --short` takes two minutes.

    All of it takes half an hour on an idle core, and writes docs/performance.md.
    """
    session.install(".[all]", TORCH)
    session.run("python", "-m", "benchmarks.bench", *session.posargs)


@nox.session
def measurements(session: nox.Session) -> None:
    """The measurements behind numbers of other pages: budgets, isolation, the Taylor test."""
    session.install(".[all]", TORCH, *group("measurements"))
    # OpenBLAS settings that some machines force make a current NumPy slower than it is
    environment = {"OPENBLAS_CORETYPE": None, "OPENBLAS_L2_SIZE": None}
    for name in MEASUREMENTS:
        session.run("python", f"benchmarks/{name}.py", env=environment)


@nox.session
def peers(session: nox.Session) -> None:
    """Peers' own fast code against peers' own plain code, and the example in Triton, on the CPU."""
    session.install(".[torch]", TORCH, *group("peers"))
    environment = {"TRITON_INTERPRET": "1", "BPTT_CHECK_BACKENDS": "torch"} | ONE_THREAD
    session.run("pytest", "tests/examples/recurrences/test_triton_decay.py", env=environment)
    session.run("python", "-m", "benchmarks.peers", *session.posargs, env=environment)
