"""A recording keeps the sources that people will look at, and stays small."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest
from tests.observe.sampling.runs import recorded, written

from wadjet.model.profile import Function, Samples
from wadjet.observe.sampling import sources
from wadjet.observe.sampling.sources import Costs, worth_keeping


def test_native_code_costs_whoever_called_it() -> None:
    functions = [Function("main", "app.py", 1), Function("dumps", "lib.so", 0, "native")]
    costs = Costs(2)
    costs.add_nodes(array("i", [-1, 0]), array("i", [0, 1]))
    column, zeros = array("i", [0, 1, -1]), array("q", [0, 0, 0])
    samples = Samples(zeros, column, column, column, column, (array("q", [1, 2, 1]), zeros))
    costs.add_samples(samples)
    costs.add_nodes(array("i", [-1]), array("i", [1]))  # native code that nobody called
    assert costs.by_file(functions, array("i", [0, 1])) == {"app.py": 1}


def test_the_costliest_files_of_libraries_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "lib" / "python3.11"
    names = ["cold.py", "hot.py", "warm.py"]
    files = [written(folder, "x" * 400, name) for name in names]
    own = written(tmp_path, "y" * 2000, "app.py")
    monkeypatch.setattr(sources, "LIBRARY_ROOM", 1000)
    kept = worth_keeping({own, *files}, {files[1]: 0.5, files[2]: 0.1})
    assert [Path(file).name for file in kept] == ["app.py", "hot.py", "warm.py"]


def test_the_source_of_a_library_that_the_program_is_busy_with_is_kept(tmp_path: Path) -> None:
    program = "import json\nfor _ in range(60): json.dumps([1.5] * 4000, indent=1)"
    kept = recorded(["-c", program], folder=tmp_path).profile.sources
    assert any(file.endswith("json/encoder.py") for file in kept)
