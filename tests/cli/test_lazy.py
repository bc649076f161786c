"""``wadjet lazy`` shows, moves and proves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.profiles import realistic

from wadjet.cli.__main__ import main
from wadjet.errors import OutputError, SourceError, UsageError
from wadjet.model import store

APP = "import csv\nimport decimal\n\n\ndef rows(file):\n    return csv.reader(file)\n\n\n"
APP += "def one():\n    return decimal.Decimal(1)\n"
TEST = "import app; assert app.one() == 1; assert hasattr(app, 'decimal')"


@pytest.fixture(autouse=True)
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "other.py").write_text("print('other')\n")
    assert main(["startup", "-q", "--no-syscalls", "app.py"]) == 0
    return tmp_path / "app.py"


def test_nothing_is_written_unless_asked(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lazy", "app.wadjet", "--least", "0"]) == 0
    assert app.read_text() == APP
    shown = capsys.readouterr().out
    assert "+    import csv\n" in shown
    assert "-import decimal\n" in shown


def test_what_costs_little_is_left(app: Path) -> None:
    assert main(["lazy", "app.wadjet", "--least", "101"]) == 1
    assert app.read_text() == APP


def test_imports_are_moved(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lazy", "app.wadjet", "--least", "0", "--apply"]) == 0
    assert capsys.readouterr().out == "2 deferred\n"
    assert app.read_text().startswith("\n\ndef rows(file):\n    import csv\n")


def test_what_is_relied_on_stays(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    test = f'{sys.executable} -B -c "{TEST}"'
    assert main(["lazy", "app.wadjet", "--least", "0", "--apply", "--test", test]) == 0
    captured = capsys.readouterr()
    assert captured.out == "1 deferred\n"
    told = {line.partition(" (")[0] for line in captured.err.splitlines()}
    assert told == {
        f"wadjet: left: the tests fail without it: {app}:2 import decimal",
        f"wadjet: deferred: {app}:1 import csv",
    }
    assert app.read_text().startswith("import decimal\n")


def test_lazy_imports_are_marked(app: Path) -> None:
    assert main(["lazy", "app.wadjet", "--least", "0", "--apply", "--keyword"]) == 0
    assert app.read_text() == APP.replace("import", "lazy import")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["app.wadjet", "--test", "true"], "--apply"),
        (["app.wadjet", "--apply", "--test", "false"], "fails already"),
        (["app.wadjet", "--apply", "--test", "./nowhere"], "cannot run"),
    ],
)
def test_what_cannot_be_done_is_said(
    words: list[str], said: str, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lazy", *words]) == 64
    assert said in capsys.readouterr().err
    assert app.read_text() == APP


def test_a_recording_of_something_else_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    store.save(realistic(), Path("other.wadjet"))
    assert main(["lazy", "other.wadjet"]) == 65
    assert "is not of a start" in capsys.readouterr().err


def test_names_that_other_files_import_from_here_stay(app: Path) -> None:
    Path("main.py").write_text("from app import csv\nimport app\n")
    assert main(["startup", "-q", "--no-syscalls", "main.py"]) == 0
    assert main(["lazy", "main.wadjet", "--apply", "--least", "0.1"]) == 0
    assert app.read_text().startswith("import csv\n\n\ndef rows")


SHOP = "import csv\ndef rows(file): return csv.reader(file)\n"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A program that loads more than it needs, and the recording of its start."""
    (tmp_path / "shop.py").write_text(SHOP)
    text = "import shop, sys\nprint(shop.__name__, 'csv' in sys.modules, file=sys.stderr)\n"
    (tmp_path / "till.py").write_text(text.replace("'csv' in sys.modules", "1"))
    assert main(["startup", "-q", "--no-syscalls", "till.py"]) == 0
    return tmp_path / "till.wadjet"


def test_a_list_is_written_of_what_can_wait(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lazy", str(recorded), "--hook", "till.toml"]) == 0
    assert "1 import can wait: till.toml" in capsys.readouterr().out
    text = Path("till.toml").read_text()
    assert "Proved with: python till.py" in text
    assert "import csv" in text
    assert Path("shop.py").read_text() == SHOP
    assert main(["lazy", str(recorded), "--hook", "till.toml"]) == OutputError.exit_code
    assert main(["lazy", str(recorded), "--hook", "till.toml", "--overwrite"]) == 0


@pytest.mark.slow
def test_what_must_not_wait_is_not_listed(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = f"{sys.executable} -c \"import shop, sys; sys.exit('csv' not in sys.modules)\""
    main(["lazy", str(recorded), "--hook", "till.toml", "--test", test])
    assert "left: shop: import csv: not the same without" in capsys.readouterr().err
    assert not Path("till.toml").exists() or '"shop"' not in Path("till.toml").read_text()


@pytest.mark.parametrize("words", [["--apply"], ["--keyword"], ["--test", "false"]])
def test_what_cannot_be_proved_is_refused(recorded: Path, words: list[str]) -> None:
    assert main(["lazy", str(recorded), "--hook", "till.toml", *words]) == UsageError.exit_code


@pytest.mark.slow
def test_a_recorded_run_takes_the_list(recorded: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["lazy", str(recorded), "--hook", "till.toml"]) == 0
    Path("till.py").write_text("import shop, sys\nprint('csv' in sys.modules)\n")
    for kept in Path("__pycache__").glob("till.toml.*"):
        kept.unlink()  # as on another machine
    assert main(["run", "-q", "--lazy", "till.toml", "till.py"]) == 0
    assert "False" in capfd.readouterr().out
    assert main(["run", "-q", "--lazy", "none.toml", "till.py"]) == SourceError.exit_code
