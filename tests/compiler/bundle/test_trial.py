"""What a program does decides which imports can wait."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadjet.compiler.bundle.trial import Program, Trial, sifted

SHOP = "import csv, colorsys\nimport seen\ndef f(): return csv, colorsys, seen\n"


def program(folder: Path, app: str, test: Sequence[str] = (), **files: str) -> Program:
    """Write a program, which is as though it had been recorded."""
    paths = {"__main__": folder / "app.py", **{name: folder / f"{name}.py" for name in files}}
    for name, text in {"__main__": app, **files}.items():
        paths[name].write_text(text)
    (folder / "trial").mkdir()
    known = {name: str(path) for name, path in paths.items()}
    return Program((), (known["__main__"],), tuple(test), known, folder / "trial")


def texts(found: Sequence[object]) -> list[str]:
    return [each.text for each in found]  # type: ignore[attr-defined]


def test_what_is_relied_on_does_not_wait(tmp_path: Path) -> None:
    app = "import sys, shop\nprint('seen' in sys.modules)\n"
    made = program(tmp_path, app, shop=SHOP, seen="")
    trial = Trial(made)
    kept, left = trial.prove(made.choices())
    assert texts(kept) == ["import csv", "import colorsys"]
    assert texts(left) == ["import seen"]
    assert {"csv", "colorsys"} <= trial.before - trial.loaded


def test_what_is_used_anyway_is_not_listed(tmp_path: Path) -> None:
    made = program(tmp_path, "import shop\nshop.f()\n", shop=SHOP, seen="")
    assert Trial(made).prove(made.choices()) == ([], [])


def test_the_tests_have_a_say(tmp_path: Path) -> None:
    code = "import sys, shop; sys.exit('csv' not in sys.modules)"
    (tmp_path / "code.py").write_text(code)
    test = (sys.executable, str(tmp_path / "code.py"))
    made = program(tmp_path, "import shop\n", test, shop=SHOP, seen="")
    trial = Trial(made)
    assert not trial.fails
    assert texts(trial.prove(made.choices())[1]) == ["import csv"]


def test_tests_that_fail_without_us_are_told(tmp_path: Path) -> None:
    assert Trial(program(tmp_path, "", ("false",))).fails


def test_what_differs_between_runs_may_differ(tmp_path: Path) -> None:
    app = "import shop, time\nprint(time.time_ns())\nprint('done')\n"
    made = program(tmp_path, app, shop=SHOP, seen="")
    assert len(Trial(made).prove(made.choices())[0]) == 3


def test_a_module_whose_names_are_taken_by_star_is_left_alone(tmp_path: Path) -> None:
    made = program(tmp_path, "from shop import *\nprint(f())\n", shop=SHOP, seen="")
    assert not [each for each in made.choices() if each.module == "shop"]


@given(st.sets(st.integers(0, 40)), st.integers(0, 40))
def test_no_more_are_left_out_than_break_it(broken: set[int], size: int) -> None:
    runs = 0

    def holds(chosen: Sequence[int]) -> bool:
        nonlocal runs
        runs += 1
        return not broken.intersection(chosen)

    kept, left = sifted(range(size), holds)
    assert kept == [each for each in range(size) if each not in broken]
    assert left == [each for each in range(size) if each in broken]
    assert runs <= 1 + len(left) * 2 * max(size.bit_length(), 1)


@pytest.mark.parametrize("pair", [(1, 2), (0, 7), (6, 7)])
def test_of_two_that_break_it_together_one_waits(pair: tuple[int, int]) -> None:
    kept, left = sifted(range(8), lambda chosen: not set(pair) <= set(chosen))
    assert len(left) == 1
    assert sorted([*kept, *left]) == list(range(8))
