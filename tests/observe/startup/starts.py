"""Starts of programs that a test writes, recorded."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from wadjet.model.profile import Profile
from wadjet.model.startup import METRICS, stacks
from wadjet.observe.startup.recording import Start, record


def recorded(folder: Path, patch: pytest.MonkeyPatch, *words: str, **modules: str) -> Start:
    """Record ``python WORDS``; modules are files that it can import."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    patch.setenv("PYTHONPATH", str(folder))
    return record(words)


def spent(profile: Profile, *path: str) -> list[int]:
    """Return time, calls, bytes and faults below a path of names, root first, of all threads."""
    sums = [0] * len(METRICS)
    found = stacks(profile.tree)
    columns = [profile.samples.values[profile.metric_index(each.name)] for each in METRICS]
    for row, node in enumerate(profile.samples.node):
        names = [each.name for each in reversed(found[node])]
        if names[: len(path)] == [*path]:
            for index, column in enumerate(columns):
                sums[index] += column[row]
    return sums


def plain() -> dict[str, str]:
    """Return the environment, without what shells put into it anew for each command."""
    return {name: value for name, value in os.environ.items() if name != "_"}
