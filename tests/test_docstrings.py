"""The examples in docstrings are run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import sys

import pytest

import wadjet

NO_MODULES = (
    "__main__",
    "boot",
    "documented",
    "gdb_side",
    "lldb_side",
    "optimized",
    "randomness",
    "reads",
    "starting",
    "trial",
    "wadjet_memory",
    "wadjet_snapshot",
    "wadjet_startup",
    "waking",
)
"""What runs a program or in a debugger, is or needs what is loaded before one, or changes how this
process imports."""

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules() -> list[str]:
    """Every module of the package that can be imported without an optional extra."""
    found = pkgutil.walk_packages(wadjet.__path__, "wadjet.")
    return [each.name for each in found if each.name.rpartition(".")[2] not in NO_MODULES]


@pytest.mark.parametrize("module", modules())
def test_the_examples_of_the_module_are_true(module: str) -> None:
    importlib.import_module(module)
    assert doctest.testmod(sys.modules[module], optionflags=FLAGS).failed == 0
