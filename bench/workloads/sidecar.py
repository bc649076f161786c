"""How long it takes to give psycopg2 signatures that were found before; prints microseconds.

Each round is a call of what the import hook calls. Then a method's call is timed, before and
after: the signature must not make it slower.
"""

from __future__ import annotations

import json
import sys
import time
import timeit
from importlib import import_module
from pathlib import Path

ROUNDS = 200


def main(cache: str) -> None:
    """Print the time of each round for 100 callables, and the ratios of calls."""
    import os

    os.environ["XDG_CACHE_HOME"] = cache
    from wadjet.signatures import give

    module = import_module("psycopg2._psycopg")
    adapted = module.AsIs("text")
    call = timeit.Timer(adapted.getquoted)
    before = min(call.repeat(20, 20000))
    count = give(module)
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter_ns()
        give(module)
        times.append((time.perf_counter_ns() - begun) / 1000 * 100 / count)
    after = min(call.repeat(20, 20000))
    print(json.dumps({"us": times, "call": after / before, "count": count}))


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    main(sys.argv[1])
