"""Many files at once, side by side on the machine's cores.

What is done with each comes back in the order of the files, each as soon as it and those
before it are done.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

from wadjet.errors import NoInputError

SUFFIXES = (".py", ".pyi", ".pyw")
_PASSED_OVER = frozenset({"__pycache__", "node_modules", "venv", "build", "dist"})
_FEW = 32  # files for which other processes are not worth their start
_CHUNK = 8
_AHEAD = 64  # chunks that may wait for their turn

Result = TypeVar("Result")


def files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the Python files that are named, and those below folders; raises NoInputError.

    Hidden folders and those that tools fill are passed over, unless they are named.
    """
    for path in paths:
        if path.is_dir():
            yield from _below(path)
        elif path.exists():
            yield path
        else:
            raise NoInputError(f"there is no {path}")


def _below(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in _PASSED_OVER
        )
        yield from (Path(here, name) for name in sorted(names) if name.endswith(SUFFIXES))


def in_order(
    work: Callable[[Path], Result], paths: Iterable[Path], processes: int | None = None
) -> Iterator[Result]:
    """Yield what ``work`` returns for each path, in their order; many go side by side."""
    paths = iter(paths)
    first = list(islice(paths, _FEW))
    yield from map(work, first)
    second = list(islice(paths, 1))
    if not second:
        return
    count = processes or len(os.sched_getaffinity(0))
    if count == 1:
        yield from map(work, (*second, *paths))
        return
    yield from _side_by_side(work, (each for part in (second, paths) for each in part), count)


def _side_by_side(
    work: Callable[[Path], Result], paths: Iterator[Path], count: int
) -> Iterator[Result]:
    with ProcessPoolExecutor(count) as pool:
        waiting = []
        while chunk := list(islice(paths, _CHUNK)):
            waiting.append(pool.submit(_each, work, chunk))
            if len(waiting) >= _AHEAD:
                yield from waiting.pop(0).result()
        for each in waiting:
            yield from each.result()


def _each(work: Callable[[Path], Result], paths: list[Path]) -> list[Result]:
    gc.disable()  # trees have no cycles, and a sixth of the time would go into looking for some
    return [work(path) for path in paths]
