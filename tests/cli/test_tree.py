"""``wadjet tree``: nodes and their byte code, side by side."""

from __future__ import annotations

import io
import json
from pathlib import Path
from unittest.mock import patch

import pytest
from rich.console import Console

from wadjet import tree
from wadjet.cli.__main__ import main
from wadjet.errors import SourceError, UsageError
from wadjet.render.text import bytecode

CODE = """\
class Shop:
    def total(self, orders):
        return len(orders) * (1 - 2 ** -1)
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    path = tmp_path / "shop.py"
    path.write_text(CODE)
    return path


@pytest.mark.usefixtures("shop")
def test_an_instruction_stands_beside_its_node(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tree", "shop.py", "--function", "Shop.total"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "Shop.total"
    [line] = [each for each in out.splitlines() if "Name len builtin" in each]
    assert "LOAD_GLOBAL" in line
    assert all(len(each) <= 100 for each in out.splitlines())
    assert "Module" not in out


def test_in_a_terminal_each_thing_has_its_own_colour() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="standard", width=100)
    with patch("wadjet.render.text.bytecode.terminal", return_value=console):
        bytecode.show(tree.parse("total = len(a)\n").listing(), out)
    [line] = [each for each in out.getvalue().splitlines() if "builtin" in each]
    assert "\x1b[36m builtin\x1b[0m" in line
    assert "\x1b[1mName\x1b[0m len" in line


@pytest.mark.usefixtures("shop")
def test_without_a_function_all_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tree", "shop.py"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [each for each in lines if each and each[0] != " "] == ["<module>", "Shop", "Shop.total"]


@pytest.mark.usefixtures("shop")
def test_what_passes_make_of_it_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tree", "shop.py", "-O", "safe"]) == 0
    assert "Constant 0.5" in capsys.readouterr().out


@pytest.mark.usefixtures("shop")
def test_json_has_a_line_for_each_node(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tree", "shop.py", "--json"]) == 0
    facts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [call] = [each for each in facts if each["node"] == "Call"]
    assert (call["code"], call["line"], call["column"], call["end_column"]) == (
        "Shop.total", 3, 15, 26,
    )  # fmt: skip
    assert "CALL" in [each["name"] for each in call["instructions"]]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["gone.py"], SourceError.exit_code, "cannot read gone.py"),
        (["shop.py", "--function", "x"], UsageError.exit_code, "there are Shop, Shop.total"),
    ],
)
def test_what_is_not_there_is_named(
    words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tree", *words]) == code
    assert message in capsys.readouterr().err
