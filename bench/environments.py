"""The virtual environments that applications run in: made once, and kept under ``build/``.

Each has what the applications need, to the version, and this Wadjet: a copy of the one that
is installed where the benchmark runs.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path

import wadjet

PINNED = Path(__file__).parent / "applications" / "requirements.txt"
BUILT = Path(__file__).parents[1] / "build" / "applications"
_NEEDED = ("pyelftools",)  # by Wadjet; it shares rich with an application


@cache
def environment(name: str, more: Sequence[str] = ()) -> Path:
    """Return the folder of an environment with the requirements, and with ``more``.

    subprocess.CalledProcessError if what it needs cannot be had.
    """
    wanted = [f"{each}=={metadata.version(each)}" for each in _NEEDED]
    requirements = "\n".join([PINNED.read_text(), *wanted, *more])
    key = hashlib.sha256(f"{sys.version}\n{sys.prefix}\n{requirements}".encode()).hexdigest()[:12]
    folder = BUILT / f"{name}-{key}"
    BUILT.mkdir(parents=True, exist_ok=True)
    with _alone(BUILT / f"{name}.lock"):
        if not (folder / "complete").exists():
            _make(folder, requirements)
        _put_wadjet(folder)
    return folder


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Have no other process make the same environment meanwhile."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(folder: Path, requirements: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    _quietly([sys.executable, "-m", "venv", str(folder)])
    wanted = folder / "requirements.txt"
    wanted.write_text(requirements)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--compile"]
    _quietly([*pip, "--disable-pip-version-check", "--requirement", str(wanted)])
    for each in _site(folder).glob("distutils-precedence.pth"):
        each.unlink()  # a start's system calls are the application's, not those of setuptools
    (folder / "complete").touch()


def _put_wadjet(folder: Path) -> None:
    """Copy the package that runs here, unless it is there as it is here."""
    here, there = Path(wadjet.__file__).parent, _site(folder) / "wadjet"
    if _facts(here) == _facts(there):
        return
    shutil.rmtree(there, ignore_errors=True)
    shutil.copytree(here, there)


def _facts(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the size and time of each file that is not compiled of another."""
    files = (each for each in folder.rglob("*") if each.is_file() and each.suffix != ".pyc")
    return {
        str(each.relative_to(folder)): (each.stat().st_size, each.stat().st_mtime_ns)
        for each in files
    }


def _site(folder: Path) -> Path:
    paths = {"base": str(folder), "platbase": str(folder)}
    return Path(sysconfig.get_path("purelib", "venv", paths))


def _quietly(command: Sequence[str]) -> None:
    """Run a command that must succeed; what it said is in the error's ``stderr``."""
    subprocess.run(command, check=True, capture_output=True, text=True)
