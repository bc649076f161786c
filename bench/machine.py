"""The machine and the programs on it, as facts for the results page."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("wadjet", "py-spy", "austin-dist", "scalene", "pyinstrument", "yappi")


def facts() -> dict[str, str]:
    """Return what a reader must know to compare figures."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB of memory",
        "system": f"{_distribution()}, Linux {platform.release()}, {' '.join(platform.libc_ver())}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "profilers": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "an unknown distribution"


def _version(package: str) -> str:
    try:
        found = version(package)
    except PackageNotFoundError:
        return "(not installed)"
    if package == "austin-dist" and found.startswith("3."):
        return f"{found} (version 4 does not start with this C library)"  # see the Makefile
    return found
