"""``wadjet startup`` shows what a start costs, and holds it to a budget."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wadjet.cli.__main__ import main
from wadjet.errors import NoInputError, OutputError, UsageError
from wadjet.model import store
from wadjet.model.startup import PHASES, modules, phases, whole


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # no shim is run
    return tmp_path


def test_a_start_is_shown_and_kept(capfd: pytest.CaptureFixture[str]) -> None:
    Path("app.py").write_text("import json, sys\nprint(sys.argv[1:])")
    assert main(["startup", "app.py", "--flag"]) == 0
    captured = capfd.readouterr()
    assert captured.out == "['--flag']\n" * 2
    for word in (*PHASES, "json", "system calls", "read"):
        assert word in captured.err
    profile = store.load(Path("app.wadjet"))
    assert [each.name for each in phases(profile)] == [*PHASES]
    assert "json" in {each.name for each in modules(profile)}


def test_a_module_can_be_started(capfd: pytest.CaptureFixture[str]) -> None:
    Path("shop.py").write_text("print(__name__)")
    assert main(["startup", "-q", "--no-syscalls", "-m", "shop"]) == 0
    assert capfd.readouterr().out == "__main__\n"
    assert whole(store.load(Path("shop.wadjet"))).calls == 0


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("1 us", "The start took"),
        ("60 s, 3 syscalls", "system calls, "),
        ("1 B", "The start read"),
    ],
)
def test_a_budget_that_is_exceeded_fails(
    budget: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["startup", "-q", "--budget", budget, "-c", "import json"]) == 1
    [line] = capfd.readouterr().err.splitlines()
    assert said in line
    assert "of the budget: `json` " in line


def test_a_budget_that_is_kept_passes(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["startup", "-q", "--budget", "100 s, 99999 calls, 9 GiB", "-c", "pass"]) == 0
    assert capfd.readouterr().err == ""


def test_of_several_runs_the_middle_one_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    Path("app.py").write_text("open('count', 'a').write('x')")
    assert main(["startup", "--no-syscalls", "--runs", "3", "app.py"]) == 0
    assert Path("count").read_text() == "xxx"
    assert "of 3 runs the one with the median time" in capfd.readouterr().err


def test_the_exit_code_is_the_program_s() -> None:
    assert main(["startup", "-q", "-c", "raise SystemExit(7)"]) == 7
    assert main(["startup", "-q", "--overwrite", "-c", "import os; os.kill(os.getpid(), 9)"]) == 137


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["--budget", "much", "-c", "pass"], UsageError, "'much'"),
        (["--budget", "", "-c", "pass"], UsageError, "empty"),
        (["--budget", "1 s, 2 s", "-c", "pass"], UsageError, "two limits of one kind"),
        (["--no-syscalls", "--budget", "9 calls", "-c", "pass"], UsageError, "--no-syscalls"),
        (["--runs", "0", "-c", "pass"], UsageError, "--runs 0"),
        (["nowhere.py"], NoInputError, "nowhere.py"),
        ([], UsageError, "nothing to run"),
        (["-o", "old.wadjet", "-c", "print(1)"], OutputError, "old.wadjet exists"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_runs(
    words: list[str],
    error: type[UsageError | NoInputError | OutputError],
    said: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    Path("old.wadjet").write_text("")
    assert main(["startup", *words]) == error.exit_code
    captured = capfd.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert captured.err.count("\n") == 1


def test_a_start_can_be_drawn_converted_and_compared(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["startup", "-q", "-o", "a.wadjet", "-c", "import json"]) == 0
    assert main(["startup", "-q", "-o", "b.wadjet", "-c", "pass"]) == 0
    assert main(["report", "a.wadjet", "-o", "a.html"]) == 0
    assert Path("a.html").stat().st_size > 10_000
    assert main(["export", "a.wadjet", "--to", "speedscope", "-o", "a.json"]) == 0
    assert json.loads(Path("a.json").read_text())["profiles"]
    capfd.readouterr()
    assert main(["diff", "a.wadjet", "b.wadjet"]) == 0
    assert "json" in capfd.readouterr().out


def test_imports_that_the_run_did_not_use(capfd: pytest.CaptureFixture[str]) -> None:
    Path("shop.py").write_text("import csv\ndef rows(file): return csv.reader(file)\n")
    Path("app.py").write_text("import shop\nprint(shop)\n")
    assert main(["startup", "--no-syscalls", "--unused", "app.py"]) == 0
    about = store.load(Path("app.wadjet")).about
    assert about["unused"] == [["shop", "import csv", ["csv"]]]


def test_a_program_that_is_not_the_same_with_waiting_imports(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Path("shop.py").write_text("import csv\ndef rows(file): return csv.reader(file)\n")
    Path("app.py").write_text("import shop, sys\nprint('csv' in sys.modules)\n")
    assert main(["startup", "--no-syscalls", "--unused", "app.py"]) == 0
    assert "which were not used is not known" in capfd.readouterr().err
    assert store.load(Path("app.wadjet")).about["unused"] == []
