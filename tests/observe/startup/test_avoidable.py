"""Each rule has something to say of what is avoidable, and nothing of its harmless twin."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wadjet.model.imports import STAGE
from wadjet.model.profile import Builder, Fact, Profile
from wadjet.model.startup import METRICS
from wadjet.observe.startup.diagnosis import diagnose

MS = 10**6


def start(time: int = 9, source: str = "", **about: Fact) -> Profile:
    """Return a start in which the script imports ``shop``, which imports ``csv``."""
    stack = [f"program {STAGE}:0", "shop shop.py:0"]
    made = Builder(METRICS).sample(stack, start=time * MS, syscalls=400)
    made.sample([*stack, "csv csv.py:0"], start=time * MS)
    return replace(made.build(**about), sources={"shop.py": source})


def rules(profile: Profile) -> set[str]:
    return {each.rule for each in diagnose(profile)} - {"start-import"}


def test_a_shim_that_costs_little_is_left_alone() -> None:
    assert rules(start(shim=["/x/python", 9054])) == {"start-shim"}
    assert rules(start(shim=["/x/python", 20])) == set()
    assert rules(start()) == set()


def test_paths_that_are_there_once_are_left_alone() -> None:
    found: list[Fact] = [["a.pth", 1, "/gone", "missing"], ["", 2, "/twice", "double"]]
    assert len([each for each in diagnose(start(path=found)) if each.rule == "start-path"]) == 2
    assert rules(start(path=[])) == set()


@pytest.mark.parametrize(
    ("module", "loads", "time", "found"),
    [
        ("shop", ["csv"], 9, True),
        ("shop", ["csv"], 1, False),  # costs next to nothing
        ("other", ["csv"], 9, False),  # was not the first to ask
        ("shop", ["json"], 9, False),
    ],
)
def test_unused_imports_count_where_they_cost(
    module: str, loads: list[Fact], time: int, found: bool
) -> None:
    profile = start(time, unused=[[module, "import csv", loads]])
    assert ("start-unused" in rules(profile)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import re\n" + "a = re.compile('a')\n" * 10, True),
        ("import re\n" + "a = re.compile('a')\n" * 9, False),
        ("import re\ndef f():\n" + "    re.compile('a')\n" * 10, False),
        ("class A:\n    x = [" + "1, " * 1000 + "a]", True),
        ("x = lambda: [" + "1, " * 1000 + "a]", False),
        ("x = {" + ", ".join(f"{n}: a" for n in range(1000)) + "}", True),
        ("x = {" + ", ".join(f"{n}: a" for n in range(999)) + "}", False),
        ("x = (", False),
    ],
)
def test_what_is_built_at_once_counts_where_it_is_much(text: str, found: bool) -> None:
    assert ("start-built" in rules(start(source=text))) == found
    assert "start-built" not in rules(start(1, source=text))
