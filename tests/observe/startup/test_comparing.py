"""Variants of a script are held against it, and what an early end would lose is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from wadjet.observe.startup.comparing import compare, why_not_fast


def test_each_variant_is_counted_and_held_against_the_first(tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    plain = "import sys, os\nprint(sys.argv[1:], os.path.basename(__file__), __name__)\n"
    script.write_text(plain)
    texts = {"plain": plain, "more": f"open({str(script)!r}).close()\n{plain}", "other": "print()"}
    rows = compare(str(script), ["word"], ["-I"], texts, turns=1, count=False)
    assert [(each.name, each.is_same) for each in rows] == [
        ("plain", True),
        ("more", True),
        ("other", False),
    ]
    assert rows[0].calls < rows[1].calls
    assert rows[0].ratio == 1
    assert script.read_text() == plain


def test_what_differs_from_run_to_run_is_not_held_against_a_variant(tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    plain = "import os\nprint('by', os.getpid(), 'in all')\n"
    script.write_text(plain)
    texts = {"plain": plain, "same": f"{plain}pass\n", "other": plain.replace("all", "some")}
    texts["more"] = f"{plain}print()\n"
    texts["code"] = f"{plain}raise SystemExit(1)\n"
    rows = compare(str(script), [], [], texts, turns=1, count=False)
    assert [each.name for each in rows if each.is_same] == ["plain", "same"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("print(1)", ""),
        ("import sys\nsys.exit(0)", "SystemExit"),
        ("import atexit\natexit.register(print)", "atexit"),
        ("kept = open('left.txt', 'w')\nkept.write('x')", "left.txt"),
        ("kept = open(__file__)", ""),
        (
            (
                "import threading\nthreading.Thread(target=__import__('time').sleep, args=(9,), "
                "daemon=True).start()"
            ),
            "thread",
        ),
        ("import os\nos._exit(0)", "itself"),
    ],
)
def test_what_speaks_against_an_early_end(tmp_path: Path, text: str, why: str) -> None:
    script = tmp_path / "app.py"
    script.write_text(text)
    text = text.replace("left.txt", str(tmp_path / "left.txt"))
    found = why_not_fast(str(script), [], [], text)
    assert (why in found) if why else not found
