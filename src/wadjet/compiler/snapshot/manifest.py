"""What a snapshot was made of, kept at the end of its file.

Every file that was mapped, imported or read is in it with its size, its time of change and a
hash. What each start looks at are few of them (decision 46); `differences` looks at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wadjet.errors import FreezeError

_MAGIC = b"wadjet snapshot\n"
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/share")  # what a package manager keeps


@dataclass(frozen=True, slots=True)
class Source:
    """A file or a folder; ``digest`` is the SHA-256 of a file, and empty for a folder."""

    path: str
    size: int
    changed: int
    digest: str


@dataclass(frozen=True, slots=True)
class Made:
    """What a snapshot was made of, and when (seconds since 1970).

    ``looked_at`` is checked by each start, ``files`` by `differences` only. ``variables`` were
    read by the imports; ``all_variables`` says that something went through all of them.
    ``images`` are the paths of others, made of the same, that a start may choose.
    """

    python: str
    version: str
    kernel: str
    when: float
    files: tuple[Source, ...]
    looked_at: tuple[Source, ...]
    variables: tuple[str, ...]
    all_variables: bool
    images: Sequence[str] = ()


def describe(python: str, process: int, told: dict[str, Any], *, every_file: bool) -> Made:
    """Look at all that a process has read and mapped."""
    mapped = _mapped(process)
    files = sorted({*mapped, *filter(_is_regular, [*told["files"], *told["modules"]])})
    roots = _outermost(each for each in told["path"] if _is_installed(each, told["prefixes"]))
    own = [each for each in files if each not in mapped and not _below(each, [*roots, *_SYSTEM])]
    checked = files if every_file else [*_core(mapped), *own]
    return Made(
        python=python,
        version=sys.version,
        kernel=platform.release(),
        when=time.time(),
        files=tuple(map(source, files)),
        looked_at=tuple(_light(each) for each in dict.fromkeys([*roots, *checked])),
        variables=tuple(told["variables"]),
        all_variables=told["whole"],
    )


def source(path: str) -> Source:
    """Return what a file is like now."""
    found = Path(path).stat()
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return Source(path, found.st_size, found.st_ctime_ns, digest)


def _light(path: str) -> Source:
    found = Path(path).stat()
    return Source(path, found.st_size, found.st_ctime_ns, "")


def _mapped(process: int) -> list[str]:
    """Return the files that a process has mapped: the interpreter, and its libraries."""
    lines = os.fsdecode(Path(f"/proc/{process}/maps").read_bytes()).splitlines()
    names = {line.split(None, 5)[5] for line in lines if "/" in line}
    ours = str(Path(__file__).with_name("wadjet_snapshot.so"))
    return sorted(name for name in names if _is_regular(name) and name != ours)


def _core(mapped: Iterable[str]) -> list[str]:
    """Return the files of those that hold the interpreter and the C library."""
    libraries = [each for each in mapped if Path(each).name.startswith(("libpython", "libc.so"))]
    is_shared = any("libpython" in Path(each).name for each in libraries)
    return libraries if is_shared else [str(Path(sys.executable).resolve()), *libraries]


def _outermost(folders: Iterable[str]) -> list[str]:
    """Return the folders that are in no other one."""
    kept: list[str] = []
    for each in sorted(folders):
        if not _below(each, kept):
            kept.append(each)
    return kept


def _is_regular(path: str) -> bool:
    return Path(path).is_file() and not path.startswith(("/proc/", "/sys/", "/dev/"))


def _is_installed(path: str, prefixes: Iterable[str]) -> bool:
    """Tell whether modules in a folder come from an installer, which adds and renames files."""
    name = Path(path).name
    standard = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    return Path(path).is_dir() and (
        name in ("site-packages", "dist-packages")
        or path in standard
        or any(path.startswith(f"{each}/lib/python") for each in prefixes)
    )


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)


def append(image: int, made: Made) -> None:
    """Write a description behind the memory of an image."""
    text = json.dumps(asdict(made)).encode()
    with os.fdopen(os.dup(image), "wb") as file:
        file.seek(0, os.SEEK_END)
        file.write(text + len(text).to_bytes(8, "little") + _MAGIC)


def read(path: Path) -> Made:
    """Return what a snapshot was made of. Raises FreezeError for a file that is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 8 - len(_MAGIC)))
            tail = file.read()
            length = int.from_bytes(tail[:8], "little")
            if tail[8:] != _MAGIC or length > size:
                raise FreezeError(f"{path} is no snapshot", "make one with `wadjet snapshot`")
            file.seek(size - len(tail) - length)
            found = json.loads(file.read(length))
    except OSError as error:
        raise FreezeError(f"cannot read {path} ({error.strerror})") from None
    for name in ("files", "looked_at"):
        found[name] = tuple(Source(**each) for each in found[name])
    return Made(**{**found, "variables": tuple(found["variables"])})


def differences(made: Made) -> Iterator[str]:
    """Yield each file that is not what it was, by its content, and each image that is amiss."""
    for each in made.files:
        try:
            now = source(each.path)
        except OSError as error:
            yield f"{each.path}: {error.strerror}"
            continue
        if now.digest != each.digest:
            yield f"{each.path}: its content has changed"
    for path in map(Path, made.images):
        try:
            same = read(path).files == made.files
        except FreezeError as error:
            yield f"{path}: {error}"
            continue
        if not same:
            yield f"{path}: it was made of something else"
