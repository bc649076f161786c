"""Functions that are made by ``exec``, run for a moment and die, one after another.

    python bench/workloads/reuse.py [--functions 100] [--milliseconds 30] [--report FILE]

The next function's code takes the memory of the last one's. A profiler that knows code by
its address gives the time of one to another.
"""

from __future__ import annotations

import time

import meter

SOURCE = """
def {name}(clock, end):
    total = 0
    while clock() < end:
        for number in range(1_000):
            total += number
    return total
"""


def make_and_run(name: str, seconds: float) -> float:
    """Make a function of that name, let it run, and return the CPU time it used in s."""
    space: dict[str, object] = {}
    exec(compile(SOURCE.format(name=name), "<made>", "exec"), space)
    function = space[name]
    assert callable(function)
    before = time.thread_time()
    function(time.thread_time, before + seconds)
    return time.thread_time() - before


def main() -> None:
    parser = meter.arguments(__doc__)
    parser.add_argument("--functions", type=int, default=100)
    parser.add_argument("--milliseconds", type=float, default=30)
    args = parser.parse_args()
    names = [f"made_{number:03d}" for number in range(args.functions)]
    with meter.measured(args.report) as facts:
        used = {name: make_and_run(name, args.milliseconds / 1e3) for name in names}
        facts |= {"cpu_of": used, "owners": {name: name for name in names}}


if __name__ == "__main__":
    main()
