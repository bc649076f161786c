"""CPython's own tests have the same results from a launcher as by plain python."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.compiler.bundle.programs import environment

from wadjet.compiler.bundle.launcher.building import Plan, build

FILES = ("test_json", "test_math", "test_struct", "test_weakref")


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("test.test_json"), reason="CPython's tests are not installed")
def test_cpythons_own_tests(tmp_path: Path) -> None:
    made = tmp_path / "tests"
    made.write_bytes(build(Plan(None, "test")).data)
    made.chmod(0o755)
    results = [
        subprocess.run(
            [*command, *FILES],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        for command in ([str(made)], [sys.executable, "-m", "test"])
    ]
    counts = [re.findall(r"^Total tests: .*", each.stdout, re.MULTILINE) for each in results]
    assert results[0].returncode == results[1].returncode == 0
    assert counts[0] == counts[1]
