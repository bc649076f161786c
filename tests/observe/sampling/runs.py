"""Programs run by python, and the same programs run by ``wadjet run``."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wadjet.model import store
from wadjet.model.profile import Profile, State

PATIENCE = 60.0
"""Seconds after which a program counts as hung."""

WALL, CPU = 0, 1


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended; ``status`` as subprocess has it."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Run(Ending):
    """A recorded program and its recording."""

    path: Path

    @property
    def profile(self) -> Profile:
        """What was recorded."""
        return store.load(self.path)


def written(folder: Path, text: str, name: str = "program.py") -> str:
    """Write a program; returns its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return str(path)


def python(
    words: Sequence[str],
    *,
    folder: Path,
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    **options: object,
) -> Ending:
    """Run ``python words``."""
    return _finish([sys.executable, *words], folder, stdin, env, options)


def recorded(
    words: Sequence[str],
    *,
    folder: Path,
    flags: Sequence[str] = (),
    name: str = "run.wadjet",
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    python: Sequence[str] = (),
    **options: object,
) -> Run:
    """Run ``wadjet run flags words``, quietly; the recording is ``folder/name``.

    ``python`` are options of the interpreter that Wadjet itself runs on.
    """
    path = folder / name
    own = wadjet("-q", "--overwrite", "-o", str(path), *flags)
    command = [own[0], *python, *own[1:], *words]
    ending = _finish(command, folder, stdin, env, options)
    return Run(ending.status, ending.out, ending.err, path)


def wadjet(*flags: str) -> list[str]:
    """The words of ``wadjet run flags``."""
    return [sys.executable, "-m", "wadjet", "run", *flags]


def _finish(
    command: list[str],
    folder: Path,
    stdin: str,
    env: Mapping[str, str] | None,
    options: Mapping[str, object],
) -> Ending:
    done = subprocess.run(
        command,
        input=stdin,
        cwd=folder,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=PATIENCE,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    return Ending(done.returncode, done.stdout, done.stderr)


# ---- what a recording says --------------------------------------------------------------


def selves(profile: Profile, metric: int) -> dict[str, int]:
    """Nanoseconds by the name of the leaf function."""
    found: Counter[str] = Counter()
    tree = profile.tree
    for node, value in zip(profile.samples.node, profile.samples.values[metric], strict=True):
        if node >= 0 and value:
            found[tree.functions[tree.function_of(node)].name] += value
    return dict(found)


def shares(profile: Profile, metric: int, names: Sequence[str]) -> dict[str, float]:
    """The part of each named function in what all of them have, themselves."""
    found = selves(profile, metric)
    whole = sum(found.get(name, 0) for name in names)
    return {name: found.get(name, 0) / max(whole, 1) for name in names}


def stacks(profile: Profile, metric: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """The functions of each sample that weighs anything, root first, and its weight."""
    tree = profile.tree
    known: dict[int, tuple[str, ...]] = {-1: ()}
    for node, (parent, frame) in enumerate(zip(tree.node_parent, tree.node_frame, strict=True)):
        known[node] = (*known[parent], tree.functions[tree.frame_function[frame]].name)
    for node, value in zip(profile.samples.node, profile.samples.values[metric], strict=True):
        if value:
            yield known[node], value


def states(profile: Profile, thread: str, within: str = "") -> Counter[State]:
    """Wall time of a thread by state, as long as ``within`` is on its stack."""
    found: Counter[State] = Counter()
    tree, rows = profile.tree, profile.samples
    numbers = {i for i, each in enumerate(profile.threads) if each.name == thread}
    for i, value in enumerate(rows.values[WALL]):
        if value and rows.thread[i] in numbers:
            names = [tree.functions[tree.function_of(n)].name for n in tree.path(rows.node[i])]
            if not within or within in names:
                found[State(rows.state[i])] += value
    return found


def weight(profile: Profile, metric: int, thread: int) -> int:
    """Nanoseconds of all samples of the thread of that index."""
    rows = profile.samples
    return sum(v for v, t in zip(rows.values[metric], rows.thread, strict=True) if t == thread)
