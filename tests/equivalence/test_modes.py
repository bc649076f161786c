"""Each application behaves in each mode as it does when python starts it.

A few minutes' worth is tried; ``TEST_MODES=whole`` has each application asked everything.
"""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from tests.equivalence.starts import STARTS, WORK, Outcome, Start

from bench.applications import APPLICATIONS, Application
from bench.environments import environment
from bench.modes import MODES, Built, Mode

pytestmark = pytest.mark.slow

WHOLE = os.environ.get("TEST_MODES") == "whole"
OURS = [mode for mode in MODES if mode.ours or (WHOLE and mode.name == "plain")]
"""The plain mode is tried against itself, to know what chance does."""
ASKED = "rich_demo"
"""The application that is asked everything, also where time is short."""
QUICKLY_BUILT = ("snapshot", "warm")
"""The modes that the other applications are tried in, also where time is short."""
_WRITTEN = tomllib.loads(Path(__file__).with_name("modes.toml").read_text())
LIMITS: list[dict[str, Any]] = _WRITTEN["limit"]
KNOWN: list[dict[str, Any]] = _WRITTEN["difference"]
FOLDER = Path(mkdtemp(prefix="started-"))
_ASKED = next(each for each in APPLICATIONS if each.name == ASKED)
_PLAIN = next(mode for mode in MODES if mode.name == "plain")
_BUILT: dict[tuple[str, str], Built | RuntimeError] = {}


def built(mode: Mode, application: Application) -> Built:
    """Build once, or fail again for the same reason."""
    key = mode.name, application.name
    if key not in _BUILT:
        try:
            _BUILT[key] = mode.build(application, Path(mkdtemp(prefix="modes-")))
        except RuntimeError as error:
            _BUILT[key] = error
    found = _BUILT[key]
    if isinstance(found, RuntimeError):
        raise found
    return found


@pytest.fixture(scope="module", autouse=True)
def _environment() -> Iterator[None]:
    try:
        environment("plain")
    except subprocess.CalledProcessError:
        pytest.skip("what the applications need cannot be had here")
    yield
    for each in _BUILT.values():
        if isinstance(each, Built):
            each.end()


@cache
def expected(application: Application, number: int) -> Outcome:
    """Return what comes of a start by python itself."""
    return _all()[number].outcome(built(_PLAIN, application), FOLDER)


def _all() -> tuple[Start, ...]:
    return (WORK, *STARTS)


def agreed(outcome: Outcome, mode: Mode, start: Start) -> Outcome:
    """Return an outcome of a start without what is known to differ in a mode."""
    out, err = outcome.out, outcome.err
    for known in KNOWN:
        if mode.name in known["modes"] and start.name in known.get("starts", [start.name]):
            out, err = (re.sub(known["text"], "", each, flags=re.MULTILINE) for each in (out, err))
    return Outcome(outcome.code, out, err)


def _tried() -> Iterator[tuple[Mode, Application, int]]:
    """Yield what is tried: one application in all circumstances, the others at their work."""
    for mode in OURS:
        for application in APPLICATIONS:
            if WHOLE or application.name == ASKED:
                yield from ((mode, application, number) for number in range(len(_all())))
            elif mode.name in QUICKLY_BUILT:
                yield mode, application, 0


TRIED = tuple(_tried())


@pytest.mark.parametrize(
    ("mode", "application", "number"),
    TRIED,
    ids=[f"{mode.name}-{each.name}-{_all()[number].name}" for mode, each, number in TRIED],
)
def test_a_mode_does_as_python_does(mode: Mode, application: Application, number: int) -> None:
    wanted = expected(application, number)
    start = _all()[number]
    ours = start.outcome(built(mode, application), FOLDER)
    same = agreed(ours, mode, start) == agreed(wanted, mode, start)
    if any(mode.name in each["modes"] and start.name in each["starts"] for each in LIMITS):
        assert not same, "this is no limit any more"
    else:
        assert agreed(ours, mode, start) == agreed(wanted, mode, start)


@pytest.mark.parametrize("mode", OURS, ids=lambda mode: mode.name)
def test_no_two_starts_share_a_secret(mode: Mode, tmp_path: Path) -> None:
    for application in APPLICATIONS if WHOLE else [_ASKED]:
        start = Start("fresh", ("fresh",))
        one, other = (start.outcome(built(mode, application), tmp_path) for _ in range(2))
        assert one.code == other.code == 0, one.err
        names = {line.split()[0] for line in one.out.splitlines()}
        assert set(one.out.split()) & set(other.out.split()) == names


def test_what_a_mode_does_otherwise_is_noticed() -> None:
    def isolated(application: Application, folder: Path) -> Built:
        plain = _PLAIN.build(application, folder)
        return Built((plain.command[0], "-I", *plain.command[1:]))

    mode = Mode("isolated", isolated, ours=True)
    [number] = (number for number, each in enumerate(_all()) if each.name == "a path")
    ours = _all()[number].outcome(mode.build(_ASKED, FOLDER), FOLDER)
    assert agreed(ours, mode, _all()[number]) != expected(_ASKED, number)
