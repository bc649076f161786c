"""What the hunt for leaks says of the planted ones, in extensions that are built as usual.

The pairs are those of ``bench.refs_corpus``, each run as a test of pytest's: the mended twins of
all, and with the mistake those that keep something alive.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.refs_corpus import FILES, SOURCES, Case, applies, cases

KEEPING = {"leak", "buffer", "not-cleared", "type-not-released"}
"""The rules of the ledger for mistakes that keep something alive."""

_HEAD = """\
import gc
import {module} as m

def arguments():
    return [bytearray(b"first"), f"text {{id(object())}}", 5, ["third"]]
"""
_TEST = """
def test_{name}():
    o = arguments()
    try:
        {code}
    except Exception:
        pass
"""


@dataclass(frozen=True, slots=True)
class Hunt:
    """What was said of a case: with the mistake, and of the mended twin; a message each.

    Those whose mistake does not leak (``leaks``) were only run mended: else they may crash.
    """

    case: Case
    leaks: bool
    found: tuple[str, ...]
    false: tuple[str, ...]


def hunts(folder: Path) -> list[Hunt]:
    """Build the pairs in ``folder``, run them, and return what was said."""
    folder.mkdir(exist_ok=True)
    table = [each for each in cases() if applies(each)]
    for file in FILES:
        for kind in ("bad", "good"):
            module = f"{kind}_{file.partition('.')[0]}"
            _compile(folder, file, module)
            ours = [each for each in table if each.file == file and (kind == "good" or leaks(each))]
            tests = [_TEST.format(name=each.name, code=each.code) for each in ours]
            (folder / f"test_{module}.py").write_text(_HEAD.format(module=module) + "".join(tests))
    said = _run(folder)
    return [
        Hunt(each, leaks(each), said[f"bad {each.name}"], said[f"good {each.name}"])
        for each in table
    ]


def leaks(case: Case) -> bool:
    """Say whether the mistake keeps something alive."""
    return any(rule in KEEPING for _, rule in case.wanted)


def _compile(folder: Path, file: str, module: str) -> None:
    command = ["c++" if file.endswith("pp") else "cc", "-shared", "-fPIC", "-g", "-O1", "-w"]
    command += [f"-I{sysconfig.get_path('include')}", f"-I{SOURCES}"]
    command += [f'-DMODULE="{module}"', f"-DINIT=PyInit_{module}"]
    command += ["-DBUG"] if module.startswith("bad") else []
    command += [str(SOURCES / file), "-o", str(folder / f"{module}.so")]
    subprocess.run(command, check=True)


def _run(folder: Path) -> defaultdict[str, tuple[str, ...]]:
    words = [sys.executable, "-m", "wadjet", "refs", "hunt", "--json", "--"]
    words += [sys.executable, "-m", "pytest", "-q", "-p", "wadjet.embed.pytest_plugin"]
    words += ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(folder), str(folder)]
    environment = dict(os.environ, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTHONPATH=str(folder))
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 1:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    said: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            row = json.loads(line)
            name = row["message"].split()[0].removeprefix("test_")
            test = [*row["related"], row["place"]]
            kind = "bad" if any("/test_bad_" in each["file"] for each in test) else "good"
            said[f"{kind} {name}"] += (row["message"],)
    return said
