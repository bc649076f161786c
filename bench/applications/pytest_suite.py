"""pytest, running a small suite of its own, of which one test fails."""

import sys
import tempfile
from pathlib import Path

import pytest

SUITE = """
import pytest


@pytest.fixture
def stock():
    return {"lamp": 2}


@pytest.mark.parametrize("item", ["lamp", "chair"])
def test_is_in_stock(stock, item):
    assert stock[item] == 2


def test_is_written(tmp_path, capsys):
    (tmp_path / "a").write_text("b")
    print("written")
    assert capsys.readouterr().out == "written\\n"
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_stock.py").write_text(SUITE)
        options = ["-q", "-p", "no:cacheprovider", f"--rootdir={folder}", "--import-mode=importlib"]
        return int(pytest.main([*options, f"--basetemp={folder}/made", folder]))


if __name__ == "__main__":
    if sys.argv[1:]:
        from probes import run

        sys.exit(run(sys.argv[1:]))
    sys.exit(main())
