"""The machine's C compiler, and what it is told to link with an interpreter."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from wadjet.errors import UnsupportedError


@dataclass(frozen=True, slots=True)
class Linked:
    """How an interpreter is linked: by which words, to which library ("": it is in the file)."""

    words: tuple[str, ...]
    library: str


def compiler() -> list[str]:
    """Return the words that call the C compiler; raises UnsupportedError if there is none."""
    for each in (sysconfig.get_config_var("CC") or "cc", "cc", "gcc", "clang"):
        words = shlex.split(each)
        if words and shutil.which(words[0]):
            return words
    raise UnsupportedError("there is no C compiler", "install gcc or clang")


def require_headers() -> str:
    """Return the folder of Python's headers; raises UnsupportedError if they are missing."""
    folder = sysconfig.get_path("include")
    if not Path(folder, "Python.h").exists():
        raise UnsupportedError(
            f"there is no Python.h in {folder}", "install Python's headers (python3-dev)"
        )
    return folder


def interpreters(*, static: bool = True) -> Iterator[Linked]:
    """Yield how this interpreter can be linked: its archive, if there is one; its library."""
    variables = sysconfig.get_config_vars()
    system = " ".join(str(variables.get(each) or "") for each in ("LIBS", "MODLIBS", "SYSLIBS"))
    others = [each for each in shlex.split(system) if each.startswith("-l")]
    archive = _first(variables, str(variables.get("LIBRARY") or ""), ("LIBPL", "LIBDIR"))
    if static and archive is not None:
        whole = ("-Wl,--whole-archive", str(archive), "-Wl,--no-whole-archive")
        needed = ("-Wl,--as-needed", *dict.fromkeys(("-lc", *others, "-lm")))
        yield Linked((*whole, *needed), "")
    shared = _first(variables, str(variables.get("INSTSONAME") or ""), ("LIBDIR", "LIBPL"))
    if shared is not None and shared.suffix != ".a":
        yield Linked((str(shared), f"-Wl,-rpath,{shared.parent}"), str(shared))


def _first(variables: dict[str, object], name: str, folders: Sequence[str]) -> Path | None:
    places = (Path(str(variables[each]), name) for each in folders if variables.get(each))
    return next((each for each in places if name and each.is_file()), None)


def literal(value: str) -> str:
    """Return a C string literal."""
    data = value.encode("utf-8", "surrogateescape")
    plain = (
        chr(each) if 32 <= each < 127 and each not in b'"\\?' else f"\\{each:03o}" for each in data
    )
    return f'"{"".join(plain)}"'


def compile_and_link(words: Sequence[str], folder: Path) -> None:
    """Call the compiler in a folder; raises UnsupportedError with what it says first."""
    done = subprocess.run(
        [*compiler(), *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [each for each in done.stderr.splitlines() if "error" in each or "undefined" in each]
        first = (said or done.stderr.splitlines() or ["no message"])[0]
        raise UnsupportedError(f"the C compiler fails: {first.strip()}")


def libc_of(executable: Path) -> str:
    """Return the oldest C library that an executable runs with, as ``glibc 2.34``."""
    with executable.open("rb") as file:
        needed: Any = ELFFile(file).get_section_by_name(".gnu.version_r")
        versions = [
            tuple(int(part) for part in each.name.removeprefix("GLIBC_").split("."))
            for _, auxiliaries in (needed.iter_versions() if needed else ())
            for each in auxiliaries
            if re.fullmatch(r"GLIBC_[0-9.]+", each.name)
        ]
    return f"glibc {'.'.join(map(str, max(versions)))}" if versions else "no C library"
