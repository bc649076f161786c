"""Surveying modules in a child process: one that crashes when imported takes only itself along.

    python -m wadjet.native.signatures.survey MODULES WHAT FD     the child; lists are JSON

The child writes a line of JSON for each module: its name, then what was asked for (rows, a stub,
findings about its stub) or what went wrong. A module for which there is no line has crashed the
child, and another goes on after it.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from wadjet.model.finding import Finding, Level, Place
from wadjet.native.signatures import liars, pyi, static
from wadjet.native.signatures.census import Callable, callables
from wadjet.native.signatures.machine import Process
from wadjet.native.signatures.recover import Signature, recovered
from wadjet.native.signatures.retrofit import own_name

TIMEOUT = 300
"""Seconds that one child may take."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a module has: rows as of ``row``, or the failure, in a few words."""

    module: str
    rows: tuple[dict[str, Any], ...] = ()
    failure: str = ""
    stub: str = ""
    findings: tuple[Finding, ...] = ()


def row(found: Signature) -> dict[str, Any]:
    """Return a signature in words and texts, as JSON has it."""
    return {
        "name": found.name,
        "kind": found.kind,
        "signature": None if found.shape is None else found.text,
        "evidence": found.evidence,
        "names": found.names,
        "confidence": found.confidence.name.lower(),
        "known": found.known,
        "forms": list(found.forms),
    }


def _with_text(each: Callable, process: Process) -> dict[str, Any]:
    found = recovered(each, process)
    text = None if found.shape is None else found.internal(own_name(each))
    return {**row(found), "text_signature": text}


def survey(modules: list[str], what: str = "rows") -> list[Survey]:
    """Return what each module has, in the order given; ``what`` is rows, stub or findings."""
    made: list[Survey] = []
    left = list(modules)
    while left:
        lines, failure = _child(left, what)
        made += map(_read, lines)
        left = left[len(lines) :]
        if left and failure:
            made.append(Survey(left.pop(0), failure=failure))
        elif left and not lines:
            made += [Survey(each, failure="it was not looked at") for each in left]
            break
    return made


def read(path: Path) -> list[Survey]:
    """Return what the compiled modules of a file or a wheel have, without importing them."""
    return [
        Survey(name, tuple({**row(each), "text_signature": None} for each in found))
        for name, image, version in static.images(path)
        if (found := list(static.signatures(image, version)))
    ]


def _read(line: dict[str, Any]) -> Survey:
    findings = tuple(
        Finding(rule, Level(level), message, Place(file, number), treatment=treatment)
        for rule, level, message, file, number, treatment in line.get("findings", ())
    )
    return Survey(
        line["module"], tuple(line.get("rows", ())), line["failure"], line.get("stub", ""), findings
    )


def _child(modules: list[str], what: str) -> tuple[list[dict[str, Any]], str]:
    """Return the lines of a child, and how it ended if not well."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as nowhere:
        words = [json.dumps(modules), what, str(out.fileno())]
        command = [sys.executable, "-P", "-m", __name__, *words]  # -P: not from where we are
        failure = ""
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=nowhere,
                stderr=nowhere,
                pass_fds=(out.fileno(),),
                timeout=TIMEOUT,
                check=False,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            failure = _ended(done.returncode)
        except subprocess.TimeoutExpired:
            failure = f"it took more than {TIMEOUT} seconds"
        out.seek(0)
        return [json.loads(each) for each in out.read().splitlines() if each], failure


def _ended(status: int) -> str:
    if status >= 0:
        return "" if status == 0 else f"it ended the process with status {status}"
    return f"it crashed with {signal.Signals(-status).name}"


def _main(modules: list[str], what: str, out: int) -> None:
    process, seen = Process(), set[int]()
    with open(out, "w", encoding="utf-8") as file:
        for name in modules:
            line: dict[str, Any] = {"module": name, "failure": ""}
            try:
                module = importlib.import_module(name)
                line[what] = _MAKERS[what](module, list(callables(module, seen)), process)
            except Exception as error:
                line["failure"] = f"{type(error).__name__}: {error}"
            print(json.dumps(line), file=file, flush=True)


def _rows(module: ModuleType, found: list[Callable], process: Process) -> list[dict[str, Any]]:
    del module
    return [_with_text(each, process) for each in found]


def _stub(module: ModuleType, found: list[Callable], process: Process) -> str:
    return pyi.stub(module, [(each, recovered(each, process)) for each in found])


def _findings(module: ModuleType, found: list[Callable], process: Process) -> list[Any]:
    del module
    return [
        (each.rule, each.level, each.message, each.place.file, each.place.line, each.treatment)
        for callable_ in found
        for each in liars.check(callable_, process)
        if each.place is not None
    ]


_MAKERS: dict[str, Any] = {"rows": _rows, "stub": _stub, "findings": _findings}

if __name__ == "__main__":
    _main(json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
