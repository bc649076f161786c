"""The compiler that a build calls: the real one, with the shim, and the ledger linked in.

A file that does not compile with the shim is compiled without it, and the build's log says
which construct it was. Files that do not use Python.h are left alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

LOG = "compiled.jsonl"
SHIM = "shim.h"
_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".c++", ".C")
_ADDED = (
    "-g",
    "-w",
    "-fno-strict-aliasing",
    "-fno-lto",
    "-fno-omit-frame-pointer",
    "-fno-optimize-sibling-calls",
    "-ftrivial-auto-var-init=pattern",
)
_ADDED_TO_C = ("-fno-inline",)
"""So that each function has a frame of its own; C++ is made of functions that must not."""
_LINKED = (
    "-Wl,--no-as-needed",
    "-Wl,--wrap=malloc",
    "-Wl,--wrap=calloc",
    "-Wl,--wrap=realloc",
    "-Wl,--wrap=free",
)
_LEFT_OUT = ("-DPy_LIMITED_API", "-flto")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A source file of a build; ``complaint`` is why it could not have the shim."""

    source: str
    shimmed: bool
    complaint: str = ""


def main(
    compiler: Sequence[str], folder: str, ledger: str, source: str, words: Sequence[str]
) -> int:
    """Compile or link as ``words`` say; return the compiler's exit code.

    ``folder`` has the shim, and a copy of the project, which lies in ``source``.
    """
    sources = [each for each in words if each.endswith(_SOURCES) and not each.startswith("-")]
    only_asks = any(each in ("-E", "-M", "-MM", "-S") for each in words)
    linked = [*_LINKED, ledger] if "-shared" in words and "-c" not in words else []
    if not sources or only_asks or not _uses_python(compiler, words):
        return _run([*compiler, *words, *linked])
    kept = [_named(each) for each in words if not each.startswith(_LEFT_OUT)]
    more = _ADDED_TO_C if all(each.endswith(".c") for each in sources) else ()
    added = [*_ADDED, *more, f"-ffile-prefix-map={folder}/source={source}", *linked]
    shimmed = [*compiler, "-include", str(Path(folder) / SHIM), *kept, *added]
    done = subprocess.run(shimmed, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        _note(folder, [Compiled(each, shimmed=True) for each in sources])
        sys.stderr.write(done.stderr)
        return 0
    complaint = _complaint(done.stderr, [_named(each) for each in sources])
    code = _run([*compiler, *words, *linked])
    if code == 0:
        _note(folder, [Compiled(each, shimmed=False, complaint=complaint) for each in sources])
    return code


def _named(word: str) -> str:
    """Return a source with its whole path where it is named from a folder of the build."""
    if word.startswith("..") and word.endswith(_SOURCES):
        return os.path.normpath(Path.cwd() / word)
    return word


def _complaint(errors: str, sources: Sequence[str]) -> str:
    """Return the first error, with the place in the source that brought it about."""
    lines = errors.splitlines()
    first = next((at for at, line in enumerate(lines) if "error:" in line), 0)
    message = lines[first].partition("error: ")[2] if lines else "no reason"
    for line in lines[first:]:
        if line.startswith(tuple(sources)):
            place, _, macro = line.partition(" note: in expansion of macro ")
            return f"{place.partition(' error:')[0]} {macro or 'here'}: {message}"
    return message


def _run(command: Sequence[str]) -> int:
    return subprocess.run(command, check=False).returncode


def _uses_python(compiler: Sequence[str], words: Sequence[str]) -> bool:
    """Say whether a source includes Python.h, by asking the compiler what it includes."""
    asked = [each for each in words if each not in ("-c", "-MD", "-MMD", "-MP")]
    for option in ("-o", "-MF", "-MT", "-MQ"):
        while option in asked:
            at = asked.index(option)
            del asked[at : at + 2]
    done = subprocess.run(
        [*compiler, "-M", "-MG", *asked], capture_output=True, text=True, check=False
    )
    return "Python.h" in done.stdout


def _note(folder: str, compiled: Sequence[Compiled]) -> None:
    lines = "".join(
        json.dumps(asdict(each) | {"source": str(Path(each.source))}) + "\n" for each in compiled
    )
    descriptor = os.open(Path(folder) / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.write(descriptor, lines.encode())
    finally:
        os.close(descriptor)


def read_log(folder: Path) -> list[Compiled]:
    """Return what a build compiled, the last word on each file."""
    path = folder / LOG
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = [Compiled(**json.loads(line)) for line in lines]
    return list({each.source: each for each in found}.values())
