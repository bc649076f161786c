"""Small loops over names, with and without the passes on those, in turn.

It prints a line of JSON: for each group and case the ratios of CPU time, that without passes
over that with them. `names.py --rounds 9`
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from textwrap import indent

from turns import Task, ratios

from wadjet.compiler.catalog import chosen
from wadjet.pipeline.code import compiled
from wadjet.pipeline.unit import Pass

_TIMES = 60_000

_FUNCTION = """
count = seed = last = 0
def work(times, n=7, low=0, high=9, text="12", rows=()):
    global count, seed, last
    table = {{}}
    for number in range(times):
{body}
"""
_TYPED = """
def work(times):
    kept = [*range(20)]
    for number in range(times):
{body}
"""
_MODULE = """
count, rows = 0, []
for number in range(TIMES):
{body}
"""

CASES = {
    "builtins": {
        "isinstance(n, (int, str))": "isinstance(n, (int, str))",
        "isinstance(n, (int, float, type(None)))": "isinstance(n, (int, float, type(None)))",
        "isinstance(n, int | str)": "isinstance(n, int | str)",
        "type(n) in (float, int)": "type(n) in (float, int)",
        "except (KeyError, IndexError)": (
            "try:\n    table[n]\nexcept (KeyError, IndexError):\n    pass"
        ),
        "min(n, high)": "min(n, high)",
        "max(low, min(n, high))": "max(low, min(n, high))",
        "int(text, base=10)": "int(text, base=10)",
        "sum(rows, start=1)": "sum(rows, start=1)",
    },
    "globals": {
        "count += 1": "count += 1",
        "seed = seed * 75 % 65537": "seed = seed * 75 % 65537",
        "last = number": "last = number",
    },
    "types": {
        "if len(kept) == 0": "if len(kept) == 0:\n    last = 0",
        "x = number ** 2": "x = number ** 2",
        "for i in range(len(kept)): x = kept[i]": ("for i in range(len(kept)):\n    x = kept[i]"),
    },
    "loops": {
        "count += 1": "count += 1",
        "count += len(rows)": "count += len(rows)",
        "if isinstance(...): append(abs(...))": (
            "if isinstance(number, int):\n    rows.append(abs(number))"
        ),
    },
}
"""By group: those of `loops` stand at a module's own level, others in a function."""


def text(group: str, body: str) -> str:
    """Return the program of a case."""
    frame = {"loops": _MODULE, "types": _TYPED}.get(group, _FUNCTION)
    return frame.format(body=indent(body, "    " * (1 if frame is _MODULE else 2)))


def task(group: str, body: str, passes: tuple[Pass, ...]) -> Task:
    """Return what runs a case by way of passes."""
    code = compiled("case", text(group, body), passes)
    space: dict[str, Callable[[int], object]] = {}
    if group == "loops":
        return lambda: exec(code, {"TIMES": _TIMES})
    exec(code, space)
    return lambda: space["work"](_TIMES)


def main() -> None:
    """Print the ratios of all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    passes = chosen(["all"])
    found = {
        group: {
            name: ratios(task(group, body, ()), task(group, body, passes), rounds)
            for name, body in cases.items()
        }
        for group, cases in CASES.items()
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
