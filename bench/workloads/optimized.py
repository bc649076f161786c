"""Runs a program of pyperformance with and without passes, in turn: `optimized.py NAME PASSES`.

It prints a line of JSON: for each benchmark in the program the ratios of CPU time, that without
passes over that with them. The program finds this in the place of pyperf.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

from turns import Task, ratios

from wadjet.compiler.catalog import chosen
from wadjet.pipeline.code import compiled
from wadjet.pipeline.unit import Pass


class Runner:
    """What a program gives its benchmarks to, which are only kept here."""

    tasks: dict[str, Task]

    def __init__(self, **_: object) -> None:
        self.metadata: dict[str, object] = {}
        self.argparser = argparse.ArgumentParser()
        Runner.tasks = {}

    def parse_args(self) -> argparse.Namespace:
        """Return the defaults."""
        return self.argparser.parse_args([])

    def bench_func(self, name: str, task: Callable[..., object], *args: object) -> None:
        """Keep a function that works once."""
        Runner.tasks[name] = lambda: task(*args)

    def bench_time_func(self, name: str, task: Callable[..., object], *args: object) -> None:
        """Keep a function that is told how often to work."""
        Runner.tasks[name] = lambda: task(1, *args)


def tasks(path: Path, passes: tuple[Pass, ...]) -> dict[str, Task]:
    """Run a program's own level by way of passes, and return the benchmarks in it."""
    stand_in = types.ModuleType("pyperf")
    vars(stand_in).update(Runner=Runner, perf_counter=time.perf_counter)
    sys.modules["pyperf"] = stand_in
    space = {"__name__": "__main__", "__file__": str(path), "__builtins__": __builtins__}
    exec(compiled(str(path), path.read_bytes(), passes), space)
    return Runner.tasks


def main() -> None:
    """Print the ratios of the program that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path, help="a run_benchmark.py")
    parser.add_argument("passes")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    stock = tasks(args.program, ())
    ours = tasks(args.program, chosen(args.passes.split(",")))
    print(json.dumps({name: ratios(stock[name], ours[name], args.rounds) for name in stock}))


if __name__ == "__main__":
    main()
