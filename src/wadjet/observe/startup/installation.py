"""What stands around each start of a Python: a shim before it, `.pth` files, and where it looks.

All of it is read, nothing is changed. `Line` is a line of a `.pth` file, or an entry of
`PYTHONPATH` (file ''), that a start would be quicker without.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wadjet.model.profile import Fact
from wadjet.observe.startup import counting


@dataclass(frozen=True, slots=True)
class Line:
    """A line, by file and number from 1; ``why`` is `missing`, `double` or `namespace`."""

    file: str
    number: int
    text: str
    why: str


def facts(environment: Mapping[str, str], *, calls: bool) -> dict[str, Fact]:
    """Return what a recording keeps of all this; the shim is run where calls are counted."""
    found: dict[str, Fact] = {
        "path": [[each.file, each.number, each.text, each.why] for each in lines(environment)]
    }
    shim = find_shim(environment) if calls else None
    if shim is not None:
        found["shim"] = [str(shim), shim_calls(shim, environment)]
    return found


def find_shim(environment: Mapping[str, str]) -> Path | None:
    """Return the script that stands where a shell looks for Python, if it is one.

    Not a script that Python itself runs: what that costs is in the recording.
    """
    for name in ("python", "python3"):
        found = shutil.which(name, path=environment.get("PATH"))
        if found is not None:
            try:
                with Path(found).open("rb") as file:
                    first = file.readline(256)
            except OSError:
                return None
            is_shim = first.startswith(b"#!") and b"python" not in first
            return Path(found) if is_shim else None
    return None


def shim_calls(shim: Path, environment: Mapping[str, str]) -> int:
    """Return how many system calls are made, by whatever processes, before Python is."""
    events = counting.run([str(shim), "-I", "-S", "-c", "pass"], environment).events
    main = events[0].task if events else 0
    last = max((at for at, each in enumerate(events) if _is_start(each, main)), default=0)
    return sum(each.kind == counting.CALL for each in events[:last])


def _is_start(event: counting.Event, main: int) -> bool:
    return event.kind == counting.EXEC and event.task == main


def lines(environment: Mapping[str, str], folders: list[Path] | None = None) -> Iterator[Line]:
    """Yield what a start looks at for nothing: entries, lines of `.pth` files of the folders.

    The folders are those that `site` reads, unless given.
    """
    seen: set[str] = set()
    entries = environment.get("PYTHONPATH", "").split(os.pathsep)
    for number, entry in enumerate(filter(None, entries), 1):
        yield from _doubtful("", number, entry, Path(entry), seen)
    for folder in site_folders() if folders is None else folders:
        seen.add(os.path.realpath(folder))
        for file in sorted(folder.glob("*.pth")):
            yield from _in_file(file, seen)


def site_folders() -> list[Path]:
    """Return the folders whose `.pth` files each start reads."""
    return list(dict.fromkeys(Path(sysconfig.get_path(each)) for each in ("purelib", "platlib")))


def _in_file(file: Path, seen: set[str]) -> Iterator[Line]:
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("import ", "import\t")):
            if "module_from_spec" in line and "__path__" in line:
                yield Line(str(file), number, line, "namespace")
        elif line.strip() and not line.startswith("#"):
            yield from _doubtful(str(file), number, line, file.parent / line.strip(), seen)


def _doubtful(file: str, number: int, text: str, place: Path, seen: set[str]) -> Iterator[Line]:
    real = os.path.realpath(place)
    if real in seen:
        yield Line(file, number, text, "double")
    elif not place.exists():
        yield Line(file, number, text, "missing")
    seen.add(real)
