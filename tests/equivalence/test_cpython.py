"""CPython's own tests, imported and run by way of the safe passes: the same comes of each.

All that a test file imports goes through the passes too, unless it was there before. What
differs and may is in ``known.toml``, each with its reason.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
RUNNER = (sys.executable, str(HERE / "runner.py"))
KNOWN: dict[str, list[str]] = tomllib.loads((HERE / "known.toml").read_text())
"""Patterns of tests, by the reason why they differ."""
_NAMES = """
    test_argparse test_array test_ast test_bigmem test_binop test_bool test_bytes test_call
    test_class test_code test_codecs test_collections test_compare test_compile test_complex
    test_configparser test_contextlib test_copy test_coroutines test_csv test_dataclasses
    test_datetime test_decorators test_defaultdict test_descr test_dict test_difflib test_dis
    test_doctest test_dynamic test_enum test_exceptions test_extcall test_float test_format
    test_fractions test_frozen test_fstring test_functools test_future test_generators
    test_genexps test_global test_grammar test_html test_inspect test_int test_iter
    test_itertools test_keywordonlyarg test_linecache test_list test_listcomps test_long
    test_math test_module test_modulefinder test_named_expressions test_opcodes test_operator
    test_ordered_dict test_patma test_pickle test_pkg test_pkgutil test_positional_only_arg
    test_pprint test_py_compile test_raise test_re test_runpy test_scope test_set test_slice
    test_sort test_statistics test_str test_string test_struct test_super test_symtable
    test_syntax test_sys test_sys_settrace test_textwrap test_threadedtempfile test_tokenize
    test_trace test_traceback test_tuple test_types test_typing test_unicode test_unpack
    test_userdict test_weakref test_with test_yield_from test_zipfile test_zipimport
    test_import test_importlib
"""
FILES = _NAMES.split()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("test.support") is None,
        reason="this Python came without its tests",
    ),
]


IMPORTING = """
    test_import test_importlib test_pkgutil test_runpy test_zipimport test_modulefinder test_module
    test_threadedtempfile test_pkg test_frozen test_py_compile
"""


def is_known(test: str) -> bool:
    """Whether a test may differ, for a reason that is written down."""
    patterns = (each for reason in KNOWN.values() for each in reason)
    return any(fnmatchcase(test, each) for each in patterns)


def environment(folder: Path) -> dict[str, str]:
    """Return the variables that tests run with, which write what they compile below a folder."""
    return {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(folder / "cache"),
        "PYTHONWARNINGS": "ignore",
    }


def came(
    way: str, name: str, folder: Path, passes: str = "safe", runner: Sequence[str] = RUNNER
) -> dict[str, Any]:
    """Return what came of each test of a file, run in a process of its own."""
    told = folder / f"{way}.json"
    told.unlink(missing_ok=True)
    done = subprocess.run(
        [*runner, way, passes, f"test.{name}"],
        env={**environment(folder.parent), "WADJET_OUTCOMES": str(told)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert not done.stderr.startswith(b"wadjet: cold start")
    found: dict[str, Any] = json.loads(told.read_text())
    return found


@pytest.mark.parametrize("name", FILES)
def test_the_same_comes_of_each_test(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(f"test.{name}") is None:
        pytest.skip("this Python has no such tests")
    stock, ours = came("stock", name, tmp_path), came("importer", name, tmp_path)
    assert ours["failures"] == []
    before, after = stock["came"], ours["came"]
    differ = {
        test: (before.get(test), after.get(test))
        for test in {*before, *after}
        if before.get(test) != after.get(test) and not is_known(test)
    }
    assert not differ, ours["log"]


@pytest.mark.parametrize("name", IMPORTING.split())
def test_without_passes_nothing_about_importing_differs(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(f"test.{name}") is None:
        pytest.skip("this Python has no such tests")
    stock, ours = came("stock", name, tmp_path), came("importer", name, tmp_path, "")
    assert stock["came"] == ours["came"], ours["log"]
