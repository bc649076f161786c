"""``wadjet startup --fix`` touches nothing unless asked, and takes back what it did."""

from __future__ import annotations

from pathlib import Path

import pytest

from wadjet.cli.__main__ import main
from wadjet.errors import UsageError
from wadjet.observe.startup import comparing, installation
from wadjet.observe.startup.comparing import Measured

APP = "import json\nprint(json.dumps(1))\n"
GAIN = 0.5


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script, and site-packages with a line that leads nowhere; all treatments gain."""

    def compare(script: str, *rest: object, **options: object) -> list[Measured]:
        texts = rest[2]
        assert isinstance(texts, dict)
        ratios = [1.0, *(GAIN / number for number in range(1, len(texts)))]
        return [
            Measured(name, 9, None, 1e6, ratio, is_same=True)
            for name, ratio in zip(texts, ratios, strict=True)
        ]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(comparing, "compare", compare)
    site = tmp_path / "site-packages"
    site.mkdir()
    (site / "old.pth").write_text("/not/there\n.\n")
    monkeypatch.setattr(installation, "site_folders", lambda: [site])
    Path("app.py").write_text(APP)
    return tmp_path


def texts() -> tuple[str, str]:
    return Path("app.py").read_text(), Path("site-packages/old.pth").read_text()


def test_nothing_is_touched_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    before = texts()
    assert main(["startup", "--fix", "app.py"]) == 0
    assert texts() == before
    shown = capsys.readouterr().out
    assert "+        else: os._exit(0)" in shown
    assert "+# wadjet startup --fix: /not/there" in shown
    assert "both" in shown


def test_what_is_applied_is_taken_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = texts()
    assert main(["startup", "--fix", "--apply", "app.py"]) == 0
    script, paths = texts()
    assert "gc" in script
    assert "_exit" in script
    assert paths == "# wadjet startup --fix: /not/there\n# wadjet startup --fix: .\n"
    assert main(["startup", "--fix", "app.py"]) == UsageError.exit_code
    assert "has been treated" in capsys.readouterr().err
    assert main(["startup", "--undo", "app.py"]) == 0
    assert texts() == before
    assert main(["startup", "--undo", "app.py"]) == 1


def test_what_is_not_the_same_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("site-packages/old.pth").unlink()
    rows = [Measured("as it is", 9, 5, 1e6, 1, is_same=True)]
    rows.append(Measured("fast exit", 9, 4, 1e6, GAIN, is_same=False))
    monkeypatch.setattr(comparing, "compare", lambda *rest, **options: rows)
    assert main(["startup", "--fix", "--apply", "app.py"]) == 1
    assert Path("app.py").read_text() == APP
    assert "fast exit: not the same" in capsys.readouterr().out


def test_what_cannot_be_treated_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("app.py").write_text("import gc, sys\nsys.exit()\n")
    main(["startup", "--fix", "app.py"])
    shown = capsys.readouterr().out
    assert "collector off while importing: no: " in shown
    assert "fast exit: no: the script ends by SystemExit" in shown
