"""How a command reads its words."""

from __future__ import annotations

import pytest

from wadjet.cli.parser import parser
from wadjet.cli.table import COMMANDS

RUN = next(each for each in COMMANDS if each.name == "run")


@pytest.mark.parametrize(
    ("words", "optimize", "passes", "program"),
    [
        (["-O", "a.py"], True, None, ["a.py"]),
        (["-Osafe", "a.py"], False, "safe", ["a.py"]),
        (["-Oall,-flags", "a.py", "-Osafe"], False, "all,-flags", ["a.py", "-Osafe"]),
        (["a.py", "-O", "-Ofast"], False, None, ["a.py", "-O", "-Ofast"]),
        (["--python", "-O -u", "-O", "a.py"], True, None, ["a.py"]),
    ],
)
def test_a_flag_may_have_its_value_attached(
    words: list[str], optimize: bool, passes: str | None, program: list[str]
) -> None:
    args = parser(RUN).read(words)
    assert (args.optimize, args.passes) == (optimize, passes)
    assert args.script == program
