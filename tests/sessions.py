"""Runs every example of the README and the pages, so that none of them can fall behind.

A ``console`` block is a session: each line after ``$`` is run in the page's own empty folder
and must succeed (or exit with the code that a last line ``$ echo $?`` shows); what follows is
compared with what is printed, whatever the figures. A ``python`` block is run, or, when it has
a caption, written to the file that the caption names, as a ``c`` block is. A ``sh`` block is
only shown.
A page with a comment ``% needs pandas`` is run where that is installed. One with ``% fetches
simplejson==4.0.1`` is run where these sources can be had, and its commands see no others. One
with ``% slow`` is marked so.
"""

from __future__ import annotations

import atexit
import doctest
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import SkipTest

from sybil import Document, Example, Region

FENCE = re.compile(
    r"^```(?:\{code-block\} *)?(?P<language>python|console|c)\n"
    r"(?::caption: (?P<caption>[^\n]+)\n\n)?(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
NEEDS = re.compile(r"^% needs (.+)$", re.MULTILINE)
FETCHES = re.compile(r"^% fetches (.+)$", re.MULTILINE)
SLOW = re.compile(r"^% slow$", re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(document: Document) -> Iterator[Region]:
    """Yield the blocks that are run."""
    needs, fetches = NEEDS.search(document.text), FETCHES.search(document.text)
    missing = [each for each in needs[1].split() if find_spec(each) is None] if needs else []
    for found in FENCE.finditer(document.text):
        written = write_file if found["caption"] else code
        run = {"console": session, "python": written, "c": write_file}
        evaluate = skipped if missing else run[found["language"]]
        if fetches is not None and not missing:
            evaluate = partial(after_fetching, tuple(fetches[1].split()), evaluate)
        yield Region(found.start(), found.end(), dict(found.groupdict()), evaluate)


def skipped(example: Example) -> None:
    raise SkipTest(f"{Path(example.path).name} needs packages that are not installed")


def after_fetching(
    sources: tuple[str, ...], evaluate: Callable[[Example], str | None], example: Example
) -> str | None:
    """Run a block of a page that needs sources: pip finds those, and asks nobody else."""
    found = fetched(sources)
    if found is None:
        raise SkipTest(f"{', '.join(sources)} cannot be had here")
    example.namespace["environment"] = {"PIP_FIND_LINKS": found, "PIP_NO_INDEX": "1"}
    return evaluate(example)


@cache
def fetched(sources: tuple[str, ...]) -> str | None:
    """Return the folder that sources were fetched into, None where they cannot be had."""
    into = TemporaryDirectory()
    atexit.register(into.cleanup)
    options = ["--quiet", "--no-deps", "--no-binary=:all:", "--no-build-isolation", "--retries=0"]
    for each in sources:
        command = [sys.executable, "-m", "pip", "download", *options, f"--dest={into.name}", each]
        try:
            done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            return None
        if done.returncode != 0:
            return None
    return into.name


def folder(namespace: dict[str, Any]) -> Path:
    return Path(namespace["folder"].name)


def write_file(example: Example) -> None:
    (folder(example.namespace) / example.parsed["caption"]).write_text(example.parsed["text"])


def code(example: Example) -> None:
    lines = "\n" * example.line  # a traceback shows the line of the page
    exec(compile(lines + example.parsed["text"], example.path, "exec"), example.namespace)


def session(example: Example) -> str | None:
    """Run the commands of a session; return what is wrong, if anything."""
    wrong = (
        _wrong(example, step)
        for step in re.split(r"^\$ ", example.parsed["text"], flags=re.MULTILINE)[1:]
    )
    return next((each for each in wrong if each), None)


def _wrong(example: Example, step: str) -> str | None:
    command, _, shown = step.partition("\n")
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder(example.namespace),
        env=_environment() | example.namespace.get("environment", {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    failed = done.returncode != 0 and not shown.startswith("wadjet: ")
    if failed or (shown.strip() and not _alike(shown, done.stdout)):
        return f"$ {command}\nexit code {done.returncode}\n{done.stdout}\nthe page shows:\n{shown}"
    return None


def _environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "COLUMNS": "88", "NO_COLOR": "1"}


def _alike(shown: str, printed: str) -> bool:
    return doctest.OutputChecker().check_output(_figureless(shown), _figureless(printed), FLAGS)


def _figureless(text: str) -> str:
    """Leave out what differs from run to run: figures, their units and bars."""
    text = re.sub(r"[▁-▏█░▒▓]+", "", text)
    return re.sub(r"\d[\d.,:]*( ?(ns|us|ms|s|kB|MB|B)\b)?", "#", text)


def open_folder(namespace: dict[str, Any]) -> None:
    namespace["folder"] = TemporaryDirectory()


def close_folder(namespace: dict[str, Any]) -> None:
    namespace["folder"].cleanup()
