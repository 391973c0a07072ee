"""What has a name in a module is found by it; what a new process would not find is not offered."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import bptt_reference
import numpy as np
import pytest

import bptt_check as bc
from bptt_check.subjects import load
from bptt_check.subjects.origin.addresses import address_found, import_name

SOURCE = """
class Net:
    def __call__(self, case): ...
    def method(self, case): ...
    @classmethod
    def of_class(cls, case): ...

def function(case): ...

made = Net()
_private = zz = made
if __name__ == "__main__":
    only_as_a_script = Net()

def later():
    global bound_later
    bound_later = Net()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A file beside which one stands, imported."""
    (tmp_path / "kernels.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location("kernels", tmp_path / "kernels.py")
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "kernels", made)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize(
    ("pick", "address"),
    [
        (lambda m: m.function, "kernels.py:function"),
        (lambda m: m.made, "kernels.py:made"),
        (lambda m: m.made.method, "kernels.py:made.method"),
        (lambda m: m.Net, "kernels.py:Net"),
        (lambda m: m.Net.of_class, "kernels.py:Net.of_class"),
    ],
)
def test_what_a_file_binds_is_found_there(module, pick, address):
    """And the command line, given that, gets the same kind of thing."""
    value = pick(module)

    assert address_found(value) == address
    assert type(load(address)).__name__ == type(value).__name__


def test_what_an_import_does_not_bind_is_not_offered(module):
    """A name that only a script has, one that a call bound, and an object without a name."""
    module.only_as_a_script = module.Net()
    module.later()

    assert address_found(module.only_as_a_script) == ""
    assert address_found(module.bound_later) == ""
    assert address_found(module.Net()) == ""
    assert address_found(module.Net().method) == ""


def test_what_an_installed_module_binds_is_found_by_its_name():
    """Also under another name than that of its definition."""
    assert address_found(bptt_reference.loss_and_grads).endswith(":loss_and_grads")
    assert address_found(bc.conventions.pytorch).startswith("bptt_check.conventions")
    assert import_name(np.linalg) == "numpy.linalg"
    assert import_name(sys) == "sys"


def test_a_module_outside_of_every_path_is_no_name(tmp_path, monkeypatch):
    """Its file is, relative to where one stands."""
    (tmp_path / "elsewhere.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    found: Any = __import__("elsewhere")

    assert import_name(found) == ""
    assert address_found(found.function).endswith("/elsewhere.py:function")
    assert address_found(found.function).startswith("../")


def test_foreign_objects_do_no_harm():
    """Whatever they answer when they are asked for their names."""
    odd = SimpleNamespace(__module__=7, __qualname__=None)

    assert address_found(odd) == ""
