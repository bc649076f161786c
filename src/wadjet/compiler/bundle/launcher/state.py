"""What a plain interpreter is when its program begins: seen in one, and kept in the launcher."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from wadjet.errors import UnsupportedError

_PROBE = r"""
import sys
names, loaded = set(globals()), dict(sys.modules)
import builtins, json
printers = [
    (each, vars(printer)["_Printer__data"], list(vars(printer)["_Printer__filenames"]))
    for each in ("copyright", "credits", "license")
    if (printer := getattr(builtins, each, None)) is not None
]
site = loaded.get("site")
modules = [
    (name, module.__spec__.origin, hasattr(module, "__path__"))
    for name, module in loaded.items()
    if name.partition(".")[0] == "encodings" and module.__spec__.has_location
]
facts = {
    "executable": sys.executable,
    "base_executable": sys._base_executable,
    "prefix": sys.prefix,
    "exec_prefix": sys.exec_prefix,
    "base_prefix": sys.base_prefix,
    "base_exec_prefix": sys.base_exec_prefix,
    "platlibdir": sys.platlibdir,
    "stdlib": sys._stdlib_dir,
    "path": sys.path,
    "isolated": bool(sys.flags.isolated),
    "is_safe": bool(sys.flags.safe_path),
    "environment": not sys.flags.ignore_environment,
    "optimize": sys.flags.optimize,
    "cached": "__cached__" in names,
    "zip_hook": "zipimport" in loaded,
    "printers": printers,
    "site": {
        each: getattr(site, each)
        for each in ("ENABLE_USER_SITE", "USER_SITE", "USER_BASE", "PREFIXES")
        if site is not None
    },
    "modules": modules,
    "customized": [each for each in ("sitecustomize", "usercustomize") if each in loaded],
}
json.dump(facts, open(sys.argv[1], "w"))
"""


@dataclass(frozen=True, slots=True)
class Record:
    """An interpreter at the first line of a script, as ``sys`` and ``site`` have it.

    ``path`` is ``sys.path`` without the script's folder; ``modules`` are those of the start
    that came from files before the site: name, file, whether a package. ``lines`` are what
    ``.pth`` files have executed.
    """

    executable: str
    base_executable: str
    prefix: str
    exec_prefix: str
    base_prefix: str
    base_exec_prefix: str
    platlibdir: str
    stdlib: str
    path: tuple[str, ...]
    isolated: bool
    is_safe: bool
    environment: bool
    optimize: int
    cached: bool
    zip_hook: bool
    printers: tuple[Any, ...]
    site: dict[str, Any]
    modules: tuple[tuple[str, str, bool], ...]
    customized: tuple[str, ...]
    lines: tuple[str, ...] = ()

    @property
    def at_start(self) -> dict[str, Any]:
        """What boot.py needs of it."""
        return {
            "path": list(self.path),
            "places": {
                "prefix": self.prefix,
                "exec_prefix": self.exec_prefix,
                "base_prefix": self.base_prefix,
                "base_exec_prefix": self.base_exec_prefix,
                "_stdlib_dir": self.stdlib,
            },
            "modules": self.modules,
            "cached": self.cached,
            "zip_hook": self.zip_hook,
            "printers": [tuple(each) for each in self.printers],
            "lines": [*self.lines, *(f"import {each}" for each in self.customized)],
        }


def observe(python: str, options: list[str]) -> Record:
    """Start an interpreter with some options, and return what it is.

    Raises UnsupportedError where it does not start, or has no standard library in a folder.
    """
    with TemporaryDirectory() as folder:
        probe, result = Path(folder, "probe.py"), Path(folder, "result")
        probe.write_text(_PROBE)
        command = [python, *options, str(probe), str(result)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not result.exists():
            said = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise UnsupportedError(f"{python} {' '.join(options)} does not start ({said})")
        facts = json.loads(result.read_text())
        path = [each for each in facts.pop("path") if each != folder]
    if not facts["stdlib"]:
        raise UnsupportedError(f"{python} has no folder of a standard library")
    listed: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in facts.items()
    }
    listed["modules"] = tuple(tuple(each) for each in listed["modules"])
    lines = () if facts["site"] == {} else tuple(_executed(path))
    return Record(**listed, path=tuple(path), lines=lines)


def _executed(path: list[str]) -> list[str]:
    """Return the lines that ``.pth`` files of these folders have the site execute."""
    lines = []
    for folder in path:
        if Path(folder).name not in ("site-packages", "dist-packages"):
            continue
        for file in sorted(Path(folder).glob("*.pth")):
            if file.name.startswith("."):
                continue
            text = file.read_text(encoding="utf-8-sig", errors="replace")
            lines += [
                line for line in text.splitlines() if line.startswith(("import ", "import\t"))
            ]
    return lines
