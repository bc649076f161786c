"""Compares programs made by chance with what the passes make of them, until one differs.

`make fuzz` goes on until it is stopped; `make fuzz ARGS='--minutes 5 --seed 7'` does not.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import random
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.console import Console
from tests.compiler.inlining.callers import program as callers
from tests.compiler.programs import program

from wadjet.compiler.catalog import PASSES, SAFE
from wadjet.compiler.folding.unrolling import unrolling
from wadjet.pipeline.equivalence import Outcome, difference, outcome
from wadjet.pipeline.passes import applied

TRACED = (*SAFE, unrolling)
"""Passes after which the same lines are visited: others leave out branches."""


def is_program(text: str) -> bool:
    """Whether the compiler takes it: chance makes assignments to what is not declared."""
    try:
        compile(text, "program", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Difference:
    """A program that does something else by way of the passes."""

    text: str
    said: str


def compared(make: Callable[[int], str], seed: int) -> Difference | None:
    """Return how a program differs, with its lines traced and without."""
    text = make(seed)
    if not is_program(text):
        return None
    said = _traced(text) or difference(text, *PASSES, frames=False)
    return Difference(text, f"{make.__module__}.program({seed}): {said}") if said else None


def _traced(text: str) -> str | None:
    """Return how the lines differ that are visited, or anything else.

    Where a pass has made a test constant, the compiler leaves out the jump, and with it a
    second visit of the line in a row: that much may differ, and only there.
    """
    said = difference(text, *TRACED, trace=True)
    if said and _constant_tests(applied(text, *TRACED)) > _constant_tests(text):
        ours, stock = outcome(text, TRACED, trace=True), outcome(text, trace=True)
        if _in_turn(ours) == _in_turn(stock):
            return None
    return said


def _constant_tests(text: str) -> int:
    """Return how many tests of a text are constants."""
    tests: list[ast.expr] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            tests.append(node.test)
        elif isinstance(node, ast.BoolOp):
            tests += node.values
        elif isinstance(node, ast.comprehension):
            tests += node.ifs
    return sum(isinstance(each, ast.Constant) for each in tests)


def _in_turn(found: Outcome) -> Outcome:
    """Return an outcome with each line once that was visited several times in a row."""
    return replace(found, lines=tuple(line for line, _ in itertools.groupby(found.lines)))


def searched(seed: int, until: float, tell: Callable[[int], None]) -> Difference | None:
    """Return the first difference there is before some time, on the monotonic clock."""
    for number in itertools.count():
        if time.monotonic() > until:
            return None
        tell(number)
        for make in (program, callers):
            if found := compared(make, seed + number):
                return found
    return None


def main() -> int:
    """Search; return 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    args = parser.parse_args()
    console = Console()
    warnings.simplefilter("ignore", SyntaxWarning)  # chance writes much that is odd
    with console.status("") as status:
        found = searched(
            args.seed,
            time.monotonic() + 60 * args.minutes,
            lambda number: status.update(f"{2 * number:,} programs from seed {args.seed}"),
        )
    if found:
        console.print(f"{found.text}\n{found.said}", markup=False, highlight=False)
    else:
        console.print(f"no difference, from seed {args.seed} on")
    return int(found is not None)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        print("no difference until you stopped it")
