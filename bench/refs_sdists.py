"""Packages from PyPI as their authors release them: downloaded by pip, unpacked, unmodified."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wadjet.errors import WadjetError
from wadjet.native.refs.building import build

LIST = Path(__file__).with_name("refs_sdists.txt")
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a package: how many of its files have the shim, and what was in the way."""

    package: str
    shimmed: int
    files: int
    complaint: str = ""

    @property
    def good(self) -> bool:
        """Whether each file that includes Python.h was compiled with the shim."""
        return 0 < self.shimmed == self.files


def listed() -> list[str]:
    """Return the packages, each as NAME==VERSION."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return [each for each in lines if each and not each.startswith("#")]


def unpacked(package: str, folder: Path) -> Path:
    """Download the source of NAME==VERSION into ``folder``; return where it lies, unpacked.

    Raises CalledProcessError where pip cannot.
    """
    place = folder / package.replace("==", "-")
    if not place.is_dir():
        place.mkdir(parents=True)
        command = [*PIP, "download", "--no-deps", "--no-binary", ":all:", "-d", str(place), package]
        subprocess.run(command, check=True, timeout=300, capture_output=True)
        (archive,) = place.glob("*.tar.gz")
        with tarfile.open(archive) as file:
            file.extractall(place, filter="data")
    (project,) = [each for each in place.iterdir() if each.is_dir()]
    return project


def verdicts(folder: Path) -> Iterator[Verdict]:
    """Build each package of the list for the ledger, by its own build."""
    for package in listed():
        try:
            made = build(unpacked(package, folder), folder / package / "into")
        except (WadjetError, subprocess.SubprocessError) as error:
            yield Verdict(package, 0, 0, str(error))
            continue
        left = made.unshimmed
        complaint = f"{left[0].source}: {left[0].complaint}" if left else ""
        yield Verdict(package, len(made.compiled) - len(left), len(made.compiled), complaint)
